#!/bin/bash
# sysroot.sh ARCHITECTURE   prints the folder of an unpacked Debian of that architecture with what metrics-server is built from and runs with,
# made once into a cache folder: packages are fetched by an apt state of its own, so this machine's never hears of another architecture, and
# unpacked, not installed. Beside them are the package database that rootfs.py reads, and meson's cross file, cross.ini. "sysroot.sh ARCHITECTURE
# --anew" fetches today's versions.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
architecture=$1
case $architecture in
amd64) triplet=x86_64-linux-gnu cpu=x86_64 ;;
arm64) triplet=aarch64-linux-gnu cpu=aarch64 ;;
*) echo "sysroot.sh: no $architecture: amd64 or arm64" >&2; exit 2 ;;
esac
cache=${TACHO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tacho}
root=$cache/sysroot-$architecture
[ "${2:-}" != --anew ] || rm -rf "$root"
if [ -f "$root/cross.ini" ]; then echo "$root"; exit 0; fi
command -v "$triplet-gcc" >/dev/null || { echo "sysroot.sh: no $triplet-gcc: install the packages that packages.txt lists for [cross]" >&2; exit 1; }

work=$(mktemp -d "$cache/sysroot.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/state" "$work/root/var/lib/dpkg/info"
: >"$work/apt/status"
apt=(apt-get -q -o "Dir::State=$work/apt/state" -o "Dir::State::Lists=$work/apt/lists" -o "Dir::State::status=$work/apt/status"
    -o "Dir::Cache=$work/apt/cache" -o "APT::Architecture=$architecture" -o "APT::Architectures::=$architecture" -o APT::Sandbox::User=
    -o APT::Install-Recommends=false -o Debug::NoLocking=1)
"${apt[@]}" update >&2
libraries=$(awk '$1 == "[build]" && $2 ~ /-dev$/ { print $2 }' "$here/../../packages.txt")
# shellcheck disable=SC2086
"${apt[@]}" install --yes --download-only $libraries ca-certificates base-files >&2
for package in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/root"
    name=$(dpkg-deb --field "$package" Package)
    dpkg-deb --fsys-tarfile "$package" | tar --list | sed -n 's,^\./\(.*[^/]\)$,/\1,p' >"$work/root/var/lib/dpkg/info/$name:$architecture.list"
    # as dpkg keeps it: the state behind the name
    dpkg-deb --field "$package" | sed '/^Package:/a Status: install ok installed'
    echo
done >"$work/root/var/lib/dpkg/status"
cat >"$work/root/cross.ini" <<C
[binaries]
c = ['$triplet-gcc', '--sysroot=$root', '-isystem', '$root/usr/include/$triplet', '-isystem', '$root/usr/include',
    '-B$root/usr/lib/$triplet', '-L$root/usr/lib/$triplet', '-Wl,-rpath-link,$root/usr/lib/$triplet:$root/lib/$triplet']
ar = '$triplet-gcc-ar'
strip = '$triplet-strip'
pkgconfig = 'pkg-config'

[properties]
sys_root = '$root'
pkg_config_libdir = ['$root/usr/lib/$triplet/pkgconfig', '$root/usr/share/pkgconfig']

[host_machine]
system = 'linux'
cpu_family = '$cpu'
cpu = '$cpu'
endian = 'little'
C
mv "$work/root" "$root"
echo "$root"
