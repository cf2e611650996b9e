"""Faults from outside: what breaks around the service must not break it."""

import contextlib
import os
import pathlib
import resource
import signal
import socket
import struct
import subprocess
import time

import pytest

import hello
from hello import DEADLINE_S, wait_until

# The query and the body make every state of a request last a few bytes.
REQUEST = b"POST /whoami?q=1 HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nabcd"
CLOSE_WAIT = 8  # include/net/tcp_states.h

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="takes root")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def sockets_in_state(server, state):
    """How many of the service's connections the kernel has in a state (proc_net(5))."""
    count = 0
    for line in pathlib.Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        port = int(fields[1].split(":")[1], 16)
        count += port == server.port and int(fields[3], 16) == state
    return count


def cpu_share(server, seconds):
    """The part of one CPU that the process takes (proc_pid_stat(5), utime and stime)."""

    def ticks():
        stat = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text()
        return sum(map(int, stat.rpartition(")")[2].split()[11:13]))

    before = ticks()
    started = time.monotonic()
    time.sleep(seconds)
    used = (ticks() - before) / os.sysconf("SC_CLK_TCK")
    return used / (time.monotonic() - started)


# ---- peers that go away -----------------------------------------------------------------


def close(connection):
    connection.close()


def reset(connection):
    linger = struct.pack("ii", 1, 0)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def half_close(connection):
    connection.socket.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("leave", [close, reset])
@pytest.mark.parametrize("warm", [False, True], ids=["new", "kept"])
def test_a_peer_that_disconnects_at_every_byte(start, leave, warm):
    """Nothing stays: no connection, no descriptor, nothing in CLOSE-WAIT."""
    server = start("-log", "off", "-read-header-timeout", "60s")
    base = descriptors(server)
    for _ in range(5):
        connections = [server.connect() for _ in range(len(REQUEST) + 1)]
        if warm:
            for connection in connections:
                assert connection.ask("/").status == 200
        # Watched by the event loops, and idle, so that data and FIN come in together.
        wait_until(lambda: server.metrics()["hello_connections_open"] == len(connections) + 1)
        for cut, connection in enumerate(connections):
            connection.send(REQUEST[:cut])
            leave(connection)
    wait_until(lambda: server.metrics()["hello_connections_open"] == 1, seconds=30)
    wait_until(lambda: sockets_in_state(server, CLOSE_WAIT) == 0, seconds=30)
    wait_until(lambda: descriptors(server) == base)


def test_a_peer_that_closes_its_half_gets_its_responses(start):
    """All its requests get their responses, then the connection ends, and none is left."""
    server = start("-log", "off", "-read-header-timeout", "60s", "-idle-timeout", "60s")
    for _ in range(50):
        with server.connect() as connection:
            connection.send(REQUEST * 3)
            half_close(connection)
            for _ in range(3):
                assert connection.read_response("POST").status == 200
            assert connection.is_closed_by_peer(30)
    with server.connect() as connection:
        connection.send(REQUEST + REQUEST[:-1])
        half_close(connection)
        assert connection.read_response("POST").status == 200
        assert connection.is_closed_by_peer(30), "a body that never comes is not waited for"
    wait_until(lambda: sockets_in_state(server, CLOSE_WAIT) == 0, seconds=30)


# ---- descriptors and memory -------------------------------------------------------------


def crowd(server, count):
    connections = [server.connect() for _ in range(count)]
    for connection in connections:
        connection.send(b"GET / HTTP/1.1\r\n")
    return connections


def leave(connections):
    for connection in connections:
        connection.close()


def test_few_descriptors_from_the_start(start):
    """As many places as descriptors; the others wait, and nothing spins meanwhile."""

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    server = start("-log", "off", "-read-header-timeout", "60s", preexec_fn=limit)
    connections = crowd(server, 60)
    assert server.ask("/").status == 200, "slow ones are evicted"
    assert cpu_share(server, 1) < 0.05
    leave(connections)
    wait_until(lambda: server.metrics()["hello_connections_open"] == 1)


