"""compose.yaml runs all four side by side, as the README says."""

import http.client
import shutil
import subprocess
import time

import hello
import pytest

PORTS = {"naive": 1231, "builder": 1232, "alpine": 1233, "scratch": 1234}


def compose_command():
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    assert shutil.which("docker-compose"), "neither docker compose nor docker-compose is there"
    return ["docker-compose"]


@pytest.fixture
def compose():
    command = [*compose_command(), "-p", "hello-test-compose", "-f", hello.ROOT / "compose.yaml"]

    def run(*args):
        done = subprocess.run([*command, *args], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    yield run
    run("down")


def ask(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/magazine/vogue")
    return connection.getresponse().read()


def test_all_four_run_side_by_side(compose):
    compose("up", "-d")
    for port in PORTS.values():
        deadline = time.monotonic() + 20
        while True:
            try:
                assert ask(port) == b"vogue has 130 pages.\n"
                break
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline, f"nothing answers on port {port}"
                time.sleep(0.1)
