#!/usr/bin/env bats
# Malformed and hostile requests to each of the cluster's servers: the right answer, and the server stands.

setup_file() {
    bats_require_minimum_version 1.5.0
    load cluster
    start_cluster
    ATTACK=$(dirname "$BATS_TEST_FILENAME")/hostile.py
    export ATTACK
}

teardown_file() {
    load cluster
    stop_cluster
}

setup() {
    load cluster
}

# each_server EXPECTED ATTACK   EXPECTED is a pattern; afterwards the server is the same process, and healthy
each_server() {
    local server port answer pid
    for server in apiserver:$PORT kubelet:$KUBELET_PORT metrics-server:$METRICS_PORT; do
        port=${server#*:}
        pid=$(component_pid "${server%:*}")
        answer=$(python3 "$ATTACK" "$2" "$port")
        echo "${server%:*}: $2: $answer"
        [[ $answer =~ ^($1)$ ]]
        [ "$(component_pid "${server%:*}")" = "$pid" ]
        [[ $(python3 "$ATTACK" healthy "$port") =~ ^(200|401|403)$ ]]
    done
}

# goaway:0 is the answer to strangers: their connection is closed after each answer, before it can become a flood
@test "garbage instead of HTTP" { each_server 400 garbage; }
@test "request smuggling" { each_server 400 smuggling; }
@test "HTTP/1.1 without a host" { each_server 400 no-host; }
@test "a header of 10 MiB" { each_server '431|closed' big-header; }
@test "a body of 10 MiB" { each_server '401|403|404|405|413|closed' big-body; }
@test "slow-loris" { each_server '200|401|403' slow-loris; }
@test "HTTP/2 rapid reset" { each_server 'goaway:(0|11)' rapid-reset; }
@test "HTTP/2 settings flood" { each_server goaway:11 settings; }
@test "HTTP/2 ping flood" { each_server goaway:11 ping; }
@test "HTTP/2 continuation flood" { each_server 'goaway:(1|11)' continuation; }
@test "HTTP/2 flood of empty DATA frames" { each_server 'goaway:(0|11)' empty-data; }

@test "bad JSON and large bodies from someone who may write" {
    k config view --raw -o 'jsonpath={.users[0].user.client-certificate-data}' | base64 -d >"$DATA/admin.crt"
    k config view --raw -o 'jsonpath={.users[0].user.client-key-data}' | base64 -d >"$DATA/admin.key"
    post() { curl -sk "$@" --cert "$DATA/admin.crt" --key "$DATA/admin.key" -H 'Content-Type: application/json' --data-binary @- \
        "https://127.0.0.1:$PORT/api/v1/namespaces/default/configmaps"; }
    [ "$(post <<<'{"a":' | jq -r .code)" = 400 ]
    [ "$(post <<<'[]' | jq -r .code)" = 400 ]
    [ "$(post <<<'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"Bad Name"}}' | jq -r '.code, .reason' | paste -sd' ')" = "422 Invalid" ]
    [ "$(post <<<'{"kind":"Secret","apiVersion":"v1","metadata":{"name":"a"}}' | jq -r .code)" = 400 ]
    [[ $(python3 -c 'print("[" * 1000000)' | post | jq -r .code) =~ ^(400|413)$ ]]
    head -c 10485760 /dev/zero | tr '\0' ' ' >"$DATA/large"
    [ "$(post --http1.1 <"$DATA/large" | jq -r .code)" = 413 ]
    # curl 7.88 gives up an HTTP/2 upload whose stream is ended early, as RFC 9113 8.1 lets servers do; nghttp reads the answer
    nghttp -v -d "$DATA/large" -H 'content-type: application/json' --cert "$DATA/admin.crt" --key "$DATA/admin.key" \
        "https://127.0.0.1:$PORT/api/v1/namespaces/default/configmaps" >"$DATA/answer" 2>&1 || true
    grep -q ':status: 413' "$DATA/answer"
}
