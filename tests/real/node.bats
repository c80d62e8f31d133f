#!/usr/bin/env bats
# The lab's sections 1 to 3b on a real node: deploy/1.8+ applied as it stands, our image in its container runtime. Needs KUBECONFIG,
# the admin's of a cluster that has the image (make image), and KUBECTL. Meant for a fresh cluster: where the kubelet's serving
# certificate was approved already, the test that needs it pending says so.

setup_file() {
    bats_require_minimum_version 1.5.0
    load real
    needs_cluster
    k delete -f "$DEPLOY" --ignore-not-found >/dev/null 2>&1
    eventually 60 no_pods
    NODE=$(k get nodes -o 'jsonpath={.items[0].metadata.name}')
    [ -n "$NODE" ] || skip "no node in this cluster"
    export NODE
}

teardown_file() {
    load real
    if [ -n "${NODE:-}" ]; then k delete -f "$DEPLOY" --ignore-not-found >/dev/null; fi
}

setup() {
    load real
    [ -n "${NODE:-}" ] || skip "no cluster"
}

serving_request() {
    k get csr -o json | jq -re --arg user "system:node:$NODE" \
        'first(.items[] | select(.spec.signerName == "kubernetes.io/kubelet-serving" and .spec.username == $user and (.status.conditions // []) == []) | .metadata.name)'
}

