#!/usr/bin/env python3
"""archive.py REFERENCE EPOCH OUT.tar LAYOUT:TAG:ARCHITECTURE...

Packs images out of OCI layouts (made by umoci), one an architecture, into one OCI archive called REFERENCE. One image is named in the index
directly, several by way of an index of their own. Containerd finds the name in the annotation io.containerd.image.name; docker's manifest.json
is there too, for loaders that know only that. The same layouts give the same bytes. Prints the compressed size of each architecture's image,
then the digest of what the name means.
"""
import hashlib
import io
import json
import os
import sys
import tarfile

INDEX, MANIFEST = "application/vnd.oci.image.index.v1+json", "application/vnd.oci.image.manifest.v1+json"


def encode(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read(layout, digest):
    with open(os.path.join(layout, "blobs", *digest.split(":")), "rb") as file:
        return file.read()


def image(spec, blobs):
    """The descriptor of one architecture's image, whose blobs are added to BLOBS, and its manifest."""
    layout, tag, architecture = spec.split(":")
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        entries = json.load(file)["manifests"]
    digest = next(e["digest"] for e in entries if e["annotations"]["org.opencontainers.image.ref.name"] == tag)
    manifest = json.loads(read(layout, digest))
    manifest["mediaType"] = MANIFEST
    data = encode(manifest)
    for part in [manifest["config"]] + manifest["layers"]:
        blobs[part["digest"]] = read(layout, part["digest"])
    blobs[digest_of(data)] = data
    return {"mediaType": MANIFEST, "digest": digest_of(data), "size": len(data), "platform": {"architecture": architecture, "os": "linux"}}, manifest


def path_of(digest):
    return "blobs/" + digest.replace(":", "/")


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    reference, epoch, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    blobs = {}
    images = [image(spec, blobs) for spec in sys.argv[4:]]
    top = images[0][0]
    if len(images) > 1:
        data = encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor for descriptor, _ in images]})
        blobs[digest_of(data)] = data
        top = {"mediaType": INDEX, "digest": digest_of(data), "size": len(data)}
    top = {**top, "annotations": {"io.containerd.image.name": reference, "org.opencontainers.image.ref.name": reference.rpartition(":")[2]}}
    manifest = images[0][1]
    files = {
        "oci-layout": encode({"imageLayoutVersion": "1.0.0"}),
        "index.json": encode({"schemaVersion": 2, "mediaType": INDEX, "manifests": [top]}),
        "manifest.json": encode([{"Config": path_of(manifest["config"]["digest"]), "RepoTags": [reference.removeprefix("docker.io/")],
                                  "Layers": [path_of(layer["digest"]) for layer in manifest["layers"]]}]),
        **{path_of(digest): data for digest, data in sorted(blobs.items())},
    }
    with tarfile.open(out, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, epoch
            tar.addfile(entry, io.BytesIO(data))
    for descriptor, manifest in images:
        print(descriptor["platform"]["architecture"], sum(layer["size"] for layer in manifest["layers"]))
    print(top["digest"])


main()
