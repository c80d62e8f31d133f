#!/bin/bash
# fuzz.sh BUILD SECONDS   runs each fuzz target that long on its seeds; new inputs go to the build folder, not to the seeds.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 seconds=$2
[ -f "$build/build.ninja" ] || CC=clang meson setup "$build" -Dfuzz=true -Db_lundef=false -Dtests=disabled >/dev/null
ninja -C "$build" >"$build/ninja.log" 2>&1 || { tail -40 "$build/ninja.log"; exit 1; }
passed=0 failed=0
for target in "$build"/tests/fuzz/fuzz_*; do
    if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
    name=$(basename "$target"); name=${name#fuzz_}
    found="$build/found/$name"
    mkdir -p "$found"
    if "$target" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=20 -print_final_stats=1 -artifact_prefix="$found-" \
        "$found" "tests/fuzz/corpus/$name" >"$build/$name.log" 2>&1; then
        passed=$((passed + 1))
        echo "fuzz $name: $(awk '/number_of_executed_units/ {print $2}' "$build/$name.log") inputs, no finding"
    else
        failed=$((failed + 1))
        echo "fuzz $name: FAILED"
        tail -30 "$build/$name.log"
    fi
done
echo "fuzz: $passed passed, $failed failed"
[ "$failed" = 0 ]
