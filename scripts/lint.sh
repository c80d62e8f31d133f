#!/bin/bash
# lint.sh BUILD   layout (clang-format), the house's rules, shell scripts, every warning of clang, and clang-tidy.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
scripts/check-house.sh
git ls-files '*.sh' '.ci/run' | xargs shellcheck
[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" -Dwerror=true >/dev/null
ninja -C "$build"
git ls-files 'src/*.c' | xargs -P "$(nproc)" -n 1 clang-tidy -p "$build" --quiet --warnings-as-errors='*' 2>&1 |
    { grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed|^Use -header-filter' || true; } | tee "$build/tidy.log"
if grep -qE 'error:|warning:' "$build/tidy.log"; then exit 1; fi
echo "lint: clean"
