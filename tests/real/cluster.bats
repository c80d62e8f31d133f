#!/usr/bin/env bats
# metrics-server against a real kube-apiserver and kube-controller-manager: our binary on this machine, a fleet of simulated kubelets, the
# aggregation layer led here by a Service of type ExternalName. Needs KUBECONFIG, the admin's of a cluster whose API server runs on this
# machine's loopback and whose nodes and pods nobody else manages; BUILD, KUBECTL.

setup_file() {
    bats_require_minimum_version 1.5.0
    load real
    needs_cluster
    [[ $SERVER == *//127.* || $SERVER == *//localhost:* ]] || skip "the API server is on another machine: it can't reach ours"
    if [ "$(k get nodes -o name | grep -vc '/fleet-')" != 0 ]; then skip "this cluster has nodes of its own"; fi
    export WORK=$BATS_FILE_TMPDIR
    FLEET="$ROOT/tests/e2e/fleet.py"
    PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    export FLEET PORT
    make_objects
    python3 "$FLEET" serve --nodes 3 --pods 2 --port 0 --folder "$WORK/fleet" --register >"$WORK/fleet.out" 2>"$WORK/fleet.err" 3>&- &
    echo $! >"$WORK/fleet.pid"
    eventually 60 grep -q '^serving' "$WORK/fleet.out"
    python3 "$FLEET" tell "$WORK/fleet" fault refuse all
    "$BUILD/src/cmd/metrics-server" --kubeconfig="$WORK/server.kubeconfig" --secure-port="$PORT" --bind-address=127.0.0.1 \
        --cert-dir="$WORK/certs" --kubelet-certificate-authority="$WORK/fleet/ca.crt" --kubelet-use-node-status-port \
        --kubelet-preferred-address-types=InternalIP --metric-resolution=10s --kubelet-request-timeout=5s \
        >"$WORK/server.log" 2>&1 3>&- &
    echo $! >"$WORK/server.pid"
}

teardown_file() {
    load real
    [ -n "${WORK:-}" ] || return 0
    # the API first: while it is announced and not there, no namespace can be removed
    k delete --ignore-not-found -f "$DEPLOY" >/dev/null
    remove_scaled
    k delete --ignore-not-found clusterrolebinding/jane-reads csr/jane >/dev/null
    local name
    for name in server fleet; do
        [ -f "$WORK/$name.pid" ] || continue
        kill "$(cat "$WORK/$name.pid")" || true
        tail --pid="$(cat "$WORK/$name.pid")" -f /dev/null
    done
    if grep -E 'ERROR: (Address|Leak)Sanitizer|runtime error:|Assertion' "$WORK/server.log"; then return 1; fi
}

setup() {
    load real
    [ -n "${WORK:-}" ] || skip "no cluster"
}

# The objects of deploy/1.8+ but for the Deployment, the Service leading to this machine, and a kubeconfig with the ServiceAccount's token.
make_objects() {
    local secret token
    k apply -f "$DEPLOY/aggregated-metrics-reader.yaml" -f "$DEPLOY/auth-delegator.yaml" -f "$DEPLOY/auth-reader.yaml" \
        -f "$DEPLOY/resource-reader.yaml" >/dev/null
    k -n kube-system create sa metrics-server --dry-run=client -o yaml | k apply -f - >/dev/null
    k apply -f - >/dev/null <<Y
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost, ports: [{port: $PORT}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
       service: {name: metrics-server, namespace: kube-system, port: $PORT}}
Y
    has_secret() { k -n kube-system get sa metrics-server -o json | jq -e '.secrets | length > 0'; }
    if eventually 5 has_secret; then
        secret=$(k -n kube-system get sa metrics-server -o 'jsonpath={.secrets[0].name}')
        token=$(k -n kube-system get secret "$secret" -o 'jsonpath={.data.token}' | base64 -d)
    else
        token=$(k -n kube-system create token metrics-server)
    fi
    k config view --minify --flatten -o json | jq --arg token "$token" '.users[0].user = {token: $token}' >"$WORK/server.kubeconfig"
}

# Nobody confirms that these pods have ended, so they are taken away by force.
remove_scaled() {
    k -n scaled delete hpa,deploy --all >/dev/null 2>&1
    k -n scaled delete po --all --force --grace-period=0 >/dev/null 2>&1
    k delete ns scaled --ignore-not-found --wait=false >/dev/null
}

direct() {
    curl -sk "$@"
}

@test "discovery answers while no kubelet does, and the API is available" {
    eventually 10 grep -q 'Serving securely' "$WORK/server.log"
    eventually 40 k wait --for=condition=Available --timeout=1s apiservice/v1beta1.metrics.k8s.io
    run -0 k get --raw /apis/metrics.k8s.io/v1beta1
    jq -e '[.resources[].name] == ["nodes", "pods"]' <<<"$output"
    run -1 k top node
    [[ $output == *'metrics not available yet'* ]]
    run -0 k api-resources --api-group=metrics.k8s.io
    [[ $output == *NodeMetrics* ]]
    run -0 k get --raw '/readyz'
}

@test "its readiness names the cause" {
    run -0 direct "https://127.0.0.1:$PORT/readyz"
    [[ $output == *'no metrics to serve: 3 of 3 nodes failed, first: node fleet-1: '*'refused'* ]]
}

@test "kubelets come up: figures" {
    python3 "$FLEET" tell "$WORK/fleet" fault none all
    all_nodes() { [ "$(k top node --no-headers | grep -c '^fleet-')" = 3 ]; }
    eventually 20 all_nodes
    eventually 10 test "$(direct "https://127.0.0.1:$PORT/readyz")" = ok
}

@test "top, with both kubectls" {
    local client
    for client in "$KUBECTL_120" "$KUBECTL_135"; do
        run -0 "$client" top node
        [[ $output =~ fleet-1\ +[0-9]+m\ +[0-9]+%\ +[0-9]+Mi\ +[0-9]+% ]]
        run -0 "$client" top pod -A --containers --sort-by=cpu
        [ "$(grep -cE '^fleet +fleet-[123]-[12] +c1 +[0-9]+m +64Mi' <<<"$output")" = 6 ]
        run -0 "$client" top pod -n fleet -l app=fleet --no-headers
        [ "$(wc -l <<<"$output")" = 6 ]
    done
}

@test "other forms: raw, yaml, a watch" {
    run -0 k get --raw /apis/metrics.k8s.io/v1beta1/namespaces/fleet/pods/fleet-1-1
    jq -e '.kind == "PodMetrics" and .containers[0].usage.memory == "64Mi"' <<<"$output"
    run -0 k get nodemetrics fleet-1 -o yaml
    [[ $output == *'kind: NodeMetrics'* ]]
    "$KUBECTL" get podmetrics -A -w >"$WORK/watched" 2>&1 3>&- &
    local watcher=$!
    more_than_one() { [ "$(grep -c '^fleet *fleet-1-1 ' "$WORK/watched")" -gt 1 ]; }
    eventually 30 more_than_one
    kill "$watcher"
}

@test "strangers are refused" {
    run -0 curl -sk "$SERVER/apis/metrics.k8s.io/v1beta1/nodes"
    [[ $output == *'nodes.metrics.k8s.io is forbidden: User \"system:anonymous\" cannot list resource \"nodes\"'* ]]
    jq -e '.code == 403' <<<"$output"
}

@test "the aggregator's request headers count, and so do the user's rights" {
    local path=/apis/metrics.k8s.io/v1beta1/nodes
    run k get --raw "$path" --as jane --as-group readers
    [[ $output == *'User "jane" cannot list resource "nodes" in API group "metrics.k8s.io" at the cluster scope'* ]]
    k create clusterrolebinding jane-reads --clusterrole=system:aggregated-metrics-reader --group=readers
    allowed() { k get --raw "$path" --as jane --as-group readers; }
    eventually 15 allowed # a refusal is remembered for 10 s
    run -0 k top pod -n fleet --as jane --as-group readers
    k delete clusterrolebinding jane-reads
}

@test "forged request headers don't count" {
    local url="https://127.0.0.1:$PORT/apis/metrics.k8s.io/v1beta1/nodes"
    run -0 direct -H 'X-Remote-User: kubernetes-admin' -H 'X-Remote-Group: system:masters' "$url"
    [[ $output == *'User \"system:anonymous\" cannot list'* ]]
    # with a certificate of the cluster's client CA one is who it says, not who the headers say
    openssl req -newkey rsa:2048 -nodes -keyout "$WORK/jane.key" -subj '/O=strangers/CN=jane' -out "$WORK/jane.csr"
    k apply -f - <<Y
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: jane}
spec: {signerName: kubernetes.io/kube-apiserver-client, usages: [client auth], request: $(base64 -w0 "$WORK/jane.csr")}
Y
    k certificate approve jane
    issued() { [ -n "$(k get csr jane -o 'jsonpath={.status.certificate}')" ]; }
    eventually 20 issued
    k get csr jane -o 'jsonpath={.status.certificate}' | base64 -d >"$WORK/jane.crt"
    run -0 direct --cert "$WORK/jane.crt" --key "$WORK/jane.key" -H 'X-Remote-User: kubernetes-admin' -H 'X-Remote-Group: system:masters' "$url"
    [[ $output == *'User \"jane\" cannot list'* ]]
    run -0 direct -H 'Authorization: Bearer nonsense' "$url"
    jq -e '.code == 401' <<<"$output"
}

# Plays the node agent for the Deployment's pods: says that they run, and gives each its share of 1600m.
run_pods() {
    local pod pods share
    pods=$(k -n scaled get po -l app=web -o json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.name')
    share=$(awk -v n="$(wc -w <<<"$pods")" 'BEGIN { if (n) printf "%dm", 1600 / n }')
    for pod in $pods; do
        if grep -qx "$pod" "$WORK/started"; then
            python3 "$FLEET" tell "$WORK/fleet" usage "$share" 32Mi "scaled/$pod"
        else
            python3 "$FLEET" tell "$WORK/fleet" pod fleet-1 "scaled/$pod" "$share" 32Mi web
            echo "$pod" >>"$WORK/started"
        fi
        curl -sf -X PATCH -H 'Content-Type: application/strategic-merge-patch+json' "$PROXY/api/v1/namespaces/scaled/pods/$pod/status" \
            -d '{"status": {"phase": "Running", "startTime": "2020-01-01T00:00:00Z", "conditions": [{"type": "Ready", "status": "True",
                 "lastTransitionTime": "2020-01-01T00:01:00Z"}], "containerStatuses": [{"name": "web", "ready": true, "started": true,
                 "image": "none", "imageID": "", "restartCount": 0, "state": {"running": {"startedAt": "2020-01-01T00:00:00Z"}}}]}}' >/dev/null
    done
}

