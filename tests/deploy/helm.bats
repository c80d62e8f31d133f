#!/usr/bin/env bats
# The helm chart: each value that upstream's chart (3.13) documents gives the objects that it gives there.

setup_file() {
    load deploy
    "$ROOT/scripts/kubectl.sh" 1.35 >/dev/null
    HELM=$(dirname "$("$ROOT/scripts/kubectl.sh" 1.35)")/helm-4
    CHART=$ROOT/deploy/helm/metrics-server
    export HELM CHART
}

setup() {
    load deploy
}

render() {
    "$ROOT/tests/deploy/render.py" "$HELM" "$CHART" "$@"
}

# Reads lines of NAME|VALUES|CLAIM: with --set VALUES, jq's CLAIM about the objects (by KIND/NAME) is true. $d is the Deployment, $p its pod,
# $c the server's container, $v the APIService.
check() {
    local name values claim failed=0 flags
    while IFS='|' read -r name values claim; do
        [ -n "$name" ] || continue
        # VALUES that start with a dash are helm's other flags
        flags=(--set "$values")
        [[ $values != -* ]] || read -ra flags <<<"$values"
        render "${flags[@]}" | jq -e '(to_entries | map(select(.value.kind == "Deployment"))[0].value) as $d | $d.spec.template.spec as $p |
            $p.containers[0] as $c | .["APIService/v1beta1.metrics.k8s.io"] as $v | '"$claim" >"$BATS_TEST_TMPDIR/said" 2>&1 ||
            { echo "$name: --set $values: not true: $claim"; cat "$BATS_TEST_TMPDIR/said"; failed=1; }
    done
    return $failed
}

@test "lint finds nothing, the version is the project's" {
    run -0 "$HELM" lint --strict "$CHART"
    [[ $output == *"1 chart(s) linted, 0 chart(s) failed"* ]]
    grep -qx "version: $VERSION" "$CHART/Chart.yaml"
    grep -qx "appVersion: $VERSION" "$CHART/Chart.yaml"
}

