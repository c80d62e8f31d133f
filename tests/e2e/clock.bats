#!/usr/bin/env bats
# The wall clock is stepped by an hour, forth and back, under a metrics-server of our own: nothing that measures durations notices. Only
# CLOCK_REALTIME is changed (libfaketime), as a person or NTP would.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
    FAKETIME=$(dpkg -L libfaketime 2>/dev/null | grep '/libfaketime.so.1$') || skip "needs the package faketime"
}

# step SECONDS   from now on the process's clock is that far from the machine's
step() {
    echo "$1" >"$BATS_TEST_TMPDIR/clock.new"
    mv "$BATS_TEST_TMPDIR/clock.new" "$BATS_TEST_TMPDIR/clock"
}

ask() {
    curl -sk --max-time 20 --cert "$DATA/pki/front-proxy-client.crt" --key "$DATA/pki/front-proxy-client.key" -H 'X-Remote-User: jane' \
        -H 'X-Remote-Group: system:masters' "https://127.0.0.1:$MS_PORT$1"
}
export -f ask

# fresh SECONDS_OFF   the node's figures are at most five seconds old by the machine's clock, which is the kubelet's
fresh() {
    local stamp
    stamp=$(ask "/apis/metrics.k8s.io/v1beta1/nodes/$NODE" | jq -er .timestamp) || return 1
    [ $(($(date +%s) - $(date -d "$stamp" +%s))) -le 5 ]
}
export -f fresh

@test "the clock is stepped by an hour while clients read" {
    export MS_PORT
    MS_PORT=$(free_port)
    step +0
    local asan preload pid readers
    asan=$(ldd "$BUILD/src/cmd/metrics-server" | awk '/libasan/ { print $3 }')
    preload="$asan $FAKETIME"
    env LD_PRELOAD="${preload# }" FAKETIME_TIMESTAMP_FILE="$BATS_TEST_TMPDIR/clock" FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
        DONT_FAKE_MONOTONIC=1 "$BUILD/src/cmd/metrics-server" --kubeconfig="$DATA/metrics-server.kubeconfig" --bind-address=127.0.0.1 \
        --secure-port="$MS_PORT" --cert-dir="$BATS_TEST_TMPDIR/certs" --kubelet-use-node-status-port \
        --kubelet-preferred-address-types=InternalIP --metric-resolution=1s -v=1 >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    pid=$!
    eventually 30 bash -c 'ask /readyz | grep -qx ok && fresh'
    # reads are counted: each must succeed
    (
        failed=0
        until [ -e "$BATS_TEST_TMPDIR/stop" ]; do
            ask /apis/metrics.k8s.io/v1beta1/nodes | jq -e '.items | length == 1' >/dev/null || failed=$((failed + 1))
            sleep 0.2
        done
        echo "$failed" >"$BATS_TEST_TMPDIR/failed"
    ) 3>&- &
    readers=$!
    for offset in +3600 -3600 +0; do
        step "$offset"
        # it does tell the time that it is told
        eventually 5 bash -c "date -d \"\$(ask /apis/metrics.k8s.io/v1beta1/nodes | jq -r '.items[0].metadata.creationTimestamp')\" +%s |
            awk -v now=\$(date +%s) '{ off = \$1 - now - ($offset); exit !(off > -30 && off < 30) }'"
        sleep 3
        eventually 5 fresh
        ask /livez | grep -qx ok
        ask /readyz | grep -qx ok
    done
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$readers"
    kill "$pid"
    wait "$pid" || true
    cat "$BATS_TEST_TMPDIR/log" | tail -20
    [ "$(cat "$BATS_TEST_TMPDIR/failed")" = 0 ]
    run ! grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:|Failed to scrape' "$BATS_TEST_TMPDIR/log"
}
