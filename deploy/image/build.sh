#!/bin/bash
# build.sh OUT ARCHITECTURE...   builds metrics-server as a container image: OUT/metrics-server.tar, an OCI archive for `ctr images
# import`, `docker load`, `kind load image-archive` and their kin, and beside it a bill of materials for each architecture (SPDX). amd64 and
# arm64; whichever this machine isn't is cross-compiled against Debian's own libraries (sysroot.sh). Several give one archive with an index.
# The same commit, compiler and library versions give the same bytes: SOURCE_DATE_EPOCH (the commit's time unless set) is every time in it, REVISION
# (the commit) its label.
# Fails when an image is larger than its budget.
set -euo pipefail
max_compressed=$((12 * 1000 * 1000)) max_unpacked=$((30 * 1000 * 1000))
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
[ $# -ge 2 ] || { echo "usage: build.sh OUT ARCHITECTURE..." >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd); shift
version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$top/meson.build")
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
revision=${REVISION:-$(git -C "$top" describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null || echo unknown)}
reference=docker.io/tacho/metrics-server:v$version
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
export SOURCE_DATE_EPOCH=$epoch LC_ALL=C TZ=UTC

# Compiles the program for ARCHITECTURE in FOLDER, and says in $system where its libraries are, in $strip what strips it.
compile() {
    local architecture=$1 folder=$2 options=(-Dbuildtype=release -Dtests=disabled -Db_lto=true)
    system=/
    strip='strip'
    if [ "$architecture" != "$(dpkg --print-architecture)" ]; then
        system=$("$here/sysroot.sh" "$architecture")
        options+=(--cross-file "$system/cross.ini")
        strip=$(sed -n "s/^strip = '\(.*\)'$/\1/p" "$system/cross.ini")
    fi
    # the compiler is given relative names, and assertions tell them: as if it were run in the checkout
    options+=("-Dc_args=-ffile-prefix-map=$(realpath --relative-to="$folder" "$top")/=")
    [ -f "$folder/build.ninja" ] || meson setup "${options[@]}" "$folder" "$top" >"$folder.log"
    ninja -C "$folder" src/cmd/metrics-server >"$folder.log" || { tail -40 "$folder.log" >&2; exit 1; }
}

# Makes the image TAG in the OCI layout LAYOUT out of ROOTFS.
assemble() {
    local layout=$1 architecture=$2 rootfs=$3
    find "$rootfs" -type d ! -path "$rootfs/tmp" -exec chmod 755 {} +
    # names in order, one owner, one time: the layer's bytes depend on the files' contents alone
    tar --create --file "$rootfs.tar" --directory "$rootfs" --sort=name --format=ustar --numeric-owner --owner=0 --group=0 \
        --mtime="@$epoch" --no-xattrs --no-acls --no-selinux .
    umoci init --layout "$layout"
    umoci new --image "$layout:new"
    umoci raw add-layer --image "$layout:new" --history.created "$created" --history.created_by "deploy/image/build.sh" "$rootfs.tar"
    umoci config --image "$layout:new" --tag image --no-history --created "$created" --architecture "$architecture" --os linux \
        --config.entrypoint /metrics-server --config.user 65534:65534 --config.workingdir / \
        --config.env PATH=/ --config.exposedports 10250/tcp \
        --config.label org.opencontainers.image.title=metrics-server \
        --config.label "org.opencontainers.image.description=Kubernetes resource metrics of nodes and pods" \
        --config.label "org.opencontainers.image.version=v$version" \
        --config.label "org.opencontainers.image.revision=$revision" \
        --config.label "org.opencontainers.image.created=$created" \
        --config.label org.opencontainers.image.licenses=Apache-2.0 \
        --config.label org.opencontainers.image.vendor=tacho \
        --config.label org.opencontainers.image.base.name=scratch
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
specs=()
declare -A unpacked
for architecture in "$@"; do
    case $architecture in amd64 | arm64) ;; *) echo "build.sh: no images for $architecture: amd64 or arm64" >&2; exit 2 ;; esac
    compile "$architecture" "$out/$architecture"
    mkdir -p "$work/$architecture"
    "$strip" --strip-all -o "$work/$architecture/metrics-server" "$out/$architecture/src/cmd/metrics-server"
    rootfs=$work/$architecture/rootfs
    "$here/rootfs.py" "$system" "$work/$architecture/metrics-server" "$rootfs" >"$work/$architecture/packages"
    sbom=$out/metrics-server-$architecture.spdx.json
    "$here/sbom.py" metrics-server "v$version" "$epoch" <"$work/$architecture/packages" >"$sbom"
    install -D -m 644 "$sbom" "$rootfs/usr/share/doc/metrics-server/sbom.spdx.json"
    install -m 644 "$top/LICENSE" "$rootfs/usr/share/doc/metrics-server/copyright"
    assemble "$work/$architecture/layout" "$architecture" "$rootfs"
    specs+=("$work/$architecture/layout:image:$architecture")

    unpacked[$architecture]=$(find "$rootfs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
done
archive=$out/metrics-server.tar
"$here/archive.py" "$reference" "$epoch" "$work/archive.tar" "${specs[@]}" >"$work/told"
digest=$(tail -1 "$work/told")
for architecture in "$@"; do
    compressed=$(awk -v a="$architecture" '$1 == a { print $2 }' "$work/told")
    awk -v a="$architecture" -v c="$compressed" -v u="${unpacked[$architecture]}" -v mc=$max_compressed -v mu=$max_unpacked 'BEGIN {
        printf "%s: %.1f MB compressed (at most %.0f), %.1f MB unpacked (at most %.0f)\n", a, c / 1e6, mc / 1e6, u / 1e6, mu / 1e6
        exit c > mc || u > mu }' || { echo "build.sh: the image for $architecture is too large" >&2; exit 1; }
done
mv "$work/archive.tar" "$archive"
echo "$reference $digest"
echo "$archive"
