#!/usr/bin/env bats
# A metrics-server of our own beside the cluster's, asked directly: TLS as its flags say, who is let in, the audit log; and certificates,
# CAs and configuration that are replaced while clients read.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
    admin_files
    export PROXY_CA="$DATA/pki/front-proxy-ca"
    cp "$DATA/pki/front-proxy-client.crt" "$DATA/client.crt"
    cp "$DATA/pki/front-proxy-client.key" "$DATA/client.key"
    TOKEN=$(k create token metrics-server -n kube-system 2>/dev/null || true)
    export TOKEN
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
    MS_PORT=$(free_port)
    LOG=$BATS_TEST_TMPDIR/log
}

teardown() {
    local pid
    for pid in $MS_PIDS; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" || true
    done
    # what a sanitizer has to say stands in the log
    if grep -qE 'ERROR: (Address|Leak)Sanitizer|runtime error:|Assertion' "$BATS_TEST_TMPDIR"/log* 2>/dev/null; then
        cat "$BATS_TEST_TMPDIR"/log* >&2
        return 1
    fi
}

# serve FLAG...   starts a metrics-server with these flags and waits until it answers
serve() {
    launch "$@"
    eventually 20 bash -c "curl -sk https://127.0.0.1:$MS_PORT/livez | grep -qx ok || [ ! -e /proc/$MS_PID ]"
    [ -e "/proc/$MS_PID" ] || { cat "$LOG" >&2; return 1; }
}

launch() {
    "$BUILD/src/cmd/metrics-server" --kubeconfig="$DATA/metrics-server.kubeconfig" --bind-address=127.0.0.1 --secure-port="$MS_PORT" \
        --cert-dir="$BATS_TEST_TMPDIR/certs" --kubelet-use-node-status-port --kubelet-preferred-address-types=InternalIP \
        --metric-resolution=1s "$@" >"$LOG" 2>&1 3>&- &
    MS_PID=$!
    MS_PIDS="$MS_PIDS $MS_PID"
}

# ask PATH [CURL FLAG...]   as the front proxy for somebody in system:masters
ask() {
    local path=$1
    shift
    curl -sk --cert "$DATA/client.crt" --key "$DATA/client.key" -H 'X-Remote-User: jane' -H 'X-Remote-Group: system:masters' "$@" \
        "https://127.0.0.1:$MS_PORT$path"
}

# shake FLAG...   a TLS handshake, and what openssl says of it
shake() {
    openssl s_client -connect "127.0.0.1:$MS_PORT" "$@" </dev/null 2>&1
}

# pair NAME COMMON_NAME SAN   a self-signed certificate and its key in the test's folder
pair() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$2" -addext "subjectAltName=$3" \
        -keyout "$BATS_TEST_TMPDIR/$1.key" -out "$BATS_TEST_TMPDIR/$1.crt" 2>/dev/null
}

# certificate_of CA NAME COMMON_NAME   a client certificate, signed by CA.crt and CA.key
certificate_of() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" -keyout "$BATS_TEST_TMPDIR/$2.key" \
        -out "$BATS_TEST_TMPDIR/$2.csr" 2>/dev/null
    openssl x509 -req -in "$BATS_TEST_TMPDIR/$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 2 \
        -extfile <(echo extendedKeyUsage=clientAuth) -out "$BATS_TEST_TMPDIR/$2.crt" 2>/dev/null
}

@test "TLS versions, ciphers and groups" {
    serve --tls-min-version=VersionTLS13
    run shake -tls1_2
    [[ "$output" =~ alert\ protocol\ version ]]
    shake -tls1_3 | grep -q 'New, TLSv1.3'
    kill "$MS_PID"

    MS_PORT=$(free_port)
    serve --tls-cipher-suites=TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 --tls-curve-preferences=24
    shake -tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384 | grep -q 'Cipher is ECDHE-ECDSA-AES256-GCM-SHA384'
    run shake -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
    [[ "$output" =~ handshake\ failure ]]
    shake -tls1_3 -groups X25519:P-384 | grep -q 'Server Temp Key: ECDH, secp384r1'
    run shake -tls1_3 -groups X25519
    [[ "$output" =~ alert ]]
    kill "$MS_PID"

    MS_PORT=$(free_port)
    serve --tls-min-version=VersionTLS10
    shake -tls1 -cipher 'ALL:@SECLEVEL=0' | grep -q 'Protocol *: *TLSv1$'
}

