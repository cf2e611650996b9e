"""The memory limits of k8s/ against the clients that cost hello most: as many as it takes, who send and never read."""

import json
import os
import socket
import ssl
import subprocess
import time

import hello
import pytest
import render
import yaml

# One connection of each listener stays free for the test's own request.
CLIENTS = 1023
# A byte that is no ASCII is six in /whoami's JSON.
REQUEST = b"GET /whoami HTTP/1.1\r\nHost: a\r\nX: " + b"\xff" * 7000 + b"\r\n\r\n"

pytestmark = [
    pytest.mark.skipif(os.environ.get("ENGINE") == "podman", reason="the limit is tested on Docker"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only the engine's machine reaches a container by its address"),
]


def docker(*args):
    return subprocess.run(["docker", *args], capture_output=True, text=True, timeout=120, check=True).stdout.strip()


def limit_of(name):
    if name == "stack.yaml":
        memory = yaml.safe_load((render.K8S / name).read_text())["services"]["hello"]["deploy"]["resources"]["limits"]["memory"]
        return int(memory.removesuffix("M")) * 2**20
    memory = render.objects(render.K8S / name).container()["resources"]["limits"]["memory"]
    return int(memory.removesuffix("Mi")) * 2**20


def attack(address, port, tls):
    """Clients that send three requests each, or as much of them as fits, and read nothing."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connections = []
    for _ in range(CLIENTS):
        connection = socket.socket()
        # Small, so that responses stay where they are made.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        connection.settimeout(30)
        connection.connect((address, port))
        if tls:
            connection = context.wrap_socket(connection)
        connection.settimeout(0.02)
        try:
            for _ in range(3):
                connection.sendall(REQUEST)
        except TimeoutError:
            pass
        connections.append(connection)
    return connections


@pytest.mark.parametrize("name,listeners", [("base", [False]), ("overlays/tls", [False, True]), ("stack.yaml", [False, True])])
def test_clients_that_never_read_do_not_exhaust_the_limit(name, listeners):
    limit = limit_of(name)
    guest = docker(
        "run", "-d", f"--memory={limit}", f"--memory-swap={limit}", "--ulimit=nofile=4096:4096", "--read-only", "--cap-drop=ALL",
        "hello:scratch", "-log=json", *(["-tls-addr=:1443", "-tls-self-signed"] if True in listeners else []),
    )
    connections = []
    try:
        address = json.loads(docker("inspect", guest))[0]["NetworkSettings"]["IPAddress"]

        def responds():
            try:
                with hello.Connection(1234, host=address) as connection:
                    return connection.ask("/").body == b"howdy\n"
            except (OSError, ValueError):
                return False

        hello.wait_until(responds)
        for tls in listeners:
            connections += attack(address, 1443 if tls else 1234, tls)
        time.sleep(1)
        assert responds()
        state = json.loads(docker("inspect", guest))[0]["State"]
        assert (state["Running"], state["OOMKilled"]) == (True, False)
    finally:
        for connection in connections:
            connection.close()
        docker("rm", "-f", guest)
