"""HTTPS from the images that have it, as the README shows it."""

import json
import os
import resource
import socket
import ssl
import subprocess
import time
import urllib.request
import uuid

import pytest
from engine import VARIANTS, docker

WITH_TLS = [name for name in VARIANTS if name != "scratch-minimal"]


def port(name):
    return int(docker("port", name, "1443/tcp").stdout.strip().rsplit(":", 1)[1])


def ask(name, context, seconds=20):
    """Asks /whoami until a response comes, with an end, and notices a dead container."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            url = f"https://localhost:{port(name)}/whoami"
            with urllib.request.urlopen(url, context=context, timeout=5) as response:
                return json.load(response)
        except (OSError, AssertionError, IndexError):
            running = docker("inspect", "-f", "{{.State.Running}}", name).stdout.strip()
            assert running == "true", "the container has ended"
            assert time.monotonic() < deadline, "no response"
            time.sleep(0.05)


@pytest.mark.parametrize("image", WITH_TLS)
def test_self_signed(image, container):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = container(
        f"hello:{image}",
        *("-p", "127.0.0.1::1443", "--read-only", "--cap-drop=ALL"),
        command=["-tls-addr", ":1443", "-tls-self-signed"],
    )
    assert ask(name, context)["tls"]["version"] == "TLSv1.3"
    docker("stop", "-t", "10", name)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == "0"


def test_a_thousand_idle_connections_in_16_megabytes(container):
    """The service's memory, and the kernel's for its sockets; swapping would hide it."""
    if json.loads(docker("info", "-f", "{{json .MemoryLimit}}").stdout) is not True:
        pytest.skip("this engine cannot limit memory")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        pytest.skip("1,000 connections need a higher limit of open files")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = container(
        "hello:scratch",
        *("-p", "127.0.0.1::1443", "-m", "16m", "--memory-swap", "16m"),
        command=["-tls-addr", ":1443", "-tls-self-signed", "-idle-timeout", "10m", "-log", "off"],
    )
    ask(name, context)
    address = ("127.0.0.1", port(name))
    opened = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    try:
        for _ in range(1000):
            opened.append(context.wrap_socket(socket.create_connection(address, timeout=20)))
        for _ in range(2):
            for connection in opened:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: test\r\n\r\n")
                assert connection.recv(4096).endswith(b"\r\n\r\nhowdy\n")
        state = json.loads(docker("inspect", "-f", "{{json .State}}", name).stdout)
        assert state["Running"] and not state["OOMKilled"]
    finally:
        for connection in opened:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("image", WITH_TLS)
def test_a_certificate_by_volume_and_its_reload(image, container, tmp_path):
    def make_certificate():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "chain.pem"]
            + ["-days", "7", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
            check=True,
            capture_output=True,
        )
        (tmp_path / "key.pem").chmod(0o644)  # for user 99
        return ssl.create_default_context(cafile=tmp_path / "chain.pem")

    tmp_path.chmod(0o755)
    first = make_certificate()
    name = container(
        f"hello:{image}",
        *("-p", "127.0.0.1::1443", "-v", f"{tmp_path}:/tls:ro"),
        command=[*("-tls-addr", ":1443", "-tls-cert", "/tls/chain.pem", "-tls-key", "/tls/key.pem")],
    )
    assert ask(name, first)["tls"]["server_name"] == "localhost"
    second = make_certificate()
    docker("kill", "-s", "HUP", name)
    assert ask(name, second)["tls"]["server_name"] == "localhost"


@pytest.mark.skipif(os.geteuid() != 0, reason="a file of another user takes root")
def test_a_private_key_of_mode_0600(container, tmp_path):
    """What the README says about the images' user 99: run as the owner, or give the file to group 99."""
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        + ["-out", chain, "-days", "7", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True,
        capture_output=True,
    )
    tmp_path.chmod(0o755)
    chain.chmod(0o644)
    context = ssl.create_default_context(cafile=chain)
    options = ["-p", "127.0.0.1::1443", "-v", f"{tmp_path}:/tls:ro"]
    flags = ["-tls-addr", ":1443", "-tls-cert", "/tls/chain.pem", "-tls-key", "/tls/key.pem"]

    os.chown(key, 4242, 4242)
    key.chmod(0o600)
    refused = docker("run", "--rm", *options, "hello:scratch", *flags, check=False)
    assert refused.returncode == 1
    assert "/tls/key.pem" in refused.stderr and "Permission denied" in refused.stderr
    owner = container("hello:scratch", *options, "--user", "4242:4242", command=flags)
    assert ask(owner, context)["tls"]["server_name"] == "localhost"

    os.chown(key, 4242, 99)
    key.chmod(0o640)
    assert ask(container("hello:scratch", *options, command=flags), context)["tls"]["server_name"] == "localhost"


