"""Every handshake and record that fails ends with its alert (RFC 8446, section 6), then the end."""

import re
import ssl

import clients
import pytest
from clients import V12, V13, VERSIONS, RawClient, context
from seal import SealingClient

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
HOLDS = ("-log", "off", "-read-header-timeout", "60s", "-idle-timeout", "60s")

UNEXPECTED, BAD_MAC, OVERFLOW, HANDSHAKE_FAILURE = 10, 20, 22, 40
ILLEGAL, DECODE, DECRYPT, VERSION = 47, 50, 51, 70
NAMES = {
    "UNEXPECTED_MESSAGE": UNEXPECTED,
    "BAD_RECORD_MAC": BAD_MAC,
    "RECORD_OVERFLOW": OVERFLOW,
    "HANDSHAKE_FAILURE": HANDSHAKE_FAILURE,
    "ILLEGAL_PARAMETER": ILLEGAL,
    "DECODE_ERROR": DECODE,
    "DECRYPT_ERROR": DECRYPT,
    "PROTOCOL_VERSION": VERSION,
}


def record(kind, content, version=b"\3\3"):
    return bytes([kind]) + version + len(content).to_bytes(2, "big") + content


def message(kind, content=b""):
    return bytes([kind]) + len(content).to_bytes(3, "big") + content


def extension(kind, content=b""):
    return kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content


def with_extensions(first_flight, *more, version=None, drop=()):
    """Returns: the ClientHello's record with extensions before its own, and less those in drop."""
    body = first_flight[9:]
    at = 34
    at += 1 + body[at]
    at += 2 + int.from_bytes(body[at : at + 2], "big")
    at += 1 + body[at]
    rest, kept = body[at + 2 :], b""
    while rest:
        end = 4 + int.from_bytes(rest[2:4], "big")
        if int.from_bytes(rest[:2], "big") not in drop:
            kept += rest[:end]
        rest = rest[end:]
    block = b"".join(more) + kept
    body = body[:at] + len(block).to_bytes(2, "big") + block
    if version is not None:
        body = version + body[2:]
    return record(HANDSHAKE, message(1, body), b"\3\1")


def to_the_end(raw_socket):
    """Returns: all bytes to the server's end. A reset, which may lose an alert, raises."""
    said = b""
    while more := raw_socket.recv(65536):
        said += more
    return said


def plain_alerts(port, data):
    with RawClient(port) as client:
        client.send(data)
        return clients.alerts(to_the_end(client.socket))


def alert_to(client):
    """Returns: the alert that the server ends an encrypted connection with, None for none."""
    found = None
    try:
        while client.read():
            pass
    except ssl.SSLError as error:
        name = re.search(r"ALERT_([A-Z_]+)", error.reason or "")
        found = NAMES[name[1]] if name else f"no alert: {error.reason}"
    assert to_the_end(client.socket) == b""
    return found


# ---- before the handshake

FIRST = {
    "an unknown type": (record(24, b"\1"), UNEXPECTED),
    "a hello of SSL 2": (b"\x80\x2e\1\0\2" + bytes(50), UNEXPECTED),
    "data": (record(DATA, bytes(16)), UNEXPECTED),
    "a change cipher spec": (record(CCS, b"\1"), UNEXPECTED),
    "a long change cipher spec": (record(CCS, b"\1\1"), UNEXPECTED),
    "an empty record": (record(HANDSHAKE, b""), UNEXPECTED),
    "an empty alert": (record(ALERT, b""), UNEXPECTED),
    "a long alert": (record(ALERT, b"\1\0\0"), DECODE),
    "a record of another version": (record(HANDSHAKE, bytes(50), b"\4\0"), VERSION),
    "an oversized record": (record(HANDSHAKE, message(1, bytes(17000))), OVERFLOW),
    "a Finished": (record(HANDSHAKE, message(20, bytes(12))), UNEXPECTED),
    "a message of 16 MiB": (record(HANDSHAKE, b"\1\xff\xff\xff" + bytes(100)), ILLEGAL),
    "an empty hello": (record(HANDSHAKE, message(1)), DECODE),
    "a short hello": (record(HANDSHAKE, message(1, b"\3\3" + bytes(33))), DECODE),
}


@pytest.mark.parametrize("name", FIRST)
def test_before_the_handshake(start, name):
    data, alert = FIRST[name]
    assert plain_alerts(start(*HOLDS).port, data) == [(2, alert)]


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_an_extension_that_comes_twice(start, version):
    """RFC 8446, section 4.2; RFC 5246, section 7.4.1.4."""
    port = start(*HOLDS).port
    for kind, content in ((0, b"\0\4\0\0\1x"), (23, b""), (0x1234, b""), (0xFFFF, b"x")):
        with RawClient(port, context(version)) as client:
            one = extension(kind, content)
            client.send(with_extensions(client.first_flight(), one, one, drop=(kind,)))
            assert clients.alerts(to_the_end(client.socket)) == [(2, ILLEGAL)], kind


