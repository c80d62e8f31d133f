#!/usr/bin/env python3
"""sbom.py NAME VERSION EPOCH   turns rootfs.py's lines (standard input) into a bill of materials, SPDX 2.3 as JSON.

The same lines give the same document: the creation time is EPOCH (seconds), and the document's namespace is a hash of its contents.
"""
import hashlib
import json
import re
import sys
import time


def ident(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package(line):
    name, version, architecture, source, licences = line.split()
    return {
        "SPDXID": ident(f"deb-{name}"),
        "name": name,
        "versionInfo": version,
        "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "licenseComments": "named in the package's copyright file: " + licences.replace(",", ", "),
        "sourceInfo": f"built from the Debian source package {source}",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{name.replace('+', '%2B')}@{version.replace('+', '%2B').replace(':', '%3A').replace('~', '~')}"
                                f"?arch={architecture}&distro=debian-12",
        }],
    }


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    name, version, epoch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    ours = {
        "SPDXID": ident(name),
        "name": name,
        "versionInfo": version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "Apache-2.0",
        "licenseDeclared": "Apache-2.0",
        "primaryPackagePurpose": "APPLICATION",
    }
    packages = [package(line) for line in sys.stdin if line.strip()]
    digest = hashlib.sha256(json.dumps([ours, packages], sort_keys=True).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"{name}-{version}",
        "documentNamespace": f"urn:sha256:{digest}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch)), "creators": ["Tool: tacho-sbom"]},
        "packages": [ours] + packages,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": ours["SPDXID"]}] +
                         [{"spdxElementId": ours["SPDXID"], "relationshipType": "DEPENDS_ON", "relatedSpdxElement": p["SPDXID"]} for p in packages],
    }
    json.dump(document, sys.stdout, indent=1)
    print()


main()