# While the kubelet has no serving certificate the API server can't fetch logs either: the node's own files are read then.
server_log() {
    k -n kube-system logs -l k8s-app=metrics-server --tail=-1 2>/dev/null ||
        cat /var/log/pods/kube-system_metrics-server-*/metrics-server/*.log
}

@test "1.2 nine objects, dry" {
    run -0 k apply -f "$DEPLOY" --dry-run=client
    [ "$(grep -c 'created (dry run)$' <<<"$output")" = 9 ]
    run -0 k apply -f "$DEPLOY" --dry-run=server
    [ "$(grep -c '(server dry run)$' <<<"$output")" = 9 ]
    run -1 k -n kube-system get deploy metrics-server
}

@test "2.1 applied, and applied again" {
    run -0 k apply -f "$DEPLOY"
    [ "$(grep -c 'created$' <<<"$output")" = 9 ]
    run -0 k apply -f "$DEPLOY"
    [ "$(grep -c 'unchanged$' <<<"$output")" = 9 ]
}

@test "a kubelet without a serving certificate: one line says so; approved, there are figures without a restart" {
    serving_request || skip "the kubelet's serving certificate is approved already"
    eventually 30 pod_is_running
    log_names_cause() { server_log | grep -q 'Failed to scrape node'; }
    eventually 20 log_names_cause
    sleep 20 # another scrape or two: they must not repeat it
    run -0 server_log
    [ "$(grep -c 'Failed to scrape node' <<<"$output")" = 1 ]
    grep 'Failed to scrape node' <<<"$output" | grep "node=\"$NODE\"" | grep 'url="https://' | grep -q 'kubectl certificate approve'
    run -1 k top node
    k certificate approve "$(serving_request)"
    eventually 60 k top node
    [ "$(k -n kube-system get po -l k8s-app=metrics-server -o 'jsonpath={.items[*].status.containerStatuses[0].restartCount}')" = 0 ]
}

@test "2.2 the pod gets ready" {
    eventually 60 deployment_is_ready
    run -0 k get all -n kube-system -l k8s-app=metrics-server
    [[ $output =~ pod/metrics-server-[^\ ]+\ +1/1\ +Running\ +0 ]]
    [[ $output =~ deployment.apps/metrics-server\ +1/1\ +1\ +1 ]]
    [[ $output =~ replicaset.apps/metrics-server-[^\ ]+\ +1\ +1\ +1 ]]
    k wait --for=condition=Available --timeout=60s apiservice/v1beta1.metrics.k8s.io
}

@test "2.3 strangers are refused" {
    run -0 curl -sk "$SERVER/apis/metrics.k8s.io/"
    [[ $output == *'forbidden: User \"system:anonymous\" cannot get path \"/apis/metrics.k8s.io/\"'* ]]
    jq -e '.reason == "Forbidden" and .code == 403' <<<"$output"
}

@test "2.5 a ServiceAccount's token is led to metrics-server" {
    local secret token
    secret=$(k get serviceaccount default -o json | jq -Mr '.secrets[]?.name | select(contains("token"))')
    if [ -n "$secret" ]; then token=$(k get secret "$secret" -o json | jq -Mr .data.token | base64 -d); else token=$(k create token default); fi
    run -0 curl -sk -H "Authorization: Bearer $token" "$SERVER/apis/metrics.k8s.io/"
    jq -e '.kind == "APIGroup" and .preferredVersion.version == "v1beta1"' <<<"$output"
}

@test "3.1 top, with both kubectls" {
    local client
    eventually 30 k top pod -n kube-system
    for client in "$KUBECTL_120" "$KUBECTL_135"; do
        run -0 "$client" top node
        [[ $output =~ $NODE\ +[0-9]+m\ +[0-9]+%\ +[0-9]+Mi\ +[0-9]+% ]]
        run -0 "$client" top pod -n kube-system --containers
        [[ $output =~ metrics-server-[^\ ]+\ +metrics-server\ +[0-9]+m\ +[0-9]+Mi ]]
    done
}

@test "3.2 the log" {
    run -0 k -n kube-system logs -l k8s-app=metrics-server --tail=-1
    [[ $output == *'Generated self-signed cert (/tmp/apiserver.crt, /tmp/apiserver.key)'* ]]
    [[ $output == *'Serving securely on [::]:4443'* ]]
}

@test "the figures are the kubelet's own, within 5 %" {
    k -n kube-system get po -l k8s-app=metrics-server -o name
    run -0 python3 "$(dirname "$BATS_TEST_FILENAME")/agree.py" "$NODE" kube-system k8s-app=metrics-server 90
    echo "$output"
}

@test "other forms: raw, yaml, a watch" {
    run -0 k get --raw "/apis/metrics.k8s.io/v1beta1/nodes/$NODE"
    jq -e '.usage.cpu and .usage.memory' <<<"$output"
    run -0 k get nodemetrics "$NODE" -o yaml
    [[ $output == *'kind: NodeMetrics'* ]]
    "$KUBECTL" get podmetrics -A -w >"$BATS_FILE_TMPDIR/watched" 2>&1 3>&- &
    local watcher=$!
    more_than_one() { [ "$(grep -c '^kube-system *metrics-server' "$BATS_FILE_TMPDIR/watched")" -gt 1 ]; }
    eventually 45 more_than_one
    kill "$watcher"
}

@test "3b.2 an edited Deployment rolls over, and the figures stay" {
    k -n kube-system patch deploy metrics-server --type=json \
        -p '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--kubelet-preferred-address-types=InternalIP"}]'
    k -n kube-system rollout status deploy/metrics-server --timeout=60s
    eventually 20 k top node
    k -n kube-system rollout undo deploy/metrics-server
    k -n kube-system rollout status deploy/metrics-server --timeout=60s
}

@test "two replicas, rolled over twice under a reader at 10 Hz: no read fails" {
    k -n kube-system scale deploy metrics-server --replicas=2
    k -n kube-system rollout status deploy/metrics-server --timeout=90s
    eventually 30 k top node
    python3 "$(dirname "$BATS_TEST_FILENAME")/reader.py" /apis/metrics.k8s.io/v1beta1/nodes 10 75 >"$BATS_FILE_TMPDIR/read" 3>&- &
    local reader=$!
    for _ in 1 2; do
        k -n kube-system rollout restart deploy metrics-server
        k -n kube-system rollout status deploy/metrics-server --timeout=60s
    done
    local result=0
    wait "$reader" || result=$?
    cat "$BATS_FILE_TMPDIR/read"
    [ "$result" = 0 ]
    k -n kube-system scale deploy metrics-server --replicas=1
    one_pod() { [ "$(k -n kube-system get po -l k8s-app=metrics-server -o name | wc -l)" = 1 ]; }
    eventually 60 one_pod
}

@test "a deleted pod: figures are back within seconds of its successor's start" {
    local old pod
    old=$(k -n kube-system get po -l k8s-app=metrics-server -o 'jsonpath={.items[0].metadata.name}')
    k -n kube-system delete po "$old"
    deployment_is_whole() { deployment_is_ready && [ "$(k -n kube-system get po -l k8s-app=metrics-server -o name | wc -l)" = 1 ]; }
    eventually 60 deployment_is_whole
    eventually 15 k top node # the aggregation layer looks again after a while
    pod=$(k -n kube-system get po -l k8s-app=metrics-server -o json | jq '.items[0].status')
    # a pod is ready when it has figures
    run -0 jq -r '((.conditions[] | select(.type == "Ready") | .lastTransitionTime | fromdate) -
                   (.containerStatuses[0].state.running.startedAt | fromdate))' <<<"$pod"
    echo "ready $output s after the start"
    [ "$output" -le 15 ] # 5 of them while names are looked up, in clusters without DNS
}
