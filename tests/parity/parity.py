#!/usr/bin/env python3
"""parity.py: holds a metrics-server to the contract of the Resource Metrics API, row by row. Python's standard library, openssl, jq,
curl, nghttp.

    PARITY_BINARY=build/src/cmd/metrics-server parity.py [FILE.rows... | -k WORD]     the binary, in worlds of the suite's own
    PARITY_SERVER=https://host:port parity.py ...                                     any server that runs, with PARITY_TOKEN or
                                                                                      PARITY_CLIENT_CERT and PARITY_CLIENT_KEY
    PARITY_FLAVOUR=upstream        expects what kubernetes-sigs/metrics-server answers where we differ on purpose

Rows are data: rows.py says how they read. Prints TAP and ends with "N passed, N failed". A server that isn't the suite's own is asked
the rows that hold for any server; those about scripted figures, credentials and flags aren't counted, and their number is said."""
import argparse, concurrent.futures, glob, os, shutil, sys, tempfile, threading, time

import check, client, rows, scenes, worlds
from pki import Pki

HERE = os.path.dirname(os.path.abspath(__file__))


def load(files, word, flavour):
    found = []
    for path in files or sorted(glob.glob(os.path.join(HERE, "rows", "*.rows"))):
        found += rows.parse(path, flavour)
    titles = [row.title for row in found]
    for title in titles:
        if titles.count(title) > 1:
            raise rows.RowError(f"two rows are called {title!r}")
    return [row for row in found if word in row.title]


class Tap:
    def __init__(self, total):
        self.lock, self.passed, self.failed = threading.Lock(), 0, 0
        print(f"1..{total}", flush=True)

    def note(self, text):
        with self.lock:
            for line in text.split("\n")[-30:]:
                print(f"# {line[:300]}")

    def tell(self, row, trouble):
        with self.lock:
            self.passed += trouble is None
            self.failed += trouble is not None
            print(f"{'ok' if trouble is None else 'not ok'} {self.passed + self.failed} - {row.section} {row.title}")
            for line in (trouble or "").split("\n")[:60] if trouble else ():
                print(f"# {line}")
            sys.stdout.flush()


def wait_until_ready(world):
    """Until everything that the scene says is listed. None, or what is missing."""
    end, missing = time.time() + 90, "nothing was asked"
    who = client.identity("reader", world.pki)
    while time.time() < end:
        if world.process.poll() is not None and "address already in use" in world.log():
            world.move()
            world.start()
        elif world.process.poll() is not None:
            return f"the server has ended with {world.process.returncode}:\n{world.log()[-3000:]}"
        try:
            missing = check.what_is_missing(world, who)
        except OSError as e:
            missing = str(e)
        if missing is None:
            return None
        time.sleep(0.1)
    return f"{missing}\n{world.log()[-3000:]}"


def run_world(name, its_rows, pki, options, tap):
    world = worlds.World(name, scenes.SCENES[name], pki, options.binary, options.folder, options.flavour)
    try:
        world.start()
        trouble = None if world.scene.is_away else wait_until_ready(world)
        if trouble:
            tap.note(f"the world {name} isn't there: {trouble}")
        for row in its_rows:
            tap.tell(row, "its world isn't there" if trouble else check.run(row, check.Ground(world)))
        sanitizers = [line for line in world.log().split("\n") if "ERROR: AddressSanitizer" in line or "runtime error:" in line]
        if sanitizers:
            tap.failed += 1
            print(f"not ok - {name}: {sanitizers[0]}\n# {world.log()[-4000:]}")
    finally:
        world.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("-k", dest="word", default="", help="only rows whose title has this word")
    parser.add_argument("--keep", action="store_true", help="keep the folder with logs")
    options = parser.parse_args()
    options.flavour = os.environ.get("PARITY_FLAVOUR", "ours")
    options.binary = os.path.abspath(os.environ.get("PARITY_BINARY", "build/src/cmd/metrics-server"))
    server = os.environ.get("PARITY_SERVER", "")
    chosen = load(options.files, options.word, options.flavour)
    options.folder = tempfile.mkdtemp(prefix="parity-")
    try:
        if server:
            portable = [row for row in chosen if row.is_portable]
            tap = Tap(len(portable))
            ground = check.Ground.of_server(server.removeprefix("https://").rstrip("/"), options)
            for row in portable:
                tap.tell(row, check.run(row, ground))
            if len(portable) < len(chosen):
                print(f"# {len(chosen) - len(portable)} rows need a world of the suite's own: PARITY_BINARY")
        else:
            tap = Tap(len(chosen))
            pki = Pki(os.path.join(options.folder, "pki"))
            by_world = {}
            for row in chosen:
                by_world.setdefault(row.world, []).append(row)
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                for done in [pool.submit(run_world, name, its, pki, options, tap) for name, its in by_world.items()]:
                    done.result()
    finally:
        if options.keep:
            print(f"# kept: {options.folder}")
        else:
            shutil.rmtree(options.folder, ignore_errors=True)
    print(f"{tap.passed} passed, {tap.failed} failed")
    sys.exit(0 if tap.failed == 0 and tap.passed > 0 else 1)


if __name__ == "__main__":
    try:
        main()
    except rows.RowError as e:
        sys.exit(f"parity: {e}")
