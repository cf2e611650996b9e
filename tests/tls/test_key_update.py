"""KeyUpdate of TLS 1.3 (RFC 8446, section 4.6.3): obeyed, answered, and limited in number."""

import clients
import pytest
from clients import V12, V13, Typed
from seal import SealingClient
from test_alerts import BAD_MAC, DATA, DECODE, HANDSHAKE, HOLDS, ILLEGAL, UNEXPECTED, alert_to, message

LIMIT = 32
UPDATE, REQUEST = message(24, b"\0"), message(24, b"\1")
GET = b"GET /magazine/vogue HTTP/1.1\r\nHost: test\r\n\r\n"


@pytest.fixture
def sealing(start, tmp_path, pki):
    server = start(*pki.pair(), *HOLDS)

    def connect(version=V13):
        client = SealingClient(server.port, version, tmp_path / "keys")
        client.handshake()
        client.send(client.encrypt(GET))
        while b"130 pages" not in client.read():
            pass
        seal, theirs = client.seal(True), client.their_seal()
        seal.sequence = 1
        theirs.sequence = records_after_the_flight(client.seen)
        return client, seal, theirs

    return connect


def records_after_the_flight(seen):
    """Returns: how many records the server has sent under its application keys: tickets and data."""
    count, kinds = 0, []
    while seen:
        kinds.append(seen[0])
        seen = seen[5 + int.from_bytes(seen[3:5], "big") :]
    # ServerHello, change_cipher_spec, and the flight's encrypted records: four without a request.
    count = len(kinds) - 2 - 4
    assert count > 0, kinds
    return count


def read_record(client):
    head = exactly(client.socket, 5)
    return head + exactly(client.socket, int.from_bytes(head[3:5], "big"))


def exactly(raw, size):
    got = b""
    while len(got) < size:
        more = raw.recv(size - len(got))
        assert more, "closed"
        got += more
    return got


def test_openssl_updates(start):
    """By the keyboard of s_client: k updates its keys, K asks for the server's, too."""
    server = start()
    for keys in (b"k\n", b"K\n", b"kKkKK"):
        with Typed(server.port, "-tls1_3") as client:
            client.read_until(b"Verify return code")
            for key in keys.split() if b"\n" in keys else [bytes([k]) for k in keys]:
                client.type(key + b"\n")
                client.read_until(b"KEYUPDATE")
                client.seen = client.seen.replace(b"KEYUPDATE", b"seen")
                client.type(GET)
                client.read_until(b"130 pages")
                client.seen = client.seen.replace(b"130 pages", b"seen")


def test_one_without_an_answer(sealing):
    client, seal, theirs = sealing()
    with client:
        client.send(seal(HANDSHAKE, UPDATE))
        seal.update()
        client.send(seal(DATA, GET))
        assert theirs.open(read_record(client))[0] == DATA


def test_requests_in_a_row_get_one_answer(sealing):
    client, seal, theirs = sealing()
    with client:
        for _ in range(LIMIT):
            client.send(seal(HANDSHAKE, REQUEST))
            seal.update()
        client.send(seal(DATA, GET))
        assert theirs.open(read_record(client)) == (HANDSHAKE, UPDATE)
        theirs.update()
        kind, content = theirs.open(read_record(client))
        assert kind == DATA and b"130 pages" in content


def test_many_with_data_between(sealing):
    client, seal, theirs = sealing()
    with client:
        for _ in range(200):
            client.send(seal(HANDSHAKE, REQUEST))
            seal.update()
            client.send(seal(DATA, GET))
            assert theirs.open(read_record(client)) == (HANDSHAKE, UPDATE)
            theirs.update()
            assert theirs.open(read_record(client))[0] == DATA


def test_in_fragments_and_inside_a_request(sealing):
    client, seal, theirs = sealing()
    with client:
        client.send(seal(DATA, GET[:10]))
        for byte in UPDATE:
            client.send(seal(HANDSHAKE, bytes([byte])))
        seal.update()
        client.send(seal(DATA, GET[10:]))
        assert theirs.open(read_record(client))[0] == DATA


BAD = {
    "too many": (lambda seal: None, UNEXPECTED),
    "a third value": (lambda seal: seal(HANDSHAKE, message(24, b"\2")), ILLEGAL),
    "empty": (lambda seal: seal(HANDSHAKE, message(24)), DECODE),
    "too long": (lambda seal: seal(HANDSHAKE, message(24, b"\0\0")), DECODE),
    "two in a record": (lambda seal: seal(HANDSHAKE, UPDATE + UPDATE), UNEXPECTED),
    "the old key again": (lambda seal: seal(HANDSHAKE, UPDATE) + seal(DATA, GET), BAD_MAC),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_ones(sealing, name):
    make, alert = BAD[name]
    client, seal, _ = sealing()
    with client:
        if name == "too many":
            for _ in range(LIMIT + 1):
                client.send(seal(HANDSHAKE, UPDATE))
                seal.update()
        else:
            client.send(make(seal))
        assert alert_to(client) == alert


def test_none_in_1_2(start, tmp_path):
    with SealingClient(start(*HOLDS).port, V12, tmp_path / "keys") as client:
        client.handshake()
        client.send(client.seal(True)(HANDSHAKE, UPDATE))
        assert alert_to(client) == UNEXPECTED
