"""Hostile and failing clients: none keeps a descriptor, memory or CPU time."""

import asyncio
import contextlib
import re
import resource
import socket
import ssl
import subprocess
import time

import clients
import pytest
from clients import VERSIONS, RawClient, context
from hello import DEADLINE_S
from seal import SealingClient

HOLDS = ("-log", "off", "-read-header-timeout", "60s", "-idle-timeout", "60s")


@pytest.fixture(params=VERSIONS, ids=lambda v: v.name)
def version(request):
    return request.param


def sockets_left(server):
    """Established ones and those in CLOSE-WAIT, as the kernel lists them."""
    listed = subprocess.run(
        ["ss", "-Htn", "state", "connected", f"( sport = :{server.port} )"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [line for line in listed.splitlines() if not line.startswith("TIME-WAIT")]


def everything_is_gone(server, before):
    clients.wait_until(lambda: clients.descriptors(server) <= before)
    clients.wait_until(lambda: sockets_left(server) == [])
    assert server.ask("/").status == 200


# ---- handshakes that break off


def first_flights(version):
    """Returns: a ClientHello as it goes over the wire; the same each time in length."""
    spare = socket.create_server(("127.0.0.1", 0))
    with RawClient(spare.getsockname()[1], context(version)) as client:
        data = client.first_flight()
    spare.close()
    return data


def break_off(client, how):
    if how == "close":
        client.close()
    elif how == "reset":
        client.reset()
    else:  # half: the server still may write
        client.socket.shutdown(socket.SHUT_WR)
        client.raw_to_end()
        client.close()


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_hello_truncated_at_each_byte(start, version, how):
    server = start(*HOLDS)
    hello_octets = first_flights(version)

    def cut_all():
        for at in range(len(hello_octets)):
            with RawClient(server.port, context(version)) as client:
                client.send(hello_octets[:at])
                break_off(client, how)

    before = clients.descriptors(server)
    cut_all()
    everything_is_gone(server, before)
    if server.flavour == "release":
        # More at a time than before take more; what leaks, takes more each time.
        grown = []
        while len(grown) < 4 and (not grown or grown[-1] >= 128):
            resident = clients.resident_kib(server)
            cut_all()
            everything_is_gone(server, before)
            grown.append(clients.resident_kib(server) - resident)
        assert grown[-1] < 128, grown


@pytest.mark.parametrize("how", ["close", "reset", "half"])
def test_a_second_flight_truncated_at_each_byte(start, pki, version, how):
    server = start(*pki.pair(), *HOLDS)
    before = clients.descriptors(server)
    at, end = 0, 1
    while at < end:
        with RawClient(server.port, context(version)) as client:
            client.send(client.first_flight())
            flight = client.second_flight()
            client.send(flight[:at])
            break_off(client, how)
        at, end = at + (1 if server.flavour == "release" else 7), len(flight)
    assert end > 60
    everything_is_gone(server, before)


def test_a_request_truncated_at_each_byte(start, version):
    server = start(*HOLDS)
    before, at, end = clients.descriptors(server), 0, 1
    while at < end:
        with RawClient(server.port, context(version)) as client:
            client.handshake()
            records = client.encrypt(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\n\r\nx")
            client.send(records[:at])
            break_off(client, ("close", "reset", "half")[at % 3])
        at, end = at + 3, len(records)
    everything_is_gone(server, before)


# ---- handshakes in odd pieces


def test_a_handshake_byte_by_byte(start, version):
    """In segments of one byte each, and the request likewise."""
    with RawClient(start(*HOLDS).port, context(version)) as client:
        for byte in client.first_flight():
            client.send(bytes([byte]))
        for byte in client.second_flight():
            client.send(bytes([byte]))
        client.handshake_end()
        for byte in client.encrypt(clients.GET % b"/"):
            client.send(bytes([byte]))
        assert client.read_to_end().endswith(b"\r\n\r\nhowdy\n")


def in_records(record, size):
    """A record of a handshake, cut into records of a size."""
    assert record[0] == 22
    head, message = record[:3], record[5:]
    pieces = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(head + len(piece).to_bytes(2, "big") + piece for piece in pieces)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 50, 200])
def test_a_hello_in_several_records(start, version, size):
    with RawClient(start(*HOLDS).port, context(version)) as client:
        client.send(in_records(client.first_flight(), size))
        client.send(client.second_flight())
        client.handshake_end()
        client.send(client.encrypt(clients.GET % b"/"))
        assert client.read_to_end().endswith(b"\r\n\r\nhowdy\n")


@pytest.mark.parametrize("size", [1, 3, 5])
def test_a_second_flight_in_several_records(start, tmp_path, size):
    """The Finished of TLS 1.3, sealed anew in small pieces; in TLS 1.2 the key exchange."""
    server = start(*HOLDS)
    with SealingClient(server.port, clients.V13, tmp_path / "keys") as client:
        client.send(client.first_flight())
        flight = client.second_flight()
        finished = client.seal(False).open(flight[6:])[1]
        seal = client.seal(False)
        for at in range(0, len(finished), size):
            client.send(seal(22, finished[at : at + size]))
        client.handshake_end()
        client.send(client.encrypt(clients.GET % b"/"))
        assert client.read_to_end().endswith(b"\r\n\r\nhowdy\n")
    with RawClient(server.port, context(clients.V12)) as client:
        client.send(client.first_flight())
        flight = client.second_flight()
        end = 5 + int.from_bytes(flight[3:5], "big")
        client.send(in_records(flight[:end], size) + flight[end:])
        client.handshake_end()
        client.send(client.encrypt(clients.GET % b"/"))
        assert client.read_to_end().endswith(b"\r\n\r\nhowdy\n")


def padded(first_flight, size):
    """A ClientHello with an extension more (RFC 7685's, of a number nobody has), as a message of a size."""
    hello, more = first_flight[5:], size - (len(first_flight) - 5) - 4
    at = 4 + 34
    at += 1 + hello[at]
    at += 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 1 + hello[at]
    block = b"\x5a\xa5" + more.to_bytes(2, "big") + bytes(more) + hello[at + 2 :]
    body = hello[4:at] + len(block).to_bytes(2, "big") + block
    return b"\1" + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("fragment", [1, 1000, 16000, 16384])
def test_the_longest_hello(start, version, fragment):
    """A message of 16 KiB: the limit."""
    with RawClient(start(*HOLDS).port, context(version)) as client:
        message = padded(client.first_flight(), 16384)
        assert len(message) == 16384
        client.send(in_records(b"\x16\3\1\0\0" + message, fragment))
        while not (said := client.socket.recv(4096)):
            pass
        assert (said[0], said[5]) == (22, 2), "no ServerHello"


@pytest.mark.parametrize("size", [16385, 20000, 65000])
def test_a_message_of_more_than_16_kib(start, version, size):
    """It is refused by its header, whatever follows, with illegal_parameter."""
    with RawClient(start(*HOLDS).port, context(version)) as client:
        with contextlib.suppress(ConnectionError):
            client.send(in_records(b"\x16\3\1\0\0" + padded(client.first_flight(), size), 9000))
        assert clients.alerts(client.raw_to_end()) == [(2, 47)]


def test_requests_and_records_need_not_agree(start, version):
    request = b"GET /magazine/vogue HTTP/1.1\r\nHost: test\r\n\r\n"
    last = clients.GET % b"/magazine/vogue"
    with RawClient(start(*HOLDS).port, context(version)) as client:
        client.handshake()
        client.send(client.encrypt(request * 20 + last))  # all in one record
        assert client.read_to_end().count(b"130 pages") == 21
    with RawClient(start(*HOLDS).port, context(version)) as client:
        client.handshake()
        data = request * 3 + last
        client.send(b"".join(client.encrypt(data[i : i + 1]) for i in range(len(data))))
        assert client.read_to_end().count(b"130 pages") == 4


# ---- what is no handshake


GARBAGE = {
    "zeros": bytes(600),
    "ones": b"\xff" * 600,
    "hello of another protocol": b"\x80\x2e\1\0\2" + bytes(100),  # SSL 2
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n" * 5,
    "empty handshake record": b"\x16\3\1\0\0",
    "empty alert record": b"\x15\3\1\0\0",
    "a thousand empty records": b"\x16\3\3\0\0" * 1000,
    "application data": b"\x17\3\3\0\x10" + bytes(16),
    "change cipher spec": b"\x14\3\3\0\1\1",
    "many of them": b"\x14\3\3\0\1\1" * 1000,
    "a fatal alert": b"\x15\3\1\0\2\2\x28",
    "a close_notify": b"\x15\3\1\0\2\1\0",
    "warnings": b"\x15\3\1\0\2\1\x5a" * 1000,
    "a message of 16 MiB": b"\x16\3\1\x40\0\1\xff\xff\xff" + bytes(16380),
    "an oversized record": b"\x16\3\1\xff\xff" + bytes(2000),
    "heartbeat": b"\x18\3\2\0\3\1\x40\0",
    "finished first": b"\x16\3\3\0\x10\x14\0\0\x0c" + bytes(12),
}


def sends(client, data):
    with contextlib.suppress(OSError):  # the server may have ended it already
        client.send(data)
        client.socket.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("stage", ["first", "during", "after"])
def test_garbage(start, version, stage):
    """Before the hello, in place of the second flight, and after the handshake."""
    server = start(*HOLDS)
    before = clients.descriptors(server)
    for name, data in GARBAGE.items():
        with RawClient(server.port, context(version)) as client:
            if stage == "during":
                client.send(client.first_flight())
                client.second_flight()
            elif stage == "after":
                client.handshake()
            sends(client, data)
            assert b"HTTP/1.1 200" not in client.raw_to_end(), name
    everything_is_gone(server, before)


def test_a_close_notify_during_the_handshake(start, version):
    """Alerts under the version's own headers, after the server's flight."""
    server = start(*HOLDS)
    before = clients.descriptors(server)
    for description in (0, 10, 40, 42, 48, 80, 90):
        for level in (1, 2):
            with RawClient(server.port, context(version)) as client:
                client.send(client.first_flight())
                client.second_flight()
                sends(client, bytes([21, 3, 3, 0, 2, level, description]))
                client.raw_to_end()
    everything_is_gone(server, before)


def plain_response(port, pieces):
    """What a client of plain HTTP gets; a reset, which may lose it, raises."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            with contextlib.suppress(ConnectionError):
                raw.sendall(piece)
            if len(pieces) > 1:
                time.sleep(0.005)
        said = b""
        while more := raw.recv(4096):
            said += more
    return said


@pytest.mark.parametrize("cut", ["whole", "byte by byte", "with a body"])
def test_plain_http_gets_a_plain_http_response(start, cut):
    server = start(*HOLDS)
    for method in ("GET", "POST", "OPTIONS", "DELETE"):
        request = f"{method} / HTTP/1.1\r\nHost: test\r\n\r\n".encode()
        if cut == "with a body":
            request += bytes(100_000)
        pieces = [bytes([b]) for b in request] if cut == "byte by byte" else [request]
        said = plain_response(server.port, pieces)
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n"), said
        length = int(re.search(rb"Content-Length: (\d+)", head)[1])
        assert b"HTTPS" in body and len(body) == length


def test_no_plain_response_inside_a_handshake(start, version):
    """A request in place of a record gets an alert: after a part of the hello, and after a flight."""
    server = start(*HOLDS)
    request = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
    with RawClient(server.port, context(version)) as client:
        hello = in_records(client.first_flight(), 100)
        client.send(hello[:105])
        client.send(request)
        assert clients.alerts(client.raw_to_end()) == [(2, 10)]
    with RawClient(server.port, context(version)) as client:
        client.send(client.first_flight())
        client.second_flight()
        client.send(request)
        assert b"HTTP/1.1" not in client.raw_to_end()


# ---- many


def test_a_thousand_at_once(start, pki):
    """A thousand open at the same time, each asked twice; 64 shake hands at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    server = start(*pki.pair(), *HOLDS, "-max-conns", "1024")
    before = clients.descriptors(server)
    made, request = context(), b"GET /magazine/vogue HTTP/1.1\r\nHost: test\r\n\r\n"

    async def ask(reader, writer):
        writer.write(request)
        await writer.drain()
        said = await reader.readuntil(b"130 pages.\n")
        assert said.startswith(b"HTTP/1.1 200 OK\r\n")

    async def client(few, all_open):
        async with few:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=made)
            await ask(reader, writer)
        all_open.release()
        return reader, writer

    async def main():
        few, all_open = asyncio.Semaphore(64), asyncio.Semaphore(0)
        pairs = await asyncio.gather(*(client(few, all_open) for _ in range(1000)))
        assert clients.descriptors(server) >= before + 1000
        await asyncio.gather(*(ask(*pair) for pair in pairs))
        for _, writer in pairs:
            writer.transport.abort()

    try:
        asyncio.run(asyncio.wait_for(main(), 120))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    everything_is_gone(server, before)


