#!/usr/bin/env bats
# The watch verb of the Metrics API, through the API server's aggregation, with real clients.

setup_file() {
    load cluster
    start_cluster
    eventually 20 k get --raw "/apis/metrics.k8s.io/v1beta1/nodes/$NODE"
    eventually 20 k get podmetrics -n kube-system "kubelet-$NODE"
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
    API=/apis/metrics.k8s.io/v1beta1
}

# The types of the events on standard input, one a line.
types() {
    sed -E 's/^\{"type":"([A-Z]+)".*/\1/'
}

@test "kubectl get -w shows the pods, and new figures when they come" {
    k get podmetrics -A -w >"$BATS_TEST_TMPDIR/out" &
    client=$!
    eventually 40 sh -c "[ \$(grep -c kubelet-$NODE '$BATS_TEST_TMPDIR/out') -ge 2 ]"
    kill "$client"
    cat "$BATS_TEST_TMPDIR/out"
    grep -qE '^NAMESPACE +NAME +CPU +MEMORY +WINDOW' "$BATS_TEST_TMPDIR/out"
    [ "$(grep -c NAMESPACE "$BATS_TEST_TMPDIR/out")" -eq 1 ]
}

@test "discovery lists the verb" {
    run k api-resources --api-group=metrics.k8s.io --verbs=watch -o name
    echo "$output"
    [[ $output == *nodes.metrics.k8s.io* && $output == *pods.metrics.k8s.io* ]]
}

@test "initial events end with a bookmark" {
    run k get --raw "$API/nodes?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1"
    echo "$output"
    [ "$status" -eq 0 ]
    [ "$(types <<<"$output" | head -2 | tr '\n' ' ')" = "ADDED BOOKMARK " ]
    [[ $output == *'"k8s.io/initial-events-end":"true"'* ]]
}

@test "a list's version is where a watch goes on" {
    version=$(k get --raw "$API/nodes?limit=500" | sed -E 's/.*"metadata":\{"resourceVersion":"([0-9]+)"\}.*/\1/')
    [ "${#version}" -eq 19 ]
    run k get --raw "$API/nodes?watch=true&resourceVersion=$version&timeoutSeconds=20"
    echo "$output"
    [ "$(types <<<"$output" | sort -u)" = MODIFIED ]
}

@test "versions from before the start are expired" {
    run k get --raw "$API/pods?watch=true&resourceVersion=1"
    echo "$output"
    [[ $output == '{"type":"ERROR"'*'"reason":"Expired","code":410}}' ]]
}

@test "selectors select" {
    run k get --raw "$API/pods?watch=true&fieldSelector=metadata.name%3Dkubelet-$NODE&timeoutSeconds=1"
    echo "$output"
    [ "$(grep -c . <<<"$output")" -eq "$(grep -c "kubelet-$NODE" <<<"$output")" ]
    [ "$(types <<<"$output" | head -1)" = ADDED ]
}

@test "a watch ends by itself when metrics-server is told to stop" {
    k get --raw "$API/nodes?watch=true" >"$BATS_TEST_TMPDIR/out" &
    client=$!
    eventually 10 grep -q ADDED "$BATS_TEST_TMPDIR/out"
    kill "$(component_pid metrics-server)"
    wait "$client" # its answer was complete
    eventually 30 k get --raw "$API/nodes/$NODE"
}
