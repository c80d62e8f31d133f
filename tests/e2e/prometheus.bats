#!/usr/bin/env bats
# metrics-server's own metrics, read by a real Prometheus with a ServiceAccount's token, and what is shipped to look at them.

setup_file() {
    bats_require_minimum_version 1.5.0
    export KUBECTL
    load cluster
    start_cluster
    k apply -f - >/dev/null <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: {name: prometheus, namespace: default}
---
apiVersion: v1
kind: Secret
metadata: {name: prometheus, namespace: default, annotations: {kubernetes.io/service-account.name: prometheus}}
type: kubernetes.io/service-account-token
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: metrics-reader}
rules:
- nonResourceURLs: ["/metrics"]
  verbs: ["get"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: metrics-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader}
subjects: [{kind: ServiceAccount, name: prometheus, namespace: default}]
YAML
    eventually 10 token
    token >"$DATA.token"
    # so that there is something to count
    eventually 30 k top node
    eventually 30 k top pod -A
    k get --raw /apis/metrics.k8s.io/v1beta1/nodes/nowhere >/dev/null 2>&1 || true
    curl -sk --max-time 5 -H "Authorization: Bearer $(<"$DATA.token")" \
        "https://127.0.0.1:$METRICS_PORT/apis/metrics.k8s.io/v1beta1/nodes" >/dev/null
    start_prometheus
}

teardown_file() {
    load cluster
    kill "$(<"$DATA.prometheus.pid")"
    stop_cluster
}

setup() {
    load cluster
    REPO=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
}

token() {
    local text
    text=$(k get secret prometheus -o 'jsonpath={.data.token}')
    [ -n "$text" ] && base64 -d <<<"$text"
}
export -f token

start_prometheus() {
    PROMETHEUS_PORT=$(free_port)
    export PROMETHEUS_PORT
    mkdir -p "$DATA.prometheus"
    cat >"$DATA.prometheus/prometheus.yml" <<YAML
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: metrics-server
  scheme: https
  authorization: {credentials_file: $DATA.token}
  tls_config: {insecure_skip_verify: true}
  static_configs:
  - targets: ["127.0.0.1:$METRICS_PORT"]
    labels: {pod: metrics-server-0}
YAML
    prometheus --config.file="$DATA.prometheus/prometheus.yml" --storage.tsdb.path="$DATA.prometheus/data" \
        --web.listen-address="127.0.0.1:$PROMETHEUS_PORT" >"$DATA.prometheus.log" 2>&1 3>&- &
    echo $! >"$DATA.prometheus.pid"
}

scrape() {
    curl -sk --max-time 10 -w '%{http_code}' -o "$DATA.metrics" "$@" "https://127.0.0.1:$METRICS_PORT/metrics"
}

authorized() {
    scrape -H "Authorization: Bearer $(<"$DATA.token")"
}

# ask EXPRESSION   prints the values of a query
ask() {
    curl -sf --max-time 10 --data-urlencode "query=$1" "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query" |
        jq -er 'select(.status == "success") | .data.result[] | .value[1]'
}
export -f ask

@test "only who may read them gets them" {
    [ "$(authorized)" = 200 ]
    [ "$(scrape)" = 403 ]
    [ "$(scrape -H 'Authorization: Bearer nonsense')" = 401 ]
    grep -q '"reason": *"Unauthorized"' "$DATA.metrics"
}

@test "promtool finds no fault but three names of Kubernetes'" {
    authorized
    run promtool check metrics <"$DATA.metrics"
    diff - <(grep -v '^$' <<<"$output") <<'EOT'
authenticated_user_requests counter metrics should have "_total" suffix
authentication_attempts counter metrics should have "_total" suffix
authentication_token_cache_active_fetch_count non-histogram and non-summary metrics should not have "_count" suffix
EOT
}

@test "our own reader of the format finds no fault" {
    authorized
    python3 "$BATS_TEST_DIRNAME/exposition.py" "$DATA.metrics"
}

@test "Prometheus scrapes them and answers queries" {
    eventually 20 bash -c '[ "$(ask "up{job=\"metrics-server\"}")" = 1 ]'
    [ "$(ask 'metrics_server_storage_points{type="node"}')" = 1 ]
    [ "$(ask 'count(metrics_server_kubelet_request_duration_seconds_count)')" = 1 ]
    eventually 20 bash -c '[ "$(ask "sum(apiserver_request_total{resource=\"nodes\",verb=\"LIST\",code=\"200\"})")" -ge 1 ]'
    [ "$(ask 'sum(apiserver_request_total{resource="nodes",verb="GET",code="404"})')" -ge 1 ]
    [ "$(ask 'metrics_server_api_metric_freshness_seconds_count')" -ge 1 ]
    [ "$(ask 'sum(rest_client_requests_total{code="200"})')" -ge 2 ]
    [ "$(ask 'apiserver_delegated_authn_request_total{code="201"}')" -ge 1 ]
    # it is the cache that answers for the token by now
    eventually 20 bash -c '[ "$(ask "authentication_token_cache_request_total{status=\"hit\"}")" -ge 2 ]'
    awk -v start="$(ask process_start_time_seconds)" -v now="$(date +%s)" 'BEGIN { exit !(now - start >= 0 && now - start < 3600) }'
}

