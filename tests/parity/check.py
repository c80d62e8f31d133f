"""Runs a row: its steps in order, each expectation compared. What doesn't hold is told in words."""
import calendar, http.client, json, os, re, subprocess, threading, time

import client
from worlds import rfc3339

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
NOW = r"(?P<now%d>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
VARIABLE = re.compile(r"\$(?:\{([a-z][a-z0-9]*)\}|([a-z][a-z0-9]*))")
NOW_SLACK_S = 30  # creationTimestamp is the time of the request; machines under test are busy


class Mismatch(Exception):
    pass


TROUBLES = (Mismatch, OSError, ValueError, LookupError, AttributeError, re.error, http.client.HTTPException, subprocess.SubprocessError)


class Ground:
    """What rows stand on: a world of the suite's own, or somebody's server."""

    def __init__(self, world=None):
        self.world = world
        self.kept = {}
        if world:
            self.host, self.flavour, self.folder = world.host, world.flavour, world.folder
            self.kept = {"node": "parity-1", "ns": "parity", "pod": "web", "host": world.host}

    @classmethod
    def of_server(cls, host, options):
        ground = cls()
        ground.host, ground.flavour, ground.folder = host, options.flavour, options.folder
        who = client.from_environment()
        for resource, names in (("nodes", ("node",)), ("pods", ("pod", "ns"))):
            answer = client.ask(host, who, "GET", f"/apis/metrics.k8s.io/v1beta1/{resource}", [("Accept", "application/json")])
            items = json.loads(answer.body).get("items") if answer.status == 200 else None
            if not items:
                raise SystemExit(f"parity: {host} lists no {resource}: {answer.status} {answer.text()[:300]}")
            for name in names:
                ground.kept[name] = items[0]["metadata"]["name" if name != "ns" else "namespace"]
        ground.kept["host"] = host
        return ground

    def who(self, text):
        if self.world is None and text == "reader":
            return client.from_environment()
        return client.identity(text, self.world.pki if self.world else None)

    def value(self, name):
        """A variable's text, None when it is none."""
        if name in self.kept:
            return self.kept[name]
        if self.world and re.fullmatch(r"t-?\d+", name):
            return rfc3339(self.world.base + int(name[1:]))
        if self.world and re.fullmatch(r"unix-?\d+", name):
            return str(self.world.base + int(name[4:]))
        if self.world and name in ("readerhash", "strangerhash"):
            return self.world.pki.sha256({"readerhash": "cert-reader", "strangerhash": "cert-other-ca"}[name])
        if self.world and name in ("folder", "pki", "port"):
            return {"folder": self.world.folder, "pki": self.world.pki.folder, "port": str(self.world.port)}[name]
        return None

    def fill(self, text):
        """TEXT with the variables that have one value."""
        def known(m):
            value = self.value(m[1] or m[2])
            return m[0] if value is None else value

        return VARIABLE.sub(known, text)

    def pattern(self, text):
        """TEXT with all variables, as a regular expression."""
        out, at, count = "", 0, 0
        for m in VARIABLE.finditer(text):
            name = m[1] or m[2]
            known = self.value(name)
            if known is None and name not in ("now", "rv", "any", "uuid", "number"):
                continue
            out += re.escape(text[at:m.start()])
            at = m.end()
            if known is not None:
                out += re.escape(known)
            elif name == "now":
                out += NOW % count
                count += 1
            elif name == "rv":
                out += r'"resourceVersion":"\d+",' if self.flavour == "ours" else ""
            else:
                out += {"any": "(?s:.*?)", "uuid": UUID, "number": r"\d+"}[name]
        return out + re.escape(text[at:])


def unescaped(text):
    return text.replace("\\n", "\n").replace("\\t", "\t")


def shortened(text, size=1500):
    return text if len(text) <= size else f"{text[:size]}... ({len(text)} bytes)"


def what_is_missing(world, who):
    for resource, count in world.scene.listed.items():
        answer = client.ask(world.host, who, "GET", f"/apis/metrics.k8s.io/v1beta1/{resource}", [("Accept", "application/json")], timeout=5)
        items = json.loads(answer.body).get("items", []) if answer.status == 200 else []
        if len(items) < count:
            names = [i["metadata"]["name"] for i in items]
            return f"{resource}: {answer.status}, {len(items)} of {count}: {names}"
    if not world.scene.listed and not client.is_listening(world.host):
        return "nobody listens"
    return None


def same(ground, expected, got):
    match = re.fullmatch(ground.pattern(unescaped(expected)), got)
    if not match:
        raise Mismatch(f"expected {shortened(ground.fill(expected))}\ngot      {shortened(got)}")
    for name, told in match.groupdict().items():
        off = time.time() - calendar.timegm(time.strptime(told, "%Y-%m-%dT%H:%M:%SZ"))
        if name.startswith("now") and not -2 <= off <= NOW_SLACK_S:
            raise Mismatch(f"expected a time of now, got {told}")


