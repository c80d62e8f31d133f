"""What a simulated fleet is made of (nodes, pods, containers with their counters), and its objects in a cluster. See fleet.py."""
import contextlib, datetime, fnmatch, http.client, ipaddress, json, os, subprocess, time

LABEL = "tacho.dev/fleet"


# ---- what runs on the nodes ----


class Container:
    """CPU seconds are those until SINCE, plus what its cores add from then on."""

    def __init__(self, name, cpu, memory):
        self.name, self.cpu, self.memory = name, cpu, memory
        self.start = self.since = time.time()
        self.seconds = 0.0

    def cpu_seconds(self, now):
        return self.seconds + self.cpu * max(0.0, now - self.since)

    def use(self, cpu, memory):
        now = time.time()
        self.seconds, self.since = self.cpu_seconds(now), now
        self.cpu, self.memory = cpu, memory

    def restart(self):
        self.start = self.since = time.time()
        self.seconds = 0.0


class Pod:
    def __init__(self, namespace, name, containers):
        self.namespace, self.name, self.containers = namespace, name, containers
        self.start = time.time()

    @property
    def key(self):
        return f"{self.namespace}/{self.name}"

    def matches(self, pattern):
        return fnmatch.fnmatchcase(self.key if "/" in pattern else self.name, pattern)


def shape_nodes(a):
    """[(name, address, [Pod])]: serve's and create's idea of the fleet is the same."""
    first = ipaddress.ip_address(a.first_address)
    nodes = []
    for i in range(a.nodes):
        name = f"{a.name}-{i + 1}"
        pods = [
            Pod(a.namespace, f"{name}-{j + 1}", [Container(f"c{c + 1}", a.cpu, a.memory) for c in range(a.containers)])
            for j in range(a.pods)
        ]
        nodes.append((name, str(first + i), pods))
    return nodes


# ---- its objects, by kubectl ----


class Cluster:
    """The fleet's objects in the API server that KUBECONFIG names, by way of `kubectl proxy`: any credentials, one process."""

    def __init__(self, options, port):
        self.options, self.port = options, port

    @contextlib.contextmanager
    def proxy(self):
        child = subprocess.Popen([os.environ.get("KUBECTL", "kubectl"), "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        try:
            line = child.stdout.readline()
            if ":" not in line:
                raise SystemExit("fleet: kubectl proxy doesn't start")
            self.connection = http.client.HTTPConnection("127.0.0.1", int(line.rsplit(":", 1)[1]), timeout=30)
            yield
            self.connection.close()
        finally:
            child.terminate()
            child.wait()

    def call(self, method, path, body=None, accepts=(), patience=15):
        """The answer's JSON. ACCEPTS: statuses that are well besides 2xx. What may pass (403: a namespace's ServiceAccount isn't
        there yet; 409 amid a controller's writes; 429; 5xx) is tried again for PATIENCE seconds."""
        deadline = time.monotonic() + patience
        while True:
            headers = {"Content-Type": "application/merge-patch+json" if method == "PATCH" else "application/json"}
            try:
                self.connection.request(method, path, json.dumps(body) if body is not None else None, headers)
                response = self.connection.getresponse()
                status, text = response.status, response.read()
            except (http.client.HTTPException, ConnectionError) as e:
                self.connection.close()
                status, text = 599, str(e).encode()
            if status < 300 or status in accepts:
                return json.loads(text) if text[:1] == b"{" else {}
            if status not in (403, 409, 429) and status < 500 or time.monotonic() > deadline:
                raise SystemExit(f"fleet: {method} {path}: {status} {text.decode(errors='replace')[:300]}")
            time.sleep(0.3)

    def node(self, name, address):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        size_of = {"cpu": "4", "memory": "16Gi", "pods": "500", "ephemeral-storage": "100Gi"}
        condition = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "the fleet serves",
                     "lastHeartbeatTime": now, "lastTransitionTime": now}
        return {
            "apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {LABEL: self.options.name, "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"}},
            "status": {
                "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": self.port}},
                "capacity": size_of, "allocatable": size_of, "conditions": [condition],
                "nodeInfo": {"machineID": name, "systemUUID": name, "bootID": name, "kernelVersion": "6.1.0", "osImage": "fleet",
                             "containerRuntimeVersion": "fleet://1", "kubeletVersion": "v1.36.0", "kubeProxyVersion": "v1.36.0",
                             "operatingSystem": "linux", "architecture": "amd64"},
            },
        }

    def pod(self, pod, node):
        labels = dict(pair.split("=", 1) for pair in self.options.labels.split(",") if pair)
        return {
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": pod.name, "namespace": pod.namespace, "labels": {**labels, LABEL: self.options.name}},
            "spec": {
                "nodeName": node, "terminationGracePeriodSeconds": 0, "automountServiceAccountToken": False,
                "tolerations": [{"operator": "Exists"}],  # no controller shall evict it
                "containers": [{"name": c.name, "image": "fleet", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}
                               for c in pod.containers],
            },
        }

    def pod_status(self, pod, address):
        start = datetime.datetime.fromtimestamp(pod.start, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "phase": "Running", "startTime": start, "hostIP": address, "podIP": address, "podIPs": [{"ip": address}],
            "conditions": [{"type": t, "status": "True", "lastTransitionTime": start}
                           for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
            "containerStatuses": [{"name": c.name, "ready": True, "started": True, "restartCount": 0, "image": "fleet", "imageID": "",
                                   "state": {"running": {"startedAt": start}}} for c in pod.containers],
        }

    def create(self):
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.options.namespace, "labels": {LABEL: self.options.name}}}
        with self.proxy():
            self.call("POST", "/api/v1/namespaces", namespace, accepts=(409,))
            for name, address, pods in shape_nodes(self.options):
                node = self.node(name, address)
                self.call("POST", "/api/v1/nodes", node, accepts=(409,))
                self.call("PATCH", f"/api/v1/nodes/{name}/status", {"status": node["status"]})
                for pod in pods:
                    folder = f"/api/v1/namespaces/{pod.namespace}/pods"
                    self.call("POST", folder, self.pod(pod, name), accepts=(409,))
                    self.call("PATCH", f"{folder}/{pod.name}/status", {"status": self.pod_status(pod, address)})
            self.renew_all()

    def renew_all(self):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        folder = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        for name, _, _ in shape_nodes(self.options):
            spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": now}
            lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                     "metadata": {"name": name, "namespace": "kube-node-lease", "labels": {LABEL: self.options.name}}, "spec": spec}
            answer = self.call("PATCH", f"{folder}/{name}", {"spec": spec}, accepts=(404,))
            if answer.get("kind") == "Status":
                self.call("POST", folder, lease, accepts=(409,))

    def renew(self):
        with contextlib.suppress(SystemExit), self.proxy():  # the API server may be away: the next one may succeed
            self.renew_all()

    def delete(self):
        now = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
        with self.proxy():
            for resource in ("/api/v1/{}pods", "/api/v1/{}nodes", "/apis/coordination.k8s.io/v1/{}leases", "/api/v1/{}namespaces"):
                for item in self.call("GET", f"{resource.format('')}?labelSelector={LABEL}%3D{self.options.name}")["items"]:
                    meta = item["metadata"]
                    where = f"namespaces/{meta['namespace']}/" if "namespace" in meta else ""
                    self.call("DELETE", f"{resource.format(where)}/{meta['name']}", now, accepts=(404, 409))
