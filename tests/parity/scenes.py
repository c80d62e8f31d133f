"""What each world holds: nodes, pods, what kubelets tell, the server's flags. Times are the world's seconds: 0 is 20 s before it
was made, so that what happened at 15 is recent when it is served."""
from fake_kubelet import exposition

MI = 2**20
OLD = -86400  # a start a day ago


class Scene:
    def __init__(self, flags, nodes, pods, upstream_flags=None, files=None, listed=None, has_trust=True, is_away=False):
        self.flags = {"ours": flags, "upstream": flags if upstream_flags is None else upstream_flags}
        self.nodes, self.pods, self.files = nodes, pods, files or {}
        self.is_away = is_away  # the API server, at the start
        self.has_trust = has_trust  # whether there is the authentication ConfigMap
        self.listed = listed or {}  # resource: how many objects are listed once all is there


def scrapes(node, pods):
    """The answers of one kubelet. NODE: [(second, cpu, memory)], one for each scrape; PODS: {"ns/pod/container": [(second, cpu,
    memory, start second)]}, None where a scrape doesn't tell of it."""

    def answer(i):
        def at(base):
            def ms(second):
                return round((base + second) * 1000)

            told = {}
            for name, points in pods.items():
                point = points[min(i, len(points) - 1)]
                if point is not None:
                    second, cpu, memory, start = point
                    told[tuple(name.split("/"))] = (ms(second), cpu, memory, None if start is None else f"{base + float(start):.9f}")
            second, cpu, memory = node[min(i, len(node) - 1)]
            return exposition((ms(second), cpu, memory), told)
        return at
    return [answer(i) for i in range(max([len(node)] + [len(p) for p in pods.values()]))]


def even(rate, memory=MI, seconds=10, start=OLD):
    """Two points, SECONDS apart, of a container that uses RATE cores."""
    return [(0, 5, memory, start), (seconds, f"{5 + rate * seconds:.12g}", memory, start)]


WEB = {"app": "web", "tier": "front"}
PODS = [  # as the API server tells of them
    {"namespace": "parity", "name": "web", "labels": WEB},
    {"namespace": "parity", "name": "two"},
    {"namespace": "parity", "name": "fresh", "labels": {"app": "fresh"}},
    {"namespace": "parity", "name": "fresh-fraction"},
    {"namespace": "parity", "name": "young-once"},
    {"namespace": "parity", "name": "young-twice"},
    {"namespace": "parity", "name": "old-once"},
    {"namespace": "parity", "name": "restarted"},
    {"namespace": "parity", "name": "no-memory"},
    {"namespace": "parity", "name": "half-zero"},
    {"namespace": "parity", "name": "only-started"},
    {"namespace": "parity", "name": "shrunk"},
    {"namespace": "parity", "name": "one-shrunk"},
    {"namespace": "parity", "name": "one-new"},
    {"namespace": "parity", "name": "forgotten"},
    {"namespace": "parity", "name": "silent", "labels": {"app": "silent"}},
    {"namespace": "parity", "name": "pending", "phase": "Pending", "labels": {"app": "pending"}},
    {"namespace": "parity", "name": "numbers", "labels": {"app": "numbers"}},
    {"namespace": "parity-two", "name": "web", "node": "parity-2", "labels": {"app": "web", "tier": "back"}},
    {"namespace": "parity-two", "name": "on-a-silent-node", "node": "parity-down"},
    {"namespace": "parity-two", "name": "html", "node": "parity-2", "labels": {"value": "a.b_c-d"}},
]
TOLD_1 = {  # as the kubelet of parity-1 tells of them
    "parity/web/main": [(0, 5, 50 * MI, OLD), (15, "5.75", 50 * MI, OLD)],
    "parity/two/a": [(0, 1, 10 * MI, OLD), (14.9, "2.49", 10 * MI, OLD)],
    "parity/two/b": [(-0.1, 1, 20 * MI, OLD), (15.1, "4.04", 20 * MI, OLD)],
    "parity/fresh/main": [(15, 0.6, 30 * MI, 3)],
    "parity/fresh-fraction/main": [(15, "1.2345678848", 30 * MI, "2.5")],
    "parity/young-once/main": [(15, 1, MI, 6)],
    "parity/young-twice/main": [(0, 1, MI, -9), (15, 4, 2 * MI, -9)],
    "parity/old-once/main": [(15, 1, MI, -5)],
    "parity/restarted/main": [(0, 7, MI, OLD), (15, 0.5, MI, 10)],
    "parity/no-memory/main": [(0, 7, 0, OLD), (15, 8, 0, OLD)],
    "parity/half-zero/good": even(0.1),
    "parity/half-zero/zero": [(0, 0, MI, OLD), (15, 0, MI, OLD)],
    "parity/only-started/good": even(0.1),
    "parity/only-started/other": [(0, None, None, OLD), (15, None, None, OLD)],
    "parity/shrunk/main": [(0, 7, MI, OLD), (15, 6, MI, OLD)],
    "parity/one-shrunk/good": even(0.1, seconds=15),
    "parity/one-shrunk/bad": [(0, 7, MI, OLD), (15, 6, MI, OLD)],
    "parity/one-new/good": even(0.1),
    "parity/one-new/new": [None, (15, 1, MI, OLD)],
    "parity/forgotten/main": [(0, 5, MI, OLD), None],
    "parity/pending/main": even(0.1),
    "parity/not-in-the-api/main": even(0.1),
}
NUMBERS = {  # container: (cores, bytes)
    "n137": (0.137250213, 1049600), "n250m": (0.25, 1048577), "n1500u": (0.0015, 2**30), "n2": (2, 512), "n1k": (1000, 1000),
    "n120u": (0.00012, 1536), "n0": (0, 10**9), "n10m": (0.01, 1023), "n100": (100, 1024), "n1500m": (1.5, 2**40),
    "n1000001u": (1.000001, 2**50 * 3), "n12": (12, "1.0e+06"),
}
for name, (cores, size) in NUMBERS.items():
    TOLD_1[f"parity/numbers/{name}"] = even(cores, size)
