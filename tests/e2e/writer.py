#!/usr/bin/env python3
"""writer.py LEDGER   writes ConfigMaps through `kubectl proxy` until SIGTERM, then says what must be there and whether it is.

Creates, changes and deletes ConfigMaps w-0, w-1, ... in the default namespace, one request at a time, and keeps a ledger of what was
acknowledged: the API server may be killed at any moment, but what it answered with 2xx must hold from then on. A request that got no
answer, or an error, may have been done or not: both are right for that one write, until a later one settles it.

At the end, which waits for the API server, each object is read back:
    created or changed, acknowledged    it is there, with the last acknowledged value or a later one that got no answer
    deleted, acknowledged               it isn't there
    resourceVersion                     each acknowledged write has a higher one than all before it: history was never taken back
Prints one line "N acknowledged (C created, U changed, D deleted), M without an answer, most at once lost to one kill: ..."; exits
with 1 and a line for each loss. LEDGER gets the number of acknowledged writes so far, for who wants to see that work goes on."""
import http.client, json, os, random, signal, subprocess, sys, time

FOLDER = "/api/v1/namespaces/default/configmaps"
random.seed(int(os.environ.get("SEED", "0")))
stopping = False


def stop(*_):
    global stopping
    stopping = True


class Proxy:
    def __init__(self):
        self.child = subprocess.Popen([os.environ.get("KUBECTL", "kubectl"), "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.child.stdout.readline().rsplit(":", 1)[1])
        self.connection = None

    def call(self, method, path, body=None):
        """(status, object); status 0: no answer."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        try:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": kind})
            response = self.connection.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text[:1] == b"{" else {}
        except (http.client.HTTPException, OSError):
            if self.connection:
                self.connection.close()
            self.connection = None
            return 0, {}

    def close(self):
        self.child.terminate()
        self.child.wait()


GONE = None  # the value of an object that isn't there


class Ledger:
    def __init__(self):
        self.may_be = {}  # name: set of values that are right
        self.done = {"POST": 0, "PATCH": 0, "DELETE": 0}
        self.unanswered = 0
        self.version = 0
        self.losses = []

    def write(self, proxy, method, name, value):
        body = {"POST": {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"value": value}},
                "PATCH": {"data": {"value": value}}, "DELETE": None}[method]
        status, answer = proxy.call(method, FOLDER if method == "POST" else f"{FOLDER}/{name}", body)
        before = self.may_be.get(name, {GONE})
        if 200 <= status < 300:
            self.done[method] += 1
            self.may_be[name] = {value}
            version = int(answer.get("metadata", {}).get("resourceVersion", 0))
            if method != "DELETE":
                if version <= self.version:
                    self.losses.append(f"{method} {name}: resourceVersion {version} after {self.version}")
                self.version = version
        elif status == 404 and method != "POST" and GONE in before:
            self.may_be[name] = {GONE}  # an earlier delete, or the create, settles itself
        elif status == 409 and method == "POST" and before != {GONE}:
            self.may_be[name] = before - {GONE}
        elif status in (404, 409):
            self.losses.append(f"{method} {name}: {status}, but it must be one of {before}")
        else:
            self.unanswered += 1
            self.may_be[name] = before | {value}
            time.sleep(0.05)

    def verify(self, proxy):
        deadline = time.monotonic() + 60
        while True:
            status, answer = proxy.call("GET", FOLDER)
            if status == 200:
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"writer: the API server doesn't come back: {status}")
            time.sleep(0.2)
        there = {item["metadata"]["name"]: item["data"]["value"] for item in answer["items"] if item["metadata"]["name"].startswith("w-")}
        for name, values in self.may_be.items():
            if there.get(name, GONE) not in values:
                self.losses.append(f"{name} is {there.get(name, 'gone')}, but it must be one of {values}")
        for name in there.keys() - self.may_be.keys():
            self.losses.append(f"{name} was never written")


def main():
    signal.signal(signal.SIGTERM, stop)
    proxy, ledger, count = Proxy(), Ledger(), 0
    while not stopping:
        live = [name for name, values in ledger.may_be.items() if values != {GONE}]
        choice = random.random()
        if choice < 0.5 or len(live) < 5:
            ledger.write(proxy, "POST", f"w-{count}", "new")
            count += 1
        elif choice < 0.85:
            ledger.write(proxy, "PATCH", random.choice(live), f"changed-{count}-{random.getrandbits(32):x}")
        else:
            ledger.write(proxy, "DELETE", random.choice(live), GONE)
        with open(sys.argv[1] + ".new", "w") as f:
            print(sum(ledger.done.values()), file=f)
        os.replace(sys.argv[1] + ".new", sys.argv[1])
    ledger.verify(proxy)
    proxy.close()
    done = ledger.done
    print(f"{sum(done.values())} acknowledged ({done['POST']} created, {done['PATCH']} changed, {done['DELETE']} deleted), "
          f"{ledger.unanswered} without an answer, {len(ledger.losses)} lost")
    for loss in ledger.losses:
        print(f"lost: {loss}")
    sys.exit(1 if ledger.losses else 0)


main()
