"""An API server that knows what metrics-server asks of one: nodes, pods and the authentication ConfigMap (get, list, watch), and
reviews. What reviews answer follows from the names in them, so that each row says itself what it is about:

    user  may-*       allowed                       token good-USER     USER, groups g1 g2, uid u-USER, extra scopes
          why-*       denied "because of tests"     token bad-*         not authenticated
          deny-*      denied, status.denied true    token refused-*     not authenticated, with an error
          broken-*    500                           token broken-*      500
          hang-*      no answer until released      token busy-*        429 at first, then as good-*
          others      no opinion
"""
import json, threading, time
from urllib.parse import parse_qs, urlsplit

from fake_http import Handler, Server

LISTS = {"nodes": ("v1", "Node"), "pods": ("v1", "Pod"), "configmaps": ("v1", "ConfigMap")}


def field(obj, path):
    for part in path.split("."):
        obj = obj.get(part, {}) if isinstance(obj, dict) else {}
    return obj if isinstance(obj, str) else ""


def is_selected(obj, selector):
    for term in filter(None, selector.split(",")):
        key, _, value = term.replace("==", "=").partition("=")
        if (field(obj, key.rstrip("!")) == value) == key.endswith("!"):
            return False
    return True


class Objects:
    """Objects by resource, namespace, name; and everything that happened to them, for watches."""

    def __init__(self):
        self.changed = threading.Condition()
        self.version = 1000
        self.objects, self.history = {}, []

    def set(self, resource, obj):
        with self.changed:
            self.version += 1
            key = (resource, obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
            before = self.objects.get(key)
            obj = json.loads(json.dumps(obj))
            obj["apiVersion"], obj["kind"] = LISTS[resource]
            obj["metadata"]["resourceVersion"] = str(self.version)
            obj["metadata"].setdefault("uid", f"uid-of-{key[1]}-{key[2]}")
            obj["metadata"].setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            self.objects[key] = obj
            self.history.append((self.version, resource, before, obj))
            self.changed.notify_all()

    def delete(self, resource, namespace, name):
        with self.changed:
            self.version += 1
            before = self.objects.pop((resource, namespace, name))
            self.history.append((self.version, resource, before, None))
            self.changed.notify_all()

    def list(self, resource, namespace, selector):
        with self.changed:
            return self.version, [o for (r, ns, _), o in sorted(self.objects.items())
                                  if r == resource and namespace in ("", ns) and is_selected(o, selector)]


class ApiHandler(Handler):
    @property
    def api(self):
        return self.server.world

    def do_GET(self):
        url = urlsplit(self.path)
        query = {k: v[-1] for k, v in parse_qs(url.query).items()}
        parts = url.path.strip("/").split("/")
        if url.path == "/version":
            return self.answer(200, {"major": "1", "minor": "36", "gitVersion": "v1.36.0"})
        if parts[:2] != ["api", "v1"]:
            return self.status(404, "NotFound", "the server could not find the requested resource")
        parts = parts[2:]
        namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 2 else ""
        resource, *name = parts[2:] if namespace else parts
        if resource not in LISTS or self.api.is_away:
            return self.status(503 if self.api.is_away else 404, "ServiceUnavailable", "away")
        selector = query.get("fieldSelector", "")
        if name:
            _, found = self.api.objects.list(resource, namespace, f"metadata.name={name[0]}")
            return self.answer(200, self.shape(found[0])) if found else self.status(404, "NotFound", f'{resource} "{name[0]}" not found')
        if query.get("watch") in ("true", "1"):
            return self.watch(resource, namespace, selector, query)
        version, items = self.api.objects.list(resource, namespace, selector)
        api_version, kind = LISTS[resource]
        shaped = [self.shape(o) for o in items]
        is_partial = any(o["kind"] == "PartialObjectMetadata" for o in shaped)
        self.answer(200, {"kind": "PartialObjectMetadataList" if is_partial else f"{kind}List",
                          "apiVersion": "meta.k8s.io/v1" if is_partial else api_version,
                          "metadata": {"resourceVersion": str(version)}, "items": shaped})

    def shape(self, obj):
        if "as=PartialObjectMetadata" not in self.headers.get("Accept", ""):
            return obj
        return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}

    def watch(self, resource, namespace, selector, query):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        objects, end = self.api.objects, time.time() + int(query.get("timeoutSeconds", "300"))
        version = int(query.get("resourceVersion") or 0)
        if query.get("sendInitialEvents") == "true":
            version, items = objects.list(resource, namespace, selector)
            for obj in items:
                self.event("ADDED", self.shape(obj))
            mark = {"resourceVersion": str(version), "annotations": {"k8s.io/initial-events-end": "true"}}
            kind = "PartialObjectMetadata" if self.shape({"metadata": {}}).get("kind") else LISTS[resource][1]
            self.event("BOOKMARK", {"kind": kind, "apiVersion": "meta.k8s.io/v1" if kind[0:7] == "Partial" else "v1", "metadata": mark})
        while time.time() < end and not self.api.is_away:
            with objects.changed:
                if objects.version <= version:
                    objects.changed.wait(0.5)
                news = [h for h in objects.history if h[0] > version and h[1] == resource]
                version = objects.version
            for at, _, before, after in news:
                was, now = ((o is not None and namespace in ("", o["metadata"].get("namespace", "")) and is_selected(o, selector))
                            for o in (before, after))
                if was or now:
                    obj = dict(self.shape(after if now else before))
                    obj["metadata"] = {**obj["metadata"], "resourceVersion": str(at)}
                    self.event("ADDED" if not was else "MODIFIED" if now else "DELETED", obj)
        self.wfile.write(b"0\r\n\r\n")

    def event(self, kind, obj):
        line = json.dumps({"type": kind, "object": obj}).encode() + b"\n"
        self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.flush()

    def do_POST(self):
        sent = json.loads(self.body() or b"{}")
        resource = self.path.rsplit("/", 1)[-1].split("?")[0]
        if resource == "subjectaccessreviews":
            self.review(sent, "accesses", str(sent["spec"].get("user", "")), self.api.access)
        elif resource == "tokenreviews":
            self.review(sent, "tokens", sent["spec"]["token"], self.api.token)
        else:
            self.status(404, "NotFound", "the server could not find the requested resource")

    def review(self, sent, kept, who, answer):
        with self.api.lock:
            getattr(self.api, kept).append((time.time(), sent["spec"]))
            asked = sum(1 for _, spec in getattr(self.api, kept) if spec == sent["spec"])
        if who.startswith("hang-"):
            self.api.released.wait(60)
        if who.startswith("broken-") or self.api.is_away:
            return self.status(500, "InternalError", "this review is broken")
        if who.startswith("busy-") and asked == 1:
            return self.status(429, "TooManyRequests", "slow down", [("Retry-After", "1")])
        self.answer(201, {**sent, "status": answer(who)})

    def status(self, code, reason, message, headers=()):
        self.answer(code, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                           "reason": reason, "code": code}, headers=headers)


