#!/usr/bin/env bats
# Parts of a cluster that go away and come back: the API server, kubelets, their clocks, the ConfigMap that says whom to trust, and
# metrics-server itself under a reader. What is healthy stays fresh, what is old isn't passed off as fresh, all comes back unaided.
# Six simulated kubelets (fleet.py) whose Nodes are in an embedded cluster; between its API server and metrics-server is a proxy.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
    admin_files
    FLEET=$BATS_TEST_DIRNAME/fleet.py FLEET_FOLDER=$DATA.fleet
    export FLEET FLEET_FOLDER
    python3 "$FLEET" serve --name o --namespace o --nodes 6 --pods 3 --first-address 127.31.0.1 --folder "$FLEET_FOLDER" --register --parent $$ \
        >"$DATA.serving" 2>&1 3>&- &
    echo $! >"$DATA.pid-fleet"
    eventually 40 grep -q ^serving "$DATA.serving"
    start_proxy api "127.0.0.1:$PORT"
    sed "s|https://127.0.0.1:$PORT|https://127.0.0.1:$(cat "$DATA.port-api")|" "$KUBECONFIG" >"$DATA.kubeconfig-proxied"
    start_server a
    eventually 30 all_fresh a 6
}

# start_proxy NAME ADDRESS...   $DATA.port-NAME, $DATA.backends-NAME
start_proxy() {
    printf '%s\n' "${@:2}" >"$DATA.backends-$1"
    python3 "$BATS_TEST_DIRNAME/tcp_proxy.py" "$DATA.backends-$1" >"$DATA.port-$1" 2>"$DATA.log-proxy-$1" 3>&- &
    echo $! >"$DATA.pid-proxy-$1"
    eventually 10 test -s "$DATA.port-$1"
}

# start_server NAME ARGUMENT...   a metrics-server on $DATA.port-NAME that scrapes the fleet every 5 s
start_server() {
    free_port >"$DATA.port-$1"
    "$BUILD/src/cmd/metrics-server" --kubeconfig="$DATA.kubeconfig-proxied" --bind-address=127.0.0.1 --secure-port="$(cat "$DATA.port-$1")" \
        --cert-dir="$DATA.certs-$1" --node-selector=tacho.dev/fleet=o --kubelet-use-node-status-port --kubelet-preferred-address-types=InternalIP \
        --kubelet-certificate-authority="$FLEET_FOLDER/ca.crt" --metric-resolution=5s "${@:2}" >"$DATA.log-$1" 2>&1 3>&- &
    echo $! >"$DATA.pid-server-$1"
}

# end_process NAME   SIGTERM, and waits for its end
end_process() {
    local pid
    pid=$(cat "$DATA.pid-$1")
    kill "$pid" 2>/dev/null || true
    eventually 20 ended "$pid"
    rm "$DATA.pid-$1"
}

teardown_file() {
    load cluster
    local file
    for file in "$DATA".pid-*; do
        end_process "${file#"$DATA".pid-}"
    done
    cp "$DATA".log-* "$DATA/run/" # a sanitizer's report in them fails the file: stop_cluster looks for *.log
    for file in "$DATA"/run/log-*; do mv "$file" "$file.log"; done
    stop_cluster
}

setup() {
    load cluster
}

ended() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}
export -f ended

tell() {
    python3 "$FLEET" tell "$FLEET_FOLDER" "$@"
}

# get NAME PATH ARGUMENT...   from a server or a proxy, as the administrator, who needs no answer of the API server
get() {
    curl -sSf --max-time 5 -k --cert "$DATA/admin.crt" --key "$DATA/admin.key" "${@:3}" "https://127.0.0.1:$(cat "$DATA.port-$1")$2"
}
export -f get

# served NAME   "node age-in-seconds nanocores", a line for each node
served() {
    get "$1" /apis/metrics.k8s.io/v1beta1/nodes |
        jq -r 'now as $now | .items[] | "\(.metadata.name) \($now - (.timestamp | fromdate) | floor) \(.usage.cpu | if endswith("n") then .[:-1] | tonumber elif endswith("u") then (.[:-1] | tonumber) * 1000 elif endswith("m") then (.[:-1] | tonumber) * 1000000 else tonumber * 1000000000 end)"'
}
export -f served

# all_fresh NAME COUNT   so many nodes, none with figures older than a resolution and a half (and a second that is cut off)
all_fresh() {
    served "$1" | awk -v count="$2" '$2 > 9 { exit 1 } END { exit NR != count }'
}
export -f all_fresh

