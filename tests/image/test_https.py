"""HTTPS from the images that have it, as the README shows it."""

import json
import ssl
import subprocess
import time
import urllib.request

import pytest
from engine import VARIANTS, docker

WITH_TLS = [name for name in VARIANTS if name != "scratch-minimal"]


def port(name):
    return int(docker("port", name, "1443/tcp").stdout.strip().rsplit(":", 1)[1])


def ask(name, context, seconds=20):
    """Asks /whoami until an answer comes, with an end, and notices a dead container."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            url = f"https://localhost:{port(name)}/whoami"
            with urllib.request.urlopen(url, context=context, timeout=5) as answer:
                return json.load(answer)
        except (OSError, AssertionError, IndexError):
            running = docker("inspect", "-f", "{{.State.Running}}", name).stdout.strip()
            assert running == "true", "the container has ended"
            assert time.monotonic() < deadline, "no answer"
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


def test_minimal_says_that_it_has_none():
    done = docker(
        *("run", "--rm", "hello:scratch-minimal", "-tls-addr", ":1443", "-tls-self-signed"), check=False
    )
    assert done.returncode == 1
    assert "this build has no TLS" in done.stderr
