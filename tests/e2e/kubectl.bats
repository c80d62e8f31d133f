#!/usr/bin/env bats
# What people type first, with $KUBECTL against `tacho up`.

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
}

@test "get nodes and pods in every form" {
    # a component's pod comes when the node agent has seen its process
    eventually 10 bash -c 'k get pods -A -o name | grep -q metrics-server'
    for form in wide yaml json name 'jsonpath={.items[*].metadata.name}'; do
        run -0 k get nodes -o "$form"
        [[ $output = *"$NODE"* ]]
        run -0 k get pods -A -o "$form"
        [[ $output = *metrics-server* ]]
    done
    run -0 k get nodes,pods -A
    [[ $output = *"node/$NODE"* && $output = *pod/kube-apiserver-$NODE* ]]
    run -0 k get nodes
    [[ ${lines[0]} =~ ^NAME\ +STATUS\ +ROLES\ +AGE\ +VERSION ]]
    [[ ${lines[1]} =~ ^$NODE\ +Ready\  ]]
}

@test "get -w shows what changes" {
    k create cm watched >/dev/null
    timeout 120 "$KUBECTL" get cm watched -w -o name >"$DATA.watch" 2>&1 &
    local watcher=$!
    eventually 5 grep -q configmap/watched "$DATA.watch"
    k label cm watched a=b >/dev/null
    eventually 5 bash -c "[ \$(grep -c configmap/watched '$DATA.watch') = 2 ]"
    kill "$watcher"
    k delete cm watched >/dev/null
}

# follow FILE ARGUMENTS...   kubectl get, whose lines go to FILE, until `kill "$WATCHER"`; returns when the first ones are there
follow() {
    timeout 120 "$KUBECTL" get "${@:2}" >"$1" 2>&1 3>&- &
    WATCHER=$!
    eventually 30 grep -q "$NODE" "$1"
}

@test "get nodes -w shows what becomes of a node" {
    follow "$DATA.nodes" nodes -w
    [[ $(head -1 "$DATA.nodes") =~ ^NAME\ +STATUS\ +ROLES\ +AGE\ +VERSION ]]
    k cordon "$NODE"
    eventually 30 grep -qE "^$NODE +Ready,SchedulingDisabled +" "$DATA.nodes"
    k uncordon "$NODE"
    eventually 30 bash -c "sed '1,/SchedulingDisabled/d' '$DATA.nodes' | grep -qE '^$NODE +Ready +'"
    kill "$WATCHER"
    # one header, whatever follows
    [ "$(grep -c ^NAME "$DATA.nodes")" = 1 ]
}

@test "get pods -A -w shows pods that come, change and go" {
    follow "$DATA.pods" pods -A -w -L stage
    [[ $(head -1 "$DATA.pods") =~ ^NAMESPACE\ +NAME\ +READY\ +STATUS\ +RESTARTS\ +AGE\ +STAGE ]]
    k create namespace watched
    k create -f - <<<'{"apiVersion":"v1","kind":"Pod","metadata":{"name":"watched","namespace":"watched"},"spec":{"containers":[{"name":"c","image":"none"}]}}'
    eventually 30 grep -qE '^watched +watched +0/1 +Pending +0 ' "$DATA.pods"
    k label pod -n watched watched stage=second
    eventually 30 grep -qE '^watched +watched +0/1 +Pending .* second *$' "$DATA.pods"
    local lines
    lines=$(grep -c '^watched ' "$DATA.pods")
    k delete pod -n watched watched --grace-period=0 --force
    eventually 30 bash -c "[ \$(grep -c '^watched ' '$DATA.pods') -gt $lines ]"
    kill "$WATCHER"
    k delete namespace watched
}

@test "describe node" {
    run -0 k describe node "$NODE"
    [[ $output = *"MemoryPressure"*"KubeletHasSufficientMemory"* ]]
    [[ $output = *"InternalIP:"* && $output = *"Capacity:"* && $output = *"Non-terminated Pods:"* ]]
    [[ $output = *"HolderIdentity:"*"$NODE"* ]]
}

@test "top node and top pod print figures" {
    run -0 k top node
    [[ ${lines[1]} =~ ^$NODE\ +[0-9]+m\ +[0-9]+%\ +[0-9]+Mi\ +[0-9]+% ]]
    # a pod that missed the first scrape has its second point within an interval
    for pod in kube-apiserver metrics-server; do
        eventually 30 k top pod -n kube-system "$pod-$NODE"
    done
    run -0 k top pod -A --containers --sort-by=cpu -l tier=control-plane
    [[ $output =~ kube-system\ +kube-apiserver-$NODE\ +kube-apiserver\ +[0-9]+m\ +[0-9]+Mi ]]
    [[ $output = *metrics-server-$NODE* ]]
    run -0 k top pod -A -l tier=nothing
    [[ $output != *kube-apiserver* ]]
}

