"""What connections cost in memory: much while they have a request, little while they wait for one."""

import re
import time

import hello
import pytest

CONNECTIONS = 400
# A connection's memory for a request is 8 KiB; what it needs besides is below 3.
QUIET_BYTES = 4096


def private_bytes(server):
    text = (hello.pathlib.Path("/proc") / str(server.process.pid) / "smaps_rollup").read_text()
    return 1024 * sum(int(size) for size in re.findall(r"^Private_\w+: +(\d+) kB", text, re.M))


@pytest.fixture
def release(request):
    """The sanitizers' memory is another matter. A parameter is the number of threads."""
    server = hello.Server("release", "-log", "off", "-threads", str(getattr(request, "param", 2)))
    yield server
    assert server.stop() == 0


def connections(server, stack):
    for _ in range(CONNECTIONS):
        connection = server.connect()
        stack.append(connection)
        yield connection


@pytest.fixture
def opened():
    stack = []
    yield stack
    for connection in stack:
        connection.close()


def test_idle_connections_hold_no_memory_for_requests(release, opened):
    release.ask("/")
    before = private_bytes(release)
    for connection in connections(release, opened):
        assert connection.ask("/").body == b"howdy\n"
    assert (private_bytes(release) - before) / CONNECTIONS < QUIET_BYTES
    # And each of them serves again.
    for connection in opened:
        assert connection.ask("/magazine/vogue").body == b"vogue has 130 pages.\n"
    assert (private_bytes(release) - before) / CONNECTIONS < QUIET_BYTES


def test_connections_that_sent_nothing_hold_none(release, opened):
    release.ask("/")
    before = private_bytes(release)
    for _ in connections(release, opened):
        pass
    deadline = time.monotonic() + hello.DEADLINE_S
    while release.metrics()["hello_connections_open"] < CONNECTIONS:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (private_bytes(release) - before) / CONNECTIONS < QUIET_BYTES
    for connection in opened:
        assert connection.ask("/").body == b"howdy\n"


def test_half_a_request_is_kept_while_others_come_and_go(server):
    """Each has memory of its own, though it passes from one to the next."""
    with server.connect() as slow:
        slow.send(b"GET /magazine/natgeo HTTP/1.1\r\nHo")
        for number in range(40):
            with server.connect() as other:
                other.send(b"GET /magazine/%d HTTP/1.1\r\n" % number)
                assert server.ask("/").body == b"howdy\n"
                other.send(b"Host: test\r\n\r\n")
                assert other.read_response().body == b"%d has 0 pages.\n" % number
        slow.send(b"st: test\r\n\r\n")
        assert slow.read_response().body == b"natgeo has 78 pages.\n"


def test_nothing_of_one_connection_reaches_another(server):
    """The second one's header is shorter than the first one's, which lay where it lies now."""
    for _ in range(20):
        secret = [(f"X-{number}", "secret-" * 10) for number in range(20)]
        assert b"secret" in server.ask("/whoami", headers=secret).body
        assert b"secret" not in server.ask("/whoami").body


def test_next_request_may_come_with_the_first(server):
    """What is there of the next request stays when the response is out."""
    with server.connect() as connection:
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /magazine/vogue HTTP/1.1\r\nHo")
        assert connection.read_response().body == b"howdy\n"
        connection.send(b"st: a\r\n\r\n")
        assert connection.read_response().body == b"vogue has 130 pages.\n"
        # Empty lines before a request are skipped (RFC 9112, section 2.2).
        connection.send(b"\r\n")
        connection.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.read_response().body == b"howdy\n"


def minor_faults(server):
    """Pages that the kernel has put into the process's memory so far: minflt of proc(5)."""
    stat = (hello.pathlib.Path("/proc") / str(server.process.pid) / "stat").read_text()
    return int(stat.rpartition(")")[2].split()[7])


@pytest.mark.parametrize("release", [1], indirect=True)
def test_connections_that_come_together_reuse_the_memory_of_those_before(release):
    """One page for each group is their addresses'. The structs of the connections would be four more."""

    def come_and_go():
        together = [release.connect() for _ in range(24)]
        for connection in together:
            assert connection.ask("/", headers=[("Connection", "close")]).body == b"howdy\n"
            connection.close()
        # The thread cleans up after it has sent the last response: this one comes after that.
        release.ask("/healthz")

    groups = 40
    for _ in range(2):
        come_and_go()
    before = minor_faults(release)
    for _ in range(groups):
        come_and_go()
    assert minor_faults(release) - before < 2 * groups
