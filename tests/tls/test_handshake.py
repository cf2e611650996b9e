"""What the server accepts and refuses: versions, suites, groups, ALPN, SNI and close_notify."""

import json
import re
import socket
import ssl

import clients
import pytest
from clients import V12, V13, VERSIONS, RawClient, Typed, context, s_client
from hello import DEADLINE_S

SUITES_13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]

# OpenSSL's names, IANA's, and the certificate that they take.
SUITES_12 = [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "p256"),
    ("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "p384"),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "p256"),
    ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "rsa2048"),
    ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "rsa2048"),
    ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "rsa2048"),
]


@pytest.fixture
def serve(start, pki):
    return lambda name="p256", *args: start(*pki.pair(f"{name}.chain"), *args)


def whoami(server, made=None, host="127.0.0.1"):
    with server.connect(context=made or context(), host=host) as connection:
        return json.loads(connection.ask("/whoami").body)["tls"]


# ---- versions, suites, groups


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_each_certificate_in_both_versions(serve, pki, kind, version):
    server = serve(kind)
    seen = whoami(server, context(version, ca=pki.path("ca.pem")))
    assert seen["version"] == {V12: "TLSv1.2", V13: "TLSv1.3"}[version]
    assert seen["client_subject"] is None


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(serve, version):
    server = serve("rsa2048")
    status, said = s_client(server.port, version)
    assert status != 0 and "alert protocol version" in said
    assert server.ask("/").status == 200


def test_ssl_3_is_refused(serve):
    """No client speaks it any more: its hello by hand, with TLS_RSA_WITH_3DES_EDE_CBC_SHA."""
    body = b"\3\0" + bytes(32) + b"\0" + b"\0\2\0\x0a" + b"\1\0"
    message = b"\1" + len(body).to_bytes(3, "big") + body
    with socket.create_connection(("127.0.0.1", serve().port), timeout=DEADLINE_S) as raw:
        raw.sendall(b"\x16\3\0" + len(message).to_bytes(2, "big") + message)
        said = b""
        while more := raw.recv(4096):
            said += more
    assert clients.alerts(said) and all(level == 2 for level, _ in clients.alerts(said))


@pytest.mark.parametrize("suite", SUITES_13)
def test_each_suite_of_1_3(serve, suite):
    status, said = s_client(serve().port, "-tls1_3", "-ciphersuites", suite)
    assert status == 0 and f'"cipher":"{suite}"' in said


def test_each_suite_of_1_2(serve):
    servers = {kind: serve(kind) for kind in ("p256", "p384", "rsa2048")}
    for cipher, name, kind in SUITES_12:
        seen = whoami(servers[kind], context(V12, ciphers=cipher))
        assert (seen["version"], seen["cipher"]) == ("TLSv1.2", name)


def test_no_other_suite(serve):
    """All the others at once: whatever were shared would be chosen."""
    ours = "".join(f":!{cipher}" for cipher, _, _ in SUITES_12)
    for kind in ("p256", "rsa2048"):
        port = serve(kind).port
        for others in ("ALL:COMPLEMENTOFALL", "kRSA", "eNULL", "aNULL", "kDHE", "ECDHE+SHA1"):
            cipher = f"{others}{ours}:@SECLEVEL=0"
            status, said = s_client(port, "-tls1_2", "-cipher", cipher)
            assert status != 0 and "alert handshake failure" in said, (kind, others, said)
        for suite in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
            status, said = s_client(port, "-tls1_3", "-ciphersuites", suite)
            assert status != 0 and "alert handshake failure" in said, (kind, suite, said)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_groups(serve, version):
    port = serve("rsa2048").port  # in TLS 1.2 an EC certificate must be of an offered group, too
    for group, expected in (("X25519", "X25519"), ("P-256", "prime256v1"), ("P-384", "secp384r1")):
        status, said = s_client(port, version, "-groups", group)
        assert status == 0 and re.search(f"(Server|Peer) Temp Key: .*({expected}|{group})", said), said
    for group in ("P-521", "X448"):
        status, said = s_client(port, version, "-groups", group)
        assert status != 0 and "alert handshake failure" in said, (group, said)


def test_hello_retry_request(serve):
    """The client's key share is of a group that is not served: the server asks for another."""
    for second in ("X25519", "P-256", "P-384"):
        _, said = s_client(serve().port, "-tls1_3", "-groups", f"P-521:{second}", "-msg")
        assert said.count(", ClientHello") == 2, said
        assert '"version":"TLSv1.3"' in said


@pytest.mark.parametrize("kind", ["p256", "rsa2048"])
def test_no_signature_over_sha_1(serve, kind):
    """The client takes nothing else; in TLS 1.2 it could be had (RFC 9155)."""
    scheme = {"p256": "ECDSA", "rsa2048": "RSA"}[kind]
    port = serve(kind).port
    for version in ("-tls1_2", "-tls1_3"):
        status, said = s_client(
            port, version, "-sigalgs", f"{scheme}+SHA1", "-cipher", "ALL:@SECLEVEL=0"
        )
        assert status != 0 and '"tls":{' not in said, said
    status, said = s_client(port, "-tls1_2", "-sigalgs", f"{scheme}+SHA256")
    assert status == 0 and '"version":"TLSv1.2"' in said


