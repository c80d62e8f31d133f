#!/usr/bin/env bats
# What people apply, as far as it can be told without a cluster.

setup() {
    load deploy
}

names() {
    local client=$1
    shift
    "$client" annotate --local --overwrite -o name "$@" looked=at
}

@test "deploy/1.8+ is the lab's seven files with its nine objects, for both clients" {
    [ "$(ls "$ROOT/deploy/1.8+" | xargs)" = "aggregated-metrics-reader.yaml auth-delegator.yaml auth-reader.yaml metrics-apiservice.yaml metrics-server-deployment.yaml metrics-server-service.yaml resource-reader.yaml" ]
    expected="clusterrole.rbac.authorization.k8s.io/system:aggregated-metrics-reader
clusterrolebinding.rbac.authorization.k8s.io/metrics-server:system:auth-delegator
rolebinding.rbac.authorization.k8s.io/metrics-server-auth-reader
apiservice.apiregistration.k8s.io/v1beta1.metrics.k8s.io
serviceaccount/metrics-server
deployment.apps/metrics-server
service/metrics-server
clusterrole.rbac.authorization.k8s.io/system:metrics-server
clusterrolebinding.rbac.authorization.k8s.io/system:metrics-server"
    for version in 1.20 1.35; do
        run -0 names "$("$ROOT/scripts/kubectl.sh" $version)" -f "$ROOT/deploy/1.8+"
        [ "$output" = "$expected" ]
    done
}

@test "the lab's grep shows both lists of rules" {
    cd "$ROOT"
    run -0 grep rules -A21 deploy/1.8+/*
    [[ $output == *'aggregated-metrics-reader.yaml:rules:'*'metrics.k8s.io'*'"get", "list", "watch"'*'resource-reader.yaml:rules:'*'nodes/metrics'*'- pods'*'- watch'* ]]
}