@test "HTTP/2 can be switched off and bounded" {
    serve --disable-http2-serving
    shake -alpn h2,http/1.1 | grep -q 'ALPN protocol: http/1.1'
    kill "$MS_PID"
    MS_PORT=$(free_port)
    serve --http2-max-streams-per-connection=7
    shake -alpn h2,http/1.1 | grep -q 'ALPN protocol: h2'
    # ours and the client's own come in any order
    nghttp -nv --no-verify-peer "https://127.0.0.1:$MS_PORT/livez" | grep -q 'MAX_CONCURRENT_STREAMS(0x03):7\]'
}

@test "server names choose the certificate, and renewed ones are served at once" {
    pair a default DNS:localhost
    pair b foo DNS:foo.example
    pair c new DNS:localhost
    serve --tls-cert-file="$BATS_TEST_TMPDIR/a.crt" --tls-private-key-file="$BATS_TEST_TMPDIR/a.key" \
        --tls-sni-cert-key="$BATS_TEST_TMPDIR/b.crt,$BATS_TEST_TMPDIR/b.key:*.foo.example,foo.example"
    shake -servername localhost | grep -q 'subject=CN = default'
    shake -servername foo.example | grep -q 'subject=CN = foo'
    shake -servername a.foo.example | grep -q 'subject=CN = foo'
    mv "$BATS_TEST_TMPDIR/c.key" "$BATS_TEST_TMPDIR/a.key"
    mv "$BATS_TEST_TMPDIR/c.crt" "$BATS_TEST_TMPDIR/a.crt"
    eventually 5 bash -c "openssl s_client -connect 127.0.0.1:$MS_PORT </dev/null 2>/dev/null | grep -q 'subject=CN = new'"
    [ "$(grep -c 'Serving certificate was renewed' "$LOG")" = 1 ]
}

@test "a self-signed certificate is made once" {
    serve
    grep -q "Generated self-signed cert ($BATS_TEST_TMPDIR/certs/apiserver.crt, $BATS_TEST_TMPDIR/certs/apiserver.key)" "$LOG"
    kill "$MS_PID"
    MS_PORT=$(free_port)
    serve
    run ! grep -q 'Generated self-signed cert' "$LOG"
}

@test "two listen on one port where both permit it" {
    serve --permit-port-sharing
    LOG=$BATS_TEST_TMPDIR/log2
    launch --permit-port-sharing
    eventually 10 grep -q 'Serving securely' "$LOG"
    LOG=$BATS_TEST_TMPDIR/log3
    launch
    eventually 10 bash -c "[ ! -e /proc/$MS_PID ]"
    grep -qi 'address already in use' "$LOG"
}

@test "the audit log has a line for each stage that the policy asks for" {
    cat >"$BATS_TEST_TMPDIR/policy.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: None, nonResourceURLs: [/livez, /readyz, /healthz]}
- {level: Metadata, resources: [{group: metrics.k8s.io}]}
END
    serve --audit-policy-file="$BATS_TEST_TMPDIR/policy.yaml" --audit-log-path="$BATS_TEST_TMPDIR/audit/audit.log"
    ask /apis/metrics.k8s.io/v1beta1/namespaces/kube-system/pods -H 'Audit-ID: 4711' -A tester >/dev/null
    run jq -rc '[.level, .auditID, .stage, .verb, .user.username, .sourceIPs[0], .userAgent, .objectRef.resource, .objectRef.namespace,
        .responseStatus.code, .annotations["authorization.k8s.io/decision"]] | join(" ")' "$BATS_TEST_TMPDIR/audit/audit.log"
    [ "$output" = "Metadata 4711 ResponseComplete list jane 127.0.0.1 tester pods kube-system 200 allow" ]
    [ "$(stat -c %a "$BATS_TEST_TMPDIR/audit/audit.log")" = 600 ]
}

@test "logs are JSON where that is asked for" {
    serve --logging-format=json -v=3
    ask /version >/dev/null
    eventually 5 bash -c "grep '\"HTTP\"' '$LOG' | tail -1 | jq -e '.caller and .ts and .URI' >/dev/null"
    run jq -e .msg "$LOG"
    [ "$status" = 0 ]
}