@pytest.mark.parametrize("open_before", [0, 1, 5])
def test_descriptors_used_up_later(start, open_before):
    """accept(2) fails with EMFILE: clients wait, nothing spins, and it recovers by itself."""
    server = start("-log", "off", "-read-header-timeout", "60s", "-threads", "2")
    old = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    base = descriptors(server)
    connections = crowd(server, open_before)
    wait_until(lambda: descriptors(server) == base + open_before)
    taken = set(map(int, os.listdir(f"/proc/{server.process.pid}/fd")))
    first_free = min(set(range(len(taken) + 1)) - taken)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (first_free, old[1]))
    waiting = [server.connect() for _ in range(10)]
    for connection in waiting:
        connection.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
    assert not waiting[0].is_closed_by_peer(0.2), "neither refused nor served"
    share = cpu_share(server, 1)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, old)
    assert share < 0.05
    leave(connections)
    for connection in waiting:
        assert connection.read_response().status == 200
        connection.close()


# The sanitizers' shadow takes terabytes of addresses.
@pytest.mark.parametrize("flavour", ["release"])
def test_memory_used_up(start, flavour):
    """Where malloc(3) fails, connections are closed; the service lives and recovers."""
    server = start("-log", "off", "-read-header-timeout", "60s", "-max-conns", "1000")
    server.ask("/")
    old = resource.prlimit(server.process.pid, resource.RLIMIT_AS)
    pages = int(pathlib.Path(f"/proc/{server.process.pid}/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + (1 << 20)
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (limit, old[1]))
    connections = crowd(server, 500)
    wait_until(lambda: any(connection.is_closed_by_peer(0) for connection in connections))
    assert cpu_share(server, 1) < 0.05
    assert server.process.poll() is None
    leave(connections)
    wait_until(lambda: responses(server))
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, old)
    connections = crowd(server, 500)
    assert server.ask("/").status == 200
    wait_until(lambda: server.metrics()["hello_connections_open"] == 501)
    leave(connections)


def responses(server):
    try:
        return server.ask("/").status == 200
    except OSError:
        return False
    except Exception as error:  # http.client's: closed before a response
        assert "closed" in str(error).lower() or "BadStatusLine" in repr(error), repr(error)
        return False


# ---- stopped, shifted in time, killed ---------------------------------------------------


def test_stopped_and_continued(start):
    """What came in meanwhile is served, though deadlines have passed in the meantime."""
    server = start("-idle-timeout", "2s", "-read-header-timeout", "2s")
    with server.connect() as kept, server.connect() as fresh:
        assert kept.ask("/").status == 200
        server.send_signal(signal.SIGSTOP)
        with server.connect() as new:
            for connection in (kept, fresh, new):
                connection.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            time.sleep(2.5)
            server.send_signal(signal.SIGCONT)
            for connection in (kept, fresh, new):
                assert connection.read_response().status == 200


@pytest.mark.parametrize("count", [127, 128, 256])
def test_many_requests_at_one_moment(start, count):
    """An event loop takes 128 events at a time (deps/patches/libmicrohttpd/46-...): the last of them wait for no other event."""
    server = start("-threads", "1")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(count)]
        for connection in connections:
            assert connection.ask("/").status == 200
        server.send_signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
        wait_until(lambda: all((task / "stat").read_text().split()[2] == "T" for task in tasks.iterdir()))
        for connection in connections:
            connection.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        server.send_signal(signal.SIGCONT)
        for connection in connections:
            assert connection.read_response().status == 200


SHIM = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static time_t shift(void)
{
	return access(getenv("JUMP_WHEN"), F_OK) == 0 ? (time_t)atoll(getenv("JUMP_BY")) : 0;
}
int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		now->tv_sec += shift();
	return result;
}
time_t time(time_t *to)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (to != NULL)
		*to = now.tv_sec;
	return now.tv_sec;
}
"""

YEAR = 365 * 86400


# The release is static: nothing can be loaded before it. Its source is the same.
@pytest.mark.parametrize("flavour", ["asan"])
@pytest.mark.parametrize("jump", [5 * YEAR, -5 * YEAR], ids=["forth", "back"])
def test_the_clock_on_the_wall_jumps(start, flavour, jump, tmp_path):
    """Deadlines are kept by a clock that can't be set; the log follows the one that can."""
    (tmp_path / "shim.c").write_text(SHIM)
    shim = tmp_path / "shim.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-o", shim, tmp_path / "shim.c"], check=True, timeout=DEADLINE_S
    )
    env = {"LD_PRELOAD": str(shim), "JUMP_WHEN": str(tmp_path / "now"), "JUMP_BY": str(jump)}
    server = start(
        "-read-header-timeout", "1s", env=env, sanitizer="verify_asan_link_order=0"
    )
    with server.connect() as kept, server.connect() as slow:
        assert kept.ask("/").status == 200
        slow.send(b"GET / HTTP/1.1\r\n")
        (tmp_path / "now").touch()
        started = time.monotonic()
        assert slow.is_closed_by_peer(0.5) is False
        assert kept.ask("/").status == 200
        year = time.gmtime(time.time() + jump).tm_year
        server.log_lines(f"^{year}/", 2)  # the jump was seen
        assert slow.read_response().status == 408
        assert 0.8 < time.monotonic() - started < 30
        assert kept.ask("/").status == 200