@pytest.mark.parametrize("stage", ["idle", "begun", "during", "resting"])
def test_two_hundred_that_wait_cost_nothing(start, stage):
    """libmicrohttpd's handshake spun at full CPU here (deps/patches/libmicrohttpd/10-...)."""
    server = start(*HOLDS)
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            client = stack.enter_context(RawClient(server.port))
            if stage == "begun":
                client.send(client.first_flight()[:100])
            elif stage == "during":
                client.send(client.first_flight())
                client.second_flight()
            elif stage == "resting":
                client.handshake()
        time.sleep(0.3)  # what they began is done
        used, started = clients.cpu_seconds(server), time.monotonic()
        time.sleep(2)
        share = (clients.cpu_seconds(server) - used) / (time.monotonic() - started)
        assert share < 0.02
        assert server.ask("/").status == 200


# ---- slow ones


@pytest.mark.parametrize("stage", ["begun", "during", "dripping"])
def test_the_header_deadline_covers_the_handshake(start, stage):
    server = start("-log", "off", "-read-header-timeout", "600ms", "-idle-timeout", "60s")
    with RawClient(server.port, timeout=DEADLINE_S) as client:
        started = time.monotonic()
        if stage == "during":
            # On a busy machine the deadline may pass before the second flight is made.
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                client.send(client.first_flight())
                client.second_flight()
        elif stage == "begun":
            client.send(client.first_flight()[:100])
        else:
            for byte in client.first_flight():
                with contextlib.suppress(ConnectionError):
                    client.send(bytes([byte]))
                if time.monotonic() - started > 20 or closed(client):
                    break
                time.sleep(0.05)
        client.raw_to_end()
        assert 0.5 < time.monotonic() - started < 20


