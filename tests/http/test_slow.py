"""Slow clients by the thousand: others are served meanwhile, and memory stays bounded."""

import os
import pathlib
import resource
import subprocess
import threading
import time

import pytest
from hello import DEADLINE_S

ATTACKERS = 1500
PLACES = 1024  # -max-conns by default

# What follows -H, -B or -X of slowhttptest(1); each attack outlasts the test.
ATTACKS = {
    "header": ["-H", "-i", "1", "-x", "24"],
    "body": ["-B", "-i", "1", "-x", "24", "-s", "8192"],
    "read": ["-X", "-k", "10", "-n", "1", "-z", "5", "-w", "1", "-y", "512"],
}


@pytest.fixture(autouse=True)
def descriptors():
    """For the test itself and for slowhttptest, which inherits it."""
    old = resource.getrlimit(resource.RLIMIT_NOFILE)
    if old[0] < 4096:
        if old[1] < 4096 and os.geteuid() != 0:
            pytest.skip("4096 descriptors are not allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, max(4096, old[1])))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, old)


class Client(threading.Thread):
    """A client like any other: sends requests until stop, and keeps what went wrong."""

    def __init__(self, server, keep_alive):
        super().__init__(daemon=True)
        self.server = server
        self.connection = server.connect() if keep_alive else None
        self.stopping = threading.Event()
        self.completed = 0
        self.wrong = None
        self.start()

    def run(self):
        while not self.stopping.wait(0.05):
            try:
                if self.connection is not None:
                    response = self.connection.ask("/magazine/vogue")
                else:
                    response = self.server.ask("/magazine/vogue")
                assert response.body == b"vogue has 130 pages.\n"
            except Exception as error:
                self.wrong = f"after {self.completed} responses: {error!r}"
                return
            self.completed += 1

    def stop(self):
        self.stopping.set()
        self.join(DEADLINE_S)
        if self.connection is not None:
            self.connection.close()
        assert self.wrong is None, self.wrong
        return self.completed


@pytest.mark.serial  # floods the loopback
@pytest.mark.parametrize("attack", ATTACKS)
def test_others_are_served(start, attack, tmp_path):
    """1,500 slow clients for 1,024 places: a kept-alive client and new clients are served."""
    server = start("-log", "off")
    clients = [Client(server, keep_alive=True), Client(server, keep_alive=False)]
    command = ["slowhttptest", *ATTACKS[attack], "-c", str(ATTACKERS), "-r", str(ATTACKERS)]
    command += ["-l", "60", "-p", "10", "-u", f"http://127.0.0.1:{server.port}/whoami"]
    with open(tmp_path / "attack", "wb") as output:
        attackers = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            # From here on every place is taken, and each new client needs an eviction.
            deadline = time.monotonic() + DEADLINE_S
            while True:
                metrics = server.metrics()
                accepted = metrics["hello_connections_accepted_total"]
                if metrics["hello_connections_evicted_total"] > 0 and accepted >= ATTACKERS:
                    break
                assert attackers.poll() is None, (tmp_path / "attack").read_text("latin-1")
                assert time.monotonic() < deadline, metrics
                time.sleep(0.05)
            before = [client.completed for client in clients]
            assert server.metrics()["hello_connections_open"] >= PLACES - 2
            deadline = time.monotonic() + DEADLINE_S
            while any(c.completed < n + 20 for c, n in zip(clients, before)):
                assert all(c.wrong is None for c in clients), [c.wrong for c in clients]
                assert time.monotonic() < deadline
                time.sleep(0.05)
        finally:
            attackers.terminate()
            attackers.wait(DEADLINE_S)
    for client in clients:
        client.stop()


class Cgroup:
    """A memory cgroup of our own, of version 1 or 2; gone after the test."""

    def __init__(self, limit_bytes):
        self.root, self.version = self._find()
        self.path = self.root / f"hello-test-{os.getpid()}"
        try:
            if self.version == 2:
                (self.root / "cgroup.subtree_control").write_text("+memory")
            self.path.mkdir()
        except OSError as error:
            pytest.skip(f"no cgroup can be made in {self.root}: {error.strerror}")
        name = {1: "memory.limit_in_bytes", 2: "memory.max"}[self.version]
        (self.path / name).write_text(str(limit_bytes))
        if self.version == 2 and (self.path / "memory.swap.max").exists():
            (self.path / "memory.swap.max").write_text("0")

    @staticmethod
    def _find():
        for line in pathlib.Path("/proc/mounts").read_text().splitlines():
            _, where, kind, options = line.split()[:4]
            root = pathlib.Path(where)
            if kind == "cgroup" and "memory" in options.split(","):
                return root, 1
            controllers = root / "cgroup.controllers"
            if kind == "cgroup2" and "memory" in controllers.read_text().split():
                return root, 2
        pytest.skip("the kernel offers no memory cgroup here")

    def enter(self):
        """For the child, before it executes the service."""
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        name = {1: "memory.max_usage_in_bytes", 2: "memory.peak"}[self.version]
        file = self.path / name  # memory.peak came with Linux 5.19
        return int(file.read_text()) if file.exists() else None

    def kills(self):
        name = {1: "memory.oom_control", 2: "memory.events"}[self.version]
        pairs = dict(line.split() for line in (self.path / name).read_text().splitlines())
        return int(pairs["oom_kill"])

    def remove(self):
        deadline = time.monotonic() + DEADLINE_S
        while True:
            try:
                self.path.rmdir()
                return
            except OSError:  # a process that has ended may still be in it
                assert time.monotonic() < deadline
                time.sleep(0.05)


@pytest.fixture
def cgroup():
    group = Cgroup(16 << 20)
    yield group
    group.remove()


def resident_bytes(server):
    pages = pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


LINES = {"a path": "GET / HTTP/1.1", "a query": "GET /?" + "q" * 7000 + " HTTP/1.1"}


# The sanitizer build has another allocator, and shadow memory.
@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_memory_under_full_headers(cgroup, start, line):
    """SECURITY.md: 1,024 headers of nearly 8 KiB, none complete, in 16 MiB; 12 KiB each."""
    server = start("-log", "off", "-read-header-timeout", "60s", preexec_fn=cgroup.enter)
    server.ask("/")
    idle = resident_bytes(server)
    header = f"{line}\r\nHost: t\r\nX: ".encode().ljust(8000, b"x")
    connections = []
    try:
        for _ in range(PLACES):
            connections.append(server.connect())
            connections[-1].send(header)
        assert not any(connection.is_closed_by_peer(0) for connection in connections[-100:])
        # The next ones need a place each, and are served.
        for _ in range(5):
            assert server.ask("/").status == 200
        assert server.metrics()["hello_connections_open"] >= PLACES - 1
        each = (resident_bytes(server) - idle) / PLACES
        print(f"{each:.0f} bytes a connection, peak of the cgroup {cgroup.peak()}")
        assert 8000 < each < 12 << 10
        assert cgroup.kills() == 0
    finally:
        for connection in connections:
            connection.close()
    assert server.stop() == 0  # before its cgroup is removed
