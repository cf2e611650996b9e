"""A response goes out in one piece: header and body in one TLS record."""

import socket
import ssl

import pytest
from hello import DEADLINE_S

APPLICATION_DATA = 23  # RFC 5246, section 6.2.1


class Wire:
    """A TLS client that sees the records it gets."""

    def __init__(self, port):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # In TLS 1.3 tickets are records of application data, too.
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
        self.seen = b""

    def exchange(self, call):
        """Runs a call of the TLS object to its end."""
        while True:
            try:
                result = call()
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                data = self.socket.recv(65536)
                assert data, "closed"
                self.seen += data
                self.incoming.write(data)
                continue
            self.socket.sendall(self.outgoing.read())
            return result

    def records(self):
        """The types of the records since the last call."""
        types, rest = [], self.seen
        while rest:
            types.append(rest[0])
            rest = rest[5 + int.from_bytes(rest[3:5], "big") :]
        self.seen = b""
        return types


@pytest.mark.parametrize(
    "target, body",
    [
        ("/", b"howdy\n"),
        ("/magazine/vogue", b"vogue has 130 pages.\n"),
        ("/magazine/" + "n" * 2000, b"n" * 2000 + b" has 0 pages.\n"),
    ],
)
def test_response_is_one_record(start, target, body):
    wire = Wire(start().port)
    wire.exchange(wire.tls.do_handshake)
    wire.records()
    for _ in range(3):
        wire.tls.write(f"GET {target} HTTP/1.1\r\nHost: test\r\n\r\n".encode())
        got = b""
        while not got.endswith(b"\r\n\r\n" + body):
            got += wire.exchange(lambda: wire.tls.read(65536))
        assert wire.records() == [APPLICATION_DATA]
    wire.socket.close()