@test "as it stands it gives the nine objects of components.yaml" {
    render >"$BATS_TEST_TMPDIR/chart"
    run -0 jq -r 'keys[]' "$BATS_TEST_TMPDIR/chart"
    [ "$output" = "APIService/v1beta1.metrics.k8s.io
ClusterRole/system:metrics-server
ClusterRole/system:metrics-server-aggregated-reader
ClusterRoleBinding/metrics-server:system:auth-delegator
ClusterRoleBinding/system:metrics-server
Deployment/metrics-server
RoleBinding/metrics-server-auth-reader
Service/metrics-server
ServiceAccount/metrics-server" ]
    python3 -c 'import json, sys, yaml
print(json.dumps({o["kind"] + "/" + o["metadata"]["name"]: o for o in yaml.safe_load_all(open(sys.argv[1]))}))' \
        "$ROOT/deploy/components.yaml" >"$BATS_TEST_TMPDIR/components"
    # the same rights and the same container, but for the order of flags
    jq -e -n --slurpfile a "$BATS_TEST_TMPDIR/chart" --slurpfile b "$BATS_TEST_TMPDIR/components" '
        def container: .["Deployment/metrics-server"].spec.template.spec.containers[0] | .args |= sort | del(.volumeMounts, .readinessProbe.initialDelaySeconds, .livenessProbe.initialDelaySeconds);
        ($a[0] | container) == ($b[0] | container) and
        $a[0]["ClusterRole/system:metrics-server"].rules == $b[0]["ClusterRole/system:metrics-server"].rules and
        $a[0]["ClusterRole/system:metrics-server-aggregated-reader"].rules == $b[0]["ClusterRole/system:aggregated-metrics-reader"].rules'
}

@test "values of the pod and its container" {
    check <<'C'
image|image.repository=r,image.tag=t,image.pullPolicy=Always|$c.image == "r:t" and $c.imagePullPolicy == "Always"
pull secrets|imagePullSecrets[0].name=q|$p.imagePullSecrets == [{name: "q"}]
pod labels|podLabels.a=b|$d.spec.template.metadata.labels.a == "b" and $d.spec.selector.matchLabels.a == null
pod annotations|podAnnotations.a=b|$d.spec.template.metadata.annotations == {a: "b"}
pod security|podSecurityContext.fsGroup=5|$p.securityContext == {fsGroup: 5}
security|securityContext.runAsUser=7|$c.securityContext.runAsUser == 7 and $c.securityContext.readOnlyRootFilesystem
no security|securityContext=null|$c.securityContext == null
user namespace|--set hostUsers=false --kube-version 1.33.0|$p.hostUsers == false
user namespace, old|--set hostUsers=false --kube-version 1.32.0|$p | has("hostUsers") | not
priority|priorityClassName=x|$p.priorityClassName == "x"
port|containerPort=4443|$c.ports[0].containerPort == 4443 and $c.args[0] == "--secure-port=4443"
host network|hostNetwork.enabled=true|$p.hostNetwork
host aliases|hostAliases[0].ip=1.2.3.4,hostAliases[0].hostnames[0]=n|$p.hostAliases == [{ip: "1.2.3.4", hostnames: ["n"]}]
arguments|args={--kubelet-insecure-tls,--v=2}|$c.args[-2:] == ["--kubelet-insecure-tls", "--v=2"] and ($c.args | length) == 7
default arguments|defaultArgs={--cert-dir=/tmp}|$c.args == ["--secure-port=10250", "--cert-dir=/tmp"]
liveness|livenessProbe.periodSeconds=9|$c.livenessProbe.periodSeconds == 9 and $c.livenessProbe.httpGet.path == "/livez"
readiness|readinessProbe.initialDelaySeconds=20|$c.readinessProbe.initialDelaySeconds == 20
resources|resources.limits.memory=1Gi|$c.resources.limits.memory == "1Gi"
volumes|extraVolumes[0].name=e,extraVolumeMounts[0].name=e,extraVolumeMounts[0].mountPath=/e|$p.volumes[1].name == "e" and $c.volumeMounts[1].mountPath == "/e"
tmp|tmpVolume.emptyDir.medium=Memory|$p.volumes[0] == {name: "tmp", emptyDir: {medium: "Memory"}}
node selector|nodeSelector.a=b|$p.nodeSelector == {a: "b"}
tolerations|tolerations[0].operator=Exists|$p.tolerations == [{operator: "Exists"}]
affinity|affinity.nodeAffinity.a=b|$p.affinity == {nodeAffinity: {a: "b"}}
spread|topologySpreadConstraints[0].maxSkew=1|$p.topologySpreadConstraints == [{maxSkew: 1}]
dns|dnsConfig.nameservers[0]=9.9.9.9|$p.dnsConfig == {nameservers: ["9.9.9.9"]}
scheduler|schedulerName=s|$p.schedulerName == "s"
C
}

@test "values of the objects around it" {
    check <<'C'
names|nameOverride=foo|.["Deployment/metrics-server-foo"].metadata.labels["app.kubernetes.io/name"] == "foo"
whole names|fullnameOverride=bar|.["Service/bar"] and .["ClusterRole/system:bar"] and .["ClusterRole/system:bar-aggregated-reader"] and $v.spec.service.name == "bar"
namespace|namespaceOverride=ns|$d.metadata.namespace == "ns" and $v.spec.service.namespace == "ns" and .["RoleBinding/metrics-server-auth-reader"].metadata.namespace == "kube-system" and .["RoleBinding/metrics-server-auth-reader"].subjects[0].namespace == "ns"
labels|commonLabels.a=b|([.[] | .metadata.labels.a == "b"] | all)
account|serviceAccount.name=s,serviceAccount.annotations.a=b,serviceAccount.secrets[0].name=t|.["ServiceAccount/s"].metadata.annotations.a == "b" and .["ServiceAccount/s"].secrets == [{name: "t"}] and $p.serviceAccountName == "s" and ([.[].subjects // empty | .[].name == "s"] | all)
no account|serviceAccount.create=false|.["ServiceAccount/metrics-server"] == null and $p.serviceAccountName == "default"
no rbac|rbac.create=false|[keys[] | select(test("Role"))] == []
psp, old|--set rbac.pspEnabled=true --kube-version 1.20.2|.["PodSecurityPolicy/metrics-server"].spec.privileged == false and .["ClusterRole/system:metrics-server"].rules[2].verbs == ["use"]
psp, new|--set rbac.pspEnabled=true --kube-version 1.25.0|.["PodSecurityPolicy/metrics-server"] == null and (.["ClusterRole/system:metrics-server"].rules | length) == 2
no API service|apiService.create=false|$v == null
API service|apiService.annotations.a=b|$v.metadata.annotations == {a: "b"} and $v.spec.insecureSkipTLSVerify and $v.spec.groupPriorityMinimum == 100 and $v.spec.versionPriority == 100
CA|apiService.insecureSkipTLSVerify=false,apiService.caBundle=abc|$v.spec.caBundle == "YWJj" and ($v.spec | has("insecureSkipTLSVerify") | not)
service|service.type=NodePort,service.port=8443,service.labels.a=b,service.annotations.c=d|.["Service/metrics-server"] | .spec.type == "NodePort" and .spec.ports[0].port == 8443 and .metadata.labels.a == "b" and .metadata.annotations.c == "d"
service port|service.port=8443|$v.spec.service.port == 8443
replicas|replicas=3|$d.spec.replicas == 3
history|revisionHistoryLimit=0|$d.spec.revisionHistoryLimit == 0
no history|replicas=1|$d.spec | has("revisionHistoryLimit") | not
strategy|updateStrategy.type=Recreate|$d.spec.strategy == {type: "Recreate"}
annotations|deploymentAnnotations.a=b|$d.metadata.annotations == {a: "b"}
disruption, new|--set podDisruptionBudget.enabled=true,podDisruptionBudget.minAvailable=1,podDisruptionBudget.unhealthyPodEvictionPolicy=AlwaysAllow --kube-version 1.27.0|.["PodDisruptionBudget/metrics-server"] | .apiVersion == "policy/v1" and .spec.minAvailable == 1 and .spec.unhealthyPodEvictionPolicy == "AlwaysAllow" and .spec.selector == $d.spec.selector
disruption, old|--set podDisruptionBudget.enabled=true,podDisruptionBudget.maxUnavailable=0,podDisruptionBudget.unhealthyPodEvictionPolicy=AlwaysAllow --kube-version 1.20.2|.["PodDisruptionBudget/metrics-server"] | .apiVersion == "policy/v1beta1" and .spec.maxUnavailable == 0 and (.spec | has("minAvailable") or has("unhealthyPodEvictionPolicy") | not)
metrics|metrics.enabled=true|[$c.args[] | select(startswith("--authorization-always-allow-paths="))][0] | test("/metrics") and test("/livez") and test("/readyz")
monitor|metrics.enabled=true,serviceMonitor.enabled=true,serviceMonitor.additionalLabels.a=b,serviceMonitor.interval=5s|.["ServiceMonitor/metrics-server"] | .metadata.labels.a == "b" and .spec.endpoints[0].interval == "5s" and .spec.endpoints[0].scrapeTimeout == "10s" and .spec.endpoints[0].port == "https" and .spec.selector == $d.spec.selector
relabelings|metrics.enabled=true,serviceMonitor.enabled=true,serviceMonitor.relabelings[0].action=drop,serviceMonitor.metricRelabelings[0].action=keep|.["ServiceMonitor/metrics-server"].spec.endpoints[0] | .relabelings == [{action: "drop"}] and .metricRelabelings == [{action: "keep"}]
monitor alone|serviceMonitor.enabled=true|.["ServiceMonitor/metrics-server"] == null
network|networkPolicy.enabled=true|.["NetworkPolicy/metrics-server"].spec | .ingress[0].ports == [{port: "https", protocol: "TCP"}] and .podSelector == $d.spec.selector
C
}

@test "the addon resizer" {
    check <<'C'
container|addonResizer.enabled=true,addonResizer.image.tag=1.2.3,addonResizer.nanny.pollPeriod=600000|$p.containers[1] | .image == "registry.k8s.io/autoscaling/addon-resizer:1.2.3" and .command[0] == "/pod_nanny" and (.command | index("--poll-period=600000")) and (.command | index("--deployment=metrics-server"))
configuration|addonResizer.enabled=true,addonResizer.nanny.extraMemory=3Mi|.["ConfigMap/metrics-server-nanny-config"].data.NannyConfiguration | test("memoryPerNode: 3Mi") and test("baseCPU: 0m")
mounted|addonResizer.enabled=true|($p.volumes[] | select(.name == "nanny-config-volume") | .configMap.name) == "metrics-server-nanny-config"
rights|addonResizer.enabled=true|.["Role/system:metrics-server-nanny"].rules[1].resourceNames == ["metrics-server"] and .["RoleBinding/metrics-server-nanny"].roleRef.name == "system:metrics-server-nanny" and .["ClusterRoleBinding/system:metrics-server-nanny"]
no rights|addonResizer.enabled=true,rbac.create=false|[keys[] | select(test("Role"))] == []
C
}

@test "where the serving certificate comes from" {
    check <<'C'
the server|tls.type=metrics-server|[$c.args[] | select(test("tls-"))] == [] and ($p.volumes | length) == 1
helm|tls.type=helm,apiService.insecureSkipTLSVerify=false|$v.spec.caBundle == .["Secret/metrics-server"].data["tls.crt"] and ($c.args | index("--tls-cert-file=/tmp/tls-certs/tls.crt")) and ($c.args | index("--tls-private-key-file=/tmp/tls-certs/tls.key")) and $p.volumes[1] == {name: "certs", secret: {secretName: "metrics-server"}} and $c.volumeMounts[1] == {name: "certs", mountPath: "/tmp/tls-certs", readOnly: true}
cert-manager|tls.type=cert-manager,apiService.insecureSkipTLSVerify=false,tls.certManager.duration=24h,tls.certManager.renewBefore=2h|.["Issuer/metrics-server-issuer"].spec.selfSigned == {} and (.["Certificate/metrics-server"].spec | .issuerRef.name == "metrics-server-issuer" and .duration == "24h" and .renewBefore == "2h" and .secretName == "metrics-server" and (.dnsNames | index("metrics-server.kube-system.svc"))) and $v.metadata.annotations["cert-manager.io/inject-ca-from"] == "kube-system/metrics-server"
issuer|tls.type=cert-manager,tls.certManager.existingIssuer.enabled=true,tls.certManager.existingIssuer.kind=ClusterIssuer,tls.certManager.existingIssuer.name=i|.["Issuer/metrics-server-issuer"] == null and (.["Certificate/metrics-server"].spec.issuerRef | .kind == "ClusterIssuer" and .name == "i")
no injector|tls.type=cert-manager,tls.certManager.addInjectorAnnotations=false|$v.metadata | has("annotations") | not
marked|tls.type=cert-manager,tls.certManager.labels.a=b,tls.certManager.annotations.c=d,tls.clusterDomain=x.y|.["Certificate/metrics-server"] | .metadata.labels.a == "b" and .metadata.annotations.c == "d" and .spec.dnsNames[2] == "metrics-server.kube-system.svc.x.y"
Secret|tls.type=existingSecret,tls.existingSecret.name=s,apiService.insecureSkipTLSVerify=false,apiService.caBundle=abc|$p.volumes[1].secret.secretName == "s" and $v.spec.caBundle == "YWJj" and .["Secret/metrics-server"] == null
C
}

@test "helm's certificate is for the Service, for as long as asked" {
    render --set tls.type=helm,tls.helm.certDurationDays=10 | jq -r '.["Secret/metrics-server"].data["tls.crt"]' | base64 -d >"$BATS_TEST_TMPDIR/crt"
    openssl verify -CAfile "$BATS_TEST_TMPDIR/crt" -purpose sslserver -verify_hostname metrics-server.kube-system.svc "$BATS_TEST_TMPDIR/crt"
    openssl x509 -in "$BATS_TEST_TMPDIR/crt" -noout -checkend $((9 * 86400))
    run -1 openssl x509 -in "$BATS_TEST_TMPDIR/crt" -noout -checkend $((11 * 86400))
}

@test "what can't be is refused with a reason" {
    run -1 render --set tls.type=magic
    [[ $output == *'tls.type is "magic"; it has to be metrics-server, helm, cert-manager or existingSecret'* ]]
    run -1 render --set podDisruptionBudget.enabled=true,podDisruptionBudget.minAvailable=1,podDisruptionBudget.maxUnavailable=1
    [[ $output == *'minAvailable or maxUnavailable, not both'* ]]
    run -1 render --kube-version 1.18.0
    [[ $output == *'chart requires kubeVersion'* ]]
}
