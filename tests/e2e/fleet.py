#!/usr/bin/env python3
"""fleet.py: a fleet of simulated kubelets, and their Nodes and Pods in any cluster. Python's standard library, openssl, kubectl.

    fleet.py serve   [SHAPE] [--port N] [--folder DIR] [--fault NODE=FAULT ...] [--register] ...
    fleet.py create  [SHAPE] --port N      the fleet's Namespace, Nodes and Pods, in the cluster of KUBECONFIG
    fleet.py delete  [--name NAME]         takes them away again
    fleet.py tell FOLDER COMMAND...        changes or asks the fleet that serves out of FOLDER; returns once it is so

SHAPE, the same for serve and create:
    --name fleet          Nodes are fleet-1, fleet-2, ...; pods fleet-1-1, fleet-1-2, ... (node-pod)
    --nodes 3 --pods 2 --containers 1      containers are c1, c2, ...
    --namespace fleet     of the pods
    --first-address 127.20.0.1             node i listens on the i-th address from here: every 127.x.y.z is this machine's
    --cpu 0.1 --memory 64Mi                what each container uses, until `tell usage` says otherwise
    --labels app=fleet    of the pods, besides tacho.dev/fleet=NAME, which Nodes and Pods bear and `delete` goes by

serve: one listener per node, all on the same port (--port; 0 takes a free one), as on a cluster. Speaks what a kubelet does:
TLS, HTTP/1.1 with keep-alive, /metrics/resource, /stats/summary[?only_cpu_and_memory=true], /healthz. When all listen it prints
one line "serving NODES nodes on port PORT out of FOLDER" and goes on until SIGTERM, SIGINT or the end of --parent PID. In FOLDER:
    ca.crt            verifies the fleet's certificates: --kubelet-certificate-authority
    control           the socket of `tell`
--register: also `create` before that line, renew the Nodes' leases every 10 s (a real node controller would set them NotReady after
40 s and the pods with them), and `delete` at the end. --require-authorization: 401 to whoever has neither a bearer token nor a
client certificate of --client-ca. --ca-of FOLDER: certificates by the CA of the fleet that serves out of that folder.
--sample-every 10: figures are as old as a real kubelet's, which looks every 10 s or so; 0, the default, takes them at the moment of
the answer.

Figures are alive: CPU counters are the integral over time of what `usage` said, so a reader's rate is known exactly, and memory is
what was said. Timestamps are the sample's. Only what a fault says is wrong.

create and delete need no listening fleet. They speak through `kubectl proxy`, so any KUBECONFIG will do, KUBECTL names the client.
Nodes get status.addresses (InternalIP, Hostname), daemonEndpoints, Ready; Pods spec.nodeName, phase Running, ready containers.

tell:
    fault FAULT NODE...             from now on; NODE may be "all" or a glob (fleet-*). Open connections are ended. none: healthy
    faults NODE=FAULT...            the same for several, at one moment
    usage CPU MEMORY POD[/CONTAINER]...     POD is a name or a glob, with its namespace in front or not: fleet/fleet-1-1, web-*
    pod NODE NAMESPACE/NAME CPU MEMORY [CONTAINER...]    NODE runs one more pod (containers: main), as a deployment's would
    gone NAMESPACE/NAME             ...and no more
    restart POD[/CONTAINER]...      the counters start at zero again, with a new start time
    reissue [--keep-ca]             new CA and certificates, at once for new connections; ca.crt is replaced
    seen [NODE...]                  JSON by node: requests by path, answers by status, connections ever and open, bytes sent, last
                                    request's time and headers, last client certificate's subject, the fault
    usages                          JSON by namespace/pod/container: {cpu, memory, cpu_seconds}, of this moment

FAULT, with VALUE where there is a number; what a client sees:
    none
    refuse              connection refused: nobody listens
    mute                connects, never speaks TLS            hang             takes the request, never answers
    slow=SECONDS        answers whole, so much later          drip=BYTES       sends so many bytes a second
    reset               half an answer, then RST              cut              half an answer, then a clean end
    huge=MIB            so many MiB (100) of valid lines      crowd=COUNT      figures of so many containers (200000)
    garbage             200, text/plain, random bytes         redirect=CODE    that status (302) and a Location elsewhere
    html                200, text/html                        empty            200, text/plain, no figures
    plain               no TLS: an HTTP/1.0 answer in clear   status=CODE      that status (503) and a line of text
    unknown-ca          a certificate of another CA           wrong-name       valid for other.invalid only
    expired             a certificate of yesterday            old              404 for /metrics/resource: a kubelet before 1.18
    frozen              figures and their times stand still   error            scrape_error 1, no containers
    skew=SECONDS        timestamps are off by so much
"""
import argparse, asyncio, contextlib, datetime, fnmatch, json, os, random, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile
import threading, time