lines() {
    wc -l <"$DATA.log-$1"
}

@test "figures outlive a failed scrape with their own time, and are gone after two resolutions" {
    local first age
    tell fault refuse o-2
    eventually 8 bash -c "grep '\"Failed to scrape node\"' '$DATA.log-a' | grep -q 'node=\"o-2\"'"
    first=$(served a | awk '$1 == "o-2" { print $2 }')
    [ -n "$first" ] && [ "$first" -le 9 ]
    sleep 2
    age=$(served a | awk '$1 == "o-2" { print $2 }')
    [ "$age" -ge $((first + 1)) ]
    eventually 12 all_fresh a 5
    run -0 grep -c "Node's figures are too old to be shown.*o-2" "$DATA.log-a"
    [ "$(get a /apis/metrics.k8s.io/v1beta1/namespaces/o/pods | jq '.items | length')" = 15 ]
    get a /readyz >/dev/null
    tell fault none o-2
    eventually 10 all_fresh a 6
}

@test "a third of the kubelets dies: the others are as fresh as before" {
    local end=$((SECONDS + 20))
    tell fault hang o-5
    tell fault mute o-6
    while [ $SECONDS -lt $end ]; do
        served a | awk '$1 !~ /o-[56]/ { n++; if ($2 > 9) exit 1 } END { exit n != 4 }'
        served a | awk '$1 ~ /o-[56]/ && $2 > 17 { exit 1 }'
        sleep 0.5
    done
    [ "$(served a | wc -l)" = 4 ]
    tell fault none o-5 o-6
    eventually 15 all_fresh a 6
}

@test "a kubelet that has only its summary is served, with the right figures" {
    tell fault old o-4
    eventually 20 grep -q 'Kubelet has no /metrics/resource, asking for its summary instead.*node="o-4"' "$DATA.log-a"
    # its times are whole seconds: windows of 5 s may be off by one
    eventually 20 bash -c "served a | awk '\$1 == \"o-4\" && \$2 <= 9 && \$3 > 2.7e8 && \$3 < 4.4e8 { n++ } END { exit n != 1 }'"
    [ "$(get a /apis/metrics.k8s.io/v1beta1/namespaces/o/pods | jq '[.items[] | select(.metadata.name | startswith("o-4-"))] | length')" = 3 ]
    tell fault none o-4
    eventually 15 all_fresh a 6
}

