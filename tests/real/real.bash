# For the suites that run against a real Kubernetes: KUBECONFIG is an admin's of a cluster that may be changed, REAL_CLUSTER=yes says so.
# KUBECTL is the client, KUBECTL_120 and KUBECTL_135 both that we promise to work with.

ROOT=$(cd "$(dirname "$BATS_TEST_FILENAME")/../.." && pwd)
DEPLOY="$ROOT/deploy/1.8+/"
export ROOT DEPLOY

needs_cluster() {
    [ "${REAL_CLUSTER:-}" = yes ] || skip "no cluster"
    KUBECTL_120=$("$ROOT/scripts/kubectl.sh" 1.20) KUBECTL_135=$("$ROOT/scripts/kubectl.sh" 1.35)
    KUBECTL=${KUBECTL:-$KUBECTL_120}
    export KUBECTL KUBECTL_120 KUBECTL_135
    SERVER=$(k config view --minify -o 'jsonpath={.clusters[0].cluster.server}')
    export SERVER
    k get --raw /readyz >/dev/null || { echo "the cluster of KUBECONFIG doesn't answer" >&2; return 1; }
}

# exported: `eventually` runs it in shells of its own
k() {
    "$KUBECTL" "$@"
}
export -f k

# eventually SECONDS COMMAND...   repeats the command until it succeeds
eventually() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "never: $*" >&2; "$@"; return 1; }
        sleep 0.3
    done
}

no_pods() {
    [ -z "$(k -n kube-system get po -l k8s-app=metrics-server -o name)" ]
}

pod_is_running() {
    [ "$(k -n kube-system get po -l k8s-app=metrics-server -o 'jsonpath={.items[0].status.phase}')" = Running ]
}

deployment_is_ready() {
    [ "$(k -n kube-system get deploy metrics-server -o 'jsonpath={.status.readyReplicas}')" = 1 ]
}
