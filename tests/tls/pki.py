"""Certificates, good and bad, made by openssl in a directory of their own."""

import os
import pathlib
import subprocess

# openssl ca, for openssl x509 can't choose the dates of what it signs.
CONFIG = """
[ca]
default_ca = here
[here]
new_certs_dir = {directory}
database = {directory}/index
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
email_in_dn = no
[any]
commonName = supplied
organizationName = optional
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[server]
basicConstraints = critical,CA:false
subjectAltName = DNS:localhost,IP:127.0.0.1
extendedKeyUsage = serverAuth
[elsewhere]
basicConstraints = critical,CA:false
subjectAltName = DNS:example.org,IP:192.0.2.1
extendedKeyUsage = serverAuth
[client]
basicConstraints = critical,CA:false
extendedKeyUsage = clientAuth
"""

VALID = ("20200101000000Z", "20491231235959Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")
FUTURE = ("20450101000000Z", "20491231235959Z")

KEYS = {
    "rsa2048": ("RSA", "rsa_keygen_bits:2048"),
    "rsa1024": ("RSA", "rsa_keygen_bits:1024"),
    "p256": ("EC", "ec_paramgen_curve:P-256"),
    "p384": ("EC", "ec_paramgen_curve:P-384"),
    "ed25519": ("ED25519", None),
}


def openssl(*args, **kwargs):
    done = subprocess.run(
        ["openssl", *map(str, args)], capture_output=True, timeout=60, **kwargs
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


class Pki:
    """A private root "ca", an intermediate "issuing", and what they sign; NAME.pem and NAME.key."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        (self.directory / "index").touch()
        (self.directory / "config").write_text(CONFIG.format(directory=directory))
        for name in ("ca", "other-ca"):
            self.add_key(name, "p256")
            self._sign(name, name, "authority", VALID)
        self.add("issuing", "p256", "authority", by="ca")
        for kind in KEYS:
            self.add(kind, kind, "server", name="localhost")
            self.chain(f"{kind}.chain", kind, "issuing")
        self.add("expired", "p256", "server", EXPIRED)
        self.add("future", "p256", "server", FUTURE)
        self.add("second", "p256", "server")
        self.add("elsewhere", "p256", "elsewhere", name="localhost")
        self.add("client", "p256", "client")
        self.add("client-expired", "p256", "client", EXPIRED)
        self.add("client-other", "p256", "client", by="other-ca")
        for name in ("elsewhere", "expired", "future", "client"):
            self.chain(f"{name}.chain", name, "issuing")
        self.chain("client-expired.chain", "client-expired", "issuing")

    def path(self, name):
        return self.directory / name

    def pair(self, name="p256.chain", key=None):
        """The flags that serve this one."""
        key = key or name.split(".")[0]
        return ("-tls-cert", self.path(f"{name}.pem"), "-tls-key", self.path(f"{key}.key"))

    def write(self, name, content):
        self.path(name).write_bytes(content)
        return self.path(name)

    def add_key(self, name, kind):
        algorithm, option = KEYS[kind]
        more = ("-pkeyopt", option) if option else ()
        openssl("genpkey", "-algorithm", algorithm, *more, "-out", self.path(f"{name}.key"))

    def add(self, file, kind, extensions, dates=VALID, by="issuing", name=None):
        self.add_key(file, kind)
        self._sign(file, by, extensions, dates, name)

    def chain(self, file, *names):
        self.write(f"{file}.pem", b"".join(self.path(f"{n}.pem").read_bytes() for n in names))

    def _sign(self, file, by, extensions, dates, name=None):
        request = self.path(f"{file}.csr")
        config = ("-config", self.path("config"))
        openssl(
            *("req", "-new", "-key", self.path(f"{file}.key"), "-out", request),
            *("-subj", f"/O=hello tests/CN={name or file}"),
            env=dict(os.environ, OPENSSL_CONF="/dev/null"),
        )
        signer = ("-selfsign",) if by == file else ("-cert", self.path(f"{by}.pem"))
        openssl(
            *("ca", "-batch", "-notext", *config, "-in", request, "-out", self.path(f"{file}.pem")),
            *("-keyfile", self.path(f"{by}.key"), *signer, "-extensions", extensions),
            *("-startdate", dates[0], "-enddate", dates[1]),
        )
