"""`hello get` and `hello healthcheck` over TLS: which servers are trusted, and the messages."""

import contextlib
import json
import os
import socket
import ssl
import threading

import hello
import pytest

RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"


def get(flavour, *args, **kwargs):
    return hello.run(flavour, "get", *map(str, args), **kwargs)


class Speaker:
    """OpenSSL's side of TLS: one handshake, a response, an end with or without close_notify."""

    def __init__(self, pki, name="p256.chain", response=RESPONSE, close_notify=True, host="127.0.0.1", **settings):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _, chain, _, key = pki.pair(name)
        for setting, value in settings.items():
            if callable(getattr(self.context, setting)):
                getattr(self.context, setting)(value)
            else:
                setattr(self.context, setting, value)
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.response = response
        self.close_notify = close_notify
        self.seen = {}
        self.context.sni_callback = lambda _, name, __: self.seen.update(server_name=name)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            plain, _ = self.listener.accept()
            plain.settimeout(20)
            with self.context.wrap_socket(plain, server_side=True) as secure:
                self.seen.update(version=secure.version(), cipher=secure.cipher()[0])
                self.seen.update(alpn=secure.selected_alpn_protocol())
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = secure.recv(4096)
                    if not piece:
                        return
                    request += piece
                self.seen.update(request=request)
                secure.sendall(self.response)
                if self.close_notify:
                    secure.unwrap()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(hello.DEADLINE_S)


@pytest.fixture
def ca(pki):
    return ("-ca", pki.path("ca.pem"))


# ---- what is trusted


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_trusted_server(start, pki, ca, kind, host):
    server = start(*pki.pair(f"{kind}.chain"))
    done = get(server.flavour, *ca, f"https://{host}:{server.port}/whoami")
    assert (done.returncode, done.stderr) == (0, "")
    tls = json.loads(done.stdout)["tls"]
    assert (tls["version"], tls["alpn"]) == ("TLSv1.3", "http/1.1")
    # An address is no server name (RFC 6066, section 3).
    assert tls["server_name"] == ("localhost" if host == "localhost" else None)


@pytest.mark.parametrize(
    "settings, version, cipher",
    [
        ({}, "TLSv1.3", None),
        ({"maximum_version": ssl.TLSVersion.TLSv1_2}, "TLSv1.2", None),
        *(
            ({"maximum_version": ssl.TLSVersion.TLSv1_2, "set_ciphers": name}, "TLSv1.2", name)
            for name in (
                "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-CHACHA20-POLY1305",
            )
        ),
        ({"set_ecdh_curve": "prime256v1"}, "TLSv1.3", None),
        ({"set_ecdh_curve": "secp384r1"}, "TLSv1.3", None),
    ],
)
def test_what_is_agreed_on(flavour, pki, ca, settings, version, cipher):
    with Speaker(pki, set_alpn_protocols=["h2", "http/1.1"], **settings) as speaker:
        done = get(flavour, *ca, f"https://localhost:{speaker.port}/x")
        speaker.thread.join(hello.DEADLINE_S)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
    assert speaker.seen["version"] == version
    assert cipher is None or speaker.seen["cipher"] == cipher
    assert speaker.seen["alpn"] == "http/1.1"
    assert speaker.seen["server_name"] == "localhost"
    assert speaker.seen["request"].startswith(b"GET /x HTTP/1.1\r\nHost: localhost:")


def test_a_closed_standard_output(flavour, pki, ca):
    """The connection would get its number, and the decrypted body."""
    with Speaker(pki) as speaker:
        url = f"https://localhost:{speaker.port}/"
        done = get(flavour, *ca, url, preexec_fn=lambda: os.close(1))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hello: standard output: can't write: Bad file descriptor\n"


