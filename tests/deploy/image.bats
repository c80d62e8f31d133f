#!/usr/bin/env bats
# The container image: two builds at different places give the same bytes, and what is in it is what it says.

setup_file() {
    load deploy
    export SOURCE_DATE_EPOCH=1700000000 REVISION=0123456789abcdef
    "$ROOT/deploy/image/build.sh" "$BATS_FILE_TMPDIR/first" "$(dpkg --print-architecture)" >"$BATS_FILE_TMPDIR/first.log"
    mkdir "$BATS_FILE_TMPDIR/layout" "$BATS_FILE_TMPDIR/root"
    tar --extract --file "$BATS_FILE_TMPDIR/first/metrics-server.tar" --directory "$BATS_FILE_TMPDIR/layout"
    cd "$BATS_FILE_TMPDIR/layout"
    tar --extract --gzip --file "blobs/sha256/$(manifest '.layers[0].digest')" --directory ../root
}

setup() {
    load deploy
    cd "$BATS_FILE_TMPDIR/layout"
}

blob() {
    cat "blobs/sha256/${1#sha256:}"
}

manifest() {
    blob "$(jq -r '.manifests[0].digest' index.json)" | jq -r "$1" | sed 's/^sha256://'
}

config() {
    blob "$(manifest .config.digest)" | jq -r "$1"
}

@test "two builds, one digest" {
    copy_sources "$BATS_FILE_TMPDIR/elsewhere/tacho"
    "$BATS_FILE_TMPDIR/elsewhere/tacho/deploy/image/build.sh" "$BATS_FILE_TMPDIR/second" "$(dpkg --print-architecture)" >"$BATS_FILE_TMPDIR/second.log"
    cmp "$BATS_FILE_TMPDIR/first/metrics-server.tar" "$BATS_FILE_TMPDIR/second/metrics-server.tar"
    diff <(grep sha256 "$BATS_FILE_TMPDIR/first.log") <(grep sha256 "$BATS_FILE_TMPDIR/second.log")
}

@test "an image over its budget is refused" {
    sed -i 's/^max_compressed=.*/max_compressed=1000000 max_unpacked=30000000/' "$BATS_FILE_TMPDIR/elsewhere/tacho/deploy/image/build.sh"
    rm "$BATS_FILE_TMPDIR/second/metrics-server.tar"
    run -1 "$BATS_FILE_TMPDIR/elsewhere/tacho/deploy/image/build.sh" "$BATS_FILE_TMPDIR/second" "$(dpkg --print-architecture)"
    [[ $output == *"is too large"* ]]
    [ ! -e "$BATS_FILE_TMPDIR/second/metrics-server.tar" ]
}

