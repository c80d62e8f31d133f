#!/usr/bin/env bats
# `tacho up`, `down` and `status`: what goes wrong is told in one line.

setup() {
    bats_require_minimum_version 1.5.0
    load cluster
    TACHO=$BUILD/src/cmd/tacho
}

teardown() {
    [ -z "${DATA:-}" ] || { "$TACHO" down --purge --data-dir="$DATA" >/dev/null 2>&1; rm -rf "$DATA" "$DATA".*; } || true
}

# gone, or waiting for a parent that doesn't care
ended() {
    [ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

@test "up, a second up, status, down, up again, purge" {
    start_cluster
    [ "$(stat -c %a "$DATA/kubeconfig")" = 600 ]
    run -1 --separate-stderr "$TACHO" up --data-dir="$DATA"
    [ "${#stderr_lines[@]}" = 1 ]
    [[ $stderr = *"a cluster runs in $DATA already"* ]]
    run -0 "$TACHO" status --data-dir="$DATA"
    [[ $output = *"apiserver"*"running"* ]]
    local pids
    pids="$(cat "$DATA/lock") $(component_pid apiserver) $(component_pid kubelet) $(component_pid metrics-server) $(component_pid keep)"
    run -0 "$TACHO" down --data-dir="$DATA"
    for pid in $pids; do eventually 5 ended "$pid"; done
    run -1 "$TACHO" status --data-dir="$DATA"
    # what was stored is there after the next start
    run -0 "$TACHO" up --detach --data-dir="$DATA" --port="$PORT" --kubelet-port="$KUBELET_PORT" --metrics-server-port="$METRICS_PORT"
    [[ $output = *"kubectl top node"* ]]
    run -0 "$TACHO" down --purge --data-dir="$DATA"
    [ ! -e "$DATA" ]
}

@test "a taken port" {
    DATA=$(mktemp -d /tmp/tacho-e2e-XXXXXX)
    coproc python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(); print(s.getsockname()[1], flush=True); input()'
    read -r port <&"${COPROC[0]}"
    run -1 --separate-stderr "$TACHO" up --detach --data-dir="$DATA" --port="$port"
    [ "${#stderr_lines[@]}" = 1 ]
    [ "$stderr" = "tacho up: port $port on 127.0.0.1 is taken: choose another with --port" ]
    run -1 --separate-stderr "$TACHO" up --detach --data-dir="$DATA" --port="$(free_port)" --kubelet-port="$port"
    [[ $stderr = *"choose another with --kubelet-port" ]]
    echo >&"${COPROC[1]}"
}

@test "a damaged data folder" {
    start_cluster
    "$TACHO" down --data-dir="$DATA"
    echo junk >"$DATA/pki/ca.key"
    run -1 --separate-stderr "$TACHO" up --detach --data-dir="$DATA" --port="$PORT" --kubelet-port="$KUBELET_PORT" --metrics-server-port="$METRICS_PORT"
    [ "${#stderr_lines[@]}" = 1 ]
    [[ $stderr = *damaged*"pki/ca"* ]]
}

@test "no cluster, wrong flags, unknown commands" {
    run -1 --separate-stderr "$TACHO" down --data-dir=/nonexistent/folder
    [ "$stderr" = "tacho down: there is no cluster in /nonexistent/folder" ]
    run -1 --separate-stderr "$TACHO" status --data-dir=/nonexistent/folder
    [ "$stderr" = "tacho status: there is no cluster in /nonexistent/folder" ]
    run -2 --separate-stderr "$TACHO" up --nonsense
    [ "$stderr" = "tacho up: unknown flag: --nonsense" ]
    run -2 --separate-stderr "$TACHO" nonsense
    [ "${#stderr_lines[@]}" = 1 ]
    run -1 --separate-stderr "$TACHO" up --port=99999
    [ "${#stderr_lines[@]}" = 1 ]
    for command in up down status apiserver kubelet; do
        run -0 "$TACHO" "$command" --help
        [[ $output = *--* ]]
    done
}
