#!/usr/bin/env python3
"""exposition.py FILE   checks a text exposition, version 0.0.4, strictly: every line, escapes, order, histograms."""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"')
SAMPLE = re.compile(r"(" + NAME + r")(?:\{(.*)\})? (\S+)$")


def fail(number, text):
    sys.exit(f"line {number}: {text}")


def labels_of(number, text):
    labels, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        if not match or match[1] in labels:
            fail(number, f"labels: {text}")
        labels[match[1]] = match[2]
        at = match.end()
        if at < len(text):
            if text[at] != ",":
                fail(number, f"labels: {text}")
            at += 1
    return labels


def base_of(name, kind):
    if kind == "histogram":
        for suffix in ("_bucket", "_sum", "_count"):
            if name.endswith(suffix):
                return name[: -len(suffix)], suffix
    return name, ""


def main():
    data = open(sys.argv[1], "rb").read().decode("utf-8")
    if not data.endswith("\n"):
        sys.exit("the last line has no end")
    kinds, helps, seen, buckets = {}, set(), set(), {}
    family, samples = None, 0
    for number, line in enumerate(data.split("\n")[:-1], 1):
        if line.startswith("# HELP "):
            family, text = line[7:].split(" ", 1)
            if family in helps or not text:
                fail(number, "HELP twice, or empty")
            if helps and max(helps) > family:
                fail(number, "families out of order")
            helps.add(family)
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            if name != family or name in kinds or kind not in ("counter", "gauge", "histogram"):
                fail(number, line)
            kinds[name] = kind
        else:
            match = SAMPLE.match(line)
            if not match:
                fail(number, line)
            name, text, value = match[1], match[2], float(match[3])
            labels = labels_of(number, text)
            base, suffix = base_of(name, kinds.get(family))
            if base != family or (name, text) in seen:
                fail(number, f"not of {family}, or twice: {line}")
            if kinds[family] != "gauge" and not value >= 0:
                fail(number, f"a {kinds[family]} of {value}")
            seen.add((name, text))
            samples += 1
            if suffix:
                bound = labels.pop("le", None)
                entry = buckets.setdefault((family, tuple(sorted(labels.items()))), {"le": []})
                if suffix == "_bucket":
                    entry["le"].append((float(bound), value))
                elif bound is not None:
                    fail(number, "le where none belongs")
                else:
                    entry[suffix] = value
    if set(kinds) != helps:
        sys.exit(f"HELP or TYPE is missing: {set(kinds) ^ helps}")
    for key, entry in buckets.items():
        bounds = [b for b, _ in entry["le"]]
        counts = [c for _, c in entry["le"]]
        if bounds != sorted(set(bounds)) or counts != sorted(counts) or bounds[-1] != float("inf"):
            sys.exit(f"buckets of {key}: {entry['le']}")
        if counts[-1] != entry["_count"] or "_sum" not in entry:
            sys.exit(f"count of {key}")
    if samples < 100:
        sys.exit(f"only {samples} samples")
    print(f"{len(kinds)} families, {samples} samples")


main()
