"""Start, stop and what lies between: the manners of a good PID 1."""

import signal
import time

import pytest


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(start, number):
    server = start()
    assert server.ask("/").status == 200
    assert server.stop(number) == 0


def test_an_idle_connection_does_not_hold_it(start):
    server = start("-shutdown-timeout", "10s")
    with server.connect() as connection:
        connection.ask("/")
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 5
        assert connection.is_closed_by_peer(1)


def test_a_request_in_flight_is_answered(start):
    server = start()
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab")
        wait_until(lambda: server.metrics()["hello_http_requests_in_flight"] == 2)
        server.send_signal()
        server.log_lines("Stopping", 1)
        time.sleep(0.3)  # longer than an idle connection lives
        assert server.process.poll() is None
        connection.send(b"cd")
        answer = connection.read_answer()
        assert (answer.status, answer.body) == (200, b"howdy\n")
        assert answer.headers["Connection"] == "close"
    assert server.wait() == 0


def test_a_request_cut_off_is_told(start):
    server = start("-shutdown-timeout", "200ms")
    with server.connect() as connection:
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab")
        wait_until(lambda: server.metrics()["hello_http_requests_in_flight"] == 2)
        assert server.stop() == 1
    assert "1 requests cut off" in server.log()


def wait_until(condition, seconds=5):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