def test_a_downgrade_is_marked(serve):
    """RFC 8446, section 4.1.3: so that a client of TLS 1.3 detects a downgrade."""
    port, random = serve().port, {}
    for version in VERSIONS:
        with RawClient(port, context(version)) as client:
            client.send(client.first_flight())
            record = client.socket.recv(4096)
        assert (record[0], record[5]) == (22, 2), "no ServerHello"
        random[version] = record[11:43]
    assert random[V12].endswith(b"DOWNGRD\1")
    assert not random[V13].endswith(b"DOWNGRD\1")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_rsa_pss_alone(serve, version):
    """The client verifies no other signature (RFC 8446, section 4.2.3)."""
    port = serve("rsa2048").port
    for hash_name in ("sha256", "sha384", "sha512"):
        status, said = s_client(port, version, "-sigalgs", f"rsa_pss_rsae_{hash_name}")
        assert status == 0 and '"cipher":"TLS_' in said, said
        assert re.search("Peer signature type: (RSA-PSS|rsa_pss_)", said)
    # PKCS #1 where it is offered, too, as ever; and what is no scheme for this certificate.
    _, said = s_client(port, "-tls1_2", "-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256")
    assert re.search("Peer signature type: (RSA\n|rsa_pkcs1_)", said)
    for kind, scheme in (("rsa2048", "rsa_pss_pss_sha256"), ("p256", "rsa_pss_rsae_sha256")):
        status, said = s_client(serve(kind).port, "-tls1_2", "-sigalgs", scheme)
        assert status != 0 and "alert handshake failure" in said, said


# ---- ALPN and SNI


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_alpn(serve, version):
    server = serve()
    assert whoami(server, context(version))["alpn"] is None
    for offered in (["http/1.1"], ["h2", "http/1.1"]):
        assert whoami(server, context(version, alpn=offered))["alpn"] == "http/1.1"
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        whoami(server, context(version, alpn=["h2"]))


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_any_name_is_served(serve, version):
    server = serve()
    for name in ("localhost", "no.such.name.example", "a." * 100 + "example"):
        with RawClient(server.port, context(version), name=name) as client:
            client.handshake()
            client.send(client.encrypt(clients.GET % b"/whoami"))
            assert f'"server_name":"{name}"'.encode() in client.read_to_end()
    _, said = s_client(server.port, "-noservername")
    assert '"server_name":null' in said


# ---- the end of a connection


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_the_server_sends_close_notify(serve, version):
    with RawClient(serve().port, context(version)) as client:
        client.handshake()
        client.send(client.encrypt(clients.GET % b"/"))
        assert client.read_to_end().endswith(b"\r\n\r\nhowdy\n")


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_a_clients_close_notify_ends_the_connection(serve, version):
    server = serve()
    before = clients.descriptors(server)
    with RawClient(server.port, context(version)) as client:
        client.handshake()
        client.send(client.encrypt(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"))
        said = b""
        while not said.endswith(b"howdy\n"):
            said += client.read()
        try:
            client.ssl.unwrap()
        except ssl.SSLWantReadError:
            pass
        client.send(client.outgoing.read())
        client.raw_to_end()  # without an end of ours: the socket is still open on this side
    clients.wait_until(lambda: clients.descriptors(server) == before)


# ---- what is not there


def test_renegotiation_is_refused(serve):
    with Typed(serve().port, "-tls1_2") as client:
        client.read_until(b"Verify return code")
        client.type(b"R\n")
        said = client.read_until(None)
    assert b"RENEGOTIATING" in said
    assert re.search(rb"no renegotiation|unexpected message|unexpected eof|handshake failure", said)


def test_no_compression_and_secure_renegotiation(serve):
    _, said = s_client(serve().port, "-tls1_2", "-comp")
    assert "Compression: NONE" in said
    assert "Secure Renegotiation IS supported" in said  # RFC 5746: so no other can be injected


# ---- records


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_full_records_are_taken(serve, version):
    body = bytes(200_000)
    with serve().connect(context=context(version)) as connection:
        for _ in range(3):
            assert connection.ask("/", "POST", body=body).body == b"howdy\n"


@pytest.mark.parametrize("version", VERSIONS, ids=lambda v: v.name)
def test_an_oversized_record_is_refused(serve, version):
    """RFC 8446, section 5.2: over 2^14 + 256 bytes; 2^14 + 2048 in TLS 1.2."""
    server = serve()
    with RawClient(server.port, context(version)) as client:
        client.handshake()
        size = 2**14 + 2049
        try:
            client.send(b"\x17\3\3" + size.to_bytes(2, "big") + bytes(size))
        except ConnectionError:
            pass  # it did not wait for all of it
        client.raw_to_end()
    assert server.ask("/").status == 200
    with RawClient(server.port, context(version)) as client:
        client.first_flight()
        client.send(b"\x16\3\1" + size.to_bytes(2, "big"))
        client.send(bytes(100))
        client.raw_to_end()
