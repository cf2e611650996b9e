"""Deadlines and limits: what a slow, greedy or silent client gets."""

import threading
import time

import pytest

HEADER = b"GET / HTTP/1.1\r\nHost: t\r\n"


def seconds_until_closed(connection, limit=10):
    started = time.monotonic()
    assert connection.is_closed_by_peer(limit), f"still open after {limit} s"
    return time.monotonic() - started


def test_a_header_in_one_piece_too_slow(start):
    server = start("-read-header-timeout", "400ms", "-idle-timeout", "60s")
    with server.connect() as connection:
        connection.send(HEADER)
        assert 0.3 <= seconds_until_closed(connection) < 3


def test_a_header_octet_by_octet(start):
    """Every octet resets a timeout of inactivity; a deadline is not moved by them."""
    server = start("-read-header-timeout", "500ms", "-idle-timeout", "60s")
    with server.connect() as connection:
        stop = threading.Event()

        def drip():
            while not stop.wait(0.05):
                try:
                    connection.send(b"X")
                except OSError:
                    return

        connection.send(HEADER)
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert 0.3 <= seconds_until_closed(connection) < 3
        finally:
            stop.set()
            dripping.join()


def test_a_second_header_has_the_deadline_too(start):
    server = start("-read-header-timeout", "500ms", "-idle-timeout", "60s")
    with server.connect() as connection:
        assert connection.ask("/").status == 200
        time.sleep(0.3)
        started = time.monotonic()
        try:
            while time.monotonic() - started < 5:
                connection.send(b"G" if time.monotonic() - started < 0.05 else b"E")
                time.sleep(0.05)
        except OSError:
            pass
        assert time.monotonic() - started < 3


def test_a_slow_header_within_the_deadline_is_answered(start):
    server = start("-read-header-timeout", "3s")
    with server.connect() as connection:
        for octet in HEADER + b"\r\n":
            connection.send(bytes([octet]))
            time.sleep(0.01)
        assert connection.read_answer().status == 200


def test_a_quiet_connection_is_closed(start):
    server = start("-idle-timeout", "400ms")
    with server.connect() as fresh, server.connect() as used:
        assert used.ask("/").status == 200
        assert seconds_until_closed(fresh) < 3
        assert seconds_until_closed(used) < 3


def test_a_busy_connection_is_not(start):
    server = start("-idle-timeout", "500ms", "-read-header-timeout", "300ms")
    with server.connect() as connection:
        for _ in range(12):
            assert connection.ask("/").status == 200
            time.sleep(0.1)


def test_a_body_that_stands_still_is_closed(start):
    server = start("-idle-timeout", "500ms")
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nab")
        assert seconds_until_closed(connection) < 5
    assert server.metrics()['hello_http_requests_total{code="none"}'] == 1


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413)])
def test_a_body_of_a_known_length(start, size, status):
    server = start("-max-body", "1000")
    with server.connect() as connection:
        answer = connection.ask("/", "POST", body=b"x" * size)
        assert answer.status == status
        assert connection.is_closed_by_peer(0.2) == (status == 413)


@pytest.mark.parametrize("size, status", [(1000, 200), (1001, 413), (1999, 413)])
def test_a_chunked_body(start, size, status):
    server = start("-max-body", "1000")
    with server.connect() as connection:
        head = b"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.send(head + b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n")
        assert connection.read_answer().status == status


def test_an_endless_body_is_cut_off(start):
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


def test_connections_beyond_the_limit_wait(start):
    server = start("-max-conns", "4", "-threads", "1")
    open_ones = [server.connect() for _ in range(4)]
    for connection in open_ones:
        assert connection.ask("/").status == 200
    with server.connect() as waiting:
        waiting.send(HEADER + b"\r\n")
        assert not waiting.is_closed_by_peer(0.3), "neither refused nor answered"
        open_ones.pop().close()
        assert waiting.read_answer().status == 200
    for connection in open_ones:
        connection.close()


def test_one_address_has_a_limit_of_its_own(start):
    server = start("-max-conns-per-ip", "3", addr=":0")
    connections = [server.connect() for _ in range(3)]
    for connection in connections:
        assert connection.ask("/").status == 200
    with server.connect() as refused:
        assert refused.is_closed_by_peer(5)
    with server.connect(host="::1") as another:
        assert another.ask("/").status == 200
    connections.pop().close()
    deadline = time.monotonic() + 5
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