@test "an API server that is away: what is known counts for its time, strangers are refused" {
    serve --authorization-webhook-cache-authorized-ttl=3s
    local jane=(-H 'X-Remote-Group: none') pid start
    # somebody who needs the cluster's word
    k create clusterrolebinding trust-jane --clusterrole=view --user=jane-of-trust >/dev/null
    k create clusterrole trust-metrics --verb=list --resource=nodes.metrics.k8s.io >/dev/null
    k create clusterrolebinding trust-metrics --clusterrole=trust-metrics --user=jane-of-trust >/dev/null
    plain() {
        curl -sk -o /dev/null -w '%{http_code}' --max-time 60 --cert "$DATA/client.crt" --key "$DATA/client.key" -H "X-Remote-User: $1" \
            "https://127.0.0.1:$MS_PORT/apis/metrics.k8s.io/v1beta1/nodes"
    }
    eventually 10 bash -c "$(declare -f plain); [ \$(MS_PORT=$MS_PORT plain jane-of-trust) = 200 ]"
    pid=$(component_pid apiserver)
    kill -STOP "$pid"
    [ "$(plain jane-of-trust)" = 200 ]
    sleep 4
    run plain jane-of-trust
    kill -CONT "$pid"
    [[ "$output" = 5* ]]
    eventually 30 bash -c "$(declare -f plain); [ \$(MS_PORT=$MS_PORT plain jane-of-trust) = 200 ]"
}

@test "serving pair and request header CA are replaced while 100 clients read" {
    pair serving one IP:127.0.0.1
    pair serving2 two IP:127.0.0.1
    local certs="$BATS_TEST_TMPDIR/client-certs" readers old map=extension-apiserver-authentication
    mkdir "$certs"
    cp "$DATA/client.crt" "$DATA/client.key" "$certs"
    cat "$BATS_TEST_TMPDIR/serving.crt" "$BATS_TEST_TMPDIR/serving2.crt" >"$BATS_TEST_TMPDIR/both.crt"
    serve --tls-cert-file="$BATS_TEST_TMPDIR/serving.crt" --tls-private-key-file="$BATS_TEST_TMPDIR/serving.key"
    eventually 20 bash -c "curl -sk https://127.0.0.1:$MS_PORT/readyz | grep -qx ok"
    python3 "$BATS_TEST_DIRNAME/readers.py" "$MS_PORT" "$BATS_TEST_TMPDIR/both.crt" "$certs" "$BATS_TEST_TMPDIR/stop" \
        >"$BATS_TEST_TMPDIR/readers" 2>&1 3>&- &
    readers=$!
    sleep 2

    # the serving pair
    mv "$BATS_TEST_TMPDIR/serving2.key" "$BATS_TEST_TMPDIR/serving.key"
    mv "$BATS_TEST_TMPDIR/serving2.crt" "$BATS_TEST_TMPDIR/serving.crt"
    eventually 10 bash -c "openssl s_client -connect 127.0.0.1:$MS_PORT </dev/null 2>/dev/null | grep -q 'subject=CN = two'"

    # the front proxy's CA: first both, then clients change, then the new one alone
    old=$(k get cm -n kube-system "$map" -o 'jsonpath={.data.requestheader-client-ca-file}')
    pair proxy-ca new-proxy-ca DNS:none
    certificate_of "$BATS_TEST_TMPDIR/proxy-ca" proxy front-proxy-client
    publish() {
        k patch cm -n kube-system "$map" --type=merge \
            -p "$(jq -n --arg ca "$1" '{data: {"requestheader-client-ca-file": $ca}}')" >/dev/null
    }
    publish "$old
$(cat "$BATS_TEST_TMPDIR/proxy-ca.crt")"
    eventually 10 bash -c "curl -sk --cert $BATS_TEST_TMPDIR/proxy.crt --key $BATS_TEST_TMPDIR/proxy.key -H 'X-Remote-User: a' \
        -H 'X-Remote-Group: system:masters' https://127.0.0.1:$MS_PORT/version | grep -q gitVersion"
    # a pair at a time: readers that meet half of it would fail by their own fault
    mkdir "$certs.new"
    cp "$BATS_TEST_TMPDIR/proxy.crt" "$certs.new/client.crt"
    cp "$BATS_TEST_TMPDIR/proxy.key" "$certs.new/client.key"
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$readers" || { cat "$BATS_TEST_TMPDIR/readers" >&2; publish "$old"; return 1; }
    rm "$BATS_TEST_TMPDIR/stop"
    python3 "$BATS_TEST_DIRNAME/readers.py" "$MS_PORT" "$BATS_TEST_TMPDIR/both.crt" "$certs.new" "$BATS_TEST_TMPDIR/stop" \
        >"$BATS_TEST_TMPDIR/readers2" 2>&1 3>&- &
    readers=$!
    sleep 1
    publish "$(cat "$BATS_TEST_TMPDIR/proxy-ca.crt")"
    eventually 10 bash -c "[ \$(curl -sk -o /dev/null -w '%{http_code}' --cert $DATA/client.crt --key $DATA/client.key \
        -H 'X-Remote-User: a' https://127.0.0.1:$MS_PORT/version) = 401 ]"
    # the map goes and comes back: what it said stays in force
    k get cm -n kube-system "$map" -o json | jq 'del(.metadata.uid, .metadata.resourceVersion)' >"$BATS_TEST_TMPDIR/map.json"
    k delete cm -n kube-system "$map" >/dev/null
    sleep 2
    k create -f "$BATS_TEST_TMPDIR/map.json" >/dev/null
    sleep 1
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$readers" || { cat "$BATS_TEST_TMPDIR/readers2" >&2; publish "$old"; return 1; }
    publish "$old"
    cat "$BATS_TEST_TMPDIR/readers" "$BATS_TEST_TMPDIR/readers2"
}

