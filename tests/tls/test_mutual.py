"""-tls-client-ca: a client without a certificate of that authority is never served."""

import json
import signal
import socket
import ssl

import clients
import pki as makers
import pytest
from clients import V12, V13, VERSIONS, context
from hello import DEADLINE_S


@pytest.fixture(params=VERSIONS, ids=lambda v: v.name)
def version(request):
    return request.param


@pytest.fixture
def serve(start, pki):
    return lambda ca="ca.pem": start(*pki.pair(), "-tls-client-ca", pki.path(ca))


@pytest.fixture
def as_client(pki, version):
    def make(name, chain=None):
        return context(version, client=(pki.path(f"{chain or name}.pem"), pki.path(f"{name}.key")))

    return make


def ask(server, made, session=None):
    """Returns: /whoami's TLS, and the session that a later connection may offer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as raw:
        with made.wrap_socket(raw, server_hostname="localhost", session=session) as secure:
            secure.sendall(clients.GET % b"/whoami")
            said = b""
            while more := secure.recv(65536):
                said += more
            described = json.loads(said.partition(b"\r\n\r\n")[2])["tls"]
            return described, secure.session, secure.session_reused


def refused(server, made, session=None):
    """
    In TLS 1.3 a client learns of its refusal with the first read. It asks for nothing before: that
    might come to a closed socket, and break off what the client has yet to read.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S) as raw:
        with pytest.raises((ssl.SSLError, ConnectionError)) as failure:
            made.wrap_socket(raw, server_hostname="localhost", session=session).recv(1)
    return str(failure.value)


def test_with_a_good_one(serve, as_client):
    described, _, _ = ask(serve(), as_client("client", "client.chain"))
    assert described["client_subject"] == "CN=client, O=hello tests"


def test_the_authority_may_be_the_intermediate(serve, as_client):
    described, _, _ = ask(serve("issuing.pem"), as_client("client"))
    assert described["client_subject"] == "CN=client, O=hello tests"


def test_without_one(serve, version):
    """TLS 1.3 has an alert for it, certificate_required; mbedTLS 3.6 sends the one of SSL 3."""
    alert = {V12: "alert handshake failure", V13: "alert no certificate"}[version]
    assert alert in refused(serve(), context(version))


@pytest.mark.parametrize(
    "name, chain, alert",
    [
        ("client-other", None, "alert unknown ca"),
        ("client-expired", "client-expired.chain", "alert certificate expired"),
    ],
)
def test_with_a_bad_one(serve, as_client, name, chain, alert):
    server = serve()
    assert alert in refused(server, as_client(name, chain))
    described, _, _ = ask(server, as_client("client", "client.chain"))
    assert described["client_subject"] == "CN=client, O=hello tests"


def test_with_one_for_servers(serve, as_client):
    """extendedKeyUsage without clientAuth (RFC 5280, section 4.2.1.12)."""
    refused(serve(), as_client("p256", "p256.chain"))


def test_with_one_of_an_unknown_algorithm(serve, version, tmp_path):
    """mbedTLS skips a certificate whose signature it has no code for, and is left with none."""
    key, authority, request = (tmp_path / name for name in ("key.pem", "authority.key", "csr"))
    ca, cert = tmp_path / "ca.pem", tmp_path / "cert.pem"
    makers.openssl("genpkey", "-algorithm", "ED25519", "-out", authority)
    makers.openssl("req", "-x509", "-subj", "/CN=authority", "-key", authority, "-out", ca)
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", key)
    makers.openssl("req", "-new", "-subj", "/CN=client", *new, "-out", request)
    makers.openssl(
        *("x509", "-req", "-in", request, "-CA", ca, "-CAkey", authority, "-CAcreateserial"),
        *("-out", cert),
    )
    server = serve()
    assert "alert unsupported certificate" in refused(server, context(version, client=(cert, key)))
    assert server.process.poll() is None


def test_with_anothers_certificate(serve, pki, version):
    """The certificate is public: without its key it proves nothing."""
    made = context(version, client=(pki.path("client.chain.pem"), pki.path("client.key")))
    server = serve()
    hello = clients.RawClient(server.port, made)
    hello.send(hello.first_flight())
    second = bytearray(hello.second_flight())
    second[-40] ^= 1  # within the proof, or the Finished that follows it
    hello.send(bytes(second))
    assert b"HTTP/" not in hello.raw_to_end()
    hello.close()


def test_nothing_is_resumed(serve, as_client):
    """A ticket would stand for a certificate that may have expired by then."""
    server = serve()
    made = as_client("client", "client.chain")
    _, session, _ = ask(server, made)
    described, _, reused = ask(server, made, session)
    assert described["client_subject"] == "CN=client, O=hello tests"
    assert not reused


def test_no_ticket_bypasses_it(serve, as_client, pki, start, version):
    """A ticket of a server that asks for no certificate is worth nothing at one that does."""
    server = start(*pki.pair())
    made = as_client("client", "client.chain")
    _, session, _ = ask(server, made)
    strict = serve()
    without = context(version)
    _, anonymous, _ = ask(server, without)
    refused(strict, without, anonymous)
    described, _, reused = ask(strict, made, session)
    assert described["client_subject"] == "CN=client, O=hello tests" and not reused


def test_another_authority_by_reload(start, pki, as_client, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.write_bytes(pki.path("ca.pem").read_bytes())
    server = start(*pki.pair(), "-tls-client-ca", authority)
    first, other = as_client("client", "client.chain"), as_client("client-other")
    _, session, _ = ask(server, first)
    refused(server, other)
    with server.connect(context=first) as kept:
        kept.ask("/")
        authority.write_bytes(pki.path("other-ca.pem").read_bytes())
        server.send_signal(signal.SIGHUP)
        server.log_lines("Certificate and key reloaded", 1)
        refused(server, first)
        refused(server, first, session)
        described, _, _ = ask(server, other)
        assert described["client_subject"] == "CN=client-other, O=hello tests"
        assert kept.ask("/").status == 200, "what is open lives on"