@test "the Metrics API answers raw" {
    run -0 k get --raw /apis/metrics.k8s.io/v1beta1/nodes
    [ "$(jq -r .kind <<<"$output")" = NodeMetricsList ]
    [ "$(jq -r '.items[0].metadata.name' <<<"$output")" = "$NODE" ]
    run -0 k get --raw "/apis/metrics.k8s.io/v1beta1/nodes/$NODE"
    [[ $(jq -r .usage.cpu <<<"$output") =~ ^[0-9]+[num]?$ ]]
    run -0 k get --raw /apis/metrics.k8s.io/v1beta1
    [ "$(jq -c '[.resources[].name]' <<<"$output")" = '["nodes","pods"]' ]
    run -1 k get --raw /apis/metrics.k8s.io/v1beta1/nodes/nope
    [[ $output = *'not found'* ]]
}

@test "a ConfigMap and a ServiceAccount are created, read and deleted" {
    run -0 k create configmap settings --from-literal=colour=blue
    [ "$output" = "configmap/settings created" ]
    run -0 k get configmap settings -o 'jsonpath={.data.colour}'
    [ "$output" = blue ]
    run -1 k create configmap settings
    [[ $output = *'configmaps "settings" already exists' ]]
    run -0 k delete configmap settings
    [[ $output = 'configmap "settings" deleted'* ]]
    run -1 k get configmap settings
    [ "$output" = 'Error from server (NotFound): configmaps "settings" not found' ]
    run -0 k create serviceaccount robot
    [ "$output" = "serviceaccount/robot created" ]
    run -0 k get sa robot -o name
    [ "$output" = serviceaccount/robot ]
    run -0 k delete serviceaccount robot
}

@test "auth can-i with and without --as" {
    run -0 k auth can-i create configmaps
    [ "${lines[-1]}" = yes ]
    run -0 k auth can-i '*' '*'
    [ "${lines[-1]}" = yes ]
    run -1 k auth can-i delete nodes --as=system:serviceaccount:default:default
    [ "${lines[-1]}" = no ]
    run -0 k auth can-i list nodes.metrics.k8s.io --as=system:serviceaccount:kube-system:metrics-server --as-group=system:masters
    [ "${lines[-1]}" = yes ]
}

@test "lab 1.4: the role that lets API servers read the authentication settings" {
    run -0 k get role -n kube-system extension-apiserver-authentication-reader
    [[ ${lines[1]} =~ ^extension-apiserver-authentication-reader\ +[0-9] ]]
}

@test "lab 2.3: anonymous is refused, word for word" {
    run -0 curl -sk -w '\n%{http_code}' "https://localhost:$PORT/apis/metrics.k8s.io/"
    [ "${lines[-1]}" = 403 ]
    local body
    body=$(curl -sk "https://localhost:$PORT/apis/metrics.k8s.io/")
    [ "$(jq -r .message <<<"$body")" = 'forbidden: User "system:anonymous" cannot get path "/apis/metrics.k8s.io/"' ]
    [ "$(jq -r '.kind, .reason, .code' <<<"$body" | paste -sd' ')" = "Status Forbidden 403" ]
}

@test "lab 2.5: a ServiceAccount's token reads the Metrics API's group" {
    # kubectl 1.20 doesn't know `create token`: the API call behind it is the same
    TOKEN=$(k create token default 2>/dev/null) ||
        TOKEN=$(k create --raw /api/v1/namespaces/default/serviceaccounts/default/token -f - \
            <<<'{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' | jq -r .status.token)
    k config view --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$DATA/ca.crt"
    run -0 curl -s --cacert "$DATA/ca.crt" -H "Authorization: Bearer $TOKEN" "https://localhost:$PORT/apis/metrics.k8s.io/"
    [ "$(jq -r '.kind, .name, .versions[0].groupVersion' <<<"$output" | paste -sd' ')" = "APIGroup metrics.k8s.io metrics.k8s.io/v1beta1" ]
    run -0 curl -s -o /dev/null -w '%{http_code}' --cacert "$DATA/ca.crt" -H "Authorization: Bearer x$TOKEN" \
        "https://localhost:$PORT/apis/metrics.k8s.io/"
    [ "$output" = 401 ]
}
