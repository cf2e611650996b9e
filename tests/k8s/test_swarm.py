"""k8s/stack.yaml on a swarm of one node, the engine of the tests: updates and rollbacks under load lose no request.

Changed for the test: the routing mesh needs the kernel's IPVS, so clients find the tasks by DNS instead, and the network lets
the test's clients in. All else is the file's.
"""

import contextlib
import json
import os
import pathlib
import subprocess
import time
import uuid

import hello
import pytest
import yaml
from load import clients

STACK = hello.ROOT / "k8s/stack.yaml"
UPDATE_SECONDS = 240

pytestmark = [
    pytest.mark.skipif(os.environ.get("ENGINE") == "podman", reason="Swarm is Docker's"),
    pytest.mark.skipif(os.geteuid() != 0, reason="entering a container's network takes root"),
]


def docker(*args, check=True, **kwargs):
    done = subprocess.run(["docker", *args], capture_output=True, text=True, timeout=180, **kwargs)
    assert not check or done.returncode == 0, f"docker {args}: {done.stderr}"
    return done.stdout.strip()


@pytest.fixture(scope="module")
def swarm():
    """A manager of a swarm: this test's own, unless there is one."""
    state = docker("info", "--format", "{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}")
    networks = docker("network", "ls", "--format", "{{.Name}}").split()
    if state == "inactive false":
        docker("swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1:0")
    elif state != "active true":
        pytest.skip(f"the engine's swarm is {state}: no manager")
    yield
    if state == "inactive false":
        docker("swarm", "leave", "--force")
        # The engine leaves this one behind.
        if "docker_gwbridge" not in networks:
            docker("network", "rm", "docker_gwbridge")


@pytest.fixture(scope="module")
def broken_image():
    """It runs, but never where the health check asks."""
    name = f"hello-test:{uuid.uuid4().hex[:12]}"
    text = 'FROM hello:scratch\nENTRYPOINT ["/hello", "serve", "-addr", ":4321"]\n'
    docker("build", "-t", name, "-", input=text)
    yield name
    docker("image", "rm", "-f", name, check=False)