def jq(expression, text):
    done = subprocess.run(["jq", "-r", expression], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise Mismatch(f"jq {expression}: {done.stderr.strip()}\nof {shortened(text)}")
    return done.stdout.rstrip("\n")


def check_header(ground, answer, text):
    if text.startswith("!"):
        if answer.header(text[1:]) is not None:
            raise Mismatch(f"expected no header {text[1:]}, got {answer.header(text[1:])}")
        return
    name, operator, wanted = re.match(r"([A-Za-z0-9-]+)(: | ~ )(.*)", text).groups()
    got = answer.header(name)
    if got is None:
        raise Mismatch(f"expected header {text}, got none")
    if operator == ": ":
        same(ground, wanted, got)
    elif not re.search(ground.fill(wanted), got):
        raise Mismatch(f"expected header {text}, got {got}")


class Recorded:
    """What the fake API server was asked since a step began."""

    def __init__(self, api):
        self.api, self.accesses, self.tokens = api, len(api.accesses), len(api.tokens)

    def check(self, ground, operator, text):
        wanted = json.loads("[]" if text == "none" else "[" + ground.fill(text[2:]) + "]")

        def got():
            return [spec for _, spec in (self.api.accesses[self.accesses:] if operator == "sar" else self.api.tokens[self.tokens:])]

        end = time.time() + 2  # of a HOLD the review comes later than the step's end
        while wanted and len(got()) < len(wanted) and time.time() < end:
            time.sleep(0.02)
        if wanted != got():
            raise Mismatch(f"{operator}: expected {json.dumps(wanted)}\ngot {json.dumps(got())}")


def expect(ground, step, answer, recorded, log_size, seconds):
    for operator, text in step.expected:
        if operator == "<" and re.fullmatch(r"\d+|nonzero", text):
            if str(answer.status) != text and (text != "nonzero" or answer.status == 0):
                raise Mismatch(f"expected status {text}, got {answer.status}: {shortened(answer.text())}")
        elif operator == "<":
            check_header(ground, answer, text)
        elif operator == "=":
            same(ground, text, answer.text())
        elif operator in ("~", "!~"):
            is_found = re.search(ground.fill(text), answer.text(), re.M) is not None
            if is_found != (operator == "~"):
                raise Mismatch(f"expected {'' if operator == '~' else 'no '}{text} in {shortened(answer.text(), 4000)}")
        elif operator == "?":
            said = jq(ground.fill(text), answer.text())
            if said != "true":
                raise Mismatch(f"jq {ground.fill(text)}: {said}\nof {shortened(answer.text(), 3000)}")
        elif operator in ("sar", "tokenreview"):
            recorded.check(ground, operator, text)
        elif operator == "log":
            wait_for(lambda: re.search(ground.fill(text[2:]), ground.world.log()[log_size:]), f"log: no {text[2:]}")
        elif operator == "audit":
            check_audit(ground, answer, text[2:])
        elif operator == "took":
            low, high = (float(x) for x in text.split(".."))
            if not low <= seconds <= high:
                raise Mismatch(f"expected {text} s, took {seconds:.2f}")
        elif operator == "keep":
            name, _, what = text.partition(" ")
            ground.kept[name] = jq(what[2:], answer.text()) if what.startswith("? ") else answer.header(what) or ""
            if not ground.kept[name]:
                raise Mismatch(f"no {what} to keep")


def wait_for(condition, trouble, seconds=5):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise Mismatch(trouble)
        time.sleep(0.05)


def check_audit(ground, answer, expression):
    audit_id = answer.header("audit-id")

    def events():
        return [line for line in ground.world.audit() if f'"auditID":"{audit_id}"' in line]

    wait_for(lambda: any('"stage":"Response' in e for e in events()), f"no audit event of {audit_id} has come")
    text = "[" + ",".join(events()) + "]"
    said = jq(ground.fill(expression), text)
    if said != "true":
        raise Mismatch(f"jq {ground.fill(expression)}: {said}\nof {text}")


def run_binary(ground, flags):
    world = ground.world
    words = [world.binary] + [w.replace("~", " ") for w in ground.fill(flags).split()]
    try:
        done = subprocess.run(words, capture_output=True, timeout=20, cwd=world.folder, env={"PATH": os.environ["PATH"], "HOME": world.folder})
    except subprocess.TimeoutExpired as e:
        raise Mismatch(f"it runs on: {(e.stderr or b'').decode()[-2000:]}")
    return client.Answer(done.returncode, [], done.stdout + done.stderr)


def perform(ground, step, held):
    who = ground.who(step.who)
    headers = [(n, ground.fill(v)) for n, v in step.headers]
    rest = ground.fill(step.rest)
    if step.kind == "RUN":
        return run_binary(ground, step.rest)
    if step.kind == "DO":
        ground.world.act(rest.split())
        return client.Answer(0, [], b"")
    if step.kind == "NGHTTP":
        return client.Answer(0, [], client.frames(ground.host, who, rest, headers).encode())
    if step.kind == "HOLD":
        count, _, path = rest.split()
        held.extend(client.hold(ground.host, who, path, headers) for _ in range(int(count)))
        return client.Answer(0, [], b"")
    path, _, version = rest.partition(" ")
    if version == "HTTP/2":
        return client.ask_http2(ground.host, who, step.kind, path, headers, ground.folder)
    return client.ask(ground.host, who, step.kind, path, headers, step.body)


def attempt(row, ground):
    held = []
    try:
        for step in row.steps:
            recorded = Recorded(ground.world.api) if ground.world else None
            log_size = len(ground.world.log()) if ground.world and ground.world.process else 0
            start = time.time()
            try:
                answer = perform(ground, step, held)
                expect(ground, step, answer, recorded, log_size, time.time() - start)
            except TROUBLES as e:
                told = f"{e}" if isinstance(e, Mismatch) else f"{type(e).__name__}: {e}"
                raise Mismatch(f"{step.kind} {step.rest} as {step.who}\n{told}")
    finally:
        for connection in held:
            connection.close()
        if held:
            ground.world.api.released.set()
            ground.world.api.released = threading.Event()


def run(row, ground):
    """None, or what doesn't hold."""
    end = time.time() + row.within
    while True:
        try:
            attempt(row, ground)
            return None
        except Mismatch as e:
            if time.time() > end:
                return str(e)
        time.sleep(0.2)
