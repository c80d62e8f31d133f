# For the .bats files: one embedded cluster per file, on free ports, in a folder of its own. BUILD is the folder of the build,
# KUBECTL the client.

# below the ports that the kernel gives to outgoing connections: nobody takes one by accident between this and its use
free_port() {
    python3 -c 'import random, socket
while True:
    port = random.randint(20000, 32000)
    try:
        socket.socket().bind(("127.0.0.1", port))
        print(port)
        break
    except OSError:
        pass'
}

start_cluster() {
    local attempt
    DATA=$(mktemp -d /tmp/tacho-e2e-XXXXXX)
    export DATA KUBECONFIG=$DATA/kubeconfig HOME=$DATA.home
    for attempt in 1 2 3; do
        PORT=$(free_port) KUBELET_PORT=$(free_port) METRICS_PORT=$(free_port)
        export PORT KUBELET_PORT METRICS_PORT
        if "$BUILD/src/cmd/tacho" up --detach --data-dir="$DATA" --port="$PORT" --kubelet-port="$KUBELET_PORT" \
            --metrics-server-port="$METRICS_PORT" >"$DATA.up" 2>&1; then
            NODE=$(k get nodes -o 'jsonpath={.items[0].metadata.name}')
            export NODE
            return 0
        fi
        grep -qE 'is taken|must differ' "$DATA.up" || break # by another test, in the meantime; or chosen twice
    done
    cat "$DATA.up" >&2
    tail -20 "$DATA"/run/*.log >&2
    return 1
}

stop_cluster() {
    "$BUILD/src/cmd/tacho" down --data-dir="$DATA" >/dev/null || return 1
    # what a sanitizer has to say about a process stands in its log
    if grep -lE 'ERROR: (Address|Leak)Sanitizer|runtime error:|Assertion' "$DATA"/run/*.log; then
        grep -hE -A30 'ERROR: (Address|Leak)Sanitizer|runtime error:|Assertion' "$DATA"/run/*.log >&2
        return 1
    fi
    "$BUILD/src/cmd/tacho" down --data-dir="$DATA" --purge >/dev/null
    rm -rf "$DATA" "$DATA".*
}

# exported: `eventually` runs it in shells of its own
k() {
    "${KUBECTL:-kubectl}" "$@"
}
export -f k

# eventually SECONDS COMMAND...   repeats the command until it succeeds. SECONDS is what a machine with nothing else to do needs at
# most; a busy one gets four times as long.
eventually() {
    local deadline=$((SECONDS + 4 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "never: $*" >&2; "$@"; return 1; }
        sleep 0.1
    done
}

component_pid() {
    head -1 "$DATA/run/$1.pid"
}

# the administrator's credentials as files: $DATA/ca.crt, admin.crt, admin.key
admin_files() {
    k config view --raw -o 'jsonpath={.clusters[0].cluster.certificate-authority-data}' | base64 -d >"$DATA/ca.crt"
    k config view --raw -o 'jsonpath={.users[0].user.client-certificate-data}' | base64 -d >"$DATA/admin.crt"
    (umask 077; k config view --raw -o 'jsonpath={.users[0].user.client-key-data}' | base64 -d >"$DATA/admin.key")
}

# kubelet_get PATH   what the node agent answers to the administrator
kubelet_get() {
    curl -sSf --max-time 20 --cacert "$DATA/ca.crt" --cert "$DATA/admin.crt" --key "$DATA/admin.key" "https://127.0.0.1:$KUBELET_PORT$1"
}
export -f component_pid kubelet_get
