#!/bin/bash
# manifests.sh FOLDER   writes the manifests that are made of deploy/kustomize: components.yaml, high-availability.yaml and
# high-availability-1.21+.yaml. `make manifests` puts them in deploy/; a test holds those in deploy/ against what this gives.
set -euo pipefail
cd "$(dirname "$0")/.."
kubectl=$(scripts/kubectl.sh 1.35)
render() {
    echo "# Made of deploy/kustomize/$1 by make manifests."
    "$kubectl" kustomize "deploy/kustomize/$1"
}
mkdir -p "$1"
render base >"$1/components.yaml"
render overlays/high-availability >"$1/high-availability.yaml"
render "overlays/high-availability-1.21+" >"$1/high-availability-1.21+.yaml"
