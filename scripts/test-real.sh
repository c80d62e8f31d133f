#!/bin/bash
# test-real.sh BUILD   the suites of tests/real against the cluster of KUBECONFIG, which they change: metrics-server is installed, tried
# and removed. A cluster with a node must have the image (make image) in its container runtime.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
[ -n "${KUBECONFIG:-}" ] || { echo "test-real: set KUBECONFIG to the admin's of a cluster that may be changed" >&2; exit 1; }
export BUILD=$PWD/$1 REAL_CLUSTER=yes
passed=0 failed=0
for file in tests/real/*.bats; do
    basename "$file"
    tap=$(bats --tap "$file" 2>&1)
    printf '%s\n' "$tap"
    passed=$((passed + $(grep -c '^ok ' <<<"$tap"))) failed=$((failed + $(grep -c '^not ok ' <<<"$tap")))
    [[ $tap =~ ^1\.\.[1-9] ]] || failed=$((failed + 1))
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
