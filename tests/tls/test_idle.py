"""An idle TLS connection has no record buffers; who reads or writes gets some, and nobody else's bytes."""

import functools
import re
import socket
import ssl
import time

import hello
import pytest

CONNECTIONS = 300
# With TLS 1.2, then 1.3: 5.1 and 5.3 kB were measured. One pair of record buffers has 25.
IDLE_BYTES = 10000
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REQUEST = b"GET /magazine/vogue HTTP/1.1\r\nHost: test\r\n\r\n"


def anonymous_bytes(server):
    text = (hello.pathlib.Path("/proc") / str(server.process.pid) / "smaps_rollup").read_text()
    return 1024 * int(re.search(r"^Anonymous: +(\d+) kB", text, re.M)[1])


@functools.lru_cache
def context(version):
    made = hello.trusting_context()
    made.minimum_version = made.maximum_version = version
    return made


def connect(server, version):
    return context(version).wrap_socket(socket.create_connection(("127.0.0.1", server.port)))


def ask(connection):
    connection.sendall(REQUEST)
    got = b""
    while not got.endswith(b"pages.\n"):
        piece = connection.recv(4096)
        assert piece, got
        got += piece
    assert got.startswith(b"HTTP/1.1 200 OK\r\n") and got.endswith(b"\r\n\r\nvogue has 130 pages.\n")


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
@pytest.mark.parametrize("flavour", ["release"])  # the sanitizers' memory is another matter
@pytest.mark.parametrize("asks", [True, False])
def test_idle_connections_are_small(start, version, asks):
    server = start("-threads", "2", tls=True)
    opened = [connect(server, version) for _ in range(4)]
    for connection in opened:
        ask(connection)
    before = anonymous_bytes(server)
    for _ in range(CONNECTIONS):
        opened.append(connect(server, version))
        if asks:
            ask(opened[-1])
    # A client is done with its handshake before the server is.
    deadline = time.monotonic() + hello.DEADLINE_S
    while (anonymous_bytes(server) - before) / CONNECTIONS >= IDLE_BYTES:
        assert time.monotonic() < deadline, (anonymous_bytes(server) - before) / CONNECTIONS
        time.sleep(0.05)
    # And each of them serves again, and is as small after that.
    for connection in opened:
        ask(connection)
    assert (anonymous_bytes(server) - before) / CONNECTIONS < IDLE_BYTES
    for connection in opened:
        connection.close()


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_parts_of_records_stay_while_others_come_and_go(start, version):
    """Sessions that wait in the middle of a record keep their buffers; the others share one pair."""
    server = start("-threads", "1", tls=True)

    class Halved:
        """A connection whose next record is sent in two parts."""

        def __init__(self):
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.tls = context(version).wrap_bio(self.incoming, self.outgoing)
            self.socket = socket.create_connection(("127.0.0.1", server.port))
            while True:
                try:
                    self.tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    self.flush()
                    self.incoming.write(self.socket.recv(65536))
            self.flush()

        def flush(self):
            self.socket.sendall(self.outgoing.read())

        def begin(self, at):
            self.tls.write(REQUEST)
            self.record = self.outgoing.read()
            self.socket.sendall(self.record[:at])

        def finish(self, at):
            self.socket.sendall(self.record[at:])
            got = b""
            while not got.endswith(b"pages.\n"):
                self.incoming.write(self.socket.recv(65536))
                try:
                    while True:
                        got += self.tls.read(65536)
                except ssl.SSLWantReadError:
                    pass
            assert got.endswith(b"\r\n\r\nvogue has 130 pages.\n")

    whole = connect(server, version)
    for _ in range(3):
        halved = [Halved() for _ in range(5)]
        parts = [1, 4, 5, 6, 40]
        for connection, at in zip(halved, parts):
            connection.begin(at)
            ask(whole)
        for connection, at in reversed(list(zip(halved, parts))):
            connection.finish(at)
            ask(whole)
        for connection, at in zip(halved, parts):
            connection.begin(at)
        for connection, at in zip(halved, parts):
            connection.finish(at)
            connection.socket.close()
    whole.close()


@pytest.mark.parametrize("flavour", ["release"])  # AddressSanitizer keeps what was freed, in terabytes of mappings
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_buffers_are_wiped_between_sessions(start, version):
    """What a client said is gone from the memory of the process when its connection is idle."""
    server = start("-threads", "1", "-sandbox", "off", "-log", "json", tls=True)
    connection = connect(server, version)
    secret = b"spoken-%d-in-confidence" % time.monotonic_ns()
    connection.sendall(REQUEST.replace(b"\r\n\r\n", b"\r\nX-Secret: " + secret + b"\r\n\r\n"))
    assert b"130 pages" in connection.recv(4096)
    ask(connection)
    server.log_lines("/magazine/vogue", 2)
    assert secret not in memory(server.process.pid)
    connection.close()


def memory(pid):
    """All that the process can write to."""
    pieces = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if rights.startswith("rw"):
                mem.seek(int(start, 16))
                try:
                    pieces.append(mem.read(int(end, 16) - int(start, 16)))
                except OSError:  # a guard page, or unmapped since
                    continue
    assert pieces
    return b"\0".join(pieces)