class Stack:
    def __init__(self, directory):
        self.name = f"hello-test-{uuid.uuid4().hex[:8]}"
        self.service = f"{self.name}_hello"
        self.directory = directory
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj", "/CN=hello"]
        subprocess.run(
            ["openssl", "req", "-x509", *key, "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
            check=True, capture_output=True,
        )
        text = yaml.safe_load(STACK.read_text())
        service = text["services"]["hello"]
        del service["ports"]
        service["deploy"]["endpoint_mode"] = "dnsrr"
        # One node takes all three, and a fourth during an update.
        del service["deploy"]["placement"]["max_replicas_per_node"]
        service["networks"] = ["clients"]
        text["networks"] = {"clients": {"driver": "overlay", "attachable": True}}
        (directory / "stack.yaml").write_text(yaml.safe_dump(text))

    def deploy(self, image):
        before = docker("service", "inspect", "-f", "{{.Version.Index}}", self.service, check=False)
        docker(
            "stack", "deploy", "--resolve-image", "never", "-c", str(self.directory / "stack.yaml"), self.name,
            env={**os.environ, "IMAGE": image, "SECRET_VERSION": self.name,
                 "CERT": str(self.directory / "cert.pem"), "KEY": str(self.directory / "key.pem")},
        )
        return before

    def inspect(self):
        return json.loads(docker("service", "inspect", self.service))[0]

    def image(self):
        return self.inspect()["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]

    def wait_for_update(self, state):
        deadline = time.monotonic() + UPDATE_SECONDS
        while self.inspect().get("UpdateStatus", {}).get("State") != state:
            assert time.monotonic() < deadline, self.inspect().get("UpdateStatus")
            time.sleep(0.5)

    def running(self):
        """Images of the tasks that run, one each."""
        lines = docker("service", "ps", "--filter", "desired-state=running", "--format", "{{.Image}} {{.CurrentState}}", self.service)
        return [line.split()[0] for line in lines.splitlines() if line.split()[1] == "Running"]

    def remove(self):
        docker("stack", "rm", self.name)
        hello.wait_until(lambda: not docker("ps", "-aq", "--filter", f"label=com.docker.stack.namespace={self.name}"), 120)
        hello.wait_until(lambda: not docker("network", "ls", "-q", "--filter", f"label=com.docker.stack.namespace={self.name}"), 120)

    @contextlib.contextmanager
    def load(self, *args):
        """Clients in the stack's network; yields a dictionary that has the count of requests afterwards."""
        guest = f"{self.name}-clients"
        docker("run", "-d", "--name", guest, "--network", f"{self.name}_clients", "hello:scratch")
        try:
            process = docker("inspect", "-f", "{{.State.Pid}}", guest)
            resolver = self.directory / "resolv.conf"
            resolver.write_text("nameserver 127.0.0.11\noptions ndots:0\n")
            port = "1443" if "--tls" in args else "1234"
            inside = ["nsenter", "-t", process, "-n", "unshare", "-m", "sh", "-c",
                      'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"', "sh", resolver]
            with clients(self.service, port, *args, inside=inside) as result:
                yield result
        finally:
            docker("rm", "-f", guest, check=False)


@pytest.fixture(scope="module")
def stack(swarm, tmp_path_factory):
    stack = Stack(tmp_path_factory.mktemp("stack"))
    try:
        stack.deploy("hello:builder")
        hello.wait_until(lambda: stack.running() == ["hello:builder"] * 3, UPDATE_SECONDS)
        yield stack
    finally:
        stack.remove()


def report(capsys, what, result):
    with capsys.disabled():
        print(f"\nswarm: {what}: {result['requests']} requests in {result['seconds']} s, {len(result['lost'])} lost, "
              f"{len(result['peers'])} tasks, slowest {result['slowest']} s")


# These run in this order: each begins where the one before ended.


@pytest.mark.parametrize("protocol", [(), ("--tls",)], ids=["http", "https"])
def test_an_update_and_a_rollback_lose_no_request(stack, protocol, capsys):
    with stack.load(*protocol) as result:
        stack.deploy("hello:scratch")
        stack.wait_for_update("completed")
        assert stack.running() == ["hello:scratch"] * 3
        docker("service", "rollback", "--detach", stack.service)
        stack.wait_for_update("rollback_completed")
        assert stack.running() == ["hello:builder"] * 3
    report(capsys, f"update and rollback{''.join(protocol)}", result)
    assert result["lost"] == []
    # Three tasks three times, each of which served.
    assert len(result["peers"]) >= 9 and result["requests"] > 1000


def test_a_broken_image_rolls_back_by_itself(stack, broken_image, capsys):
    with stack.load() as result:
        stack.deploy(broken_image)
        stack.wait_for_update("rollback_completed")
        assert stack.image() == "hello:builder"
        hello.wait_until(lambda: stack.running() == ["hello:builder"] * 3)
    report(capsys, "broken image", result)
    assert result["lost"] == []


def test_the_tasks_are_confined(stack):
    """What the stack asks for is what the processes have."""
    (container, *others) = docker("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={stack.service}").split()
    assert len(others) == 2
    pid = docker("inspect", "-f", "{{.State.Pid}}", container)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split() == ["10001"] * 4 and status["Gid"].split() == ["10001"] * 4
    assert status["CapEff"] == status["CapPrm"] == status["CapBnd"] == "0" * 16
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
    # The engine's and hello's own.
    assert int(status["Seccomp_filters"]) >= 2
    mounts = pathlib.Path(f"/proc/{pid}/mounts").read_text().splitlines()
    (root,) = [line.split()[3] for line in mounts if line.split()[1] == "/"]
    assert "ro" in root.split(",")
    limits = json.loads(docker("inspect", "-f", "{{json .HostConfig}}", container))
    assert (limits["Memory"], limits["NanoCpus"]) == (192 * 2**20, 10**9)