def test_thousands_of_different_extensions(start):
    with RawClient(start(*HOLDS).port) as client:
        more = (extension(0x2000 + i) for i in range(3000))
        client.send(with_extensions(client.first_flight(), *more))
        assert client.socket.recv(6)[0] == HANDSHAKE


@pytest.mark.parametrize("offered", [b"\3\4", b"\4\1", b"\xff\xff"])
def test_a_later_version_gets_the_latest_one(start, offered):
    """RFC 5246, appendix E.1; RFC 8446, section 4.2.1, where the hello has supported_versions."""
    port = start(*HOLDS).port
    for version in VERSIONS:
        with RawClient(port, context(version)) as client:
            client.send(with_extensions(client.first_flight(), version=offered))
            said = client.socket.recv(11)
        assert (said[0], said[5], said[9:11]) == (HANDSHAKE, 2, b"\3\3"), said  # ServerHello


def test_an_earlier_version_is_refused(start):
    with RawClient(start(*HOLDS).port, context(V12)) as client:
        client.send(with_extensions(client.first_flight(), version=b"\3\2"))
        assert clients.alerts(to_the_end(client.socket)) == [(2, VERSION)]


# ---- TLS 1.3: what a record must not be


@pytest.fixture
def sealing(start, tmp_path, pki):
    server = start(*pki.pair(), *HOLDS)

    def connect(version, established):
        client = SealingClient(server.port, version, tmp_path / "keys")
        client.send(client.first_flight())
        client.flight = client.second_flight()
        if established:
            client.send(client.flight)
            client.handshake_end()
        return client, client.seal(established)

    return connect


BAD_13 = {
    "garbage": (lambda seal: record(DATA, bytes(50)), BAD_MAC),
    "too short for a tag": (lambda seal: record(DATA, bytes(5)), BAD_MAC),
    "a plain message": (lambda seal: record(HANDSHAKE, message(20, bytes(32))), UNEXPECTED),
    "an empty message": (lambda seal: seal(HANDSHAKE, b""), UNEXPECTED),
    "an empty message, padded": (lambda seal: seal(HANDSHAKE, b"", 100), UNEXPECTED),
    "an empty alert": (lambda seal: seal(ALERT, b""), UNEXPECTED),
    "a long alert": (lambda seal: seal(ALERT, b"\1\0\0"), DECODE),
    "nothing but padding": (lambda seal: seal(0, b"", 20), UNEXPECTED),
    "an unknown type": (lambda seal: seal(99, b"x"), UNEXPECTED),
    "a protected change cipher spec": (lambda seal: seal(CCS, b"\1"), UNEXPECTED),
    "a change cipher spec of 2": (lambda seal: record(CCS, b"\2"), UNEXPECTED),
    "a change cipher spec of two bytes": (lambda seal: record(CCS, b"\1\1"), UNEXPECTED),
    "an oversized record": (lambda seal: record(DATA, bytes(16384 + 257)), OVERFLOW),
    "too much content": (lambda seal: seal(DATA, bytes(16385)), OVERFLOW),
    "a hello": (lambda seal: seal(HANDSHAKE, message(1, bytes(50))), UNEXPECTED),
    "a message of 16 MiB": (lambda seal: seal(HANDSHAKE, b"\x14\xff\xff\xff"), ILLEGAL),
    "data between fragments": (
        lambda seal: seal(HANDSHAKE, b"\x14\0\0") + seal(DATA, b"x"),
        UNEXPECTED,
    ),
}


@pytest.mark.parametrize("established", [False, True], ids=["during", "after"])
def test_bad_records_of_1_3(sealing, established):
    for name, (make, alert) in BAD_13.items():
        client, seal = sealing(V13, established)
        with client:
            client.send(make(seal))
            assert alert_to(client) == alert, name


def test_what_is_bad_in_one_state_of_1_3(sealing):
    for name, established, make, alert in (
        ("data", False, lambda seal: seal(DATA, b"x"), UNEXPECTED),
        (
            "a wrong Finished",
            False,
            lambda seal: seal(HANDSHAKE, message(20, bytes(len(seal.secret)))),
            DECRYPT,
        ),
        ("a short Finished", False, lambda seal: seal(HANDSHAKE, message(20, bytes(9))), DECODE),
        ("a change cipher spec", True, lambda seal: record(CCS, b"\1"), UNEXPECTED),
        ("a Finished", True, lambda seal: seal(HANDSHAKE, message(20, bytes(32))), UNEXPECTED),
    ):
        client, seal = sealing(V13, established)
        with client:
            client.send(make(seal))
            assert alert_to(client) == alert, name


# ---- TLS 1.2


