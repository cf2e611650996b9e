"""Deadlines and limits: what a slow, greedy or idle client gets."""

import contextlib
import itertools
import pathlib
import signal
import socket
import ssl
import threading
import time

import pytest
from hello import DEADLINE_S, wait_until

HEADER = b"GET / HTTP/1.1\r\nHost: t\r\n"
# The shortest header deadline of a test: a handshake on a busy machine, or on an emulated one, is well within.
HEADER_S = 3
# Well before another timeout of the server would have ended the connection: those are 60 s.
SOON_S = 30


def seconds_until_closed(connection, limit=DEADLINE_S):
    started = time.monotonic()
    assert connection.is_closed_by_peer(limit), f"still open after {limit} s"
    return time.monotonic() - started


def drip(connection, data):
    """Sends the bytes repeatedly, one by one, from a thread. Returns: a function that stops it."""
    stop = threading.Event()

    def run():
        for byte in itertools.cycle(data):
            if stop.wait(0.05):
                return
            try:
                connection.send(bytes([byte]))
            except OSError:
                return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def stopping():
        stop.set()
        thread.join()

    return stopping


def assert_408(connection):
    """
    As RFC 9110, section 15.5.9, wants it, and nothing after it. Over TLS only closed: the
    sweep can't write into the stream of an event loop.
    """
    if isinstance(connection.socket, ssl.SSLSocket):
        assert connection.is_closed_by_peer(DEADLINE_S)
        return
    response = connection.read_response()
    assert (response.status, response.reason) == (408, "Request Timeout")
    assert response.headers["Connection"] == "close"
    assert response.body == b"408 Request Timeout\n"
    assert connection.is_closed_by_peer(DEADLINE_S)


def test_a_header_in_one_piece_too_slow(start):
    server = start("-read-header-timeout", f"{HEADER_S}s", "-idle-timeout", "60s")
    with server.connect() as connection:
        started = time.monotonic()
        connection.send(HEADER)
        assert_408(connection)
        assert 0.9 * HEADER_S <= time.monotonic() - started < SOON_S
    assert server.metrics()["hello_connections_timed_out_total"] == 1


def test_a_header_byte_by_byte(start):
    """Every byte resets a timeout of inactivity; a deadline is not moved by them."""
    server = start("-read-header-timeout", f"{HEADER_S}s", "-idle-timeout", "60s")
    with server.connect() as connection:
        started = time.monotonic()
        connection.send(HEADER)
        stop = drip(connection, b"X")
        try:
            assert_408(connection)
            assert 0.9 * HEADER_S <= time.monotonic() - started < SOON_S
        finally:
            stop()


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: 999\r\n\r\nab",
        b"Content-Length: 2\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nab",
        b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: ",
    ],
    ids=["some of it", "none of it", "a chunk", "a trailer"],
)
def test_a_body_too_slow(start, data):
    server = start("-read-timeout", "400ms", "-log", "json")
    with server.connect() as connection:
        started = time.monotonic()
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\n" + data)
        assert_408(connection)
        assert 0.3 <= time.monotonic() - started < SOON_S
    status, code = (408, "4xx") if server.context is None else (0, "none")
    server.log_lines(f'"method":"POST","path":"/","status":{status}', 1)
    metrics = server.metrics()
    assert metrics[f'hello_http_requests_total{{code="{code}"}}'] == 1
    assert metrics["hello_connections_timed_out_total"] == 1


def test_a_body_byte_by_byte(start):
    server = start("-read-timeout", "500ms")
    with server.connect() as connection:
        started = time.monotonic()
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 999\r\n\r\n")
        stop = drip(connection, b"x")
        try:
            assert_408(connection)
            assert 0.3 <= time.monotonic() - started < SOON_S
        finally:
            stop()


def test_a_slow_body_within_the_deadline_is_served(start):
    server = start("-read-timeout", "10s", "-idle-timeout", "200ms")
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.1)
            connection.send(b"x")
        assert connection.read_response().status == 200


def stuff(server):
    """A connection that asks for more than all buffers hold, and has taken nothing yet."""
    connection = server.connect()
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    connection.socket.settimeout(0.3)
    with pytest.raises(OSError):  # the buffers are full, or it has been reset already
        for _ in range(5000):
            connection.send((HEADER + b"\r\n") * 1000)
    return connection


def assert_reset(server, connection):
    wait_until(lambda: server.metrics()["hello_connections_open"] == 1)
    # The one that asks. The one before may end after its client has the response.
    wait_until(lambda: server.metrics()["hello_http_requests_in_flight"] == 1)
    connection.socket.settimeout(DEADLINE_S)
    # What Python's TLS makes of a reset differs with what it has in its hands.
    resets = ConnectionResetError if server.context is None else (OSError, EOFError)
    with pytest.raises(resets):
        while connection.socket.recv(65536):
            pass
        raise EOFError if server.context is not None else AssertionError("no reset")
    connection.close()


def test_a_client_that_never_reads(start):
    server = start("-write-timeout", "1s", "-log", "off", "-text", "x" * 100000)
    assert_reset(server, stuff(server))


