"""compose.yaml runs all of them side by side, as the README says."""

import http.client
import re
import shutil
import subprocess
import time
import uuid

import hello
import pytest

PORTS = {"naive": 1231, "builder": 1232, "alpine": 1233, "scratch": 1234, "distroless": 1235}
COMPOSE_FILE = hello.ROOT / "compose.yaml"
PUBLISHED = r'ports: \["(\d+):1234"\]'


def compose_command():
    if subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    assert shutil.which("docker-compose"), "neither docker compose nor docker-compose is there"
    return ["docker-compose"]


@pytest.fixture
def compose(tmp_path):
    """The same file with ports that are free here; compose.yaml's own may be taken."""
    file = tmp_path / "compose.yaml"
    text = re.sub(PUBLISHED, 'ports: ["127.0.0.1::1234"]', COMPOSE_FILE.read_text())
    # The images are there. Compose 1 does not know what Compose 2 builds with.
    file.write_text(re.sub(r"    build: .*\n", "", text))
    command = [*compose_command(), "-p", f"hello-test-{uuid.uuid4().hex[:12]}", "-f", file]

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


def test_ports_are_those_of_the_comment():
    text = COMPOSE_FILE.read_text()
    services = re.findall(rf"^  (\w+):\n(?:    .*\n)*?    {PUBLISHED}", text, flags=re.M)
    assert {name: int(port) for name, port in services} == PORTS
    assert {name: int(port) for name, port in re.findall(r"(\w+) +http://localhost:(\d+)/", text)} == PORTS


def test_all_run_side_by_side(compose):
    compose("up", "-d")
    for service in PORTS:
        port = int(compose("port", service, "1234").strip().rpartition(":")[2])
        deadline = time.monotonic() + hello.DEADLINE_S
        while True:
            try:
                assert ask(port) == b"vogue has 130 pages.\n"
                break
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < deadline, f"nothing responds on port {port}"
                time.sleep(0.1)
