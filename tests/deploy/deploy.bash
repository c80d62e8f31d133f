# For the suites of what is shipped: manifests, chart, image, package. They need no cluster; those that do are in tests/real.

ROOT=$(cd "$(dirname "$BATS_TEST_FILENAME")/../.." && pwd)
export ROOT
bats_require_minimum_version 1.5.0
VERSION=$(sed -n "s/^  version: '\(.*\)',$/\1/p" "$ROOT/meson.build")
export VERSION

# Copies what is built from to FOLDER: a checkout somewhere else, at another time.
copy_sources() {
    mkdir -p "$1"
    (cd "$ROOT" && git ls-files -z --cached --others --exclude-standard | grep -zvE '^(tests|bench)/' | while IFS= read -rd '' file; do
        if [ -f "$file" ]; then printf '%s\0' "$file"; fi
    done | tar --create --null --files-from=-) | tar --extract --touch --directory "$1"
}