TOLD_2 = {
    "parity-two/web/main": [(0, 5, 64 * MI, OLD), (15, "5.003", 64 * MI, OLD)],
    "parity-two/html/main": even(0.2, 8 * MI),
}
NODES = [
    {"name": "parity-1", "labels": {"kubernetes.io/os": "linux", "zone": "a"},
     "answers": scrapes([(0, 10, MI), (15, "12.500000001", 100 * MI)], TOLD_1)},
    {"name": "parity-2", "labels": {"kubernetes.io/os": "linux", "zone": "b"},
     "answers": scrapes([(0.02, 100, MI), (15.04, 102, 1563452 * 1024)], TOLD_2)},
    {"name": "parity-bare", "path": "/custom/metrics", "answers": scrapes([(0, 10, MI), (15, 25, 2**30)], {})},
    {"name": "parity-new", "labels": {"zone": "a"}, "answers": scrapes([(15, 10, MI)], {})},
    {"name": "parity-down", "answers": []},
    {"name": "parity-booted", "answers": scrapes([(0, 100, MI), (15, 1, MI)], {})},
    {"name": "parity-zero", "answers": scrapes([(0, 0, MI), (15, 0, MI)], {})},
    {"name": "parity-no-memory", "answers": scrapes([(0, 1, None), (15, 2, None)], {})},
    {"name": "parity-garbled", "answers": [lambda base: scrapes([(0, 1, MI)], {})[0](base) + "oops{\n",
                                           lambda base: scrapes([(15, 2, MI)], {})[0](base) + "oops{\n"]},
    {"name": "parity-failing", "answers": [500]},
    {"name": "parity-refusing", "answers": [403]},
    {"name": "parity-stranger", "serving": "serving-other", "answers": scrapes([(0, 1, MI), (15, 2, MI)], {})},
    {"name": "parity-homeless", "addresses": [], "answers": scrapes([(0, 1, MI), (15, 2, MI)], {})},
]

# 1500 pods, more than 128 KiB as a list; a fifth of them less
MANY = [{"namespace": "parity", "name": f"pod-{i:04}", "labels": {"half": "small" if i % 5 == 0 else "large", "app": "many"}}
        for i in range(1500)]
TOLD_MANY = {f"parity/pod-{i:04}/main": even(0.1) for i in range(1500)}

ONE_NODE = [{"name": "parity-1", "labels": {"zone": "a"},
             "answers": scrapes([(0, 10, MI), (15, "12.500000001", 100 * MI)], {"parity/web/main": even(0.1, 50 * MI, 15)})}]
ONE_POD = [{"namespace": "parity", "name": "web", "labels": {"app": "web"}}]
ONE = {"nodes": 1, "pods": 1}

AUDIT_POLICY = """apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: None
  nonResourceURLs: [/healthz*, /version]
- level: None
  users: [may-not-be-audited]
- level: Metadata
"""

