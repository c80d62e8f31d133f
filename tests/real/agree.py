#!/usr/bin/env python3
"""agree.py NODE NAMESPACE SELECTOR SECONDS   what the Metrics API says of the node and of the selected pods' containers, against
the kubelet's own counters.

Looks at the kubelet's /metrics/resource (through the API server) twice a second and keeps every sample by its timestamp. An
answer of the Metrics API names its two samples: the last by timestamp (whole seconds), the one before by window. The rate between
them is what the answer has to say, within 5 %. Node samples are the kubelet's own and are found again exactly; container samples
are taken whenever somebody asks, so between two of ours the counter is taken as a straight line: their load has to be steady.
Ends as soon as the node and each container was compared over a window of its own; fails when one differs, or wasn't compared
within SECONDS. KUBECTL is the client."""
import bisect
import calendar
import json
import os
import re
import subprocess
import sys
import time

node, namespace, selector, seconds = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
SERIES = re.compile(r'^(\w+)(?:\{([^}]*)\})? ([0-9.eE+-]+) (\d+)$')
SUFFIX = {"n": 1, "u": 10**3, "m": 10**6, "": 10**9, "k": 10**12}
BINARY = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "k": 1000, "M": 10**6}


def raw(path):
    return subprocess.run([os.environ.get("KUBECTL", "kubectl"), "get", "--raw", path], check=True, capture_output=True, text=True).stdout


def nanocores(text):
    number, suffix = re.fullmatch(r"(\d+)([a-zA-Z]*)", text).groups()
    return int(number) * SUFFIX[suffix]


def bytes_of(text):
    number, suffix = re.fullmatch(r"(\d+)([a-zA-Z]*)", text).groups()
    return int(number) * BINARY[suffix]


def window_ms(text):
    total = 0.0
    for number, unit in re.findall(r"([0-9.]+)(ms|h|m|s)", text):
        total += float(number) * {"h": 3600e3, "m": 60e3, "s": 1e3, "ms": 1}[unit]
    return round(total)


cpu = {}  # (pod or "", container or "") -> {ms: core seconds}
memory = {}


def look_at_kubelet():
    for line in raw(f"/api/v1/nodes/{node}/proxy/metrics/resource").splitlines():
        found = SERIES.match(line)
        if not found:
            continue
        name, labels, value, at = found.groups()
        labels = dict(re.findall(r'(\w+)="([^"]*)"', labels or ""))
        into = {"node_cpu_usage_seconds_total": cpu, "container_cpu_usage_seconds_total": cpu,
                "node_memory_working_set_bytes": memory, "container_memory_working_set_bytes": memory}.get(name)
        if into is not None and (not labels or labels.get("namespace") == namespace):
            into.setdefault((labels.get("pod", ""), labels.get("container", "")), {})[int(at)] = float(value)


def between(samples, at):
    """The figure at that time, None when no samples lie around it."""
    times = sorted(samples)
    i = bisect.bisect_left(times, at)
    if i < len(times) and times[i] == at:
        return samples[at]
    if i == 0 or i == len(times) or times[i] - times[i - 1] > 5000:
        return None
    share = (at - times[i - 1]) / (times[i] - times[i - 1])
    return samples[times[i - 1]] + share * (samples[times[i]] - samples[times[i - 1]])


def compare(key, timestamp, window, usage):
    """True: compared and right. False: its samples weren't seen. Ends the program when it is wrong."""
    samples = cpu.get(key, {})
    exact = [at for at in samples if at // 1000 == timestamp and at - window in samples]
    if not exact and key == ("", ""):
        return False
    at = exact[0] if exact else timestamp * 1000 + 500
    begin, end, expected_held = between(samples, at - window), between(samples, at), between(memory.get(key, {}), at)
    if begin is None or end is None or expected_held is None:
        return False
    expected = (end - begin) / (window / 1e3) * 1e9
    got, held = nanocores(usage["cpu"]), bytes_of(usage["memory"])
    line = f"{'/'.join(filter(None, key)) or node}: {got / 1e6:.2f}m against {expected / 1e6:.2f}m over {window / 1e3} s, " \
           f"{held / 2**20:.1f}Mi against {expected_held / 2**20:.1f}Mi"
    # a millicore is what clients round to, and small containers grow by pages
    if abs(got - expected) > max(0.05 * expected, 1e6) or abs(held - expected_held) > max(0.05 * expected_held, 1 << 18):
        sys.exit("differs: " + line)
    print(line)
    return True


def items():
    n = json.loads(raw(f"/apis/metrics.k8s.io/v1beta1/nodes/{node}"))
    yield ("", ""), n, n["usage"]
    for p in json.loads(raw(f"/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods?labelSelector={selector}"))["items"]:
        for c in p["containers"]:
            yield (p["metadata"]["name"], c["name"]), p, c["usage"]


compared, deadline = set(), time.monotonic() + seconds
while time.monotonic() < deadline:
    look_at_kubelet()
    wanted = set()
    for key, item, usage in items():
        wanted.add(key)
        at = calendar.timegm(time.strptime(item["timestamp"], "%Y-%m-%dT%H:%M:%SZ"))
        if key not in compared and compare(key, at, window_ms(item["window"]), usage):
            compared.add(key)
    if len(wanted) > 1 and wanted <= compared:
        print(f"agrees: the node and {len(wanted) - 1} containers")
        sys.exit(0)
    time.sleep(0.5)
sys.exit(f"not compared within {seconds:.0f} s: {sorted(wanted - compared)}")
