"""Certificates and keys, right and wrong, and the flags that name them."""

import ctypes
import datetime
import os
import re
import socket
import ssl
import stat

import clients
import hello
import pki as makers
import pytest
from clients import context
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

ON = ("-addr", "", "-tls-addr", "127.0.0.1:0")


def refused(flavour, *args, status=1):
    """Returns: the one line that says why it does not start."""
    done = hello.run(flavour, *map(str, args))
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("hello: "), done.stderr
    return done.stderr


# ---- flags


@pytest.mark.parametrize(
    "args, word",
    [
        (["-tls-addr", ":0"], '-tls-cert: missing'),
        (["-tls-addr", ":0", "-tls-cert", "c"], '-tls-key: missing'),
        (["-tls-addr", ":0", "-tls-key", "k"], '-tls-cert: missing'),
        (["-tls-cert", "c", "-tls-key", "k"], '-tls-addr: missing'),
        (["-tls-self-signed"], '-tls-addr: missing'),
        (["-tls-client-ca", "ca"], '-tls-addr: missing'),
        (["-tls-addr", ":0", "-tls-self-signed", "-tls-cert", "c"], "-tls-self-signed: "),
        (["-tls-addr", ":0", "-tls-self-signed", "-tls-key", "k"], "-tls-self-signed: "),
        (["-tls-addr", "nonsense", "-tls-self-signed"], '-tls-addr "nonsense"'),
        (["-addr", "", "-tls-addr", ""], "nothing to listen on"),
    ],
)
def test_wrong_combinations(flavour, args, word):
    line = refused(flavour, *args, status=2)
    assert word in line and "; want " in line


def test_the_minimal_build_has_none():
    if not hello.binary("minimal").exists():
        pytest.skip("make build/minimal/hello builds it")
    line = refused("minimal", *ON, "-tls-self-signed")
    assert "this build has no TLS" in line


def test_http_and_https_at_once(start, pki):
    server = start(*("-tls-addr", "127.0.0.1:0", *pki.pair()), tls=False)
    line = server.log_lines("Server at https", 1)[0]
    port = int(re.search(r"localhost:(\d+)", line)[1])
    for target in ("/", "/magazine/vogue", "/healthz", "/readyz", "/version"):
        with hello.Connection(port, context=context(ca=pki.path("ca.pem"))) as secure:
            over_tls = secure.ask(target)
        plain = server.ask(target)
        assert (plain.status, plain.body) == (over_tls.status, over_tls.body)
    assert b'"tls":null' in server.ask("/whoami").body
    with hello.Connection(port, context=context()) as secure:
        assert b'"tls":{"version":"TLSv1.3"' in secure.ask("/whoami").body
        assert b"hello_" in secure.ask("/metrics").body
    assert server.stop() == 0


def test_flags_by_environment(start, pki):
    names = ("-tls-cert", "-tls-key")
    values = [str(value) for value in pki.pair()[1::2]]
    env = {"HELLO_" + n[1:].replace("-", "_").upper(): v for n, v in zip(names, values)}
    env |= {"HELLO_ADDR": "", "HELLO_TLS_ADDR": "127.0.0.1:0"}
    server = start(addr=None, tls=False, env=env)
    with server.connect(context=context(ca=pki.path("ca.pem"))) as connection:
        assert connection.ask("/").status == 200


# ---- what is served


def test_the_complete_chain_is_sent(start, pki):
    server = start(*pki.pair("p256.chain"))
    with server.connect(context=context(ca=pki.path("ca.pem"))) as connection:
        assert connection.ask("/").status == 200
    server = start(*pki.pair("p256"))  # it can't be verified without its intermediate
    with pytest.raises(ssl.SSLCertVerificationError):
        server.connect(context=context(ca=pki.path("ca.pem")))


@pytest.mark.parametrize(
    "name, warning",
    [
        ("expired", "Warning: the certificate has expired."),
        ("future", "Warning: the certificate is not valid yet."),
        ("p256", None),
    ],
)
def test_the_time_of_a_certificate(start, pki, name, warning):
    server = start(*pki.pair(name))
    assert server.ask("/").status == 200
    warnings = re.findall("Warning:.*", server.log())
    assert warnings == ([warning] if warning else [])