def test_a_client_that_reads_too_slowly(start):
    """It reads something ten times a second, but not one complete response in that time."""
    server = start("-write-timeout", "1s", "-log", "off", "-text", "x" * 100000)
    connection = stuff(server)

    def timed_out():
        try:
            connection.socket.recv(100)
        except OSError:
            pass
        return server.metrics()["hello_connections_timed_out_total"] == 1

    wait_until(timed_out)
    assert_reset(server, connection)


def test_responses_in_the_kernel_have_the_deadline_too(start):
    """A client whose responses fit the buffers sends no other request, and reads nothing."""
    server = start("-write-timeout", "500ms", "-idle-timeout", "60s", "-text", "x" * 50000)
    with server.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        connection.send((HEADER + b"\r\n") * 3)
        wait_until(lambda: server.metrics()["hello_connections_timed_out_total"] == 1)


def test_a_second_header_has_the_deadline_too(start):
    server = start("-read-header-timeout", f"{HEADER_S}s", "-idle-timeout", "60s")
    with server.connect() as connection:
        assert connection.ask("/").status == 200
        time.sleep(0.3)
        started = time.monotonic()
        try:
            while time.monotonic() - started < 2 * SOON_S:
                connection.send(b"G" if time.monotonic() - started < 0.05 else b"E")
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - started < SOON_S


@pytest.mark.parametrize("begun", [b"G", b"\r\n", HEADER], ids=["a byte", "an empty line", "a field"])
def test_a_second_header_that_begins_with_the_first_request(start, begun):
    """Its first byte comes before the first response: no later byte says that it has begun."""
    server = start("-read-header-timeout", f"{HEADER_S}s", "-idle-timeout", "60s")
    with server.connect() as connection:
        started = time.monotonic()
        connection.send(HEADER + b"\r\n" + begun)
        assert connection.read_response().status == 200
        assert_408(connection)
        assert 0.9 * HEADER_S <= time.monotonic() - started < SOON_S
    assert server.metrics()["hello_connections_timed_out_total"] == 1


def test_a_slow_header_within_the_deadline_is_served(start):
    server = start("-read-header-timeout", "30s")
    with server.connect() as connection:
        for byte in HEADER + b"\r\n":
            connection.send(bytes([byte]))
            time.sleep(0.01)
        assert connection.read_response().status == 200


def test_an_idle_connection_is_closed(start):
    server = start("-idle-timeout", "400ms", "-read-header-timeout", "60s")
    with server.connect() as fresh, server.connect() as used:
        assert used.ask("/").status == 200
        assert seconds_until_closed(fresh) < SOON_S
        assert seconds_until_closed(used) < SOON_S


