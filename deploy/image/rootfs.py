#!/usr/bin/env python3
"""rootfs.py SYSTEM PROGRAM ROOTFS

Lays out in ROOTFS what PROGRAM needs to run and nothing else: the program as /NAME, its dynamic loader, the closure of its shared
libraries, the public CAs, accounts, name-service configuration and /tmp. The libraries come from SYSTEM, the root of an unpacked Debian of
the program's architecture ("/" for this machine's), whose dpkg database says which package each file belongs to; those packages' copyright
files and status entries (var/lib/dpkg/status.d, where scanners look for them) are part of ROOTFS. Prints one line a package, NAME VERSION
ARCHITECTURE SOURCE LICENCES, for sbom.py. Needs binutils' readelf.
"""
import os
import re
import shutil
import subprocess
import sys

NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\n"
PASSWD = """root:x:0:0:root:/:/sbin/nologin
metrics-server:x:1000:1000:metrics-server:/:/sbin/nologin
nobody:x:65534:65534:nobody:/:/sbin/nologin
"""
GROUP = "root:x:0:\nmetrics-server:x:1000:\nnogroup:x:65534:\n"


def fail(message):
    sys.exit(f"rootfs: {message}")


def stanzas(path):
    """The paragraphs of a Debian control file: dictionaries, with the whole text under the empty key."""
    with open(path, encoding="utf-8") as file:
        for text in file.read().split("\n\n"):
            fields = {key: value for key, value in re.findall(r"^([A-Za-z-]+): *(.*)$", text, re.M)}
            if fields:
                fields[""] = text.strip("\n") + "\n"
                yield fields


class System:
    """An unpacked Debian: finds libraries in it, and the package of a file."""

    def __init__(self, root, architecture):
        self.root = root
        self.architecture = architecture
        self.packages = {}
        for stanza in stanzas(self.path("/var/lib/dpkg/status")):
            if stanza.get("Architecture") in (architecture, "all"):
                self.packages[stanza["Package"]] = stanza
        self.owners = {}
        folder = self.path("/var/lib/dpkg/info")
        for name in sorted(os.listdir(folder)):
            package, _, kind = name.rpartition(".")
            package, _, of = package.partition(":")
            if kind != "list" or of not in ("", architecture) or package not in self.packages:
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                for line in file:
                    self.owners[merged(line.rstrip("\n"))] = package

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def package_of(self, name):
        package = self.owners.get(merged(name))
        if not package:
            fail(f"{name} belongs to no package of {self.root}")
        return package


def merged(name):
    """/lib and /usr/lib are one folder on Debian, but dpkg names files as their packages do."""
    return re.sub(r"^/(lib|lib64|bin|sbin)/", r"/usr/\1/", name)


def elf(path):
    """Machine, loader and needed libraries of a program or library."""
    out = subprocess.run(["readelf", "-hldW", path], check=True, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}).stdout
    machine = re.search(r"Machine: +(.*)", out).group(1)
    loader = re.search(r"Requesting program interpreter: (.*)\]", out)
    return machine, loader and loader.group(1), re.findall(r"\(NEEDED\).*\[(.*)\]", out)


def closure(system, folders, program, loader):
    """The files of PROGRAM's loader and of the libraries that it needs, directly or not."""
    found, wanted = {os.path.basename(loader): loader}, elf(program)[2]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        for folder in folders:
            if os.path.exists(system.path(f"{folder}/{name}")):
                found[name] = f"{folder}/{name}"
                break
        else:
            fail(f"no {name} in {system.root}")
        wanted += elf(system.path(found[name]))[2]
    return sorted(found.values())


def put(rootfs, name, text=None, source=None, mode=0o644):
    path = os.path.join(rootfs, name.lstrip("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if source:
        shutil.copyfile(source, path)
    else:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    os.chmod(path, mode)


def public_cas(system):
    """The bundle that libcurl and OpenSSL look for: what the package ca-certificates brings, and nothing of this machine's own."""
    folder = "/usr/share/ca-certificates/mozilla"
    bundle = ""
    for name in sorted(os.listdir(system.path(folder))):
        with open(system.path(f"{folder}/{name}"), encoding="utf-8") as file:
            bundle += file.read().rstrip("\n") + "\n"
    return bundle


def licences(text):
    """Short names out of a machine-readable copyright file."""
    if not text.startswith("Format:"):
        return ["NOASSERTION"]
    return sorted({name.strip().replace(" ", "-") for name in re.findall(r"^License: *(\S.*)$", text, re.M)})


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    root, program, rootfs = sys.argv[1:]
    machine, loader, _ = elf(program)
    known = {"Advanced Micro Devices X86-64": ("amd64", "x86_64-linux-gnu"), "AArch64": ("arm64", "aarch64-linux-gnu")}
    if machine not in known:
        fail(f"{program} is for {machine}; images are made for amd64 and arm64")
    architecture, triplet = known[machine]
    system = System(root, architecture)
    os.makedirs(rootfs)

    used = set()
    for name in closure(system, [f"/usr/lib/{triplet}", f"/lib/{triplet}"], program, loader):
        used.add(system.package_of(name))
        put(rootfs, name if name == loader else f"/lib/{triplet}/{os.path.basename(name)}", source=resolved(root, name), mode=0o755)
    put(rootfs, "/" + os.path.basename(program), source=program, mode=0o755)

    put(rootfs, "/etc/ssl/certs/ca-certificates.crt", public_cas(system))
    used.add("ca-certificates")
    put(rootfs, "/etc/os-release", source=resolved(root, "/usr/lib/os-release"))
    used.add("base-files")
    put(rootfs, "/etc/passwd", PASSWD)
    put(rootfs, "/etc/group", GROUP)
    put(rootfs, "/etc/nsswitch.conf", NSSWITCH)
    os.makedirs(f"{rootfs}/tmp")
    os.chmod(f"{rootfs}/tmp", 0o1777)

    for package in sorted(used):
        stanza = system.packages[package]
        copyright_file = resolved(root, f"/usr/share/doc/{package}/copyright")
        put(rootfs, f"/usr/share/doc/{package}/copyright", source=copyright_file)
        put(rootfs, f"/var/lib/dpkg/status.d/{package}", stanza[""])
        with open(copyright_file, encoding="utf-8") as file:
            names = licences(file.read())
        print(package, stanza["Version"], stanza["Architecture"], stanza.get("Source", package).split()[0], ",".join(names))


def resolved(root, name):
    """NAME with its links followed inside of ROOT."""
    for _ in range(40):
        parts, path = name.lstrip("/").split("/"), root.rstrip("/")
        for i, part in enumerate(parts):
            path = f"{path}/{part}"
            if os.path.islink(path):
                target = os.readlink(path)
                above = "/".join(parts[:i])
                name = os.path.normpath("/" + (target if target.startswith("/") else f"{above}/{target}") + "/" + "/".join(parts[i + 1:]))
                break
        else:
            return path
    fail(f"{name}: too many links")


main()