def test_minimal_says_that_it_has_none():
    done = docker(
        *("run", "--rm", "hello:scratch-minimal", "-tls-addr", ":1443", "-tls-self-signed"), check=False
    )
    assert done.returncode == 1
    assert "this build has no TLS" in done.stderr


# ---- a client in an image: whom it trusts is what lies in the image


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A server of a private authority in a network of its own; yields network, URL and authority."""
    directory = tmp_path_factory.mktemp("secure")
    directory.chmod(0o755)

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=directory, check=True, capture_output=True)

    make = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"]
    openssl("req", "-x509", *make, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=private authority")
    openssl(
        *("req", "-x509", *make, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=secure"),
        *("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=DNS:secure"),
        *("-addext", "basicConstraints=critical,CA:false"),
    )
    (directory / "server.key").chmod(0o644)  # for user 99
    (directory / "none.pem").touch()
    name = f"hello-test-{uuid.uuid4().hex[:12]}"
    docker("network", "create", name)
    try:
        docker(
            *("run", "-d", "--name", name, "--network", name, "--network-alias", "secure"),
            *("-v", f"{directory}:/tls:ro", "hello:scratch", "-tls-addr", ":1443"),
            *("-tls-cert", "/tls/server.pem", "-tls-key", "/tls/server.key"),
        )
        yield name, "https://secure:1443/", directory
    finally:
        docker("rm", "-f", name, check=False)
        docker("network", "rm", name, check=False)


def get(secure, image, *options, args=()):
    """Asks from a container beside the server, once that one is there."""
    network, url, _ = secure
    deadline = time.monotonic() + 60
    while True:
        done = docker(
            *("run", "--rm", "--network", network, "--read-only", "--cap-drop=ALL", *options),
            *(f"hello:{image}", "get", *args, url),
            check=False,
        )
        if "Connection refused" not in done.stderr or time.monotonic() > deadline:
            return done


BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


@pytest.mark.parametrize("image", WITH_TLS)
def test_the_images_bundle_decides(secure, image):
    authority = secure[2] / "ca.pem"
    done = get(secure, image)
    assert done.returncode == 1
    assert 'certificate of "secure": signed by an unknown authority' in done.stderr
    done = get(secure, image, "-v", f"{authority}:{BUNDLE}:ro")
    assert (done.returncode, done.stdout) == (0, "howdy\n"), done.stderr
    done = get(secure, image, "-v", f"{secure[2] / 'none.pem'}:{BUNDLE}:ro")
    assert done.returncode == 1 and f'-ca "{BUNDLE}": no certificate' in done.stderr


def test_another_bundle_by_flag_and_by_variable(secure):
    volume = ("-v", f"{secure[2]}:/tls:ro")
    assert get(secure, "scratch", *volume, args=["-ca", "/tls/ca.pem"]).returncode == 0
    assert get(secure, "scratch", *volume, "-e", "SSL_CERT_FILE=/tls/ca.pem").returncode == 0


def test_the_minimal_image_says_that_it_has_none(secure):
    done = get(secure, "scratch-minimal")
    assert done.returncode == 2 and '"get": not in the minimal build' in done.stderr


def test_health_over_https_alone(container):
    """The image's own HEALTHCHECK finds a service that speaks HTTPS alone."""
    name = container(
        "hello:scratch",
        *("-e", "HELLO_ADDR=", "-e", "HELLO_TLS_ADDR=:1443", "-e", "HELLO_TLS_SELF_SIGNED=true"),
        *("--health-interval", "1s"),
    )
    deadline = time.monotonic() + 60
    while docker("inspect", "-f", "{{.State.Health.Status}}", name).stdout.strip() != "healthy":
        assert time.monotonic() < deadline, docker("inspect", "-f", "{{json .State.Health}}", name).stdout
        time.sleep(0.2)
