"""Records under the keys of a client of tests: sealed with any type, content and padding."""

import hmac

from clients import V12, V13, RawClient, context
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SUITE_12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"


def expand_label(secret, label, size):
    """HKDF-Expand-Label with an empty context (RFC 8446, section 7.1); up to one hash."""
    info = size.to_bytes(2, "big") + bytes([6 + len(label)]) + b"tls13 " + label + b"\0\1"
    return hmac.digest(secret, info, {32: "sha256", 48: "sha384"}[len(secret)])[:size]


def prf(secret, seed, size):
    """RFC 5246, section 5, with SHA-256."""
    a, made = seed, b""
    while len(made) < size:
        a = hmac.digest(secret, a, "sha256")
        made += hmac.digest(secret, a + seed, "sha256")
    return made[:size]


class Seal13:
    """Protects records with a traffic secret (RFC 8446, section 5.2)."""

    def __init__(self, secret):
        self.secret = secret
        self._rekey()

    def _rekey(self):
        # TLS_AES_128_GCM_SHA256, or TLS_AES_256_GCM_SHA384.
        size = {32: 16, 48: 32}[len(self.secret)]
        self.key = AESGCM(expand_label(self.secret, b"key", size))
        self.iv = int.from_bytes(expand_label(self.secret, b"iv", 12), "big")
        self.sequence = 0

    def update(self):
        """The next generation of keys (RFC 8446, section 7.2)."""
        self.secret = expand_label(self.secret, b"traffic upd", len(self.secret))
        self._rekey()

    def _next_nonce(self):
        nonce = (self.iv ^ self.sequence).to_bytes(12, "big")
        self.sequence += 1
        return nonce

    def __call__(self, kind, content, padding=0):
        plain = content + (bytes([kind]) if kind else b"") + bytes(padding)
        head = b"\x17\3\3" + (len(plain) + 16).to_bytes(2, "big")
        return head + self.key.encrypt(self._next_nonce(), plain, head)

    def open(self, record):
        """Returns: type and content of a record of the other side."""
        plain = self.key.decrypt(self._next_nonce(), record[5:], record[:5]).rstrip(b"\0")
        return plain[-1], plain[:-1]


class Seal12:
    """Protects the records of a client (RFC 5288); the first one is its Finished."""

    def __init__(self, master, client_random, server_random):
        block = prf(master, b"key expansion" + server_random + client_random, 40)
        self.key, self.salt, self.sequence = AESGCM(block[:16]), block[32:36], 0

    def __call__(self, kind, content):
        explicit = self.sequence.to_bytes(8, "big")
        extra = explicit + bytes([kind]) + b"\3\3" + len(content).to_bytes(2, "big")
        sealed = explicit + self.key.encrypt(self.salt + explicit, content, extra)
        self.sequence += 1
        return bytes([kind]) + b"\3\3" + len(sealed).to_bytes(2, "big") + sealed


class SealingClient(RawClient):
    """A client whose keys a test has: .seal protects what follows the second flight."""

    def __init__(self, port, version, keylog):
        made = context(version, ciphers=SUITE_12 if version == V12 else None)
        keylog.unlink(missing_ok=True)
        made.keylog_filename = str(keylog)
        super().__init__(port, made)
        self.version, self.keylog, self.seen = version, keylog, b""

    def _receive(self):
        more = super()._receive()
        self.seen += more
        return more

    def _secret(self, label):
        for line in self.keylog.read_text().splitlines():
            fields = line.split()
            if fields[0] == label:
                return bytes.fromhex(fields[1]), bytes.fromhex(fields[2])
        raise AssertionError(f"no {label} in the key log")

    def seal(self, established):
        """
        Returns: what protects the client's next records, before its Finished or after it. In
        TLS 1.2 there is one key; the Finished is the first record under it.
        """
        if self.version == V13:
            state = "TRAFFIC_SECRET_0" if established else "HANDSHAKE_TRAFFIC_SECRET"
            return Seal13(self._secret(f"CLIENT_{state}")[1])
        client_random, master = self._secret("CLIENT_RANDOM")
        made = Seal12(master, client_random, self.seen[11:43])
        made.sequence = int(established)
        return made

    def their_seal(self):
        """Returns: what opens the server's records after the handshake, tickets first."""
        return Seal13(self._secret("SERVER_TRAFFIC_SECRET_0")[1])