@test "a counter goes up by what was asked, and latencies have places in buckets" {
    local list='apiserver_request_total{[^}]*resource="nodes",scope="cluster",subresource="",verb="LIST"[^}]*}'
    authorized
    before=$(grep -oP "^$list \K.*" "$DATA.metrics" | awk '{ n += $1 } END { print n }')
    for _ in 1 2 3 4 5; do k get --raw /apis/metrics.k8s.io/v1beta1/nodes >/dev/null; done
    authorized
    after=$(grep -oP "^$list \K.*" "$DATA.metrics" | awk '{ n += $1 } END { print n }')
    [ "$after" -eq $((before + 5)) ]
}

@test "the embedded API server counts its requests too" {
    local line='apiserver_request_total{code="200",component="apiserver",dry_run="",group="",resource="nodes",scope="cluster",subresource="",verb="LIST",version="v1"}'
    before=$(k get --raw /metrics | grep -F "$line" | cut -d' ' -f2)
    k get nodes >/dev/null
    k get --raw /metrics >"$DATA.metrics"
    after=$(grep -F "$line" "$DATA.metrics" | cut -d' ' -f2)
    [ "$after" -gt "$before" ]
    # metrics-server and the node agent watch
    grep -qE '^apiserver_longrunning_requests\{.*resource="pods",.*verb="WATCH",version="v1"\} [1-9]' "$DATA.metrics"
    python3 "$BATS_TEST_DIRNAME/exposition.py" "$DATA.metrics"
}

@test "the documentation lists what there is, and no more" {
    authorized
    # losses of audit plugins are shown where an audit log is in use, watches when there was one, 429 and 504 when they came up
    grep -oP '^\| `\K[a-z_]+' "$REPO/docs/metrics.md" |
        grep -vxE 'apiserver_audit_error_total|apiserver_longrunning_requests|apiserver_request_terminations_total' | sort >"$DATA.documented"
    grep -oP '^# TYPE \K\S+' "$DATA.metrics" |
        grep -vxE 'apiserver_audit_error_total|apiserver_longrunning_requests|apiserver_request_terminations_total' | sort >"$DATA.there"
    diff "$DATA.documented" "$DATA.there"
    # types too
    while read -r name type; do
        grep -q "^| \`$name\` | $type |" "$REPO/docs/metrics.md" || { echo "$name is a $type"; return 1; }
    done < <(grep -oP '^# TYPE \K.*' "$DATA.metrics")
}

@test "each metric that the dashboard and the alerts look at is there" {
    authorized
    { grep -oP '^# TYPE \K\S+' "$DATA.metrics"; printf '%s\n' apiserver_longrunning_requests apiserver_request_terminations_total; } |
        sed 'p; s/$/_bucket/p; s/_bucket$/_sum/p; s/_sum$/_count/' | sort -u >"$DATA.known"
    grep -ohE '\b(metrics_server|apiserver|rest_client|process|authentication|authorization|authenticated|kubernetes)_[a-z_]+' \
        "$REPO"/deploy/monitoring/dashboard.json "$REPO"/deploy/monitoring/prometheusrule.yaml | sort -u >"$DATA.used"
    [ "$(wc -l <"$DATA.used")" -gt 20 ]
    run -0 comm -23 "$DATA.used" "$DATA.known"
    [ -z "$output" ]
}

@test "each panel's query is understood, and those about what happened here have an answer" {
    eventually 20 bash -c '[ "$(ask "count_over_time(up[10s])")" -ge 5 ]'
    local empty=0 count=0
    while IFS= read -r expression; do
        count=$((count + 1))
        answer=$(curl -sf --max-time 10 --data-urlencode "query=$expression" "http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query") ||
            { echo "refused: $expression"; return 1; }
        [ "$(jq '.data.result | length' <<<"$answer")" -gt 0 ] || { empty=$((empty + 1)); echo "empty: $expression"; }
    done < <(jq -r '.panels[].targets[]?.expr' "$REPO/deploy/monitoring/dashboard.json" |
        sed 's/\$__rate_interval/10s/g; s/\$job/.*/g; s/\$pod/.*/g')
    [ "$count" -gt 30 ]
    [ "$empty" -le 3 ] # failing scrapes, refusals and watches, which there are none of
}

@test "the alerts are rules that Prometheus takes" {
    python3 - "$REPO/deploy/monitoring/prometheusrule.yaml" "$DATA.rules.yaml" <<'PYTHON'
import sys
lines = open(sys.argv[1]).read().split("\nspec:\n", 1)[1].split("\n")
open(sys.argv[2], "w").write("\n".join(line[2:] for line in lines))
PYTHON
    run -0 promtool check rules "$DATA.rules.yaml"
    [[ "$output" == *"9 rules found"* ]]
}
