"""The base's pod in Podman: `podman kube play` of the overlay made for it."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time

import hello
import pytest
import render
import yaml

pytestmark = pytest.mark.skipif(shutil.which("podman") is None, reason="podman is not installed")


class Podman:
    """A store of its own, so that nothing of the user's is touched."""

    def __init__(self, directory):
        configuration = directory / "containers.conf"
        # As ci/podman/docker: crun refuses a machine with both cgroup hierarchies, and inside a container or a virtual
        # machine the default limits can exceed what the kernel allows.
        both = pathlib.Path("/sys/fs/cgroup/unified").exists() and shutil.which("runc")
        configuration.write_text(
            '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
            + ('[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n' if both else "")
        )
        self.environment = {**os.environ, "CONTAINERS_CONF": str(configuration)}
        self.command = ["podman", "--root", directory / "root", "--runroot", directory / "run"]

    def __call__(self, *args, check=True, **kwargs):
        done = subprocess.run(
            [*self.command, *args], capture_output=True, text=True, timeout=120, env=self.environment, **kwargs
        )
        assert not check or done.returncode == 0, f"podman {args}: {done.stderr}"
        return done

    def major(self):
        return int(self("version", "--format", "{{.Client.Version}}").stdout.split(".")[0])

    def load(self, image):
        engine = os.environ.get("ENGINE", "docker")
        with subprocess.Popen([engine, "save", image], stdout=subprocess.PIPE) as save:
            self("load", stdin=save.stdout)
        assert save.returncode == 0


@pytest.fixture(scope="module")
def podman():
    # Podman refuses a runroot of more than 50 characters, and pytest's directories are long.
    directory = pathlib.Path(tempfile.mkdtemp(prefix="hello-"))
    podman = Podman(directory)
    podman.load("hello:scratch")
    podman.load("hello:alpine")
    yield podman
    podman("system", "reset", "--force", check=False)
    # Files of users inside containers, and mounts that a failed test left.
    podman("unshare", "rm", "-rf", str(directory / "root"), check=False)
    # Podman's mount of its storage on itself, which no command of Podman's ends.
    subprocess.run(["umount", directory / "root/overlay"], capture_output=True)
    shutil.rmtree(directory)


@pytest.fixture
def pod(podman, tmp_path):
    """Plays the overlay with an image; returns its container's name and port."""
    file = tmp_path / "pod.yaml"

    def play(image):
        (deployment,) = render.objects(render.K8S / "overlays/podman")
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        container["image"] = image
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            container["ports"][0]["hostPort"] = free.getsockname()[1]
        file.write_text(yaml.safe_dump(deployment))
        podman("kube", "play", str(file))
        (name,) = [each for each in podman("ps", "--format", "{{.Names}}").stdout.split() if each.endswith("-hello")]
        port = container["ports"][0]["hostPort"]
        hello.wait_until(lambda: responds(port))
        return name, port, file

    yield play
    podman("kube", "down", str(file), check=False)


def responds(port):
    try:
        with hello.Connection(port) as connection:
            return connection.ask("/").body == b"howdy\n"
    except (OSError, ValueError):
        return False


def test_the_exec_probe_works_where_a_shell_is_or_podman_needs_none(podman, pod):
    name, _, _ = pod("hello:scratch" if podman.major() >= 5 else "hello:alpine")
    health = json.loads(podman("inspect", name).stdout)[0]["Config"]["Healthcheck"]
    assert "/hello" in " ".join(health["Test"]) and health["Interval"] == 10 * 10**9
    hello.wait_until(lambda: podman("healthcheck", "run", name, check=False).returncode == 0)
    podman("kill", "--signal", "STOP", name)
    assert podman("healthcheck", "run", name, check=False).returncode != 0
    podman("kill", "--signal", "CONT", name)


def test_read_only_root_user_and_capabilities(podman, pod):
    name, _, _ = pod("hello:alpine")
    state = podman("exec", name, "/bin/sh", "-c", "cat /proc/1/status; cat /proc/1/mounts; touch /x /tmp/x /etc/x", check=False)
    assert state.returncode != 0
    assert state.stderr.count("Read-only file system") == 3, state.stderr
    fields = dict(re.findall(r"^(\w+):\t(.*)$", state.stdout, re.M))
    assert fields["Uid"].split() == ["10001"] * 4 and fields["Gid"].split() == ["10001"] * 4
    assert fields["CapEff"] == fields["CapBnd"] == "0" * 16
    assert fields["NoNewPrivs"] == "1" and fields["Seccomp"] == "2"
    # Podman's own and hello's.
    assert int(fields["Seccomp_filters"]) >= 2
    (root,) = re.findall(r"^\S+ / \S+ (\S+)", state.stdout, re.M)
    assert "ro" in root.split(",")
    assert json.loads(podman("inspect", name).stdout)[0]["HostConfig"]["Memory"] == 64 * 2**20


def test_stop_and_down_drain(podman, pod):
    """A request that began before the stop gets its response after it: the way that the overlay's first lines state."""
    name, port, file = pod("hello:scratch")
    connection = hello.Connection(port)
    connection.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
    # The service has the header once another request after it was served.
    assert responds(port)
    stop = threading.Thread(target=podman, args=("stop", name))
    began = time.monotonic()
    stop.start()
    hello.wait_until(lambda: not responds(port))
    time.sleep(1)
    assert stop.is_alive(), "it waits for the request"
    connection.send(b"67890")
    response = connection.read_response()
    assert (response.status, response.body) == (200, b"howdy\n")
    stop.join()
    assert time.monotonic() - began < 8, "it was not killed"
    podman("kube", "down", str(file))
    assert name not in podman("ps", "-a", "--format", "{{.Names}}").stdout
