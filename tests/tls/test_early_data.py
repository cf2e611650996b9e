"""Early data (RFC 8446, section 4.2.10): never accepted, and skipped where it comes all the same."""

import ssl
import subprocess

import clients
import pytest
from clients import RawClient, s_client


@pytest.fixture
def serve(start, pki):
    return lambda name="p256", *args: start(*pki.pair(f"{name}.chain"), *args)


@pytest.fixture
def foreign_ticket(tmp_path, pki):
    """A session of another server, which takes early data; as a file."""
    session = tmp_path / "foreign"
    other = subprocess.Popen(
        ["openssl", "s_server", "-accept", "127.0.0.1:0", "-tls1_3", "-www"]
        + ["-cert", pki.path("p256.pem"), "-key", pki.path("p256.key")]
        + ["-max_early_data", "100000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (line := other.stdout.readline()).startswith(b"ACCEPT"):
            assert line, "openssl s_server has ended"
        port = int(line.rsplit(b":", 1)[1])
        _, said = s_client(port, "-tls1_3", "-sess_out", session)
        assert "Max Early Data: 100000" in said
    finally:
        other.kill()
        other.communicate()
    return session


@pytest.mark.parametrize("groups", ["X25519", "P-521:X25519"], ids=["at once", "after a retry"])
@pytest.mark.parametrize("size", [1, 1000, 16384, 60000])
def test_early_data_is_skipped(serve, tmp_path, foreign_ticket, size, groups):
    """The request after it is served; nothing of the early data is."""
    early = tmp_path / "early"
    early.write_bytes((b"GET /magazine/early HTTP/1.1\r\nHost: test\r\n\r\n" * 2000)[:size])
    port = serve().port
    status, said = s_client(
        port, "-tls1_3", "-groups", groups, "-sess_in", foreign_ticket, "-early_data", early
    )
    assert status == 0 and "Early data was rejected" in said, said
    assert '"version":"TLSv1.3"' in said and "early has" not in said


@pytest.mark.parametrize("groups", ["X25519", "P-521:X25519"], ids=["at once", "after a retry"])
def test_too_much_early_data(serve, tmp_path, foreign_ticket, groups):
    early = tmp_path / "early"
    early.write_bytes(bytes(90_000))
    status, said = s_client(
        serve().port, "-tls1_3", "-groups", groups, "-sess_in", foreign_ticket, "-early_data", early
    )
    assert status != 0 and "alert unexpected message" in said, said


def test_nothing_is_skipped_that_was_not_announced(serve):
    """Without the extension, a record that does not decrypt ends the handshake."""
    with RawClient(serve().port, clients.context(clients.V13)) as client:
        client.send(client.first_flight())
        client.second_flight()
        client.send(b"\x17\3\3\0\x30" + bytes(48))
        with pytest.raises(ssl.SSLError, match="BAD_RECORD_MAC"):
            client.read()


def test_no_ticket_allows_it(serve, tmp_path):
    server = serve()
    session, early = tmp_path / "session", tmp_path / "early"
    early.write_bytes(b"GET /magazine/early HTTP/1.1\r\nHost: test\r\n\r\n")
    _, said = s_client(server.port, "-tls1_3", "-sess_out", session)
    assert "Max Early Data: 0" in said
    _, said = s_client(server.port, "-tls1_3", "-sess_in", session, "-early_data", early)
    assert "Early data was not sent" in said and "early has" not in said
