#!/bin/bash
# run.sh BUILD   starts the embedded cluster (anew, when one runs) and shows its figures with kubectl.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
kubectl=$(scripts/kubectl.sh any)
folder=/var/lib/tacho
[ "$(id -u)" = 0 ] || folder=${XDG_DATA_HOME:-$HOME/.local/share}/tacho
if [ -f "$folder/settings.json" ]; then "$build/tacho" down; fi
"$build/tacho" up --detach
export KUBECONFIG=$folder/kubeconfig
type_in() { printf '\n$ kubectl %s\n' "$*"; "$kubectl" "$@"; }
type_in get nodes,pods -A
type_in top node
type_in top pod -A