SCENES = {
    "steady": Scene(["--metric-resolution=15s"], NODES, PODS, listed={"nodes": 3, "pods": 10}),
    "many": Scene(["--metric-resolution=15s"], [{"name": "parity-1", "answers": scrapes([(0, 10, MI), (15, 20, MI)], TOLD_MANY)}], MANY,
                  listed={"nodes": 1, "pods": 1500}),
    "starting": Scene(["--metric-resolution=15s"], [{"name": "parity-down", "answers": []}], []),
    "selected": Scene(["--metric-resolution=15s", "--node-selector=zone in (a,c)"], NODES[:3], PODS, listed={"nodes": 1, "pods": 8}),
    "limited": Scene(["--metric-resolution=15s", "--max-requests-inflight=2", "--max-mutating-requests-inflight=1", "--request-timeout=3s",
                      "--disable-http2-serving", "--authorization-always-allow-paths=/healthz,/livez,/readyz,/metrics,/ver*"],
                     ONE_NODE, ONE_POD, listed=ONE),
    "insecure": Scene(["--metric-resolution=15s", "--kubelet-insecure-tls", "--kubelet-certificate-authority=-",
                       "--kubelet-client-certificate=$pki/metrics-server.crt", "--kubelet-client-key=$pki/metrics-server.key",
                       "--kubelet-use-node-status-port=false", "--kubelet-port=$kubelet",
                       "--kubelet-preferred-address-types=Hostname,ExternalIP,InternalIP"],
                      [{**ONE_NODE[0], "serving": "serving-other", "port": 1, "addresses": [
                          {"type": "InternalIP", "address": "127.99.99.99"}, {"type": "ExternalIP", "address": "127.0.0.1"}]}],
                      ONE_POD, listed=ONE),
    "plain": Scene(["--metric-resolution=15s", "--deprecated-kubelet-completely-insecure", "--kubelet-certificate-authority=-"],
                   [{**ONE_NODE[0], "serving": None}], ONE_POD, listed=ONE),
    "untrusting": Scene(["--metric-resolution=15s", "--authentication-tolerate-lookup-failure"], ONE_NODE, ONE_POD, listed=ONE,
                        has_trust=False),
    "forgetful": Scene(["--metric-resolution=15s", "--authentication-token-webhook-cache-ttl=1s",
                        "--authorization-webhook-cache-authorized-ttl=1s", "--authorization-webhook-cache-unauthorized-ttl=1s"],
                       ONE_NODE, ONE_POD, listed=ONE),
    "away": Scene(["--metric-resolution=15s"], ONE_NODE, ONE_POD, has_trust=False, is_away=True),
    "audited": Scene(["--metric-resolution=15s", "--audit-policy-file=$folder/policy.yaml", "--audit-log-path=$folder/audit.log"],
                     ONE_NODE, ONE_POD, files={"policy.yaml": AUDIT_POLICY}, listed=ONE),
    "trusting": Scene(["--metric-resolution=15s", "--authentication-skip-lookup", "--client-ca-file=$pki/other-ca.crt",
                       "--requestheader-client-ca-file=$pki/ca.crt", "--requestheader-username-headers=X-My-User,X-Other-User",
                       "--requestheader-group-headers=X-My-Group", "--requestheader-uid-headers=X-My-Uid",
                       "--requestheader-extra-headers-prefix=X-My-Extra-"], ONE_NODE, ONE_POD, listed=ONE),
    "draining": Scene(["--metric-resolution=15s", "--shutdown-delay-duration=4s"], ONE_NODE, ONE_POD, listed=ONE),
    "retrying": Scene(["--metric-resolution=15s", "--shutdown-delay-duration=3s", "--shutdown-send-retry-after"], ONE_NODE, ONE_POD,
                      listed=ONE),
    "changing": Scene(["--metric-resolution=10s", "--kubelet-request-timeout=5s"], [
        {"name": "parity-1", "labels": {"zone": "a"},
         "answers": scrapes([(0, 10, MI), (15, "12.5", 100 * MI)], {"parity/web/main": even(0.1, 50 * MI, 15), "parity/late/main": even(0.2)})},
        {"name": "parity-fails", "answers": scrapes([(0, 10, MI), (15, 25, MI)], {"parity/on-a-failing-node/main": even(0.1)}) + [500]},
    ], ONE_POD + [{"namespace": "parity", "name": "on-a-failing-node"}], listed={"nodes": 1, "pods": 1}),
}