def test_the_bundle_of_the_environment(start, pki):
    server = start(*pki.pair())
    url = f"https://localhost:{server.port}/"
    done = get(server.flavour, url, env={"SSL_CERT_FILE": str(pki.path("ca.pem"))})
    assert (done.returncode, done.stdout) == (0, "howdy\n")
    done = get(server.flavour, url, env={"SSL_CERT_FILE": str(pki.path("other-ca.pem"))})
    assert done.returncode == 1


def test_a_bundle_of_many(start, pki):
    """The system's, and one more: what is looked for may come last."""
    with open("/etc/ssl/certs/ca-certificates.crt", "rb") as file:
        bundle = pki.write("bundle.pem", file.read() + pki.path("ca.pem").read_bytes())
    server = start(*pki.pair())
    assert get(server.flavour, "-ca", bundle, f"https://localhost:{server.port}/").returncode == 0


# ---- what is not


@pytest.mark.parametrize(
    "name, authority, host, words",
    [
        ("p256.chain", "other-ca", "localhost", "signed by an unknown authority"),
        ("p256.chain", None, "localhost", "signed by an unknown authority"),
        ("p256", "ca", "localhost", "signed by an unknown authority"),  # without the intermediate
        ("expired.chain", "ca", "localhost", "expired"),
        ("future.chain", "ca", "localhost", "not valid yet"),
        ("elsewhere.chain", "ca", "localhost", "issued for another name"),
        ("elsewhere.chain", "ca", "127.0.0.1", "issued for another name"),
        ("client.chain", "ca", "localhost", "another name"),
        ("rsa1024.chain", "ca", "localhost", "not acceptable"),
    ],
)
def test_an_untrusted_server(flavour, pki, name, authority, host, words):
    trust = ("-ca", pki.path(f"{authority}.pem")) if authority else ()
    lower = {"set_ciphers": "DEFAULT@SECLEVEL=0"} if "1024" in name else {}
    with Speaker(pki, name, **lower) as speaker:
        done = get(flavour, *trust, f"https://{host}:{speaker.port}/")
        speaker.thread.join(hello.DEADLINE_S)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f'hello: certificate of "{host}": ') and words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "request" not in speaker.seen, "no request may be sent to an unverified server"


def test_a_self_signed_one_is_pinned(start, pki):
    server = start("-tls-self-signed")
    url = f"https://localhost:{server.port}/"
    assert "signed by an unknown authority" in get(server.flavour, url).stderr
    own = pki.write("own.pem", ssl.get_server_certificate(("127.0.0.1", server.port)).encode())
    done = get(server.flavour, "-ca", own, url)
    assert (done.returncode, done.stdout) == (0, "howdy\n")


@pytest.mark.parametrize(
    "content, words", [(None, "No such file"), (b"nothing\n", "no certificate"), (b"", "no certificate")]
)
def test_no_bundle(start, pki, content, words):
    server = start(*pki.pair())
    path = pki.path("none.pem") if content is None else pki.write("broken.pem", content)
    path = path if content is not None else pki.path("missing.pem")
    done = get(server.flavour, "-ca", path, f"https://localhost:{server.port}/")
    assert done.returncode == 1
    assert done.stderr.startswith(f'hello: -ca "{path}": ') and words in done.stderr


# ---- what goes wrong on the way


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(flavour, pki, ca):
    old = {"minimum_version": ssl.TLSVersion.TLSv1, "maximum_version": ssl.TLSVersion.TLSv1_1}
    with Speaker(pki, set_ciphers="DEFAULT@SECLEVEL=0", **old) as speaker:
        done = get(flavour, *ca, f"https://localhost:{speaker.port}/")
    assert done.returncode == 1
    assert done.stderr.startswith('hello: TLS "localhost": ') and done.stderr.count("\n") == 1


def test_weak_suites_are_refused(flavour, pki, ca):
    weak = {"set_ciphers": "ECDHE-ECDSA-AES128-SHA", "maximum_version": ssl.TLSVersion.TLSv1_2}
    with Speaker(pki, **weak) as speaker:
        done = get(flavour, *ca, f"https://localhost:{speaker.port}/")
    assert done.returncode == 1 and "sent a fatal alert" in done.stderr


