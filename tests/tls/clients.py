"""TLS clients for what http.client can't do: openssl's, and one whose bytes a test can change."""

import contextlib
import os
import pathlib
import select
import socket
import ssl
import subprocess
import threading
import time

import hello
from hello import DEADLINE_S, wait_until  # noqa: F401 (for the tests)

GET = b"GET %s HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = [V12, V13]


def context(version=None, ca=None, client=None, alpn=None, ciphers=None):
    """A client's context: one version or both; ca and client=(chain, key) are files."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        made.minimum_version = made.maximum_version = version
    if ca is not None:
        made.load_verify_locations(ca)
        made.verify_mode = ssl.CERT_REQUIRED
        made.check_hostname = True
    if client is not None:
        made.load_cert_chain(*client)
    if alpn is not None:
        made.set_alpn_protocols(alpn)
    if ciphers is not None:
        made.set_ciphers(ciphers)
    return made


def s_client(port, *args, send=GET % b"/whoami", seconds=DEADLINE_S):
    """openssl s_client to its end. Returns: status, and all that it wrote."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-ign_eof", *map(str, args)],
        input=send,
        # SECLEVEL 0: the client is willing to do what the server must refuse.
        env=dict(os.environ, OPENSSL_CONF=str(pathlib.Path(__file__).parent / "openssl.cnf")),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=seconds,
    )
    return done.returncode, done.stdout.decode("latin-1")


class Typed:
    """openssl s_client with somebody at its keyboard: R renegotiates, K updates keys."""

    def __init__(self, port, *args):
        self.process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, args)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.seen = b""

    def type(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its last output says why

    def read_until(self, pattern, seconds=DEADLINE_S):
        """Returns: all that was written so far; None as pattern means to its end."""
        deadline = time.monotonic() + seconds
        while pattern is None or pattern not in self.seen:
            left = deadline - time.monotonic()
            assert left > 0 and select.select([self.process.stdout], [], [], left)[0], self.seen
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                assert pattern is None, self.seen
                break
            self.seen += more
        return self.seen

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):  # of what it has not taken
            self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class RawClient:
    """A TLS client whose bytes a test can truncate, split or alter."""

    def __init__(self, port, made=None, name="localhost", session=None, timeout=DEADLINE_S):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = (made or context()).wrap_bio(
            self.incoming, self.outgoing, server_hostname=name, session=session
        )

    def first_flight(self):
        """Returns: the ClientHello's record, which the caller sends."""
        try:
            self.ssl.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def second_flight(self):
        """Reads the server's flight. Returns: the client's response to it."""
        while True:
            try:
                self.ssl.do_handshake()
                return self.outgoing.read()
            except ssl.SSLWantReadError:
                response = self.outgoing.read()  # TLS 1.2: the server has the last word
                if response:
                    return response
            self._receive()

    def handshake(self):
        self.send(self.first_flight())
        self.send(self.second_flight())
        self.handshake_end()

    def handshake_end(self):
        while True:
            try:
                return self.ssl.do_handshake()
            except ssl.SSLWantReadError:
                self.send(self.outgoing.read())
                self._receive()

    def encrypt(self, plain):
        """Returns: it as records."""
        self.ssl.write(plain)
        return self.outgoing.read()

    def read(self):
        """Returns: what the server says next; nothing at its close_notify. Raises SSLEOFError without one."""
        while True:
            try:
                return self.ssl.read(65536)
            except ssl.SSLWantReadError:
                self._receive()
            except ssl.SSLZeroReturnError:
                return b""

    def read_to_end(self):
        """Returns: what the server sent until its close_notify."""
        said = b""
        while more := self.read():
            said += more
        return said

    def send(self, data):
        self.socket.sendall(data)

    def _receive(self):
        more = self.socket.recv(65536)
        if more:
            self.incoming.write(more)
        else:
            self.incoming.write_eof()
        return more

    def raw_to_end(self):
        """Returns: the raw bytes that come until the server closes."""
        said = b""
        try:
            while more := self.socket.recv(65536):
                said += more
        except ConnectionError:
            pass
        return said

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def alerts(raw):
    """Returns: (level, description) of each unencrypted alert record among raw bytes."""
    found = []
    while len(raw) >= 5:
        end = 5 + int.from_bytes(raw[3:5], "big")
        if raw[0] == 21 and end == 7:
            found.append((raw[5], raw[6]))
        raw = raw[end:]
    return found


class Busy(threading.Thread):
    """Asks over one kept-alive connection until the server closes it, or until stop."""

    def __init__(self, port, made=None, target="/magazine/vogue", seconds=10 * DEADLINE_S):
        super().__init__(daemon=True)
        self.port, self.made, self.target = port, made or context(), target
        self.completed, self.lost, self.enough = 0, None, threading.Event()
        self.deadline = time.monotonic() + seconds
        self.start()

    def run(self):
        try:
            with hello.Connection(self.port, context=self.made) as connection:
                while not self.enough.is_set():
                    assert time.monotonic() < self.deadline, "this client was not stopped"
                    response = connection.ask(self.target)
                    assert (response.status, response.body) == (200, b"vogue has 130 pages.\n"), response
                    self.completed += 1
                    if response.headers["Connection"] == "close":
                        return
        except Exception as error:  # whatever it is, a request got no response
            self.lost = repr(error)


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def resident_kib(server):
    status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_seconds(server):
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
