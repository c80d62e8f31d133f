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

@test "components.yaml and its variants are what kustomize gives" {
    "$ROOT/scripts/manifests.sh" "$BATS_TEST_TMPDIR"
    for file in components high-availability high-availability-1.21+; do
        diff "$ROOT/deploy/$file.yaml" "$BATS_TEST_TMPDIR/$file.yaml"
    done
}

@test "each variant has its objects, for both clients" {
    nine="apiservice clusterrole clusterrole clusterrolebinding clusterrolebinding deployment rolebinding service serviceaccount"
    for version in 1.20 1.35; do
        kubectl=$("$ROOT/scripts/kubectl.sh" $version)
        kinds() { names "$kubectl" -f "$ROOT/deploy/$1.yaml" | sed 's/[./].*//' | sort | xargs; }
        [ "$(kinds components)" = "$nine" ]
        [ "$(kinds high-availability)" = "${nine/deployment/deployment poddisruptionbudget}" ]
        [ "$(kinds high-availability-1.21+)" = "${nine/deployment/deployment poddisruptionbudget}" ]
    done
}

# The objects of a file as a JSON list. kubectl converts without a cluster.
objects() {
    "$("$ROOT/scripts/kubectl.sh" 1.20)" annotate --local -f "$1" -o json looked=at | jq -s .
}

@test "two replicas on two nodes, of which one stays" {
    grep -q 'apiVersion: policy/v1$' "$ROOT/deploy/high-availability-1.21+.yaml"
    grep -q 'apiVersion: policy/v1beta1$' "$ROOT/deploy/high-availability.yaml"
    objects "$ROOT/deploy/high-availability.yaml" | jq -e '
        (.[] | select(.kind == "Deployment") | .spec.replicas == 2 and .spec.strategy.rollingUpdate.maxUnavailable == 1
            and (.spec.template.spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey == "kubernetes.io/hostname")),
        (.[] | select(.kind == "PodDisruptionBudget") | .spec.minAvailable == 1 and .spec.selector.matchLabels["k8s-app"] == "metrics-server")'
}

@test "every pod that is shipped is locked down, and every image is this version's" {
    for file in "$ROOT/deploy/1.8+" "$ROOT/deploy/components.yaml" "$ROOT/deploy/high-availability.yaml"; do
        objects "$file" | jq -e --arg image "tacho/metrics-server:v$VERSION" '
            [.[] | select(.kind == "Deployment")] | length == 1 and (.[0].spec.template.spec |
                .priorityClassName == "system-cluster-critical" and .hostNetwork != true and (.containers | length) == 1 and (.containers[0] |
                    .image == $image and .imagePullPolicy == "IfNotPresent" and .livenessProbe.httpGet.path == "/livez"
                    and .readinessProbe.httpGet.path == "/readyz" and .resources.requests.memory and .resources.requests.cpu
                    and (.securityContext | .runAsNonRoot and .runAsUser == 1000 and .readOnlyRootFilesystem and .allowPrivilegeEscalation == false
                        and .capabilities.drop == ["ALL"] and .capabilities.add == null and .seccompProfile.type == "RuntimeDefault"
                        and .privileged != true)))'
    done
}

@test "the server may do what it needs and no more" {
    for file in "$ROOT/deploy/1.8+" "$ROOT/deploy/components.yaml" "$ROOT/deploy/high-availability.yaml"; do
        objects "$file" | jq -e '[.[] | select(.kind == "ClusterRole" and .metadata.name == "system:metrics-server") | .rules[] | {r: .resources | sort, v: .verbs | sort}] ==
            [{r: ["nodes/metrics", "nodes/stats"], v: ["get"]}, {r: ["nodes", "pods"], v: ["get", "list", "watch"]}]'
        objects "$file" | jq -e '[.[] | select(.kind | endswith("Binding")) | .roleRef.name] | sort ==
            ["extension-apiserver-authentication-reader", "system:auth-delegator", "system:metrics-server"]'
    done
}