from fleet_objects import Cluster, Container, Pod, shape_nodes

FAULTS = {  # name: default value, None where there is none
    "none": None, "refuse": None, "mute": None, "hang": None, "slow": 2.0, "drip": 100.0, "reset": None, "cut": None, "huge": 100.0, "crowd": 200000.0, "redirect": 302.0,
    "garbage": None, "html": None, "empty": None, "plain": None, "status": 503.0, "unknown-ca": None, "wrong-name": None,
    "expired": None, "old": None, "frozen": None, "error": None, "skew": 3600.0,
}
MAX_HEAD_BYTES = 64 * 1024
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


def cores(text):
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def size(text):
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    return int(text)


def fault_of(text):
    kind, _, value = text.partition("=")
    if kind not in FAULTS or (value and FAULTS[kind] is None):
        raise ValueError(f"unknown fault: {text}")
    return kind, float(value) if value else FAULTS[kind]


# ---- bodies, as a kubelet writes them ----

FAMILIES = [
    ("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the container in core-seconds"),
    ("container_memory_working_set_bytes", "gauge", "Current working set of the container in bytes"),
    ("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds"),
    ("node_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the node in core-seconds"),
    ("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes"),
    ("pod_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed by the pod in core-seconds"),
    ("pod_memory_working_set_bytes", "gauge", "Current working set of the pod in bytes"),
    ("resource_scrape_error", "gauge", "1 if there was an error while getting container metrics, 0 otherwise"),
]


# lines of a family that nobody reads, and of pods that nobody has
FILLER = "".join(f'kubelet_other_things_total{{thing="{i}"}} {i} 1\n' for i in range(1000)).encode()
CROWD_STEP = 500


def crowd(first):
    return "".join(f'container_cpu_usage_seconds_total{{container="c",namespace="x",pod="p{first + i}"}} {i} 1\n'
                   for i in range(CROWD_STEP)).encode()


def go_float(value):
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e21 else repr(float(value))


class Sample:
    """A node's figures at one moment."""

    def __init__(self, node, now, shown):
        self.node, self.now, self.shown = node, now, shown  # shown: the timestamp that goes out
        self.cpu = node.base.cpu_seconds(now)
        self.memory = node.base.memory
        self.pods = []
        for pod in node.pods:
            rows = [(c, c.cpu_seconds(now), c.memory) for c in pod.containers]
            self.pods.append((pod, rows, sum(r[1] for r in rows), sum(r[2] for r in rows)))
            self.cpu += self.pods[-1][2]
            self.memory += self.pods[-1][3]


def resource_body(s, is_error):
    lines = {family: [] for family, _, _ in FAMILIES}
    stamp = int(s.shown * 1000)
    for pod, rows, cpu, memory in [] if is_error else s.pods:
        labels = f'namespace="{pod.namespace}",pod="{pod.name}"'
        for c, c_cpu, c_memory in rows:
            of = f'{{container="{c.name}",{labels}}}'
            lines["container_cpu_usage_seconds_total"].append(f"{of} {go_float(round(c_cpu, 9))} {stamp}")
            lines["container_memory_working_set_bytes"].append(f"{of} {go_float(c_memory)} {stamp}")
            lines["container_start_time_seconds"].append(f"{of} {c.start + s.shown - s.now:.9e}")
        lines["pod_cpu_usage_seconds_total"].append(f"{{{labels}}} {go_float(round(cpu, 9))} {stamp}")
        lines["pod_memory_working_set_bytes"].append(f"{{{labels}}} {go_float(memory)} {stamp}")
    if not is_error:
        lines["node_cpu_usage_seconds_total"].append(f" {go_float(round(s.cpu, 9))} {stamp}")
        lines["node_memory_working_set_bytes"].append(f" {go_float(s.memory)} {stamp}")
    lines["resource_scrape_error"].append(" 1" if is_error else " 0")
    out = []
    for family, kind, text in FAMILIES:
        if lines[family]:
            out.append(f"# HELP {family} [STABLE] {text}\n# TYPE {family} {kind}\n")
            out.extend(f"{family}{line}\n" for line in lines[family])
    return "".join(out).encode()