def test_the_self_signed_ones_fingerprint_is_right(start):
    server = start()
    line = server.log_lines("Self-signed certificate, SHA-256 ", 1)[0]
    pem = ssl.get_server_certificate(("127.0.0.1", server.port))
    printed = makers.openssl(
        "x509", "-noout", "-fingerprint", "-sha256", input=pem.encode()
    ).decode()
    assert line.split()[-1] == printed.strip().partition("=")[2]
    text = makers.openssl("x509", "-noout", "-text", input=pem.encode()).decode()
    for word in ("DNS:localhost", "IP Address:127.0.0.1", "P-256"):
        assert word in text


def rename_host(name):
    """In the child alone: a namespace of its own (unshare(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(0x04000000) == 0, os.strerror(ctypes.get_errno())  # CLONE_NEWUTS
    socket.sethostname(name)


@pytest.mark.skipif(os.geteuid() != 0, reason="unshare(2) and sethostname(2) need root")
@pytest.mark.parametrize("name", ["h", "two.labels", "n" * 64])
def test_the_self_signed_one_is_well_formed(start, name):
    """For a parser that takes strict DER alone, with the shortest and the longest name of a host."""
    server = start(preexec_fn=lambda: rename_host(name))
    pem = ssl.get_server_certificate(("127.0.0.1", server.port))
    found = x509.load_pem_x509_certificate(pem.encode())
    attribute = x509.NameAttribute(NameOID.COMMON_NAME, name)
    assert found.subject == found.issuer == x509.Name([attribute])
    assert found.version is x509.Version.v3 and found.serial_number.bit_length() == 127
    assert found.not_valid_after - found.not_valid_before == datetime.timedelta(days=90, hours=1)
    assert abs(found.not_valid_before - datetime.datetime.utcnow()) < datetime.timedelta(hours=2)
    extensions = {each.oid: each.value for each in found.extensions}
    assert extensions.keys() == {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.SUBJECT_ALTERNATIVE_NAME}
    assert extensions[ExtensionOID.BASIC_CONSTRAINTS].ca is False
    names = extensions[ExtensionOID.SUBJECT_ALTERNATIVE_NAME]
    assert names.get_values_for_type(x509.DNSName) == ["localhost", name]
    addresses = names.get_values_for_type(x509.IPAddress)
    assert [str(address) for address in addresses] == ["127.0.0.1", "::1"]
    found.public_key().verify(found.signature, found.tbs_certificate_bytes, ec.ECDSA(found.signature_hash_algorithm))
    assert isinstance(found.signature_hash_algorithm, hashes.SHA256)


# ---- the forms of a key file


def key_forms(pki):
    """Every form that openssl writes without a passphrase."""
    for kind, old in (("rsa2048", "RSA PRIVATE KEY"), ("p256", "EC PRIVATE KEY")):
        key = pki.path(f"{kind}.key")
        pkcs8 = key.read_bytes()
        assert b"-----BEGIN PRIVATE KEY-----" in pkcs8
        traditional = makers.openssl("pkey", "-in", key, "-traditional")
        assert f"-----BEGIN {old}-----".encode() in traditional
        yield f"{kind}-pkcs8", kind, pkcs8
        yield f"{kind}-old", kind, traditional
        yield f"{kind}-crlf", kind, traditional.replace(b"\n", b"\r\n")
        yield f"{kind}-text", kind, makers.openssl("pkey", "-in", key, "-text")
        yield f"{kind}-no-end", kind, pkcs8.rstrip(b"\n")
    parameters = makers.openssl("ecparam", "-name", "prime256v1")
    assert b"BEGIN EC PARAMETERS" in parameters
    sec1 = makers.openssl("pkey", "-in", pki.path("p256.key"), "-traditional")
    yield "parameters", "p256", parameters + sec1
    yield "both", "p256", pki.path("p256.chain.pem").read_bytes() + sec1


def test_each_form_of_a_key(start, pki):
    for name, kind, content in key_forms(pki):
        key = pki.write(f"form-{name}.pem", content)
        server = start("-tls-cert", pki.path(f"{kind}.chain.pem"), "-tls-key", key)
        assert server.ask("/").status == 200, name
        assert server.stop() == 0


def test_one_file_for_both(start, pki):
    both = pki.path("p256.chain.pem").read_bytes() + pki.path("p256.key").read_bytes()
    file = pki.write("both.pem", both)
    server = start("-tls-cert", file, "-tls-key", file)
    with server.connect(context=context(ca=pki.path("ca.pem"))) as connection:
        assert connection.ask("/").status == 200


def test_a_certificate_with_other_line_ends_and_text(start, pki):
    plain = pki.path("p256.chain.pem").read_bytes()
    for name, content in (
        ("crlf", plain.replace(b"\n", b"\r\n")),
        ("text", makers.openssl("x509", "-text", "-in", pki.path("p256.pem"))),
        ("bag", b"Bag Attributes\n    friendlyName: me\n" + plain),
    ):
        cert = pki.write(f"cert-{name}.pem", content)
        server = start("-tls-cert", cert, "-tls-key", pki.path("p256.key"))
        assert server.ask("/").status == 200, name
        assert server.stop() == 0


# ---- what is refused, each with one line that names the flag and the file


def test_encrypted_keys(flavour, pki):
    key = pki.path("p256.key")
    secret = ("-aes256", "-passout", "pass:secret")
    for name, form in (("new", ()), ("old", ("-traditional",))):
        encrypted = pki.write(f"encrypted-{name}.key", makers.openssl("pkey", "-in", key, *secret, *form))
        line = refused(flavour, *ON, "-tls-cert", pki.path("p256.pem"), "-tls-key", encrypted)
        assert f'-tls-key "{encrypted}": the key is encrypted; want it unencrypted: openssl pkey' in line


@pytest.mark.parametrize(
    "cert, key, words",
    [
        ("p256", "second", ["-tls-key", "not the key of the certificate in -tls-cert"]),
        ("p256", "rsa2048", ["-tls-key", "not the key of the certificate in -tls-cert"]),
        ("rsa2048", "p384", ["-tls-key", "not the key of the certificate in -tls-cert"]),
        ("rsa1024", "rsa1024", ["-tls-key", "the RSA key is too short", "2048 bits"]),
        ("ed25519", "ed25519", ["-tls-", "RSA, P-256 or P-384"]),
        ("p256", "ed25519", ["-tls-key", "RSA, P-256 or P-384"]),
    ],
)
def test_pairs_that_are_none(flavour, pki, cert, key, words):
    line = refused(flavour, *ON, *pki.pair(cert, key))
    for word in words:
        assert word in line


def test_a_chain_that_is_too_long(flavour, start, pki):
    leaf, more = pki.path("p256.pem").read_bytes(), pki.path("issuing.pem").read_bytes()
    size = len(ssl.PEM_cert_to_DER_cert(more.decode()))
    fits = pki.write("fits.pem", leaf + more * (6800 // size))
    server = start("-tls-cert", fits, "-tls-key", pki.path("p256.key"))
    for version in clients.VERSIONS:
        with server.connect(context=context(version)) as connection:
            assert connection.ask("/").status == 200
    long = pki.write("long.pem", leaf + more * (8200 // size))
    line = refused(flavour, *ON, "-tls-cert", long, "-tls-key", pki.path("p256.key"))
    assert f'-tls-cert "{long}": the chain is too long; want at most' in line


def test_files_that_are_none(flavour, pki, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "empty").touch()
    (tmp_path / "garbage").write_bytes(bytes(range(256)) * 16)
    (tmp_path / "loop").symlink_to("loop")
    broken = pki.path("p256.pem").read_bytes()[:300]
    (tmp_path / "broken").write_bytes(broken)
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(1 << 40)
    good = dict(zip(("-tls-cert", "-tls-key"), pki.pair()[1::2]))
    for flag in good:
        for name in ("fifo", ".", "missing", "empty", "garbage", "loop", "broken", "huge"):
            files = good | {flag: tmp_path / name}
            line = refused(flavour, *ON, *(word for pair in files.items() for word in pair))
            assert f'{flag} "{tmp_path / name}": ' in line
    for name in ("fifo", ".", "missing", "empty"):
        line = refused(flavour, *ON, "-tls-self-signed", "-tls-client-ca", tmp_path / name)
        assert f'-tls-client-ca "{tmp_path / name}": ' in line


@pytest.mark.skipif(os.geteuid() != 0, reason="another user takes root")
def test_a_key_that_may_not_be_read(flavour, pki, tmp_path, monkeypatch):
    key = tmp_path / "key"
    key.write_bytes(pki.path("p256.key").read_bytes())
    key.chmod(stat.S_IRUSR)
    copy = hello.copy_for_others(flavour, tmp_path)
    monkeypatch.setattr(hello, "binary", lambda _: copy)
    pki.directory.chmod(0o755)
    pki.path("p256.pem").chmod(0o644)
    args = ("-tls-cert", pki.path("p256.pem"), "-tls-key", key)
    done = hello.run(flavour, *map(str, (*ON, *args)), user=99, group=99)
    assert done.returncode == 1
    assert f'-tls-key "{key}": can\'t be read: Permission denied' in done.stderr