def test_plain_http_is_not_tls(start, pki):
    server = start(tls=False)
    done = get(server.flavour, f"https://localhost:{server.port}/")
    assert done.returncode == 1 and "the peer does not speak TLS" in done.stderr


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("close_notify", [True, False])
def test_a_body_without_a_length_needs_a_close_notify(flavour, pki, ca, version, close_notify):
    response = b"HTTP/1.1 200 OK\r\n\r\nhello\n"
    with Speaker(pki, response=response, close_notify=close_notify, maximum_version=version) as speaker:
        done = get(flavour, *ca, f"https://localhost:{speaker.port}/")
    assert done.stdout == "hello\n"
    assert done.returncode == (0 if close_notify else 1)
    assert close_notify or "closed early" in done.stderr


def test_a_body_with_a_length_does_not(flavour, pki, ca):
    with Speaker(pki, close_notify=False) as speaker:
        done = get(flavour, *ca, f"https://localhost:{speaker.port}/")
    assert (done.returncode, done.stdout) == (0, "hello\n")


@pytest.mark.parametrize("flavour", ["release"])
def test_a_large_body(flavour, pki, ca, tmp_path):
    body = bytes(range(256)) * 4096 * 32
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with Speaker(pki, response=head + body) as speaker:
        done = get(flavour, *ca, "-o", tmp_path / "x", f"https://localhost:{speaker.port}/")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "x").read_bytes() == body


def test_never_from_https_to_http(flavour, pki, ca, start):
    target = start(tls=False)
    go = f"HTTP/1.1 302 Found\r\nLocation: http://localhost:{target.port}/\r\nContent-Length: 0\r\n\r\n"
    with Speaker(pki, response=go.encode()) as speaker:
        done = get(flavour, "-L", *ca, f"https://localhost:{speaker.port}/")
    assert done.returncode == 1 and "from https to http" in done.stderr and done.stdout == ""


def test_redirects_within_https(start, pki, ca):
    server = start(*pki.pair())
    done = get(server.flavour, "-L", *ca, f"https://localhost:{server.port}/magazine")
    assert (done.returncode, done.stdout) == (0, "No magazine provided.\n")


def test_silence_has_an_end(flavour, pki, ca):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/"
        done = get(flavour, *ca, "-idle-timeout", "300ms", url)
    assert done.returncode == 1
    assert "timed out" in done.stderr and done.stderr.count("\n") == 1


def test_a_server_that_requests_a_client_certificate(start, pki, ca):
    server = start(*pki.pair(), "-tls-client-ca", pki.path("ca.pem"))
    done = get(server.flavour, *ca, f"https://localhost:{server.port}/")
    assert done.returncode == 1 and "sent a fatal alert" in done.stderr


# ---- healthcheck


def test_a_url_is_verified(start, pki, ca):
    server = start(*pki.pair())
    url = f"https://localhost:{server.port}/healthz"
    assert hello.run(server.flavour, "healthcheck", *map(str, ca), url).returncode == 0
    done = hello.run(server.flavour, "healthcheck", url)
    assert done.returncode == 1
    assert "signed by an unknown authority" in done.stderr and done.stderr.count("\n") == 1


def test_the_own_service_is_unverified(start):
    """Over HTTPS alone, with a self-signed certificate: the service is its own."""
    server = start("-tls-self-signed")
    own = {
        "HELLO_ADDR": "",
        "HELLO_TLS_ADDR": f"127.0.0.1:{server.port}",
        "HELLO_TLS_SELF_SIGNED": "true",
    }
    done = hello.run(server.flavour, "healthcheck", env=own)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    server.stop()
    assert hello.run(server.flavour, "healthcheck", env=own).returncode == 1