def plain_to_the_end(client):
    return clients.alerts(to_the_end(client.socket))


def test_bad_records_of_1_2_during_the_handshake(sealing):
    exchange = message(16, b"\x41\4" + bytes(64))
    for name, data, alert in (
        ("a change cipher spec at once", record(CCS, b"\1"), UNEXPECTED),
        ("a change cipher spec of 2", record(CCS, b"\2"), DECODE),
        ("a change cipher spec of two bytes", record(CCS, b"\1\1"), DECODE),
        ("a Finished at once", record(HANDSHAKE, message(20, bytes(12))), UNEXPECTED),
        ("data", record(DATA, b"x"), UNEXPECTED),
        ("an empty message", record(HANDSHAKE, b""), UNEXPECTED),
        ("no point on the curve", record(HANDSHAKE, exchange), DECODE),
        ("a short key exchange", record(HANDSHAKE, message(16, b"\x41")), DECODE),
    ):
        client, _ = sealing(V12, False)
        with client:
            client.send(data)
            assert plain_to_the_end(client) == [(2, alert)], name


def test_a_bad_finished_of_1_2(sealing):
    for name, finished, alert in (
        ("in plain text", lambda seal: record(HANDSHAKE, message(20, bytes(12))), BAD_MAC),
        ("wrong", lambda seal: seal(HANDSHAKE, message(20, bytes(12))), DECRYPT),
        ("garbage", lambda seal: record(HANDSHAKE, bytes(40)), BAD_MAC),
        ("missing", lambda seal: seal(DATA, b"x"), UNEXPECTED),
    ):
        client, seal = sealing(V12, False)
        with client:
            end = client.flight.index(b"\x14\3\3\0\1\1") + 6
            client.send(client.flight[:end] + finished(seal))
            assert plain_to_the_end(client) == [(2, alert)], name


BAD_12 = {
    "garbage": (lambda seal: record(DATA, bytes(50)), BAD_MAC),
    "too short for a tag": (lambda seal: record(DATA, bytes(5)), BAD_MAC),
    "an empty record": (lambda seal: record(DATA, b""), BAD_MAC),
    "an empty message": (lambda seal: seal(HANDSHAKE, b""), UNEXPECTED),
    "an empty alert": (lambda seal: seal(ALERT, b""), UNEXPECTED),
    "a long alert": (lambda seal: seal(ALERT, b"\1\0\0"), DECODE),
    "an empty change cipher spec": (lambda seal: seal(CCS, b""), UNEXPECTED),
    "a change cipher spec": (lambda seal: seal(CCS, b"\1"), UNEXPECTED),
    "an oversized record": (lambda seal: record(DATA, bytes(2**14 + 2049)), OVERFLOW),
    "too much content": (lambda seal: seal(DATA, bytes(16385)), OVERFLOW),
    "a Finished": (lambda seal: seal(HANDSHAKE, message(20, bytes(12))), UNEXPECTED),
}


def test_bad_records_of_1_2_after_the_handshake(sealing):
    for name, (make, alert) in BAD_12.items():
        client, seal = sealing(V12, True)
        with client:
            client.send(make(seal))
            assert alert_to(client) == alert, name


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_empty_data_is_no_end(sealing, version):
    """Three empty records in a row are skipped (RFC 8446, section 5.1); the fourth ends it."""
    request = clients.GET % b"/"
    client, seal = sealing(version, True)
    with client:
        client.send(b"".join(seal(DATA, b"") for _ in range(3)))
        client.send(seal(DATA, request[:9]) + seal(DATA, b"") + seal(DATA, b""))
        client.send(seal(DATA, request[9:]))
        assert client.read_to_end().endswith(b"howdy\n")
    client, seal = sealing(version, True)
    with client:
        client.send(b"".join(seal(DATA, b"") for _ in range(4)))
        assert alert_to(client) == UNEXPECTED


# ---- the end


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
@pytest.mark.parametrize("established", [False, True], ids=["during", "after"])
def test_an_alert_arrives_though_more_was_sent(sealing, version, established):
    """Unread bytes at close(2) make the kernel send a reset, which may overtake the alert."""
    for _ in range(20):
        client, _ = sealing(version, established)
        with client:
            client.send(record(DATA, bytes(50)) + bytes(100_000))
            if established or version == V13:
                assert alert_to(client) == BAD_MAC
            else:
                assert plain_to_the_end(client) == [(2, UNEXPECTED)]


def test_a_failed_connection_does_not_wait_for_its_client(start):
    """It ends soon, though the client neither reads nor closes."""
    server = start(*HOLDS)
    before = clients.descriptors(server)
    with RawClient(server.port) as client:
        client.send(record(DATA, bytes(16)))
        clients.wait_until(lambda: clients.descriptors(server) > before, 5)
        clients.wait_until(lambda: clients.descriptors(server) == before, 5)
