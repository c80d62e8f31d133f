#!/bin/bash
# image.sh OUT   assembles the OCI image of metrics-server and writes it to OUT/metrics-server.tar, an archive that containerd, podman
# and docker load. In it: the program, stripped, the shared libraries it needs from Debian, the CA certificates, a user. Nothing in it
# depends on when or where it was made: the same sources and packages give the same digest.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$1 build=build-image
max_unpacked=$((30 * 1000 * 1000)) max_compressed=$((12 * 1000 * 1000))
version=v$(sed -n "s/^ *version: '\(.*\)',\$/\1/p" meson.build)
name=docker.io/tacho/metrics-server:$version
epoch=$(git log -1 --format=%ct 2>/dev/null || echo 0)
created=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

[ -f "$build/build.ninja" ] || meson setup "$build" -Dbuildtype=release -Dtests=disabled >/dev/null
ninja -C "$build" src/cmd/metrics-server >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
install -Ds -m 0755 "$build/src/cmd/metrics-server" "$root/metrics-server"
# the loader and the libraries, each where the program looks for it
ldd "$build/src/cmd/metrics-server" | awk '/=>/ { print $3 } /^[[:space:]]*\// { print $1 }' | while read -r library; do
    install -D -m 0755 "$(realpath "$library")" "$root/usr$library"
done
[ ! -d "$root/usr/usr" ] || { cp -a "$root/usr/usr/." "$root/usr/" && rm -r "$root/usr/usr"; }
for folder in lib lib64; do if [ -d "$root/usr/$folder" ]; then ln -s "usr/$folder" "$root/$folder"; fi; done
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0::/:/\nmetrics-server:x:1000:1000::/:/\nnobody:x:65534:65534::/:/\n' >"$root/etc/passwd"
printf 'root:x:0:\nmetrics-server:x:1000:\nnogroup:x:65534:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
mkdir -p "$root/tmp" && chmod 1777 "$root/tmp"

tar --create --file "$work/layer.tar" --directory "$root" --sort=name --format=gnu --numeric-owner --owner=0 --group=0 --mtime="@$epoch" .
umoci init --layout "$work/image"
umoci new --image "$work/image:$version"
umoci raw add-layer --image "$work/image:$version" --history.created "$created" --history.created_by "tacho scripts/image.sh" "$work/layer.tar"
umoci config --image "$work/image:$version" --no-history --created "$created" --os linux --architecture amd64 \
    --config.entrypoint /metrics-server --config.user 1000:1000 \
    --config.label org.opencontainers.image.title=metrics-server --config.label "org.opencontainers.image.version=$version" \
    --config.label org.opencontainers.image.licenses=Apache-2.0 \
    --config.label "org.opencontainers.image.description=The Kubernetes resource metrics API, in C"
umoci gc --layout "$work/image"
# what runtimes take the name from; containerd wants it whole
jq -c --arg name "$name" '.manifests[0].annotations["io.containerd.image.name"] = $name' "$work/image/index.json" >"$work/index.json"
mv "$work/index.json" "$work/image/index.json"
mkdir -p "$out"
tar --create --file "$out/metrics-server.tar" --directory "$work/image" --sort=name --format=gnu --numeric-owner --owner=0 --group=0 --mtime="@$epoch" .
unpacked=$(du -sb "$root" | cut -f1) compressed=$(stat -c %s "$out/metrics-server.tar")
printf '%s %s: %d bytes compressed, %d bytes unpacked\n' "$name" "$(jq -r '.manifests[0].digest' "$work/image/index.json")" "$compressed" "$unpacked"
if [ "$unpacked" -gt $max_unpacked ] || [ "$compressed" -gt $max_compressed ]; then
    echo "image.sh: larger than it may be: $max_compressed bytes compressed, $max_unpacked unpacked" >&2
    exit 1
fi
