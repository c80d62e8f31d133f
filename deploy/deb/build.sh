#!/bin/bash
# build.sh OUT   builds the Debian package tacho for this machine's architecture in OUT: both programs, their manual pages, shell completion
# and services (which are neither enabled nor started: each needs to be told something first). The same commit, compiler and libraries give the
# same bytes. Lintian has to find nothing.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
[ $# = 1 ] || { echo "usage: build.sh OUT" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$top/meson.build")
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)} LC_ALL=C TZ=UTC
umask 022

options=(-Dbuildtype=release -Dtests=disabled -Db_lto=true "-Dc_args=-ffile-prefix-map=$(realpath --relative-to="$out/build" "$top")/=")
[ -f "$out/build/build.ninja" ] || meson setup "${options[@]}" "$out/build" "$top" >"$out/build.log"
ninja -C "$out/build" src/cmd/metrics-server src/cmd/tacho >"$out/build.log" || { tail -40 "$out/build.log" >&2; exit 1; }

# debhelper wants its files below debian/
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian"
cd "$work"
cp "$here/control" "$here/copyright" debian/
cp "$here/metrics-server.service" debian/tacho.metrics-server.service
cp "$here/metrics-server.default" debian/tacho.metrics-server.default
cp "$here/tacho.service" "$here/tacho.default" debian/
printf '13\n' >debian/compat
cat >debian/changelog <<C
tacho ($version) unstable; urgency=medium

  * Version $version, see the commits.

 -- $(sed -n 's/^Maintainer: //p' debian/control)  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
C
root=debian/tacho
for program in metrics-server tacho; do
    install -D "$out/build/src/cmd/$program" "$root/usr/bin/$program"
    "$here/from_help.py" man "$version" "$SOURCE_DATE_EPOCH" "$root/usr/bin/$program" >"debian/$program.1"
    install -d "$root/usr/share/bash-completion/completions"
    "$here/from_help.py" completion "$version" "$SOURCE_DATE_EPOCH" "$root/usr/bin/$program" >"$root/usr/share/bash-completion/completions/$program"
done
{
    dh_installdocs "$top/README.md"
    dh_installchangelogs
    dh_installman debian/metrics-server.1 debian/tacho.1
    dh_installinit --name=metrics-server --no-enable --no-start
    dh_installinit --no-enable --no-start
    dh_installsystemd --name=metrics-server --no-enable --no-start
    dh_installsystemd --name=tacho --no-enable --no-start
    dh_strip --no-automatic-dbgsym
    dh_compress
    dh_fixperms
    dh_shlibdeps
    dh_installdeb
    dh_gencontrol
    dh_md5sums
    # dpkg-deb leaves times alone that are older than this one, and those of a checkout say when it was made
    find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
    dh_builddeb --destdir="$work"
} >"$out/package.log" 2>&1 || { cat "$out/package.log" >&2; exit 1; }
package=$(basename "$work"/*.deb)
lintian --fail-on error,warning --allow-root --tag-display-limit 0 "$work/$package" || { echo "build.sh: lintian isn't content with $package" >&2; exit 1; }
mv "$work/$package" "$out/"
dpkg-deb --field "$out/$package" Package Version Architecture Installed-Size Depends
echo "$out/$package"
