#!/usr/bin/env python3
"""render.py HELM CHART ARGUMENT...   what `helm template metrics-server CHART -n kube-system ARGUMENT...` gives, as a JSON object of objects by
KIND/NAME. Fails as helm fails, with its words."""
import json
import subprocess
import sys

import yaml

helm, chart, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
out = subprocess.run([helm, "template", "metrics-server", chart, "-n", "kube-system", *arguments], capture_output=True, text=True)
if out.returncode != 0:
    sys.exit(out.stderr)
objects = {}
for item in yaml.safe_load_all(out.stdout):
    if item:
        name = f"{item['kind']}/{item['metadata']['name']}"
        if name in objects:
            sys.exit(f"{name} is there twice")
        objects[name] = item
json.dump(objects, sys.stdout)
