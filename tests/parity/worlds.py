"""The servers under test and what is around them: a fake API server, fake kubelets, a metrics-server process for each world."""
import datetime, os, re, signal, socket, subprocess, threading, time

import scenes
from fake_apiserver import ApiServer
from fake_kubelet import Kubelet

KUBECONFIG = """apiVersion: v1
kind: Config
clusters: [{{name: parity, cluster: {{server: "https://127.0.0.1:{port}", certificate-authority: "{folder}/ca.crt"}}}}]
users: [{{name: metrics-server, user: {{token: metrics-server-token}}}}]
contexts: [{{name: parity, context: {{cluster: parity, user: metrics-server}}}}]
current-context: parity
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """One metrics-server. SCENE is what scenes.py says of it."""

    def __init__(self, name, scene, pki, binary, folder, flavour):
        self.name, self.scene, self.pki, self.binary, self.flavour = name, scene, pki, binary, flavour
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.base = int(time.time()) - 20  # the world's second 0
        self.api, self.kubelets, self.process = ApiServer(pki), {}, None
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.api.publish_trust()
        for node in scene.nodes:
            self.add_node(node)
        for pod in scene.pods:
            self.api.objects.set("pods", {"metadata": {k: v for k, v in pod.items() if k in ("name", "namespace", "labels")},
                                          "spec": {"nodeName": pod.get("node", "parity-1")},
                                          "status": {"phase": pod.get("phase", "Running")}})

    def add_node(self, node):
        answers = [a(self.base) if callable(a) else a for a in node["answers"]]
        port = free_port()
        if answers:
            self.kubelets[node["name"]] = Kubelet(self.pki, answers, node.get("path", "/metrics/resource"))
            port = self.kubelets[node["name"]].port
        metadata = {"name": node["name"]}
        if "labels" in node:
            metadata["labels"] = node["labels"]
        if "path" in node:
            metadata["annotations"] = {"metrics.k8s.io/resource-metrics-path": node["path"]}
        self.api.objects.set("nodes", {"metadata": metadata, "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
            "conditions": [{"type": "Ready", "status": "True"}]}})

    def path(self, name):
        return os.path.join(self.folder, name)

    def flags(self):
        """What every world's server needs, then the scene's own."""
        with open(self.path("kubeconfig"), "w") as f:
            f.write(KUBECONFIG.format(port=self.api.port, folder=self.pki.folder))
        kubeconfig = self.path("kubeconfig")
        given = [f"--kubeconfig={kubeconfig}", f"--authentication-kubeconfig={kubeconfig}", f"--authorization-kubeconfig={kubeconfig}",
                 f"--secure-port={self.port}", "--bind-address=127.0.0.1", f"--cert-dir={self.path('certs')}",
                 "--kubelet-preferred-address-types=InternalIP", "--kubelet-use-node-status-port",
                 f"--kubelet-certificate-authority={self.pki.path('ca.crt')}"]
        for flag in self.scene.flags.get(self.flavour, self.scene.flags["ours"]):
            name = flag.split("=")[0]
            given = [g for g in given if g.split("=")[0] != name] + [flag.replace("$folder", self.folder)]
        return given

    def start(self):
        for name, text in self.scene.files.items():
            with open(self.path(name), "w") as f:
                f.write(text)
        self.log_path = self.path("log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.binary, *self.flags()], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def audit(self):
        try:
            with open(self.path("audit.log")) as f:
                return f.read().splitlines()
        except FileNotFoundError:
            return []

    def stop(self):
        self.api.released.set()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    # ---- DO ----

    def act(self, words):
        verb, *rest = words
        getattr(self, f"do_{verb}")(*rest)