@needs_root
def test_a_monotonic_clock_of_a_hundred_years(flavour):
    """As after that long an uptime; a time namespace shifts it (time_namespaces(7))."""
    shift = ["--time", "--monotonic", str(100 * YEAR), "--boottime", str(100 * YEAR)]
    with unshared(flavour, *shift) as (_, port):
        with hello.Connection(port) as slow, hello.Connection(port) as kept:
            slow.send(b"GET / HTTP/1.1\r\n")
            started = time.monotonic()
            assert kept.ask("/").status == 200
            assert slow.read_response().status == 408
            assert 0.3 < time.monotonic() - started < 30
            assert kept.ask("/").status == 200


def children_of(process):
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return path.read_text().split()


@contextlib.contextmanager
def unshared(flavour, *namespaces):
    """The service in namespaces of its own; gives the process and the port."""
    command = ["unshare", *namespaces, "--fork", "--kill-child=TERM", *hello.emulator(flavour), hello.binary(flavour)]
    command += ["serve", "-addr", "127.0.0.1:0", "-read-header-timeout", "500ms"]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        env=hello.clean_environment(**hello.sandbox_of(flavour)),
    )
    try:
        line = process.stderr.readline()
        assert "Server at http://localhost:" in line, line
        yield process, int(line.rpartition(":")[2].rstrip(".\n"))
    finally:
        for child in children_of(process):
            os.kill(int(child), signal.SIGTERM)
        status = process.wait(DEADLINE_S)
        rest = process.stderr.read()
        process.stderr.close()
    assert status == 0, rest


def test_killed_and_started_again(start):
    """On the same port, at once, with clients of the killed one still there."""
    server = start("-log", "off")
    port = server.port
    clients = []
    for _ in range(5):
        for _ in range(10):
            clients.append(server.connect())
            clients[-1].ask("/")
        clients.append(server.connect())
        clients[-1].send(REQUEST[:-1])
        server.process.kill()
        server.process.wait(DEADLINE_S)
        server = start("-log", "off", addr=f"127.0.0.1:{port}")
        assert server.ask("/").status == 200
    for client in clients:
        assert client.is_closed_by_peer(DEADLINE_S)
        client.close()


# ---- a poor place to live ---------------------------------------------------------------


@needs_root
@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("uid", [0, 99, 12345, 0x7FFFFFFE])
def test_nothing_but_the_binary(start, flavour, uid, tmp_path, monkeypatch):
    """No /tmp, no /etc/passwd, no /dev, no /proc, and any user."""
    hello.copy_for_others(flavour, tmp_path)

    def leave_all():
        os.chroot(tmp_path)
        os.chdir("/")
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)

    monkeypatch.setattr(hello, "binary", lambda _: "/hello")
    server = start(preexec_fn=leave_all)
    for target in ("/", "/whoami", "/version", "/metrics", "/readyz"):
        assert server.ask(target).status == 200


@needs_root
def test_no_network(flavour):
    """In a network namespace of its own even the loopback is down; it waits for better."""
    with unshared(flavour, "--net") as (process, port):
        (child,) = children_of(process)
        inside = ["nsenter", "--target", child, "--net"]
        check = [*hello.emulator(flavour), hello.binary(flavour), "healthcheck", f"http://127.0.0.1:{port}/healthz"]
        down = subprocess.run([*inside, *check], capture_output=True, text=True, timeout=DEADLINE_S)
        assert down.returncode == 1 and down.stderr.count("\n") == 1, down.stderr
        subprocess.run([*inside, "ip", "link", "set", "lo", "up"], check=True, timeout=DEADLINE_S)
        up = subprocess.run([*inside, *check], capture_output=True, text=True, timeout=DEADLINE_S)
        assert up.returncode == 0, up.stderr
