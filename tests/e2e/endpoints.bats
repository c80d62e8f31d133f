#!/usr/bin/env bats
# The node agent's endpoints carry what a real kubelet's do. tests/fixtures/kubelet-1.20 holds a real kubelet's answers; the set of
# their members is compared with ours, for the node and for each of our pods and containers by itself. What is meant to be absent
# stands in endpoint_exceptions.txt with its reason. Ours may carry more.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
    admin_files
    # rates need two samples
    eventually 10 bash -c 'kubelet_get /stats/summary | jq -e "[.node.cpu, .pods[].containers[].cpu] | all(.usageNanoCores)" >/dev/null'
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
    [ "$(id -u)" = 0 ] || skip "needs root: without it there are no cgroups of the pods"
    FIXTURES=$BATS_TEST_DIRNAME/../fixtures/kubelet-1.20
}

# the members of the JSON on stdin, one a line; a number in a path is an index
members() {
    jq -r '[paths | map(if type == "number" then "[]" else . end) | join(".")] | unique[]'
}

# excepted ENDPOINT PREFIX   takes the exceptions' lines, which are relative to PREFIX here, out of stdin
excepted() {
    awk -v endpoint="$1" -v prefix="$2" 'FNR == NR { if ($1 == endpoint) path[$2]; next }
        { full = prefix $0; for (p in path) if (full == p || index(full, p ".") == 1) next; print }' \
        "$BATS_TEST_DIRNAME/endpoint_exceptions.txt" -
}

# carries ENDPOINT PREFIX FILTER OURS THEIRS   what FILTER (jq's) finds in the file THEIRS is in the file OURS
carries() {
    local missing
    missing=$(comm -13 <(jq "$3" "$4" | members | sort -u) <(jq "$3" "$5" | members | sort -u) | excepted "$1" "$2")
    [ -z "$missing" ] || { printf '%s lacks %s:\n%s\n' "$1" "$2" "$missing" >&2; return 1; }
}

# each_carries ENDPOINT OURS THEIRS   the node, and each of our pods against the real one's
each_carries() {
    carries "$1" node. .node "$2" "$3"
    local pod
    [ "$(jq '.pods | length' "$2")" -ge 3 ]
    for pod in $(jq -r '.pods[].podRef.name' "$2"); do
        echo "$1 $pod"
        jq --arg pod "$pod" '.pods |= map(select(.podRef.name == $pod))' "$2" >"$BATS_TEST_TMPDIR/one"
        carries "$1" 'pods.[].' '.pods[0]' "$BATS_TEST_TMPDIR/one" "$3"
    done
}

@test "/stats/summary, for the node and every mirror pod" {
    kubelet_get /stats/summary >"$BATS_TEST_TMPDIR/ours"
    each_carries /stats/summary "$BATS_TEST_TMPDIR/ours" "$FIXTURES/stats-summary-1.json"
    for component in kube-apiserver kubelet metrics-server; do
        jq -e --arg pod "$component-$NODE" '.pods[] | select(.podRef.name == $pod)' "$BATS_TEST_TMPDIR/ours" >/dev/null
    done
}

@test "/stats/summary?only_cpu_and_memory=true, for the node and every mirror pod; and nothing of the rest" {
    kubelet_get '/stats/summary?only_cpu_and_memory=true' >"$BATS_TEST_TMPDIR/ours"
    each_carries '/stats/summary?only_cpu_and_memory=true' "$BATS_TEST_TMPDIR/ours" "$FIXTURES/stats-summary-cpu-memory-1.json"
    run -4 jq -e '.. | objects | keys[] | select(test("fs$|Fs$|logs|storage|network|rlimit"))' "$BATS_TEST_TMPDIR/ours"
}

# families TEXT   name, type and label names of each sample, one a line
families() {
    awk '/^# TYPE/ { type[$3] = $4; next } /^#/ { next }
        { name = $1; sub(/[{].*/, "", name); labels = "-"
          if (match($0, /[{].*[}]/)) { labels = substr($0, RSTART + 1, RLENGTH - 2); gsub(/="[^"]*"/, "", labels) }
          print name, type[name], labels, (NF >= 3 || $0 ~ /[}] [^ ]+ [0-9]+$/ ? "at" : "now") }' "$1" | sort -u
}

@test "/metrics/resource: every family with its type, labels and time, for every mirror pod" {
    kubelet_get /metrics/resource >"$BATS_TEST_TMPDIR/ours"
    run -0 comm -13 <(families "$BATS_TEST_TMPDIR/ours") <(families "$FIXTURES/metrics-resource-1.txt")
    [ -z "$output" ]
    for component in kube-apiserver kubelet metrics-server; do
        # the node's own and the scrape's error have no pod
        grep -E "^#|pod=\"$component-$NODE\"|^node_|^scrape_" "$BATS_TEST_TMPDIR/ours" >"$BATS_TEST_TMPDIR/one"
        run -0 comm -13 <(families "$BATS_TEST_TMPDIR/one") <(families "$FIXTURES/metrics-resource-1.txt")
        [ -z "$output" ]
    done
}

# log_agrees COMPONENT   its pod's logs are its log file, and of its size
log_agrees() {
    [ "$(kubelet_get /stats/summary | jq -r --arg pod "$1-$NODE" '.pods[] | select(.podRef.name == $pod).containers[0].logs |
        "\(.inodesUsed) \(.usedBytes)"')" = "$(stat -c '1 %b' "$DATA/run/$1.log" | awk '{ print $1, $2 * 512 }')" ]
}

@test "what is on disk is what the file system says" {
    local ours=$BATS_TEST_TMPDIR/ours programs
    kubelet_get /stats/summary >"$ours"
    programs=$(stat -L -c '%i %b' /proc/"$(component_pid apiserver)"/exe /proc/"$(component_pid kubelet)"/exe \
        /proc/"$(component_pid metrics-server)"/exe | sort -u | awk '{ n++; sum += $2 * 512 } END { print n, sum }')
    [ "$(jq -r '.node.runtime.imageFs | "\(.inodesUsed) \(.usedBytes)"' "$ours")" = "$programs" ]
    [ "$(jq -r '.node.runtime.imageFs.capacityBytes' "$ours")" = "$(stat -fLc '%b %S' "/proc/$(component_pid kubelet)/exe" | awk '{ printf "%.0f", $1 * $2 }')" ]
    # the API server keeps its database and its write-ahead log
    [ "$(jq -r --arg pod "kube-apiserver-$NODE" '.pods[] | select(.podRef.name == $pod).containers[0].rootfs.inodesUsed' "$ours")" -ge 2 ]
    for component in kubelet metrics-server; do
        eventually 5 log_agrees "$component" # a line that is written in between may take a block
    done
    jq -e '[.pods[] | .["ephemeral-storage"].usedBytes == ([.containers[] | .rootfs.usedBytes + (.logs.usedBytes // 0)] | add)] | all' "$ours"
}
