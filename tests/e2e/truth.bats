#!/usr/bin/env bats
# kubectl top agrees with the kernel's own files: a process that uses half a core and one that holds 200 MiB, each a pod of the node.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    [ "$(id -u)" = 0 ] || return 0
    start_cluster
    LOAD=$(dirname "$BATS_TEST_FILENAME")/load.py
    python3 "$LOAD" burn 0.5 3>&- &
    BURNER=$!
    python3 "$LOAD" hold 200 3>&- &
    HOLDER=$!
    export LOAD BURNER HOLDER
    pod burner "$BURNER"
    pod holder "$HOLDER"
}

teardown_file() {
    load cluster
    [ "$(id -u)" = 0 ] || return 0
    kill "$BURNER" "$HOLDER" || true
    stop_cluster
}

setup() {
    load cluster
    [ "$(id -u)" = 0 ] || skip "needs root: cgroups"
}

# pod NAME PID   a static pod whose container is that process
pod() {
    echo "$2" >"$DATA/$1.pid"
    cat >"$DATA/static-pods/.$1.json" <<J
{"apiVersion": "v1", "kind": "Pod",
 "metadata": {"name": "$1", "namespace": "default", "annotations": {"tacho.dev/pid-file": "$DATA/$1.pid"}},
 "spec": {"containers": [{"name": "main", "image": "none"}]}}
J
    mv "$DATA/static-pods/.$1.json" "$DATA/static-pods/$1.json"
}

in_its_cgroup() {
    grep -qE "/tacho.*/" "/proc/$1/cgroup"
}

# agrees A B   within 5 %
agrees() {
    awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; print a, "against", b; exit !(b > 0 && d <= 0.05 * b) }'
}

# The Metrics API's figure for the burner, the kernel's over the same window, and what kubectl prints, agree. The API's timestamp is
# a whole second, so on a machine whose load changes the windows differ by a part: another scrape is another chance.
cpu_agrees() {
    local answer usage window timestamp expected printed
    answer=$(k get --raw "/apis/metrics.k8s.io/v1beta1/namespaces/default/pods/burner-$NODE")
    printed=$(k top pod "burner-$NODE" --no-headers | awk '{ print $2 }')
    usage=$(jq -r '.containers[0].usage.cpu' <<<"$answer")
    window=$(jq -r '.window | rtrimstr("s")' <<<"$answer")
    timestamp=$(date -d "$(jq -r .timestamp <<<"$answer")" +%s)
    expected=$(awk -v to="$timestamp" -v window="$window" '
        $1 <= to - window { t0 = $1; c0 = $2 } $1 <= to { t1 = $1; c1 = $2 } END { if (t0 == 0) exit 1; print int((c1 - c0) / (t1 - t0)) }' \
        "$DATA/samples") || return 1
    agrees "$(numfmt_cpu "$usage")" "$expected" && agrees "${printed%m}" "$((expected / 1000000))"
}

@test "half a core" {
    eventually 10 in_its_cgroup "$BURNER"
    python3 "$LOAD" sample "$BURNER" 300 >"$DATA/samples" 3>&- &
    local sampler=$!
    sleep 36 # two scrapes of the steady state, 15 s apart, and a bit
    eventually 30 cpu_agrees
    kill "$sampler"
}

# nanocores of a quantity
numfmt_cpu() {
    case $1 in
    *n) echo "${1%n}" ;;
    *u) echo "$((${1%u} * 1000))" ;;
    *m) echo "$((${1%m} * 1000000))" ;;
    *) echo "$(($1 * 1000000000))" ;;
    esac
}

@test "200 MiB" {
    eventually 10 in_its_cgroup "$HOLDER"
    eventually 60 k top pod "holder-$NODE"
    python3 "$LOAD" sample "$HOLDER" 0.05 >"$DATA/memory"
    local printed kernel
    printed=$(k top pod "holder-$NODE" --no-headers | awk '{ print $3 }')
    kernel=$(awk 'END { print $3 / 1048576 }' "$DATA/memory")
    agrees "${printed%Mi}" "$kernel"
    agrees "${printed%Mi}" 200 || agrees "${printed%Mi}" 206 # the interpreter takes a few MiB too
}