class ApiServer:
    def __init__(self, pki):
        self.objects = Objects()
        self.lock, self.released = threading.Lock(), threading.Event()
        self.accesses, self.tokens = [], []  # (when, spec)
        self.is_away = False
        self.server = Server("127.0.0.1", ApiHandler, pki, self)
        self.port = self.server.port
        self.pki = pki

    def publish_trust(self, **changes):
        data = {
            "client-ca-file": self.pki.text("ca.crt"),
            "requestheader-client-ca-file": self.pki.text("front-proxy-ca.crt"),
            "requestheader-username-headers": '["X-Remote-User"]',
            "requestheader-uid-headers": '["X-Remote-Uid"]',
            "requestheader-group-headers": '["X-Remote-Group"]',
            "requestheader-extra-headers-prefix": '["X-Remote-Extra-"]',
            "requestheader-allowed-names": '["front-proxy-client"]',
        }
        data.update(changes)
        self.objects.set("configmaps", {"metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
                                        "data": data})

    @staticmethod
    def access(user):
        if user.startswith("may-"):
            return {"allowed": True, "reason": "may is enough"}
        if user.startswith("why-"):
            return {"allowed": False, "reason": "because of tests"}
        if user.startswith("deny-"):
            return {"allowed": False, "denied": True, "reason": "never ever"}
        return {"allowed": False}

    @staticmethod
    def token(token):
        for prefix in ("good-", "busy-"):
            if token.startswith(prefix):
                user = token[len(prefix):]
                return {"authenticated": True, "user": {"username": user, "uid": f"u-{user}", "groups": ["g1", "g2"],
                                                        "extra": {"scopes": ["a", "b"]}}}
        return {"error": "this token is refused"} if token.startswith("refused-") else {"authenticated": False}
