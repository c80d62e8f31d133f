#!/usr/bin/env python3
"""load.py burn SHARE | hold MIB | sample PID SECONDS

burn: uses SHARE of a core until it is stopped. hold: keeps MIB of memory resident. sample: reads the cgroup of PID every 100 ms
for SECONDS and prints lines "unix-seconds cpu-nanoseconds working-set-bytes", straight from the kernel's files, v1 or v2."""
import os, sys, time


def burn(share):
    period = 0.05
    while True:
        start = time.monotonic()
        busy = time.process_time() + period * share
        while time.process_time() < busy:
            pass
        time.sleep(max(0.0, period - (time.monotonic() - start)))


def hold(mib):
    block = bytearray(mib << 20)
    for i in range(0, len(block), 4096):
        block[i] = 1
    while True:
        time.sleep(1000)


def folders(pid):
    """controller -> folder of PID's cgroup"""
    mounts = {}
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        root, point = left.split()[3:5]
        kind, _, options = right.split()[:3]
        if kind == "cgroup":
            for option in options.split(","):
                mounts[option] = (root, point)
        elif kind == "cgroup2":
            mounts[""] = (root, point)
    found = {}
    for line in open(f"/proc/{pid}/cgroup"):
        _, controllers, path = line.rstrip("\n").split(":", 2)
        for controller in controllers.split(","):
            if controller in mounts:
                root, point = mounts[controller]
                found[controller] = point + (path[len(root):] if root != "/" and path.startswith(root) else path)
    return found


def number(path, key=None):
    for line in open(path):
        words = line.split()
        if key is None:
            return int(words[0])
        if words[0] == key:
            return int(words[1])
    raise SystemExit(f"no {key} in {path}")


def read(where):
    if "cpuacct" in where and "memory" in where:
        cpu = number(where["cpuacct"] + "/cpuacct.usage")
        memory = where["memory"]
        used = number(memory + "/memory.usage_in_bytes") - number(memory + "/memory.stat", "total_inactive_file")
    else:
        cpu = number(where[""] + "/cpu.stat", "usage_usec") * 1000
        used = number(where[""] + "/memory.current") - number(where[""] + "/memory.stat", "inactive_file")
    return cpu, used


def sample(pid, seconds):
    where = folders(pid)
    end = time.time() + seconds
    while time.time() < end:
        cpu, used = read(where)
        print(f"{time.time():.3f} {cpu} {used}", flush=True)
        time.sleep(0.1)


if sys.argv[1] == "burn":
    burn(float(sys.argv[2]))
elif sys.argv[1] == "hold":
    hold(int(sys.argv[2]))
else:
    sample(int(sys.argv[2]), float(sys.argv[3]))
