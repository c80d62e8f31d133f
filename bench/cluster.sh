#!/bin/bash
# cluster.sh BUILD   an embedded cluster: time to the first figures, then memory and CPU of all its processes while nobody asks.
set -euo pipefail
build=$(realpath "$1")
idle_seconds=${IDLE_SECONDS:-30}
kubectl=$("$(dirname "$0")/../scripts/kubectl.sh" 1.20)
folder=$(mktemp -d)
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
row() { printf '%-44s %14s %-8s %s\n' "$@"; }
cleanup() { "$build/tacho" down --purge --data-dir="$folder" >/dev/null; }
trap cleanup EXIT

export KUBECONFIG=$folder/kubeconfig
for start in first second; do
    ports=("--port=$(free_port)" "--kubelet-port=$(free_port)" "--metrics-server-port=$(free_port)")
    begun=$(date +%s%N)
    "$build/tacho" up --detach --data-dir="$folder" "${ports[@]}" >/dev/null
    "$kubectl" top node >/dev/null
    row "tacho up to kubectl top node, $start start" "$(awk -v ns=$(($(date +%s%N) - begun)) 'BEGIN { printf "%.2f", ns / 1e9 }')" s "<= 2"
    [ "$start" = second ] || "$build/tacho" down --data-dir="$folder" >/dev/null
done

pids=()
for name in apiserver kubelet metrics-server keep; do pids+=("$name:$(head -1 "$folder/run/$name.pid")"); done
pids+=("supervise:$(cat "$folder/lock")")
sleep 5
ticks() { local sum=0 pid; for pid in "${pids[@]}"; do sum=$((sum + $(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/${pid#*:}/stat"))); done; echo "$sum"; }
before=$(ticks)
sleep "$idle_seconds"
after=$(ticks)
rss=0 pss=0
for pid in "${pids[@]}"; do
    r=$(awk '/^Rss:/ { print $2 }' "/proc/${pid#*:}/smaps_rollup") p=$(awk '/^Pss:/ { print $2 }' "/proc/${pid#*:}/smaps_rollup")
    row "  resident memory of ${pid%%:*}" "$(awk -v k="$r" 'BEGIN { printf "%.1f", k / 1024 }')" MiB ""
    rss=$((rss + r)) pss=$((pss + p))
done
row "resident memory of all processes" "$(awk -v k="$rss" 'BEGIN { printf "%.1f", k / 1024 }')" MiB "<= 60"
row "  of which their own share (PSS)" "$(awk -v k="$pss" 'BEGIN { printf "%.1f", k / 1024 }')" MiB ""
row "CPU of all processes while idle" "$(awk -v t=$((after - before)) -v hz="$(getconf CLK_TCK)" -v s="$idle_seconds" 'BEGIN { printf "%.2f", 100 * t / hz / s }')" "% core" "<= 1"
