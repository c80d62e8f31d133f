"""Sends a step's request as whoever it says, and collects the answer."""
import gzip, http.client, json, os, socket, ssl, subprocess, time

import protobuf


class Answer:
    def __init__(self, status, headers, raw):
        self.status, self.headers, self.raw = status, headers, raw  # headers: [(name, value)]
        self.body = gzip.decompress(raw) if self.header("content-encoding") == "gzip" else raw

    def header(self, name):
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    def text(self):
        """For = and ~: as it came, a protobuf document as JSON."""
        if self.body[:4] == protobuf.MAGIC:
            return json.dumps(protobuf.document(self.body), separators=(",", ":"))
        return self.body.decode(errors="backslashreplace")


class Identity:
    def __init__(self, certificate=None, headers=()):
        self.certificate, self.headers = certificate, list(headers)  # certificate: (file, key file)


def identity(who, pki):
    word, *rest = who.split()
    if word == "anonymous":
        return Identity()
    if word == "cert":
        return Identity((pki.path(f"{rest[0]}.crt"), pki.path(f"{rest[0]}.key")))
    if word == "token":
        return Identity(headers=[("Authorization", f"Bearer {rest[0]}")])
    if word == "reader":
        return Identity(headers=[("Authorization", "Bearer good-may-reader")])
    certificate = (pki.path("front-proxy.crt"), pki.path("front-proxy.key"))
    if word == "masters":
        return Identity(certificate, [("X-Remote-User", "system:kube-aggregator"), ("X-Remote-Group", "system:masters")])
    if word == "front-proxy":  # without a name: the row's own headers say who
        return Identity(certificate)
    if word == "proxy":
        return Identity(certificate, [("X-Remote-User", rest[0])] + [("X-Remote-Group", g) for g in rest[1:]])
    raise ValueError(f"nobody is {who!r}")


def from_environment():
    """Of PARITY_SERVER: who a reader is."""
    headers, certificate = [], None
    if os.environ.get("PARITY_TOKEN"):
        headers.append(("Authorization", f"Bearer {os.environ['PARITY_TOKEN']}"))
    if os.environ.get("PARITY_CLIENT_CERT"):
        certificate = (os.environ["PARITY_CLIENT_CERT"], os.environ["PARITY_CLIENT_KEY"])
    return Identity(certificate, headers)


def context(who):
    made = ssl.create_default_context()
    made.check_hostname = False  # servers make their own certificates
    made.verify_mode = ssl.CERT_NONE
    if who.certificate:
        made.load_cert_chain(*who.certificate)
    return made


class OneHeader(http.client.HTTPSConnection):
    """Sends what it is told: no header of its own but Host."""

    def ask(self, method, path, headers, body):
        self.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            self.putheader(name, value)
        if body is not None:
            self.putheader("Content-Length", str(len(body)))
        self.endheaders(body)


def ask(host, who, method, path, headers, body=None, timeout=70):
    connection = OneHeader(host, timeout=timeout, context=context(who))
    try:
        connection.ask(method, path, list(headers) + who.headers, body.encode() if body is not None else None)
        response = connection.getresponse()
        return Answer(response.status, response.getheaders(), response.read())
    finally:
        connection.close()


def ask_http2(host, who, method, path, headers, folder):
    kept, body = os.path.join(folder, "http2.headers"), os.path.join(folder, "http2.body")
    words = ["curl", "-sk", "--http2", "-m", "70", "-X", method, "-D", kept, "-o", body, "-H", "User-Agent:", "-H", "Accept:"]
    for name, value in list(headers) + who.headers:
        words += ["-H", f"{name}: {value}"]
    if who.certificate:
        words += ["--cert", who.certificate[0], "--key", who.certificate[1]]
    done = subprocess.run([*words, f"https://{host}{path}"], capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"curl ends with {done.returncode}: {done.stderr}")
    with open(kept, newline="") as f:
        lines = f.read().split("\r\n")
    if not lines[0].startswith("HTTP/2 "):
        raise OSError(f"not HTTP/2: {lines[0]}")
    with open(body, "rb") as f:
        return Answer(int(lines[0].split()[1]), [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line], f.read())


def frames(host, who, path, headers):
    """What nghttp shows of a request's frames."""
    words = ["nghttp", "-v", "-n", "--no-verify-peer"] if "--no-verify-peer" in nghttp_help() else ["nghttp", "-v", "-n"]
    for name, value in list(headers) + who.headers:
        words += ["-H", f"{name}: {value}"]
    if who.certificate:
        words += ["--cert", who.certificate[0], "--key", who.certificate[1]]
    done = subprocess.run([*words, f"https://{host}{path}"], capture_output=True, text=True, timeout=20)
    return done.stdout


def nghttp_help():
    return subprocess.run(["nghttp", "--help"], capture_output=True, text=True).stdout


def hold(host, who, path, headers):
    """Sends a GET whose answer isn't waited for; the socket is the caller's."""
    connection = OneHeader(host, timeout=70, context=context(who))
    connection.ask("GET", path, list(headers) + who.headers, None)
    return connection


def is_listening(host):
    name, port = host.rsplit(":", 1)
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((name, int(port))) == 0


def now():
    return time.time()
