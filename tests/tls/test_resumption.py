"""Tickets: they save a handshake, and are never more than that."""

import re
import signal
import socket
import ssl

import clients
import pki as makers
import pytest
from clients import V13, VERSIONS, RawClient, context, s_client
from hello import DEADLINE_S

FLAGS = {"TLSv1_2": "-tls1_2", "TLSv1_3": "-tls1_3"}


@pytest.fixture(params=sorted(FLAGS))
def flag(request):
    return FLAGS[request.param]


def is_resumed(said):
    assert '"tls":{' in said, said
    return re.search(r"^(New|Reused), ", said, re.M)[1] == "Reused"


def test_a_ticket_resumes(start, flag, tmp_path):
    port, session = start().port, tmp_path / "session"
    _, said = s_client(port, flag, "-sess_out", session)
    assert not is_resumed(said)
    for _ in range(3):
        _, said = s_client(port, flag, "-sess_in", session)
        assert is_resumed(said)


def test_a_ticket_of_another_version(start, tmp_path):
    port = start().port
    for first, then in (("-tls1_3", "-tls1_2"), ("-tls1_2", "-tls1_3")):
        session = tmp_path / first
        s_client(port, first, "-sess_out", session)
        status, said = s_client(port, then, "-sess_in", session)
        # openssl itself declines some of these; the next test sends such bytes in any case
        assert status == 1 or not is_resumed(said)


def test_a_reload_makes_old_tickets_worthless(start, pki, flag, tmp_path):
    server, session = start(*pki.pair()), tmp_path / "session"
    s_client(server.port, flag, "-sess_out", session)
    server.send_signal(signal.SIGHUP)
    server.log_lines("Certificate and key reloaded", 1)
    _, said = s_client(server.port, flag, "-sess_in", session)
    assert not is_resumed(said)


def test_a_ticket_of_another_server(start, flag, tmp_path):
    session = tmp_path / "session"
    s_client(start().port, flag, "-sess_out", session)
    _, said = s_client(start().port, flag, "-sess_in", session)
    assert not is_resumed(said)


def ticket_in(session):
    """Returns: where the ticket lies in a session's DER, and its length: the bytes in [10]."""
    printed = makers.openssl("asn1parse", "-in", session).decode()
    place = re.search(r"cont \[ 10 \].*\n *(\d+):d=\d+ +hl=(\d+) l= *(\d+) .*OCTET STRING", printed)
    offset, header, length = map(int, place.groups())
    return offset + header, length


def test_altered_tickets(start, flag, tmp_path):
    """At each part of a ticket: the key's name, the nonce, the length, the text, the tag."""
    port, session = start().port, tmp_path / "session"
    s_client(port, flag, "-sess_out", session)
    der = ssl.PEM_cert_to_DER_cert(
        session.read_text().replace("SSL SESSION PARAMETERS", "CERTIFICATE")
    )
    at, length = ticket_in(session)
    spoilt = [bytes(length)]
    for place in (0, 3, 4, 15, 16, 17, 18, length // 2, length - 1):
        data = bytearray(der[at : at + length])
        data[place] ^= 0x55
        spoilt.append(bytes(data))
    for ticket in spoilt:
        pem = ssl.DER_cert_to_PEM_cert(der[:at] + ticket + der[at + length :])
        (tmp_path / "spoilt").write_text(pem.replace("CERTIFICATE", "SSL SESSION PARAMETERS"))
        _, said = s_client(port, flag, "-sess_in", tmp_path / "spoilt")
        assert not is_resumed(said), ticket


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_pythons_sessions(start, version):
    server, made, session, reused = start(), context(version), None, []
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as raw:
            with made.wrap_socket(raw, server_hostname="x", session=session) as secure:
                secure.sendall(clients.GET % b"/")
                while secure.recv(4096):
                    pass
                reused.append(secure.session_reused)
                session = secure.session
    assert reused == [False, True, True]


def test_a_resumed_session_reports_its_own_name(start):
    """SNI is of this connection, not of the one that got the ticket."""
    server, made = start(), context()
    first = RawClient(server.port, made, name="first.example")
    first.handshake()
    first.send(first.encrypt(clients.GET % b"/whoami"))
    assert b'"server_name":"first.example"' in first.read_to_end()
    second = RawClient(server.port, made, name="second.example", session=first.ssl.session)
    second.handshake()
    second.send(second.encrypt(clients.GET % b"/whoami"))
    assert b'"server_name":"second.example"' in second.read_to_end()
    assert second.ssl.session_reused
    first.close()
    second.close()


# ---- TLS 1.3's offer of a ticket, spoilt (RFC 8446, sections 4.2.9 and 4.2.11)

ALLOW_NO_DHE_KEX = 0x400  # OpenSSL's option, which Python does not name
PSK_MODES = b"\0\x2d\0\3\2"  # psk_key_exchange_modes with two modes
PRE_SHARED_KEY = b"\0\x29\0\2\0\0"  # ServerHello: the first ticket is taken


def offer(port, spoil):
    """Offers a ticket in a hello that is spoilt. Returns: the server's first record."""
    made = context(V13)
    made.options |= ALLOW_NO_DHE_KEX  # the ticket is for the modes of its first client
    with RawClient(port, made) as first:
        first.handshake()
        first.send(first.encrypt(clients.GET % b"/"))
        first.read_to_end()
        session = first.ssl.session
    assert session.has_ticket
    with RawClient(port, made, session=session) as client:
        flight = bytearray(client.first_flight())
        spoil(flight)
        client.send(bytes(flight))
        response = client.raw_to_end() if spoil is spoil_binder else client.socket.recv(4096)
        return response[: 5 + int.from_bytes(response[3:5], "big")]


def spoil_nothing(_):
    pass


def spoil_binder(flight):
    flight[-1] ^= 1


def take_fresh_exchange_away(flight):
    """Leaves psk_ke alone: the old key, and no other that is forgotten when the connection ends."""
    assert flight.count(PSK_MODES + b"\1\0") == 1
    flight[flight.index(PSK_MODES) + len(PSK_MODES)] = 0


def test_an_offer_is_taken(start):
    """What the next two compare with."""
    response = offer(start().port, spoil_nothing)
    assert (response[0], response[5]) == (22, 2) and PRE_SHARED_KEY in response


def test_a_ticket_without_its_secret(start):
    """Who saw a ticket go by can't make the proof that comes with it."""
    response = offer(start().port, spoil_binder)
    assert [level for level, _ in clients.alerts(response)] == [2], response


def test_no_resumption_without_a_fresh_exchange(start):
    """
    The change spoils the proof, too: a server that knew psk_ke would refuse it. One that
    does not goes on without the ticket.
    """
    response = offer(start().port, take_fresh_exchange_away)
    assert (response[0], response[5]) == (22, 2) and PRE_SHARED_KEY not in response