@test "images for two architectures make one, by way of an index" {
    "$ROOT/deploy/image/archive.py" "docker.io/x/y:v1" 1700000000 "$BATS_TEST_TMPDIR/both.tar" ".:v$VERSION:amd64" ".:v$VERSION:arm64" >"$BATS_TEST_TMPDIR/said"
    mkdir "$BATS_TEST_TMPDIR/both"
    tar --extract --file "$BATS_TEST_TMPDIR/both.tar" --directory "$BATS_TEST_TMPDIR/both"
    cd "$BATS_TEST_TMPDIR/both"
    [ "$(jq -r '.manifests | length' index.json)" = 1 ]
    [ "$(jq -r '.manifests[0].digest' index.json)" = "$(tail -1 "$BATS_TEST_TMPDIR/said")" ]
    run -0 jq -r '.manifests[] | .platform.os + "/" + .platform.architecture' "blobs/sha256/$(jq -r '.manifests[0].digest' index.json | sed 's/sha256://')"
    [ "$output" = "linux/amd64
linux/arm64" ]
}

@test "both sizes are told and within their budgets" {
    grep -E '^(amd64|arm64): [0-9.]+ MB compressed \(at most 12\), [0-9.]+ MB unpacked \(at most 30\)$' "$BATS_FILE_TMPDIR/first.log"
    [ "$(stat -c %s "$BATS_FILE_TMPDIR/first/metrics-server.tar")" -lt 12000000 ]
    [ "$(du -sb ../root | cut -f1)" -lt 30000000 ]
}

@test "each blob is what its name says, and none is left over" {
    for file in blobs/sha256/*; do [ "$(sha256sum <"$file" | cut -d' ' -f1)" = "$(basename "$file")" ]; done
    [ "$(find blobs -type f | wc -l)" = 3 ]
    [ "$(manifest '.layers[0].size')" = "$(stat -c %s "blobs/sha256/$(manifest '.layers[0].digest')")" ]
    [ "$(gzip -dc "blobs/sha256/$(manifest '.layers[0].digest')" | sha256sum | cut -d' ' -f1)" = "$(config '.rootfs.diff_ids[0]' | sed 's/sha256://')" ]
}

@test "it has the name that the manifests use, for containerd and for docker" {
    name=$(sed -n 's/^ *image: //p' "$ROOT/deploy/1.8+/metrics-server-deployment.yaml")
    [ "$name" = "tacho/metrics-server:v$VERSION" ]
    [ "$(jq -r '.manifests[0].annotations["io.containerd.image.name"]' index.json)" = "docker.io/$name" ]
    [ "$(jq -r '.[0].RepoTags[0]' manifest.json)" = "$name" ]
    [ -f "$(jq -r '.[0].Config' manifest.json)" ] && [ -f "$(jq -r '.[0].Layers[0]' manifest.json)" ]
}

@test "umoci takes it" {
    run -0 umoci ls --layout .
    [ "$output" = "v$VERSION" ]
    umoci unpack --rootless --image ".:v$VERSION" "$BATS_TEST_TMPDIR/bundle"
    cmp "$BATS_TEST_TMPDIR/bundle/rootfs/metrics-server" ../root/metrics-server
}

@test "its configuration: program, user, labels, times" {
    [ "$(config .architecture)/$(config .os)" = "$(dpkg --print-architecture)/linux" ]
    [ "$(config '.config.Entrypoint | join(" ")')" = /metrics-server ]
    [ "$(config .config.User)" = 65534:65534 ]
    label() { config ".config.Labels[\"org.opencontainers.image.$1\"]"; }
    [ "$(label title)" = metrics-server ] && [ "$(label version)" = "v$VERSION" ] && [ "$(label licenses)" = Apache-2.0 ]
    [ "$(label revision)" = 0123456789abcdef ] && [ "$(label created)" = 2023-11-14T22:13:20Z ]
    [ "$(config .created)" = 2023-11-14T22:13:20Z ]
}

@test "one owner, one time, nothing that gains rights" {
    run -0 tar --list --verbose --numeric-owner --full-time --gzip --file "blobs/sha256/$(manifest '.layers[0].digest')"
    [ -z "$(grep -v ' 0/0 .* 2023-11-14 ' <<<"$output")" ]
    [ -z "$(grep -vE '^(-rwxr-xr-x|-rw-r--r--|drwxr-xr-x|drwxrwxrwt) ' <<<"$output")" ]
    [ "$(grep '^drwxrwxrwt' <<<"$output" | awk '{ print $NF }')" = ./tmp/ ]
}

@test "the program runs with nothing but the image, and not as root" {
    [ "$(id -u)" = 0 ] || skip "chroot is root's"
    run -0 chroot --userspec=1000:1000 ../root /metrics-server --version
    [ "$output" = "v$VERSION" ]
    run -1 chroot --userspec=1000:1000 ../root /metrics-server --kubeconfig=/nowhere
    [[ $output == *"/nowhere"* ]]
}

@test "there are the libraries that the program needs, no others, and no shell" {
    needed=$(LD_TRACE_LOADED_OBJECTS=1 ../root/metrics-server | grep -o '/[^ ]*' | xargs -n 1 basename | sort)
    [ "$(find ../root/lib* -type f -printf '%f\n' | sort)" = "$needed" ]
    [ -z "$(find ../root -type f -perm /111 ! -path '../root/lib*' ! -path ../root/metrics-server)" ]
}

@test "the bill of materials names the packages that the files are from" {
    sbom=$BATS_FILE_TMPDIR/first/metrics-server-$(dpkg --print-architecture).spdx.json
    cmp "$sbom" ../root/usr/share/doc/metrics-server/sbom.spdx.json
    [ "$(jq -r '.spdxVersion + " " + .creationInfo.created' "$sbom")" = "SPDX-2.3 2023-11-14T22:13:20Z" ]
    jq -e '[.packages[].SPDXID] | length == (unique | length)' "$sbom"
    jq -e '([.packages[].SPDXID] | sort) == ([.relationships[].relatedSpdxElement] | sort)' "$sbom"
    while read -r package version; do
        [ "$(dpkg-query -W -f '${Version}' "$package")" = "$version" ]
        [ -s "../root/usr/share/doc/$package/copyright" ] && [ -s "../root/var/lib/dpkg/status.d/$package" ]
    done < <(jq -r '.packages[1:][] | .name + " " + .versionInfo' "$sbom")
    # each library's package, by another way than the one that made the list
    while read -r library; do
        package=$(dpkg -S "*/$(basename "$library")" | grep -v '^diversion' | head -1 | cut -d: -f1)
        jq -e --arg p "$package" 'any(.packages[]; .name == $p)' "$sbom" >/dev/null || { echo "no $package"; return 1; }
    done < <(find ../root/lib* -type f)
}
