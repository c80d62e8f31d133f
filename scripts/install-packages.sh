#!/bin/bash
# install-packages.sh PURPOSE...   installs the Debian packages that packages.txt lists for these purposes and that are
# missing. Anywhere but on Debian and its kin it says what to install instead.
set -euo pipefail
cd "$(dirname "$0")/.."
want=$(grep -E "^\[($(IFS='|'; echo "$*"))\]" packages.txt | awk '{print $2}')
if ! command -v dpkg-query >/dev/null; then
    for tool in gcc meson ninja pkg-config; do
        command -v "$tool" >/dev/null && continue
        echo "install-packages: no $tool, and this is no Debian: please install what these Debian packages hold:" "${want//$'\n'/ }" >&2
        exit 1
    done
    exit 0
fi
missing=()
for p in $want; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || true)" = installed ] || missing+=("$p")
done
[ ${#missing[@]} -eq 0 ] && exit 0
if [ "$(id -u)" = 0 ]; then as_root=(); elif command -v sudo >/dev/null; then as_root=(sudo); else
    echo "install-packages: as root, run: apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -q
"${as_root[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}"
