#!/usr/bin/env python3
"""readers.py PORT CA CERTS STOP [COUNT]   COUNT clients (100) read nodes from https://127.0.0.1:PORT over and over, each over a
connection of its own that it opens anew every few reads, until the file STOP is there. CERTS is a folder: each time a client
connects it takes CERTS/client.crt and client.key, and CA for trust, as they are then, and says X-Remote-User: reader in group
system:masters. Prints "N passed, M failed" and the first failures; the exit status says whether there were any."""
import http.client, os, ssl, sys, threading, time

port, ca, certs, stop = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
count = int(sys.argv[5]) if len(sys.argv) > 5 else 100
passed, failures, lock = 0, [], threading.Lock()
headers = {"X-Remote-User": "reader", "X-Remote-Group": "system:masters"}


def connect():
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(f"{certs}/client.crt", f"{certs}/client.key")
    return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=20)


def read(number):
    global passed
    connection, reads = None, number
    while not os.path.exists(stop):
        try:
            if connection is None or reads % 7 == 0:
                if connection:
                    connection.close()
                connection = connect()
            reads += 1
            connection.request("GET", "/apis/metrics.k8s.io/v1beta1/nodes", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{answer.status} {body[:200]!r}")
            with lock:
                passed += 1
        except Exception as e:
            with lock:
                failures.append(f"{time.strftime('%T')} client {number}: {type(e).__name__} {e}")
            connection = None
        time.sleep(0.1)


threads = [threading.Thread(target=read, args=(i,)) for i in range(count)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(f"{passed} passed, {len(failures)} failed")
for line in failures[:10]:
    print(line)
sys.exit(bool(failures) or passed < count)
