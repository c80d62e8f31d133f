#!/bin/bash
# bench.sh BUILD   prints what is measured as one table: micro-benchmarks, then the embedded cluster as a whole.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
micro="build-bench"
[ -f "$micro/build.ninja" ] || meson setup "$micro" -Dbenchmarks=true -Dbuildtype=release -Dtests=disabled >/dev/null
ninja -C "$micro" >/dev/null
printf '%-44s %14s %-8s %s\n' MEASURE FIGURE UNIT GOAL
for program in "$micro"/bench/bench_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then "$program"; fi
done
bench/cluster.sh "$build"
