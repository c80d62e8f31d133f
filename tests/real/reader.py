#!/usr/bin/env python3
"""reader.py PATH HZ SECONDS   reads PATH of the API server of KUBECONFIG that often over kept connections, as a controller would, and
says how it went: reads, failures (the first few in words), the longest time without a success, the oldest figure seen.

Speaks through `kubectl proxy`, so that any kubeconfig will do; KUBECTL is the client. Ends with 1 when a read failed or came empty."""
import calendar
import http.client
import json
import os
import re
import subprocess
import sys
import time

path, hz, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
proxy = subprocess.Popen([os.environ.get("KUBECTL", "kubectl"), "proxy", "--port=0"], stdout=subprocess.PIPE, text=True)
port = int(re.search(r":(\d+)", proxy.stdout.readline()).group(1))
reads, failures, oldest, gap = 0, [], 0.0, 0.0
connection = None
last_success = begun = time.monotonic()
try:
    while time.monotonic() - begun < seconds:
        due = begun + reads / hz
        time.sleep(max(0, due - time.monotonic()))
        reads += 1
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {body[:200].decode(errors='replace')}")
            items = json.loads(body)["items"]
            if not items:
                raise RuntimeError("no items")
            now = time.time()
            oldest = max([oldest] + [now - calendar.timegm(time.strptime(i["timestamp"], "%Y-%m-%dT%H:%M:%SZ")) for i in items])
            gap = max(gap, time.monotonic() - last_success)
            last_success = time.monotonic()
        except (OSError, http.client.HTTPException, RuntimeError, ValueError) as e:
            connection = None
            failures.append(f"after {time.monotonic() - begun:.1f} s: {e}")
finally:
    proxy.terminate()
    proxy.wait()
print(f"{reads} reads, {len(failures)} failed, longest time between two successes {gap:.2f} s, oldest figure {oldest:.0f} s")
for f in failures[:5]:
    print("  " + f)
sys.exit(1 if failures else 0)
