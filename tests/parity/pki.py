"""The certificates of a world: who may be whom. Everything is made anew by openssl in a folder of its own.

    ca                signs the API server's, the kubelets' and (as client-ca-file) the clients' certificates
    front-proxy-ca    signs the aggregation layer's client certificate (requestheader-client-ca-file)
    other-ca          nobody trusts
"""
import base64, hashlib, os, ssl, subprocess

CLIENTS = {  # file: (CA, subject, extended key usage)
    "front-proxy": ("front-proxy-ca", "/CN=front-proxy-client", "clientAuth"),
    "front-proxy-other-name": ("front-proxy-ca", "/CN=somebody-else", "clientAuth"),
    "cert-reader": ("ca", "/O=readers/O=people/CN=may-cert-reader", "clientAuth"),
    "cert-masters": ("ca", "/O=system:masters/CN=cert-admin", "clientAuth"),
    "cert-no-name": ("ca", "/O=readers", "clientAuth"),
    "cert-server-only": ("ca", "/CN=may-server-only", "serverAuth"),
    "cert-other-ca": ("other-ca", "/CN=may-stranger", "clientAuth"),
    "metrics-server": ("ca", "/CN=metrics-server", "clientAuth"),
}


def openssl(*words, text=None):
    done = subprocess.run(["openssl", *words], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"parity: openssl {words[0]}: {done.stderr.strip()}")
    return done.stdout


class Pki:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        for ca in ("ca", "front-proxy-ca", "other-ca"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                    "-subj", f"/CN=parity-{ca}", "-keyout", self.path(f"{ca}.key"), "-out", self.path(f"{ca}.crt"))
        for name, (ca, subject, usage) in CLIENTS.items():
            self.issue(name, ca, subject, f"extendedKeyUsage={usage}\n")
        self.issue("serving-other", "other-ca", "/CN=parity-other", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        self.issue("serving", "ca", "/CN=parity-serving", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def base64(self, name):
        return base64.b64encode(self.text(name).encode()).decode()

    def sha256(self, name):
        with open(self.path(f"{name}.crt")) as f:
            return hashlib.sha256(ssl.PEM_cert_to_DER_cert(f.read())).hexdigest()

    def issue(self, name, ca, subject, extensions):
        with open(self.path(f"{name}.ext"), "w") as f:
            f.write(extensions)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                "-keyout", self.path(f"{name}.key"), "-out", self.path(f"{name}.csr"))
        openssl("x509", "-req", "-in", self.path(f"{name}.csr"), "-CA", self.path(f"{ca}.crt"), "-CAkey", self.path(f"{ca}.key"),
                "-CAcreateserial", "-days", "365", "-extfile", self.path(f"{name}.ext"), "-out", self.path(f"{name}.crt"))
