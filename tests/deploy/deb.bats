#!/usr/bin/env bats
# The Debian package: what lintian says, what is in it, that it can be installed and is gone when it is purged.

setup_file() {
    load deploy
    export SOURCE_DATE_EPOCH=1700000000
    OUT=$BUILD/deb
    rm -f "$OUT"/*.deb
    # fails when lintian finds something
    "$ROOT/deploy/deb/build.sh" "$OUT" >"$BATS_FILE_TMPDIR/log" 2>&1 || { cat "$BATS_FILE_TMPDIR/log"; return 1; }
    PACKAGE=$(tail -1 "$BATS_FILE_TMPDIR/log") CONTENTS=$BATS_FILE_TMPDIR/contents
    export OUT PACKAGE CONTENTS
    dpkg-deb -x "$PACKAGE" "$CONTENTS"
}

setup() {
    load deploy
}

@test "it is this version's, for this machine, and names the libraries it needs" {
    [ "$(basename "$PACKAGE")" = "tacho_${VERSION}_$(dpkg --print-architecture).deb" ]
    [[ $(dpkg-deb -f "$PACKAGE" Depends) == *libc6*libcurl4*libssl3* ]]
    [ "$(stat -c %s "$PACKAGE")" -lt 2000000 ]
}

@test "packed twice, the same bytes" {
    mv "$PACKAGE" "$BATS_TEST_TMPDIR/first.deb"
    "$ROOT/deploy/deb/build.sh" "$OUT"
    cmp "$BATS_TEST_TMPDIR/first.deb" "$PACKAGE"
}

@test "programs, manual pages, services, completion" {
    cd "$CONTENTS"
    [ "$(usr/bin/metrics-server --version)" = "v$VERSION" ]
    usr/bin/tacho --help | grep -q '^Usage: tacho'
    for name in metrics-server tacho; do
        [ -s "usr/share/man/man1/$name.1.gz" ] && [ -s "lib/systemd/system/$name.service" ] && [ -s "etc/default/$name" ]
        [ -s "usr/share/bash-completion/completions/$name" ]
    done
    run ! grep -q '[.]symtab' <(readelf -SW usr/bin/tacho)
}

# Flags that a --help lists.
flags_of() {
    "$@" --help | grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' | grep -o -- '--.*' | sort -u
}

@test "the manual pages tell every flag and command, in clean roff" {
    page() { zcat "$CONTENTS/usr/share/man/man1/$1.1.gz"; }
    flag_is_in() { page "$1" | sed 's/\\-/-/g' | grep -qE -- "\\\\fB$2\\\\fR" || { echo "$1(1) lacks $2"; return 1; }; }
    for name in metrics-server tacho; do
        [ -z "$(page $name | LC_ALL=C.UTF-8 MANROFFSEQ='' MANWIDTH=100 man --warnings -E UTF-8 -l -Tutf8 - 2>&1 >/dev/null)" ]
    done
    count=0
    for flag in $(flags_of "$CONTENTS/usr/bin/metrics-server"); do flag_is_in metrics-server "$flag"; count=$((count + 1)); done
    [ $count -gt 50 ]
    for command in up down status apiserver kubelet; do
        page tacho | grep -q "\"tacho $command\""
        for flag in $(flags_of "$CONTENTS/usr/bin/tacho" $command); do flag_is_in tacho "$flag"; done
    done
    [ -z "$(page tacho | grep -F "\"$(hostname)\"")" ]
}

# complete PROGRAM WORD...   what bash would offer for the last word
complete_words() {
    bash -c '. "$1/usr/share/bash-completion/completions/$2"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); "_${1//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' - "$CONTENTS" "$@"
}

@test "completion offers commands, flags and files" {
    [ "$(complete_words tacho st)" = status ]
    [ "$(complete_words tacho down --pu)" = --purge ]
    [ "$(complete_words metrics-server --kubelet-ins)" = --kubelet-insecure-tls ]
    [ "$(complete_words metrics-server --kubelet-certificate-)" = --kubelet-certificate-authority= ]
    [ "$(complete_words metrics-server --kubeconfig = "$ROOT/LICEN")" = "$ROOT/LICENSE" ]
    [ -z "$(complete_words tacho status --pu)" ]
}

@test "the services are confined" {
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    # 20 of 100: what a service on the network that needs no rights can have
    systemd-analyze security --offline=true --threshold=20 "$CONTENTS/lib/systemd/system/metrics-server.service" >/dev/null
    # what verify says of programs that aren't in this system's place is true here
    run systemd-analyze verify "$CONTENTS/lib/systemd/system/metrics-server.service" "$CONTENTS/lib/systemd/system/tacho.service"
    [ -z "$(grep -vE 'is not executable: No such file|man .* failed with code 16' <<<"$output")" ]
}

@test "installed, removed, purged" {
    [ "$(id -u)" = 0 ] || skip "dpkg is root's"
    root=$BATS_TEST_TMPDIR/root
    mkdir -p "$root/var/lib/dpkg/"{info,updates,triggers} "$root/var/log"
    touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
    in_root() { dpkg --root="$root" --log=/dev/null --force-depends --force-script-chrootless "$@"; }
    in_root --install "$PACKAGE"
    [ "$(dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Status}' tacho)" = installed ]
    "$root/usr/bin/metrics-server" --version
    # neither service is enabled: each needs to be told something first
    [ -z "$(find "$root/etc/systemd" -name '*.service' 2>/dev/null)" ]
    in_root --remove tacho
    [ ! -e "$root/usr/bin/tacho" ] && [ -e "$root/etc/default/tacho" ]
    in_root --purge tacho
    [ -z "$(find "$root" -name '*tacho*' -o -name '*metrics-server*')" ]
}
