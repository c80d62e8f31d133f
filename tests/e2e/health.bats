#!/usr/bin/env bats
# metrics-server's health endpoints, and what it answers while there is nothing to serve.

setup_file() {
    bats_require_minimum_version 1.5.0
    export KUBECTL
    load cluster
    start_cluster
}

teardown_file() {
    load cluster
    kill -CONT "$(component_pid kubelet)"
    stop_cluster
}

setup() {
    load cluster
}

# health PATH   prints the body, then the status
health() {
    curl -sk --max-time 5 -w '\n%{http_code}' "https://127.0.0.1:$METRICS_PORT$1"
}
export -f health

@test "the checks stand in upstream's order" {
    eventually 30 bash -c '[[ $(health /readyz) == *200 ]]'
    local common=$'[+]ping ok\n[+]log ok\n[+]poststarthook/max-in-flight-filter ok\n[+]poststarthook/storage-object-count-tracker-hook ok\n'
    [ "$(health '/healthz?verbose')" = "$common"$'[+]metadata-informer-sync ok\nhealthz check passed\n\n200' ]
    [ "$(health '/livez?verbose')" = "$common"$'[+]metric-collection-timely ok\n[+]metadata-informer-sync ok\nlivez check passed\n\n200' ]
    [ "$(health '/readyz?verbose&exclude=ping&exclude=b&exclude=a')" = "${common/ping ok/ping excluded: ok}"$'[+]metric-storage-ready ok\n[+]metric-informer-sync ok\n[+]metadata-informer-sync ok\n[+]authentication-lookup ok\n[+]shutdown ok\nwarn: some health checks cannot be excluded: no matches for "a","b"\nreadyz check passed\n\n200' ]
    [ "$(health /livez)" = $'ok\n200' ]
}

@test "the three are free for all, single checks are not" {
    [[ $(health /livez/ping) == *403 ]]
    [[ $(health /readyz/metric-storage-ready) == *403 ]]
}

@test "discovery is answered from the moment it listens, while no kubelet answers" {
    local old
    old=$(component_pid metrics-server)
    kill -STOP "$(component_pid kubelet)"
    kill -9 "$old"
    eventually 20 bash -c "[ \$(head -1 '$DATA/run/metrics-server.pid') != $old ]"
    eventually 10 bash -c '[[ $(health /livez) == *200 ]]'
    # not ready, and says why; alive, and in discovery all the same
    [[ $(health /readyz) == *"[-]metric-storage-ready failed: no metrics to serve: "*500 ]]
    eventually 10 bash -c 'k get --raw /apis/metrics.k8s.io/v1beta1 | grep -q "\"name\":\"pods\""'
    eventually 20 bash -c 'health /readyz | grep -q "no metrics to serve: 1 of 1 nodes failed, first: node '"$NODE"': "'
    [[ $(health /readyz) == *500 ]]
    kill -CONT "$(component_pid kubelet)"
    eventually 30 bash -c '[[ $(health /readyz) == *200 ]]'
}