def summary_body(s, is_error):
    def at(t):
        return datetime.datetime.fromtimestamp(t + s.shown - s.now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def figures(rate, cpu, memory):
        return {
            "cpu": {"time": at(s.now), "usageNanoCores": int(rate * 1e9), "usageCoreNanoSeconds": int(cpu * 1e9)},
            "memory": {"time": at(s.now), "usageBytes": memory, "workingSetBytes": memory, "rssBytes": memory},
        }

    pods, total = [], s.node.base.cpu
    for pod, rows, cpu, memory in s.pods:
        rate = sum(r[0].cpu for r in rows)
        total += rate
        pods.append({
            "podRef": {"name": pod.name, "namespace": pod.namespace, "uid": f"uid-of-{pod.name}"},
            "startTime": at(pod.start),
            "containers": [{"name": c.name, "startTime": at(c.start), **figures(c.cpu, u, m)} for c, u, m in rows],
            **figures(rate, cpu, memory),
        })
    node = {"nodeName": s.node.name, "startTime": at(s.node.base.start), **figures(total, s.cpu, s.memory)}
    return json.dumps({"node": node, "pods": [] if is_error else pods}, indent=1).encode()


# ---- certificates ----


def openssl(*words):
    done = subprocess.run(["openssl", *words], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"fleet: openssl {words[0]}: {done.stderr.strip()}")


class Certificates:
    """A CA and serving pairs in FOLDER. A pair names up to 100 nodes' addresses, so that a big fleet needs few of them."""

    PER_PAIR = 100

    def __init__(self, folder, nodes, client_ca, ca_of):
        self.folder, self.nodes, self.client_ca = folder, nodes, client_ca
        self.contexts = {}
        self.lock = threading.Lock()
        if ca_of:
            for name in ("ca.crt", "ca.key"):
                shutil.copy(os.path.join(ca_of, name), self.path(name))
        self.issue(keep_ca=bool(ca_of))

    def issue(self, keep_ca=False):
        if not keep_ca:
            self.make_ca("ca")
        for key, context in self.contexts.items():
            self.load(key, context)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_ca(self, name):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                "-subj", f"/CN=fleet-{name}-{random.getrandbits(32):08x}", "-keyout", self.path(f"{name}.key"),
                "-out", self.path(f"{name}.crt.new"))
        os.replace(self.path(f"{name}.crt.new"), self.path(f"{name}.crt"))  # readers see the old one or the new one

    def load(self, key, context):
        kind, first = key
        pair = self.path(f"serving-{kind}-{first}")
        some = self.nodes[first:first + self.PER_PAIR]
        sans = ",".join(f"IP:{n.address},DNS:{n.name}" for n in some) if kind != "wrong-name" else "DNS:other.invalid"
        if kind == "unknown-ca" and not os.path.exists(self.path("other-ca.crt")):
            self.make_ca("other-ca")
        ca = "other-ca" if kind == "unknown-ca" else "ca"
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/O=system:nodes/CN=system:node:{some[0].name}", "-keyout", f"{pair}.key", "-out", f"{pair}.csr")
        with open(f"{pair}.ext", "w") as f:
            f.write(f"subjectAltName={sans}\nextendedKeyUsage=serverAuth\n")
        openssl("x509", "-req", "-in", f"{pair}.csr", "-CA", self.path(f"{ca}.crt"), "-CAkey", self.path(f"{ca}.key"),
                "-days", "-1" if kind == "expired" else "365", "-set_serial", str(random.getrandbits(63)),
                "-extfile", f"{pair}.ext", "-out", f"{pair}.crt")
        context.load_cert_chain(f"{pair}.crt", f"{pair}.key")

    def context(self, node, fault):
        kind = fault if fault in ("unknown-ca", "wrong-name", "expired") else "good"
        key = (kind, node.index // self.PER_PAIR * self.PER_PAIR)
        with self.lock:
            if key not in self.contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.set_alpn_protocols(["http/1.1"])
                if self.client_ca:
                    context.load_verify_locations(self.client_ca)
                    context.verify_mode = ssl.CERT_OPTIONAL
                self.load(key, context)
                self.contexts[key] = context
            return self.contexts[key]


# ---- one kubelet ----


class Kubelet:
    def __init__(self, index, name, address, pods, options):
        self.index, self.name, self.address, self.pods, self.options = index, name, address, pods, options
        self.base = Container("", 0.05, 256 * 2**20)  # what the node uses besides its pods
        self.fault, self.value = "none", None
        self.frozen_at = None
        self.server = None
        self.generation = 0
        self.writers = set()
        self.paths, self.statuses = {}, {}
        self.connections = self.bytes_sent = 0
        self.last = {}

    async def listen(self, port, certificates):
        """With the fault of this moment: who connected before it and isn't served yet is turned away."""
        self.generation += 1
        if self.fault == "refuse":
            return
        is_clear, generation = self.fault in ("mute", "plain"), self.generation
        context = None if is_clear else await asyncio.to_thread(certificates.context, self, self.fault)  # others go on meanwhile
        self.server = await asyncio.start_server(
            lambda reader, writer: self.on_connection(reader, writer, generation), self.address, port, backlog=128,
            limit=MAX_HEAD_BYTES, ssl=context)

    async def set_fault(self, fault, value, port, certificates):
        if fault not in ("mute", "plain", "refuse"):
            await asyncio.to_thread(certificates.context, self, fault)
        if self.server:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.transport.abort()
        self.fault, self.value = fault, value
        self.frozen_at = time.time() if fault == "frozen" else None
        await self.listen(port, certificates)

    def sample(self):
        now = self.frozen_at or time.time()
        if self.options.sample_every > 0:  # each node looks at its own moments
            offset = self.index * 0.37 % self.options.sample_every
            now = max(self.base.start, (now - offset) // self.options.sample_every * self.options.sample_every + offset)
        return Sample(self, now, now + (self.value if self.fault == "skew" else 0))

    async def on_connection(self, reader, writer, generation):
        if generation != self.generation:
            writer.transport.abort()
            return
        self.writers.add(writer)
        self.connections += 1
        try:
            if self.fault == "mute":
                await reader.read()
            elif self.fault == "plain":
                await reader.read(1)
                writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
                await writer.drain()
            else:
                while await self.serve_one(reader, writer):
                    pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError, TimeoutError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort() if self.fault == "reset" else writer.close()

    async def serve_one(self, reader, writer):
        """False: the connection ends."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        path = target.partition("?")[0]
        peer = writer.get_extra_info("peercert")
        self.paths[target] = self.paths.get(target, 0) + 1
        self.last = {"time": time.time(), "path": target, "headers": headers}
        if peer:
            self.last["subject"] = "/".join(f"{k}={v}" for rdn in peer["subject"] for k, v in rdn)
        if self.fault == "hang":
            await reader.read()
            return False
        if self.fault == "slow":
            await asyncio.sleep(self.value)
        status, kind, body = self.answer(method, path, headers, bool(peer))
        self.statuses[status] = self.statuses.get(status, 0) + 1
        is_alive = await self.send(writer, status, kind, body)
        return is_alive and headers.get("connection", "").lower() != "close"

    def answer(self, method, path, headers, has_certificate):
        text = "text/plain; charset=utf-8"
        if self.options.require_authorization and not has_certificate and "authorization" not in headers:
            return 401, text, b"Unauthorized"
        if self.fault in ("status", "redirect"):
            return int(self.value), text, b"as the fleet was told\n"
        if method != "GET":
            return 405, text, b"405 method not allowed\n"
        if path == "/healthz":
            return 200, text, b"ok"
        if path not in ("/metrics/resource", "/stats/summary") or (self.fault == "old" and path == "/metrics/resource"):
            return 404, text, b"404 page not found\n"
        metrics = "text/plain; version=0.0.4; charset=utf-8"
        if self.fault == "garbage":
            return 200, metrics, random.randbytes(20000)
        if self.fault == "html":
            return 200, "text/html", b"<html><body>Please log in</body></html>"
        if self.fault == "empty":
            return 200, metrics, b""
        if path == "/metrics/resource":
            return 200, metrics, resource_body(self.sample(), self.fault == "error")
        return 200, "application/json", summary_body(self.sample(), self.fault == "error")

    async def put(self, writer, data):
        writer.write(data)
        await writer.drain()
        self.bytes_sent += len(data)

    async def send(self, writer, status, kind, body):
        words = {200: "OK", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}
        head = f"HTTP/1.1 {status} {words.get(status, 'Told')}\r\nContent-Type: {kind}\r\n"
        if self.fault in ("huge", "crowd") and status == 200:
            await self.put(writer, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            sent = 0
            while sent < (self.value if self.fault == "crowd" else self.value * 2**20):
                rows = crowd(sent) if self.fault == "crowd" else FILLER
                await self.put(writer, b"%x\r\n%b\r\n" % (len(rows), rows))
                sent += CROWD_STEP if self.fault == "crowd" else len(rows)
            await self.put(writer, b"0\r\n\r\n")
            return True
        if self.fault == "redirect":
            head += f"Location: https://{self.address}/elsewhere\r\n"
        data = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        if self.fault in ("reset", "cut"):
            await self.put(writer, data[:len(data) - len(body) // 2])
            if self.fault == "reset":
                await asyncio.sleep(0.05)  # let what was sent arrive: an RST drops what the peer hasn't read
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if self.fault == "drip":
            step = max(1, int(self.value // 10))
            for i in range(0, len(data), step):
                await self.put(writer, data[i:i + step])
                await asyncio.sleep(0.1)
            return True
        await self.put(writer, data)
        return True

    def seen(self):
        return {
            "fault": self.fault if self.value is None else f"{self.fault}={self.value:g}", "paths": self.paths, "statuses": self.statuses,
            "connections": self.connections, "open": len(self.writers), "bytes_sent": self.bytes_sent, "last": self.last,
        }


# ---- the fleet, and who tells it ----


class Fleet:
    def __init__(self, options):
        self.options, self.port = options, options.port
        self.kubelets = [Kubelet(i, *row, options) for i, row in enumerate(shape_nodes(options))]
        os.makedirs(options.folder, exist_ok=True)
        self.certificates = Certificates(options.folder, self.kubelets, options.client_ca, options.ca_of)

    def nodes(self, patterns):
        chosen = [k for k in self.kubelets if any(p == "all" or fnmatch.fnmatchcase(k.name, p) for p in patterns)]
        if not chosen:
            raise ValueError(f"no such node: {' '.join(patterns)}")
        return chosen

    def containers(self, patterns):
        """A pattern's last part is a container's when the two before it, or the one before it, fit a pod."""
        chosen = []
        for pattern in patterns:
            front, _, last = pattern.rpartition("/")
            for pod in (p for k in self.kubelets for p in k.pods):
                if pod.matches(pattern):
                    chosen.extend(pod.containers)
                elif front and pod.matches(front):
                    chosen.extend(c for c in pod.containers if c.name == last)
        if not chosen:
            raise ValueError(f"no such pod or container: {' '.join(patterns)}")
        return chosen

    async def told(self, words):
        """Does what `tell` asks for; returns the text of the answer."""
        verb, rest = words[0], words[1:]
        if verb == "fault":
            kind, value = fault_of(rest[0])
            for kubelet in self.nodes(rest[1:]):
                await kubelet.set_fault(kind, value, self.port, self.certificates)
        elif verb == "faults":
            pairs = [(self.nodes([node]), *fault_of(text)) for node, _, text in (word.partition("=") for word in rest)]
            await asyncio.gather(*(kubelet.set_fault(kind, value, self.port, self.certificates)
                                   for kubelets, kind, value in pairs for kubelet in kubelets))
        elif verb == "usage":
            for container in self.containers(rest[2:]):
                container.use(cores(rest[0]), size(rest[1]))
        elif verb == "pod":
            namespace, _, name = rest[1].partition("/")
            containers = [Container(c, cores(rest[2]), size(rest[3])) for c in rest[4:] or ["main"]]
            self.nodes([rest[0]])[0].pods.append(Pod(namespace, name, containers))
        elif verb == "gone":
            holders = [k for k in self.kubelets if any(p.key == rest[0] for p in k.pods)]
            if not holders:
                raise ValueError(f"no such pod: {rest[0]}")
            for kubelet in holders:
                kubelet.pods = [p for p in kubelet.pods if p.key != rest[0]]
        elif verb == "restart":
            for container in self.containers(rest):
                container.restart()
        elif verb == "reissue":
            self.certificates.issue(keep_ca=rest == ["--keep-ca"])
        elif verb == "seen":
            return json.dumps({k.name: k.seen() for k in self.nodes(rest or ["all"])}, indent=1)
        elif verb == "usages":
            now = time.time()
            return json.dumps({f"{p.key}/{c.name}": {"cpu": c.cpu, "memory": c.memory, "cpu_seconds": c.cpu_seconds(now)}
                               for k in self.kubelets for p in k.pods for c in p.containers}, indent=1)
        else:
            raise ValueError(f"unknown command: {verb}")
        return ""

    async def on_teller(self, reader, writer):
        try:
            answer = {"ok": await self.told(json.loads(await reader.readline()))}
        except (ValueError, IndexError, OSError) as e:
            answer = {"error": str(e) or "malformed command"}
        writer.write(json.dumps(answer).encode() + b"\n")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    async def run(self):
        o = self.options
        for fault in o.fault:
            pattern, _, text = fault.partition("=")
            for kubelet in self.nodes([pattern]):
                kubelet.fault, kubelet.value = fault_of(text)
                kubelet.frozen_at = time.time() if kubelet.fault == "frozen" else None
        if self.port == 0:
            with socket.socket() as s:
                s.bind((o.first_address, 0))
                self.port = s.getsockname()[1]
        for kubelet in self.kubelets:
            await kubelet.listen(self.port, self.certificates)
        control = os.path.join(o.folder, "control")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(control)
        await asyncio.start_unix_server(self.on_teller, control)
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        cluster = Cluster(o, self.port) if o.register else None
        if cluster:
            await asyncio.to_thread(cluster.create)
        print(f"serving {o.nodes} nodes on port {self.port} out of {o.folder}", flush=True)
        renewed = time.monotonic()
        while not stop.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), 1)
            if o.parent and not os.path.exists(f"/proc/{o.parent}"):
                break
            if cluster and time.monotonic() - renewed > 10:
                renewed = time.monotonic()
                await asyncio.to_thread(cluster.renew)
        if cluster:
            await asyncio.to_thread(cluster.delete)


def tell(folder, words):
    """Module use: fleet.tell(folder, ["fault", "hang", "fleet-1"]); returns the answer's text, raises SystemExit with the reason."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(os.path.join(folder, "control"))
        s.sendall(json.dumps(words).encode() + b"\n")
        answer = json.loads(s.makefile().readline())
    if "error" in answer:
        raise SystemExit(f"fleet: {answer['error']}")
    return answer["ok"]


# ---- the command line ----


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "tell":
        if len(sys.argv) < 4:
            raise SystemExit("usage: fleet.py tell FOLDER COMMAND...")
        answer = tell(sys.argv[2], sys.argv[3:])
        if answer:
            print(answer)
        return
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, usage=argparse.SUPPRESS)
    p.add_argument("command", choices=["serve", "create", "delete", "tell"])
    p.add_argument("--name", default="fleet")
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--pods", type=int, default=2)
    p.add_argument("--containers", type=int, default=1)
    p.add_argument("--namespace", default="fleet")
    p.add_argument("--first-address", default="127.20.0.1")
    p.add_argument("--cpu", type=cores, default=0.1)
    p.add_argument("--memory", type=size, default=64 * 2**20)
    p.add_argument("--labels", default="app=fleet")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--folder", help="default: a new one under /tmp")
    p.add_argument("--fault", action="append", default=[], metavar="NODE=FAULT")
    p.add_argument("--register", action="store_true")
    p.add_argument("--require-authorization", action="store_true")
    p.add_argument("--client-ca")
    p.add_argument("--ca-of")
    p.add_argument("--sample-every", type=float, default=0.0)
    p.add_argument("--parent", type=int)
    options = p.parse_args()
    if options.command == "serve":
        options.folder = options.folder or tempfile.mkdtemp(prefix="fleet-")
        try:
            asyncio.run(Fleet(options).run())
        except (OSError, ValueError) as e:
            raise SystemExit(f"fleet: {e}") from None
    elif options.command == "create":
        if options.port == 0:
            raise SystemExit("fleet: create needs the --port that the fleet serves on")
        Cluster(options, options.port).create()
    else:
        Cluster(options, options.port).delete()


if __name__ == "__main__":
    main()
