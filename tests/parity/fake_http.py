"""What the fake API server and the fake kubelets share: HTTPS on a thread per connection, every request recorded."""
import http.server, json, socket, ssl, threading


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address, handler, pki, world, serving="serving"):
        """SERVING: the pair of PKI that it shows; None: no TLS."""
        self.world, self.context = world, None
        if serving:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pki.path(f"{serving}.crt"), pki.path(f"{serving}.key"))
            self.context.load_verify_locations(pki.path("ca.crt"))
            self.context.verify_mode = ssl.CERT_OPTIONAL
        super().__init__((address, 0), handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def get_request(self):  # the handshake is the connection's own thread's
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is None:
            return connection, address
        return self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, request, client_address):
        pass  # who went away is no error here: the rows see what matters


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(self, code, body, content_type="application/json", headers=()):
        if not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