@test "a real HorizontalPodAutoscaler reads our figures and scales" {
    "$KUBECTL" proxy --port=0 >"$WORK/proxy.out" 3>&- &
    local proxy=$!
    eventually 10 grep -q 'Starting to serve' "$WORK/proxy.out"
    PROXY=http://$(awk '{print $NF}' "$WORK/proxy.out")
    k create ns scaled
    k apply -f - <<Y
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: scaled}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeName: fleet-1
      automountServiceAccountToken: false
      containers: [{name: web, image: none, resources: {requests: {cpu: 200m}}}]
Y
    k -n scaled autoscale deployment web --cpu-percent=50 --min=1 --max=5
    replicas() { k -n scaled get deploy web -o 'jsonpath={.spec.replicas}'; }
    : >"$WORK/started"
    local seen="" now begun=$SECONDS
    while [ $((SECONDS - begun)) -lt 120 ] && [ "$(replicas)" != 5 ]; do
        run_pods
        now=$(replicas)
        [[ $seen == *" $now" ]] || seen="$seen $now"
        sleep 1
    done
    kill "$proxy"
    echo "replicas:$seen"
    [ "$(replicas)" = 5 ]
    run -0 k -n scaled describe hpa web
    [[ $output == *'cpu resource utilization (percentage of request) above target'* ]]
    [[ $output == *ValidMetricFound* ]]
    remove_scaled
}