def test_a_busy_connection_is_not(start):
    """For longer than both timeouts, with pauses far shorter than they are."""
    server = start("-idle-timeout", "2s", "-read-header-timeout", "2s")
    with server.connect() as connection:
        for _ in range(26):
            assert connection.ask("/").status == 200
            time.sleep(0.1)


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413)])
def test_a_body_of_a_known_length(start, size, status):
    server = start("-max-body", "1000")
    with server.connect() as connection:
        response = connection.ask("/", "POST", body=b"x" * size)
        assert response.status == status
        assert connection.is_closed_by_peer(0.2) == (status == 413)


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413), (1999, 413)])
def test_a_chunked_body(start, size, status):
    server = start("-max-body", "1000")
    with server.connect() as connection:
        head = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.send(head + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
        assert connection.read_response().status == status


def test_an_endless_body_is_aborted(start):
    server = start("-max-body", "1000")
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n")
        with pytest.raises(OSError):
            for _ in range(10000):
                connection.send(b"10\r\n0123456789abcdef\r\n")
                time.sleep(0.0005)


def test_no_body_at_all(start):
    server = start("-max-body", "0")
    assert server.ask("/", "POST").status == 200
    assert server.ask("/", "POST", body=b"x").status == 413


def test_the_header_has_a_limit(server):
    assert server.ask("/", headers=[("X", "x" * 20000)]).status == 431
    assert server.ask("/" + "x" * 20000).status == 414
    assert server.ask("/", headers=[("X", "x" * 3000)]).status == 200


def wait_behind_active_connections(server):
    """
    True once a connection beyond the limit has waited while all open ones asked within a second.
    False when they did not, because this machine was too busy: then one of them may be evicted.
    """
    with contextlib.ExitStack() as stack:
        active = [stack.enter_context(server.connect()) for _ in range(4)]
        last = [time.monotonic()] * 4
        waiting = None
        for _ in range(20):
            for index, connection in enumerate(active):
                asked = time.monotonic()
                try:
                    assert connection.ask("/").status == 200
                except Exception:
                    if asked - last[index] < 0.8 and time.monotonic() - asked < 0.8:
                        raise
                    return False
                last[index] = asked
            if waiting is None:
                waiting = stack.enter_context(server.connect())
                waiting.send(HEADER + b"\r\n")
            served = waiting.is_readable(0.1)
            if served and time.monotonic() - min(last) > 0.8:
                return False
            assert not served, "neither refused nor served"
        active[-1].close()
        assert waiting.read_response().status == 200
        return True


@pytest.mark.serial  # each client must get its turn within a second
def test_connections_beyond_the_limit_wait(start):
    """While all that are open ask at least once a second."""
    give_up = time.monotonic() + DEADLINE_S
    while not wait_behind_active_connections(start("-max-conns", "4", "-threads", "1")):
        assert time.monotonic() < give_up, "this machine repeatedly runs nothing for a second"


def test_no_connection_is_evicted_while_no_client_waits(start):
    server = start("-max-conns", "4", "-threads", "1")
    connections = [server.connect() for _ in range(4)]
    for connection in connections:
        connection.send(b"GET /metrics HTTP/1.1\r\n")
    time.sleep(1.5)
    connections[3].send(b"Host: t\r\n\r\n")
    metrics = connections[3].read_response().body.decode()
    assert "\nhello_connections_evicted_total 0\n" in metrics
    assert "\nhello_connections_open 4\n" in metrics
    for connection in connections:
        connection.close()


def wait_until_read(server, connection):
    """Until the service has read all that was sent: its receive queue is empty (proc_net(5))."""
    ends = [f"{port:04X}" for port in (server.port, connection.socket.getsockname()[1])]

    def is_read():
        for line in pathlib.Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines():
            _, local, remote, _, queues, *_ = line.split()
            if [local.rpartition(":")[2], remote.rpartition(":")[2]] == ends:
                return int(queues.partition(":")[2], 16) == 0
        raise AssertionError("the connection is gone")

    wait_until(is_read)


def test_slow_connections_are_evicted_in_order(start):
    """First those that wait for a header, the oldest first; then those with a request in flight."""
    server = start("-max-conns", "4", "-threads", "1", "-read-header-timeout", "60s")
    in_flight = [server.connect() for _ in range(2)]
    for connection in in_flight:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab")
        wait_until_read(server, connection)
    waiting = [server.connect() for _ in range(2)]
    waiting[0].send(HEADER)  # the other one sends nothing
    wait_until_read(server, waiting[0])
    time.sleep(1.5)  # from a second on a connection is slow; all four must be when the first new client connects
    arrivals = []
    order = [*waiting, *in_flight]
    for index, victim in enumerate(order):
        arrivals.append(server.connect())
        # In flight without an end, and younger than all the others.
        arrivals[-1].send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab")
        assert victim.is_closed_by_peer(DEADLINE_S), index
        assert not any(other.is_closed_by_peer(0) for other in order[index + 1 :]), index
        arrivals[-1].send(b"c" * 7)
        assert arrivals[-1].read_response().status == 200
        arrivals[-1].send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab")
        wait_until_read(server, arrivals[-1])
    # The client that asks takes the place of the fourth arrival, which is evicted.
    assert server.metrics()["hello_connections_evicted_total"] == 5
    for connection in [*order, *arrivals]:
        connection.close()


def test_one_address_has_a_limit_of_its_own(start):
    server = start("-max-conns-per-ip", "3", addr=":0")
    connections = [server.connect() for _ in range(3)]
    for connection in connections:
        assert connection.ask("/").status == 200
    with server.connect() as refused:
        assert refused.is_closed_by_peer(DEADLINE_S)
    with server.connect(host="::1") as another:
        assert another.ask("/").status == 200
    connections.pop().close()
    deadline = time.monotonic() + DEADLINE_S
    while True:
        with server.connect() as connection:
            try:
                if connection.ask("/").status == 200:
                    break
            except Exception:
                assert time.monotonic() < deadline, "a place is free again"
                time.sleep(0.02)
    for connection in connections:
        connection.close()
    with server.connect(host="::1") as another:  # the closed ones may still count
        metrics = another.ask("/metrics").body.decode()
    assert int(metrics.split("\nhello_connections_refused_total ")[1].split()[0]) >= 1


def test_a_refused_connection_reaches_no_handler_log_or_counter(start):
    """What came with it is in the kernel when it is refused: whole requests, and malformed ones."""
    server = start("-max-conns-per-ip", "1", "-log", "json")
    sent = [HEADER + b"\r\n", b"GET /\0 HTTP/1.1\r\n\r\n", b"GET /" + b"x" * 9000, b"G"]
    with server.connect() as served:
        assert served.ask("/first").status == 200
        server.send_signal(signal.SIGSTOP)
        refused = [server.connect(context=None) for _ in range(20)]
        for index, connection in enumerate(refused):
            connection.send(sent[index % len(sent)])
        server.send_signal(signal.SIGCONT)
        for connection in refused:
            assert connection.is_closed_by_peer(DEADLINE_S), "it got a response"
            connection.close()
        text = served.ask("/metrics").body.decode()
        assert "\nhello_connections_refused_total 20\n" in text
        for sample in ('total{code="none"} 0', 'total{code="2xx"} 1', 'total{code="4xx"} 0', "in_flight 1"):
            assert f"\nhello_http_requests_{sample}\n" in text, sample
        assert served.ask("/last").status == 200
    server.log_lines('"path":"/last"', 1)
    assert len(server.log_lines('"status":', 3)) == 3
