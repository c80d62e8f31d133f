#!/usr/bin/env bats
# Kubelets that misbehave, each in its way, beside healthy ones (fleet.py), scraped by a metrics-server process: the healthy ones are
# served on time, memory stays bounded, and each cause stands in the log once. The fleet's Nodes are made in an embedded cluster.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
    admin_files
    FLEET=$BATS_TEST_DIRNAME/fleet.py FLEET_FOLDER=$DATA.fleet
    export FLEET FLEET_FOLDER
    # a process for each: who is busy with sending 100 MiB, or with certificates, makes no others late
    start_fleet h 11 127.30.2.1 "$FLEET_FOLDER"
    start_fleet f 16 127.30.0.1 "$FLEET_FOLDER.f" --ca-of "$FLEET_FOLDER"
    start_fleet g 4 127.30.1.1 "$FLEET_FOLDER.g" --ca-of "$FLEET_FOLDER"
    METRICS_PORT=$(free_port)
    # small quarantine: AddressSanitizer keeps what is freed, 256 MiB by default, which would hide what is really held
    ASAN_OPTIONS=quarantine_size_mb=4 "$BUILD/src/cmd/metrics-server" --kubeconfig="$KUBECONFIG" --bind-address=127.0.0.1 \
        --secure-port="$METRICS_PORT" --cert-dir="$DATA.certs" --node-selector='tacho.dev/fleet in (f,g,h)' --kubelet-use-node-status-port \
        --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$FLEET_FOLDER/ca.crt" \
        --metric-resolution=15s --kubelet-request-timeout=10s >"$DATA.log" 2>&1 3>&- &
    METRICS_PID=$!
    export METRICS_PID METRICS_PORT
    eventually 40 all_fresh 31
}

# start_fleet NAME NODES FIRST-ADDRESS FOLDER ARGUMENT...
start_fleet() {
    python3 "$FLEET" serve --name "$1" --namespace "$1" --nodes "$2" --pods 10 --first-address "$3" --folder "$4" --register --parent $$ "${@:5}" \
        >"$DATA.serving-$1" 2>&1 3>&- &
    echo $! >"$DATA.pid-$1"
    eventually 40 grep -q ^serving "$DATA.serving-$1"
}

teardown_file() {
    load cluster
    local pid
    for pid in "$METRICS_PID" "$(cat "$DATA.pid-f")" "$(cat "$DATA.pid-g")" "$(cat "$DATA.pid-h")"; do
        kill "$pid"
        eventually 20 ended "$pid"
    done
    cp "$DATA.log" "$DATA/run/misbehaving.log" # a sanitizer's report in it fails the file
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
    python3 "$FLEET" tell "$@"
}
export -f tell

nodes() {
    curl -sSf --max-time 5 -k --cert "$DATA/admin.crt" --key "$DATA/admin.key" "https://127.0.0.1:$METRICS_PORT/apis/metrics.k8s.io/v1beta1/nodes"
}
export -f nodes

# "node age-in-seconds window-in-seconds", a line for each node that the Metrics API serves
served() {
    nodes | jq -r 'now as $now | .items[] | "\(.metadata.name) \($now - (.timestamp | fromdate) | floor) \(.window)"'
}
export -f served

# all_fresh COUNT   so many nodes are served, none of them with figures older than two resolutions
all_fresh() {
    served | awk -v count="$1" '$2 > 30 { old++ } END { exit old > 0 || NR != count }'
}
export -f all_fresh

all_right() {
    nodes | jq -e '[.items[].usage.cpu | rtrimstr("n") | tonumber | . > 1.04e9 and . < 1.06e9] | all and length == 31'
}
export -f all_right

rss_kib() {
    awk '/^VmHWM/ { print $2 }' "/proc/$METRICS_PID/status"
}

# NODE FAULT CAUSE (a regular expression). All nodes of the fleet h are healthy. Three send 100 MiB at once.
FAULTS='
f-1 refuse connection refused
f-2 mute timed out after 10s
f-3 hang timed out after 10s while waiting for the answer
f-4 reset (connection reset by peer|the connection was cut off within the answer)
f-5 cut the connection was (closed|cut off) within the answer
f-6 garbage line 1:
f-7 html content type is text/html
f-8 empty the answer holds no figures
f-9 plain TLS handshake
f-10 status=503 503 Service Unavailable
f-11 redirect=302 302
f-12 unknown-ca which is not trusted
f-13 wrong-name valid for 127.30.0.13
f-14 expired expired
f-15 drip=50 timed out after 10s
f-16 error the answer holds no figures
g-1 huge=100 the answer is larger than the limit
g-2 huge=100 the answer is larger than the limit
g-3 huge=100 the answer is larger than the limit
g-4 crowd=200000 too many containers on one node
'

# logged NODE   the lines about NODE's failures since the faults began
logged() {
    tail -n +"$SEEN" "$DATA.log" | grep '"Failed to scrape node"' | grep "node=\"$1\""
}

@test "healthy kubelets are served on time, memory is bounded and each cause is told once" {
    local before after node fault cause bad=0
    before=$(rss_kib)
    SEEN=$(($(wc -l <"$DATA.log") + 1))
    tell "$FLEET_FOLDER.f" faults $(awk '/^f/ { print $1 "=" $2 }' <<<"$FAULTS")
    tell "$FLEET_FOLDER.g" faults $(awk '/^g/ { print $1 "=" $2 }' <<<"$FAULTS")
    # three rounds; failing nodes are served while their last figures are recent, healthy ones all the time: were they to wait for
    # only two that hang, they would be older than two resolutions
    local end=$((SECONDS + 48)) late
    while [ $SECONDS -lt $end ]; do
        late=$(served | awk '/^h-/ { n++; if ($2 > 30) print } END { if (n != 11) print n, "of 11" }')
        [ -z "$late" ] || { echo "late: $late" >&2; return 1; }
        sleep 1
    done
    # nothing old is passed off as fresh
    run -0 served
    [ "${#lines[@]}" = 11 ]
    after=$(rss_kib)
    echo "most memory: $before KiB before, $after KiB after"
    [ "$after" -lt $((before + 96 * 1024)) ]
    while read -r node fault cause; do
        [ -n "$node" ] || continue
        if [ "$(logged "$node" | wc -l)" != 1 ] || ! logged "$node" | grep -qE "$cause"; then
            echo "$node ($fault): expected one line with: $cause" >&2
            logged "$node" >&2 || true
            bad=1
        fi
    done <<<"$FAULTS"
    [ "$bad" = 0 ]
    # of the healthy ones nothing is told
    run -1 grep 'node="h-' <(tail -n +"$SEEN" "$DATA.log")
    # each line names the URL
    run -1 grep -v 'url="https://127.30.' <(tail -n +"$SEEN" "$DATA.log" | grep '"Failed to scrape node"')
}

@test "they get well, unaided, and that is told once each" {
    tell "$FLEET_FOLDER.f" fault none all
    tell "$FLEET_FOLDER.g" fault none all
    eventually 60 all_fresh 31
    [ "$(grep -c '"Node is scraped again"' "$DATA.log")" = 20 ]
    # the figures are right again: 10 pods of 0.1 and 0.05 of the node's own are 1.05 cores
    eventually 40 all_right
}