@test "a node's clock is set by an hour, forth and back: no absurd figures, no gap" {
    local skew end
    # 3 pods of 0.1 and 0.05 of the node's own
    served a | awk '$1 == "o-3" && ($3 < 3.3e8 || $3 > 3.7e8) { exit 1 }'
    for skew in 3600 -3600 0; do
        if [ "$skew" = 0 ]; then tell fault none o-3; else tell fault "skew=$skew" o-3; fi
        end=$((SECONDS + 14))
        while [ $SECONDS -lt $end ]; do
            served a >"$DATA.served"
            awk '$1 == "o-3" { n++; if ($3 < 3.3e8 || $3 > 3.7e8) exit 1 } END { exit n != 1 }' "$DATA.served" || {
                echo "skew $skew:" >&2
                cat "$DATA.served" >&2
                return 1
            }
            sleep 0.3
        done
        awk -v skew="$skew" '$1 == "o-3" { off = $2 + skew } END { exit off < -2 || off > 12 }' "$DATA.served"
    done
    [ "$(grep -c "Node's clock was set" "$DATA.log-a")" = 3 ]
}

@test "the API server is away: figures stay fresh, strangers are refused, and all comes back unaided" {
    local token end code
    k create clusterrolebinding outage-reader --clusterrole=system:aggregated-metrics-reader --serviceaccount=default:default
    token=$(k create --raw /api/v1/namespaces/default/serviceaccounts/default/token -f - \
        <<<'{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' | jq -r .status.token)
    as_reader() {
        curl -sk --max-time 25 -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" \
            "https://127.0.0.1:$(cat "$DATA.port-a")/apis/metrics.k8s.io/v1beta1/nodes"
    }
    [ "$(as_reader)" = 200 ]
    : >"$DATA.backends-api"
    [ "$(as_reader)" = 200 ] # both answers about the reader are ten seconds old at most
    end=$((SECONDS + 30))
    while [ $SECONDS -lt $end ]; do
        all_fresh a 6
        sleep 1
    done
    code=$(as_reader)
    [ "$code" = 401 ] || [ "$code" = 500 ]
    # meanwhile the cluster goes on
    k delete pod -n o o-1-1
    k label node o-4 outage=seen
    echo "127.0.0.1:$PORT" >"$DATA.backends-api"
    eventually 35 bash -c 'get a "/apis/metrics.k8s.io/v1beta1/nodes?labelSelector=outage=seen" | jq -e ".items | length == 1"'
    eventually 35 bash -c 'get a /apis/metrics.k8s.io/v1beta1/namespaces/o/pods | jq -e "[.items[].metadata.name] | index(\"o-1-1\") == null"'
    eventually 10 test "$(as_reader)" = 200
}

@test "the ConfigMap that says whom to trust is deleted and comes back: readers don't notice" {
    local end
    k get cm -n kube-system extension-apiserver-authentication -o json | jq 'del(.metadata.resourceVersion, .metadata.uid)' >"$DATA.cm"
    k delete cm -n kube-system extension-apiserver-authentication
    end=$((SECONDS + 5))
    while [ $SECONDS -lt $end ]; do
        all_fresh a 6
        k top node "$NODE"
        sleep 0.5
    done
    k create -f "$DATA.cm" || k get cm -n kube-system extension-apiserver-authentication # or the API server made it anew
    sleep 2
    all_fresh a 6
    k top node "$NODE"
}

# endpoints SERVER...   what a Service would lead to: servers that are ready, looked at twice a second
endpoints() {
    local server ready
    while [ ! -e "$DATA.rolled" ]; do
        ready=
        for server in "$@"; do
            if [ "$(curl -sk --max-time 1 -o /dev/null -w '%{http_code}' "https://127.0.0.1:$(cat "$DATA.port-$server" 2>/dev/null)/readyz")" = 200 ]; then
                ready+="127.0.0.1:$(cat "$DATA.port-$server")"$'\n'
            fi
        done
        printf '%s' "$ready" >"$DATA.backends-service.new"
        mv "$DATA.backends-service.new" "$DATA.backends-service"
        sleep 0.5
    done
}

# roll OLD NEW   a Deployment's rolling update, one at a time
roll() {
    start_server "$2" --shutdown-delay-duration=2s
    eventually 30 get "$2" /readyz
    sleep 1 # endpoints follow
    end_process "server-$1"
}

@test "two replicas are replaced one after the other under a reader at 10 Hz: no failed read, no gap in the data" {
    local reader keeper reads
    start_server b --shutdown-delay-duration=2s
    start_server c --shutdown-delay-duration=2s
    eventually 30 get b /readyz
    eventually 30 get c /readyz
    all_fresh b 6
    all_fresh c 6
    start_proxy service "127.0.0.1:$(cat "$DATA.port-b")" "127.0.0.1:$(cat "$DATA.port-c")"
    endpoints b c d e 3>&- &
    keeper=$!
    mkdir "$DATA.read"
    # one HTTP/2 connection for as long as it lives, as the aggregator's; no retries of its own
    (cd "$DATA.read" && curl -sSk --http2 --rate 600/m --max-time 10 --cert "$DATA/admin.crt" --key "$DATA/admin.key" -o 'read-#1' \
        -w '%{http_code} %{num_connects} %{time_total} %{errormsg}\n' "https://127.0.0.1:$(cat "$DATA.port-service")/apis/metrics.k8s.io/v1beta1/nodes?n=[1-300]" \
        >"$DATA.reads" 2>&1) 3>&- &
    reader=$!
    sleep 3
    roll b d
    roll c e
    wait "$reader" || true
    touch "$DATA.rolled"
    wait "$keeper"
    sort "$DATA.reads" | cut -d' ' -f1,2,4- | uniq -c >&2
    reads=$(wc -l <"$DATA.reads")
    [ "$reads" = 300 ]
    run -1 grep -v '^200 ' "$DATA.reads"
    # it was led from one to another
    [ "$(awk '$2 > 0' "$DATA.reads" | wc -l)" -ge 2 ]
    for n in $(seq 300); do
        jq -e '[.items[] | now - (.timestamp | fromdate)] | length == 6' "$DATA.read/read-$n" >/dev/null || {
            echo "read $n:" >&2
            cat "$DATA.read/read-$n" >&2
            return 1
        }
    done
}
