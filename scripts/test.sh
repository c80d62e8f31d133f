#!/bin/bash
# test.sh BUILD FUZZ   unit tests, fuzz targets (a few seconds each), the parity suite and end-to-end tests, all under ASan and
# UBSan, and tests of what is shipped (manifests, chart, image, package). Ends with the line "N passed, N failed".
# TESTS="unit fuzz parity deploy e2e" chooses.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
build=$1 fuzz=$2
passed=0 failed=0
add() { passed=$((passed + $1)) failed=$((failed + $2)); }
chosen() { [[ " ${TESTS:-unit fuzz parity deploy e2e} " = *" $1 "* ]]; }

[ -f "$build/build.ninja" ] ||
    meson setup "$build" -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=true -Dtests=enabled >/dev/null || exit 1
ninja -C "$build" >"$build/ninja.log" 2>&1 || { tail -60 "$build/ninja.log"; exit 1; }

if chosen unit; then
    meson test -C "$build" --no-rebuild --print-errorlogs
    add "$(grep -cE '^\[ +OK \] ' "$build/meson-logs/testlog.txt")" "$(grep -cE '^\[  FAILED  \] [a-z]' "$build/meson-logs/testlog.txt")"
    # a test program that crashed has told of no failed case
    add 0 "$(grep -cE '"result": "(FAIL|TIMEOUT|ERROR)"' "$build/meson-logs/testlog.json")"
fi
if chosen fuzz; then
    out=$(scripts/fuzz.sh "$fuzz" "${FUZZ_SECONDS:-5}") || true
    printf '%s\n' "$out"
    add "$(grep -c 'no finding$' <<<"$out")" "$(grep -c 'FAILED$' <<<"$out")"
    grep -q '^fuzz: ' <<<"$out" || add 0 1
fi
if chosen parity; then
    tap=$(PARITY_BINARY=$build/src/cmd/metrics-server tests/parity/parity.py 2>&1)
    printf '%s\n' "$tap"
    add "$(grep -c '^ok ' <<<"$tap")" "$(grep -c '^not ok ' <<<"$tap")"
    grep -qE '^[0-9]+ passed, [0-9]+ failed$' <<<"$tap" || add 0 1
fi
run_bats() {
    local tap
    tap=$(BUILD=$PWD/$build bats --tap "$1" 2>&1)
    printf '%s\n' "$tap"
    add "$(grep -c '^ok ' <<<"$tap")" "$(grep -c '^not ok ' <<<"$tap")"
    [[ $tap =~ ^1\.\.[1-9] ]] || add 0 1
}
if chosen deploy; then
    for file in tests/deploy/*.bats; do
        basename "$file"
        run_bats "$file"
    done
fi
if chosen e2e; then
    for version in 1.20 1.35; do
        KUBECTL=$(scripts/kubectl.sh "$version") || { echo "kubectl $version can't be had"; add 0 1; continue; }
        export KUBECTL
        for file in tests/e2e/*.bats; do
            # most suites drive the cluster with kubectl, twice; the others need only one run
            if [ "$version" = 1.20 ] && ! grep -q KUBECTL "$file"; then continue; fi
            echo "$(basename "$file") with kubectl $version"
            run_bats "$file"
        done
    done
fi
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
