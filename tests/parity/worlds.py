"""The servers under test and what is around them: a fake API server, fake kubelets, a metrics-server process for each world."""
import datetime, os, re, signal, socket, subprocess, threading, time

import client, scenes
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
        self.manager = None  # the service manager's socket
        self.move()
        self.api.is_away = scene.is_away
        if scene.has_trust:
            self.api.publish_trust()
        for node in scene.nodes:
            self.add_node(node)
        for pod in scene.pods:
            self.api.objects.set("pods", {"metadata": {k: v for k, v in pod.items() if k in ("name", "namespace", "labels")},
                                          "spec": {"nodeName": pod.get("node", "parity-1")},
                                          "status": {"phase": pod.get("phase", "Running")}})

    def move(self):
        """Takes another port: between its choice and the server's bind somebody else may have taken it."""
        self.port = free_port()
        self.host = f"127.0.0.1:{self.port}"

    def add_node(self, node):
        answers = [a(self.base) if callable(a) else a for a in node["answers"]]
        port = free_port()
        if answers:
            self.kubelets[node["name"]] = Kubelet(self.pki, answers, node.get("path", "/metrics/resource"), node.get("serving", "serving"))
            port = self.kubelets[node["name"]].port
        metadata = {"name": node["name"]}
        if "labels" in node:
            metadata["labels"] = node["labels"]
        if "path" in node:
            metadata["annotations"] = {"metrics.k8s.io/resource-metrics-path": node["path"]}
        self.api.objects.set("nodes", {"metadata": metadata, "status": {
            "addresses": node.get("addresses", [{"type": "InternalIP", "address": "127.0.0.1"}]),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": node.get("port", port)}},
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
            port = str(self.kubelets["parity-1"].port) if "parity-1" in self.kubelets else ""
            value = flag.replace("$folder", self.folder).replace("$pki", self.pki.folder).replace("$kubelet", port)
            given = [g for g in given if g.split("=")[0] != name] + [value]
        given = [g for g in given if not g.endswith("=-")]  # "--flag=-": without that flag
        return given

    def start(self):
        for name, text in self.scene.files.items():
            with open(self.path(name), "w") as f:
                f.write(text)
        self.log_path = self.path("log")
        if self.manager is None:
            self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self.manager.bind(self.path("manager"))
        environment = {**os.environ, "NOTIFY_SOCKET": self.path("manager")}
        with open(self.log_path, "wb" if self.process is None or self.process.returncode else "ab") as log:
            self.process = subprocess.Popen([self.binary, *self.flags()], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env=environment)

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
        getattr(self, f"do_{verb.replace('-', '_')}")(*rest)

    def do_signal(self, name):
        self.process.send_signal(getattr(signal, f"SIG{name}"))

    def do_wait(self, code):
        """Until the server has ended with CODE."""
        got = self.process.wait(70)
        if str(got) != code:
            raise ValueError(f"the server has ended with {got}, not {code}")

    def do_later(self, seconds, *words):
        """Does WORDS while the next steps go on."""
        timer = threading.Timer(float(seconds), self.act, (words,))
        timer.daemon = True
        timer.start()

    def do_pass(self, seconds):
        """Lets time pass: for what is kept so long and no longer."""
        time.sleep(float(seconds))

    def do_start(self):
        for kubelet in self.kubelets.values():
            kubelet.scrapes = 0  # a new server needs both samples again
        self.start()

    def do_pod(self, namespace, name, labels="", phase="Running"):
        self.api.objects.set("pods", {"metadata": {"namespace": namespace, "name": name,
                                                   "labels": dict(x.split("=") for x in labels.split(",") if x)},
                                      "spec": {"nodeName": "parity-1"}, "status": {"phase": phase}})

    def do_no_pod(self, namespace, name):
        self.api.objects.delete("pods", namespace, name)

    def do_no_node(self, name):
        self.api.objects.delete("nodes", "", name)

    def do_trust(self, key, value):
        """The authentication ConfigMap says VALUE; a name of a file of the PKI stands for what is in it."""
        self.api.publish_trust(**{key: self.pki.text(value) if value.endswith(".crt") else value})

    def do_release(self):
        self.api.released.set()
        self.api.released = threading.Event()

    def do_api(self, state):
        self.api.is_away = state == "away"

    def until(self, seconds, condition, trouble):
        end = time.time() + seconds
        while not condition():
            if time.time() > end:
                raise ValueError(trouble)
            time.sleep(0.05)

    def do_notified(self, text):
        """The service manager was told TEXT, and nothing else."""
        got = self.manager.recv(1000, socket.MSG_DONTWAIT).decode()
        if got.strip() != text:
            raise ValueError(f"the service manager was told {got!r}")

    def do_scraped(self, node, times):
        """Until the kubelet has been asked so often, and a moment more: the server reads the answer."""
        kubelet = self.kubelets[node]
        self.until(40, lambda: kubelet.scrapes >= int(times), f"{node} was asked {kubelet.scrapes} times")

    def do_asked(self, node, what):
        """The kubelet was asked so, each time: a regular expression, ~ for blanks."""
        seen = self.kubelets[node].seen
        wanted = what.replace("~", " ")
        wrong = [told for told in seen if not re.search(wanted, told, re.M)]
        if not seen or wrong:
            raise ValueError(f"{node} was asked {wrong[0] if wrong else 'nothing'}")

    def do_not_asked(self, node, what):
        wrong = [told for told in self.kubelets[node].seen if re.search(what.replace("~", " "), told, re.M)]
        if wrong:
            raise ValueError(f"{node} was asked {wrong[0]}")

    def do_listening(self, seconds):
        self.until(float(seconds), lambda: client.is_listening(self.host), "nobody listens")

    def is_ready(self):
        """None: there is no answer."""
        try:
            return client.ask(self.host, client.identity("anonymous", self.pki), "GET", "/readyz", [], timeout=5).status == 200
        except OSError:  # it starts, or goes
            return None

    def do_ready(self, seconds):
        self.until(float(seconds), lambda: self.is_ready(), "it isn't ready")

    def do_unready(self, seconds):
        self.until(float(seconds), lambda: self.is_ready() is False, "it is still ready")

    def do_not_listening(self, seconds):
        self.until(float(seconds), lambda: not client.is_listening(self.host), "somebody still listens")

    def do_not_audited(self, audit_id):
        found = [line for line in self.audit() if audit_id in line]
        if found:
            raise ValueError(f"audited: {found[0]}")