def closed(client):
    client.socket.setblocking(False)
    try:
        return client.socket.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        client.socket.settimeout(DEADLINE_S)


def test_a_client_that_sends_nothing_has_the_idle_timeout(start):
    server = start("-log", "off", "-read-header-timeout", "30s", "-idle-timeout", "700ms")
    started = time.monotonic()
    with RawClient(server.port) as client:
        client.raw_to_end()
    assert 0.5 < time.monotonic() - started < 20


def test_a_slow_reader_gets_all_of_it(start, version):
    """Responses far beyond what the sockets hold, over a small window."""
    padding = b"".join(b"X-%d: %s\r\n" % (i, b"v" * 500) for i in range(5))
    request = b"GET /whoami HTTP/1.1\r\nHost: test\r\n" + padding + b"%s\r\n"
    server = start("-log", "off")
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(DEADLINE_S)
        raw.connect(("127.0.0.1", server.port))
        with context(version).wrap_socket(raw, server_hostname="localhost") as secure:
            secure.setblocking(False)
            data = request % b"" * 299 + request % b"Connection: close\r\n"
            sent = 0
            deadline = time.monotonic() + 3
            while sent < len(data) and time.monotonic() < deadline:
                try:
                    sent += secure.send(data[sent : sent + 8192])
                    deadline = time.monotonic() + 0.3
                except OSError:
                    time.sleep(0.01)
            assert sent > 0
            secure.settimeout(DEADLINE_S)
            said, whole = b"", sent
            while said.count(b"]}\n") < 3:
                said += secure.recv(1000)
                time.sleep(0.001)
            while sent < len(data):
                secure.setblocking(False)
                try:
                    sent += secure.send(data[sent : sent + 8192])
                except OSError:
                    pass
                secure.settimeout(DEADLINE_S)
                said += secure.recv(4096)
            while more := secure.recv(65536):
                said += more
    assert whole > 0
    assert said.count(b"HTTP/1.1 200 OK\r\n") == 300
    assert said.count(b"]}\n") == 300