# token_for NAME   a token of metrics-server's ServiceAccount that is good for as long as the Secret NAME is there
token_for() {
    k create secret generic "$1" -n kube-system >/dev/null
    local uid
    uid=$(k get secret "$1" -n kube-system -o 'jsonpath={.metadata.uid}')
    jq -n --arg name "$1" --arg uid "$uid" '{apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest",
        spec: {boundObjectRef: {kind: "Secret", apiVersion: "v1", name: $name, uid: $uid}}}' |
        k create --raw /api/v1/namespaces/kube-system/serviceaccounts/metrics-server/token -f - | jq -er .status.token
}

@test "token file and kubelet CA are replaced while 100 clients read" {
    local certs="$BATS_TEST_TMPDIR/client-certs" token="$BATS_TEST_TMPDIR/token" ca="$BATS_TEST_TMPDIR/kubelet-ca.crt" readers before
    k get serviceaccount metrics-server -n kube-system >/dev/null 2>&1 || k create serviceaccount metrics-server -n kube-system >/dev/null
    mkdir "$certs"
    cp "$DATA/client.crt" "$DATA/client.key" "$certs"
    pair other other-ca DNS:none
    pair serving one IP:127.0.0.1
    cp "$DATA/pki/ca.crt" "$ca"
    token_for trust-a >"$token"
    token_for trust-b >"$token.new"
    k config view --raw -o json | jq --arg token "$token" '.users[0].user = {tokenFile: $token}' >"$BATS_TEST_TMPDIR/kubeconfig"
    serve --kubeconfig="$BATS_TEST_TMPDIR/kubeconfig" --kubelet-certificate-authority="$ca" \
        --tls-cert-file="$BATS_TEST_TMPDIR/serving.crt" --tls-private-key-file="$BATS_TEST_TMPDIR/serving.key"
    eventually 20 bash -c "curl -sk https://127.0.0.1:$MS_PORT/readyz | grep -qx ok"
    python3 "$BATS_TEST_DIRNAME/readers.py" "$MS_PORT" "$BATS_TEST_TMPDIR/serving.crt" "$certs" "$BATS_TEST_TMPDIR/stop" \
        >"$BATS_TEST_TMPDIR/readers" 2>&1 3>&- &
    readers=$!
    sleep 1
    mv "$token.new" "$token"
    k delete secret trust-a -n kube-system >/dev/null
    cat "$BATS_TEST_TMPDIR/other.crt" "$DATA/pki/ca.crt" >"$ca.new"
    mv "$ca.new" "$ca"
    sleep 8
    before=$(ask "/apis/metrics.k8s.io/v1beta1/nodes/$NODE" | jq -er .timestamp)
    sleep 4
    [ "$(ask "/apis/metrics.k8s.io/v1beta1/nodes/$NODE" | jq -er .timestamp)" != "$before" ]
    touch "$BATS_TEST_TMPDIR/stop"
    wait "$readers" || { cat "$BATS_TEST_TMPDIR/readers" "$LOG" >&2; return 1; }
    # the old token is no good any more, and the CA is the one that counts
    run ! grep -E 'Failed to scrape' "$LOG"
    cp "$BATS_TEST_TMPDIR/other.crt" "$ca"
    eventually 90 grep -q 'Failed to scrape' "$LOG"
}
