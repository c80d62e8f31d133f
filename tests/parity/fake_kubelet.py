"""Kubelets whose answers are scripted: the n-th scrape gets the n-th answer, and the last one for ever after, so that what a server
makes of them doesn't depend on when it asks. An answer is a text (200), a number (that status) or None (the connection ends)."""
import threading

from fake_http import Handler, Server


class KubeletHandler(Handler):
    def do_GET(self):
        kubelet = self.server.world
        with kubelet.lock:
            if self.path != kubelet.path:
                kubelet.seen.append(self.told())
                return self.answer(404, "404 page not found\n", "text/plain; charset=utf-8")
            answer = kubelet.answers[min(kubelet.scrapes, len(kubelet.answers) - 1)]
            kubelet.scrapes += 1
            kubelet.seen.append(self.told())
        if answer is None:
            self.close_connection = True
        elif isinstance(answer, int):
            self.answer(answer, "out of order\n", "text/plain")
        else:
            self.answer(200, answer, "text/plain; version=0.0.4; charset=utf-8")


    def told(self):
        """What was asked, by whom, as text: "GET /path", headers, "Certificate: CN"."""
        lines = [f"{self.command} {self.path}"] + [f"{n}: {v}" for n, v in self.headers.items()]
        certificate = self.connection.getpeercert() if hasattr(self.connection, "getpeercert") else None
        if certificate:
            lines.append("Certificate: " + dict(pair[0] for pair in certificate["subject"])["commonName"])
        return "\n".join(lines)


class Kubelet:
    def __init__(self, pki, answers, path="/metrics/resource", serving="serving"):
        self.answers, self.path = answers, path
        self.lock = threading.Lock()
        self.scrapes, self.seen = 0, []
        self.server = Server("127.0.0.1", KubeletHandler, pki, self, serving)
        self.port = self.server.port


def exposition(node, pods):
    """A kubelet's text. NODE: (at_ms, cpu, memory); PODS: {(namespace, pod, container): (at_ms, cpu, memory, start)}; a figure that
    is None isn't told."""
    at, cpu, memory = node
    lines = [f"node_cpu_usage_seconds_total {cpu} {at}" if cpu is not None else "",
             f"node_memory_working_set_bytes {memory} {at}" if memory is not None else ""]
    for (namespace, pod, container), (at, cpu, memory, start) in pods.items():
        of = f'{{container="{container}",namespace="{namespace}",pod="{pod}"}}'
        lines += [f"container_cpu_usage_seconds_total{of} {cpu} {at}" if cpu is not None else "",
                  f"container_memory_working_set_bytes{of} {memory} {at}" if memory is not None else "",
                  f"container_start_time_seconds{of} {start}" if start is not None else ""]
    lines.append("scrape_error 0")
    return "".join(f"{line}\n" for line in lines if line)
