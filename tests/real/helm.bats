#!/usr/bin/env bats
# The helm chart and the manifests beside deploy/1.8+, on a real cluster (see real.bash). Where there is a node that has the image, figures
# have to come; where there is none, objects alone are looked at.

setup_file() {
    bats_require_minimum_version 1.5.0
    load real
    needs_cluster
    HELM=$(dirname "$("$ROOT/scripts/kubectl.sh" 1.35)")/helm-4
    CHART=$ROOT/deploy/helm/metrics-server
    NODE=$(k get nodes -o json | jq -r '.items[0].metadata.name // empty')
    # API servers of before 1.22 may have no server-side apply for APIServices, which helm 4 would use
    HOW=
    [ "$(k version -o json | jq -r '.serverVersion.minor | sub("[^0-9].*"; "") | tonumber < 22')" = false ] || HOW=--server-side=false
    export HELM CHART NODE HOW
    "$HELM" uninstall metrics-server -n kube-system --ignore-not-found >/dev/null
    k delete -f "$DEPLOY" --ignore-not-found >/dev/null 2>&1
}

teardown_file() {
    load real
    [ "${REAL_CLUSTER:-}" != yes ] || "$HELM" uninstall metrics-server -n kube-system --ignore-not-found
}

setup() {
    load real
    [ -n "${HELM:-}" ] || skip "no cluster"
}

bundle() {
    k get apiservice v1beta1.metrics.k8s.io -o 'jsonpath={.spec.caBundle}'
}

figures_come() {
    [ -n "$NODE" ] || return 0
    k -n kube-system rollout status deploy/metrics-server --timeout=90s
    k wait --for=condition=Available --timeout=60s apiservice/v1beta1.metrics.k8s.io
    eventually 60 k top node
}

@test "components.yaml and the highly available variant that fits, dry" {
    run -0 k apply --dry-run=server -f "$ROOT/deploy/components.yaml"
    [ "$(grep -c 'server dry run' <<<"$output")" = 9 ]
    variant=high-availability
    if k api-versions | grep -qx policy/v1; then variant=high-availability-1.21+; fi
    run -0 k apply --dry-run=server -f "$ROOT/deploy/$variant.yaml"
    [ "$(grep -c 'server dry run' <<<"$output")" = 10 ]
}

@test "helm install" {
    # shellcheck disable=SC2086
    "$HELM" install metrics-server "$CHART" -n kube-system $HOW
    k -n kube-system get deploy,svc,sa metrics-server
    figures_come
}

@test "helm upgrade to a certificate that the API server verifies, which the next upgrade keeps" {
    "$HELM" upgrade metrics-server "$CHART" -n kube-system --reuse-values --set tls.type=helm,apiService.insecureSkipTLSVerify=false
    first=$(bundle)
    [ -n "$first" ]
    [ "$(k get apiservice v1beta1.metrics.k8s.io -o 'jsonpath={.spec.insecureSkipTLSVerify}')" != true ]
    figures_come
    "$HELM" upgrade metrics-server "$CHART" -n kube-system --reuse-values --set podDisruptionBudget.enabled=true,podDisruptionBudget.minAvailable=1
    [ "$(bundle)" = "$first" ]
    k -n kube-system get pdb metrics-server
    figures_come
}

@test "a Secret that exists is what the API server verifies by" {
    k -n kube-system get secret metrics-server -o json | jq '.metadata = {name: "metrics-server-mine", namespace: "kube-system"}' | k apply -f -
    "$HELM" upgrade metrics-server "$CHART" -n kube-system --reuse-values --set tls.type=existingSecret,tls.existingSecret.name=metrics-server-mine
    [ "$(bundle)" = "$(k -n kube-system get secret metrics-server-mine -o json | jq -r '.data["tls.crt"]')" ]
    figures_come
    k -n kube-system delete secret metrics-server-mine
}

@test "helm uninstall leaves nothing" {
    "$HELM" uninstall metrics-server -n kube-system
    run -0 k get apiservice,deploy,svc,sa,pdb,clusterrole,clusterrolebinding,rolebinding -A -l app.kubernetes.io/name=metrics-server -o name
    [ -z "$output" ]
}
