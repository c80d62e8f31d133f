#!/usr/bin/env bats
# kill -9 of every process at random moments, also of those that are just coming back: the pipeline is whole again, unaided, and
# nothing that was acknowledged is lost. SEED=N repeats a run's choices; the seed is printed.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    SEED=${SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
    export SEED
    echo "# SEED=$SEED" >&3
    start_cluster
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
}

# the process id of a component, or of the supervisor; nothing while it doesn't run
pid_of() {
    local pid
    pid=$(if [ "$1" = supervise ]; then cat "$DATA/lock"; else component_pid "$1"; fi 2>/dev/null)
    [ -n "$pid" ] && [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null && echo "$pid"
}
export -f pid_of

# runs_anew NAME OLD   another process has taken OLD's place
runs_anew() {
    local pid
    pid=$(pid_of "$1") && [ "$pid" != "$2" ]
}
export -f runs_anew

whole() {
    "$BUILD/src/cmd/tacho" status --data-dir="$DATA" >/dev/null && k top node "$NODE"
}

@test "a dozen random kills under a writer" {
    # each has its turn twice; the API server, which holds what could be lost, four times
    local names=(apiserver kubelet metrics-server keep supervise apiserver kubelet metrics-server keep supervise apiserver apiserver)
    local name pid round other writer began
    local ledger=$DATA.ledger
    python3 "$BATS_TEST_DIRNAME/writer.py" "$ledger" >"$DATA.writer" 2>&1 3>&- &
    writer=$!
    eventually 20 bash -c "[ \$(cat '$ledger') -ge 20 ]"
    RANDOM=$SEED
    for round in $(seq 12); do
        other=$((round - 1 + RANDOM % (13 - round)))
        name=${names[other]} names[other]=${names[round - 1]}
        sleep "$(printf '%d.%03d' $((RANDOM % 3)) $((RANDOM % 1000)))"
        pid=$(pid_of "$name") || pid=
        if [ -z "$pid" ]; then
            # it is down after the kill before: its successor's first moment is as good as any
            eventually 20 pid_of "$name"
            pid=$(pid_of "$name")
        fi
        kill -9 "$pid"
        echo "round $round: $name ($pid), $(cat "$ledger") writes acknowledged"
        # the supervisor and the keeper start each other again: both at once would be the end of that
        eventually 30 runs_anew "$name" "$pid"
    done
    began=$SECONDS
    eventually 60 whole
    echo "whole again $((SECONDS - began)) s after the last kill"
    # the writer writes on, and then tells what is there
    local acknowledged
    acknowledged=$(cat "$ledger")
    eventually 20 bash -c "[ \$(cat '$ledger') -ge $((acknowledged + 20)) ]"
    kill "$writer"
    wait "$writer" || { cat "$DATA.writer" >&2; return 1; }
    cat "$DATA.writer"
    [[ $(cat "$DATA.writer") = *" 0 lost" ]]
}
