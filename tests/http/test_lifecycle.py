"""Start, stop and what lies between: the manners of a good PID 1."""

import os
import signal
import socket
import subprocess
import threading
import time

import hello
import pytest
from hello import DEADLINE_S, wait_until

PARTIAL = b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab"


def in_flight(server):
    """Without the request that asks."""
    return server.metrics()["hello_http_requests_in_flight"] - 1


def seconds_to_stop(server, status=0):
    started = time.monotonic()
    assert server.stop() == status
    return time.monotonic() - started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(start, number):
    server = start()
    assert server.ask("/").status == 200
    assert server.stop(number) == 0


def test_an_idle_service_stops_at_once(start):
    assert seconds_to_stop(start("-shutdown-timeout", "60s")) < 30


def test_idle_connections_do_not_hold_it(start):
    server = start("-shutdown-timeout", "60s")
    connections = [server.connect() for _ in range(20)]
    for connection in connections[:10]:
        connection.ask("/")
    assert seconds_to_stop(server) < 30
    assert all(connection.is_closed_by_peer(DEADLINE_S) for connection in connections)


def test_connections_that_never_had_a_request_close_at_once(start):
    """They do not get the two seconds of a client that sent one lately."""
    server = start("-shutdown-timeout", "60s")
    idle = [server.connect() for _ in range(20)]
    active = server.connect()
    active.ask("/")
    server.send_signal()
    assert all(connection.is_closed_by_peer(DEADLINE_S) for connection in idle)
    assert server.process.poll() is None and not active.is_closed_by_peer(0)
    assert active.ask("/").headers["Connection"] == "close"
    assert server.wait() == 0


def test_a_client_that_pauses_when_the_drain_begins_loses_nothing(start):
    """As a scheduler or a garbage collector makes it, after many quick requests."""
    server = start("-shutdown-timeout", "60s")
    with server.connect() as connection:
        for _ in range(100):
            assert connection.ask("/").status == 200
        server.send_signal()
        time.sleep(0.5)
        response = connection.ask("/")
        assert (response.status, response.headers["Connection"]) == (200, "close")
    assert server.wait() == 0


def test_a_connection_idle_for_long_does_not_hold_the_drain(start):
    server = start("-shutdown-timeout", "60s", "-text", "x")
    with server.connect() as idle, server.connect() as active:
        idle.ask("/")
        time.sleep(5.5)  # longer than a request counts as recent
        active.ask("/")
        server.send_signal()
        assert idle.is_closed_by_peer(DEADLINE_S)
        assert not active.is_closed_by_peer(0)
        assert active.ask("/").status == 200
    assert server.wait() == 0


def test_it_stops_at_the_connection_limit(start):
    server = start("-max-conns", "50", "-shutdown-timeout", "60s")
    connections = [server.connect() for _ in range(80)]  # 30 of them wait in the backlog
    time.sleep(0.2)
    assert seconds_to_stop(server) < 30
    for connection in connections:
        connection.close()


def test_a_request_in_flight_is_completed(start):
    server = start()
    with server.connect() as connection:
        connection.send(PARTIAL)
        wait_until(lambda: in_flight(server) == 1)
        server.send_signal()
        server.log_lines("Stopping", 1)
        time.sleep(0.3)  # longer than an idle connection lives
        assert server.process.poll() is None
        connection.send(b"cd")
        response = connection.read_response()
        assert (response.status, response.body) == (200, b"howdy\n")
        assert response.headers["Connection"] == "close"
    assert server.wait() == 0


def test_an_aborted_request_is_logged(start):
    server = start("-shutdown-timeout", "200ms")
    with server.connect() as connection:
        connection.send(PARTIAL)
        wait_until(lambda: in_flight(server) == 1)
        assert server.stop() == 1
    assert "1 requests aborted" in server.log()


def test_a_second_signal_ends_it_at_once(start):
    server = start("-shutdown-timeout", "60s")
    with server.connect() as connection:
        connection.send(PARTIAL)
        wait_until(lambda: in_flight(server) == 1)
        server.send_signal()
        server.log_lines("Stopping", 1)
        assert seconds_to_stop(server, status=1) < 30


def test_readiness_ends_before_listening_does(start):
    server = start("-drain-delay", "60s")
    assert server.ask("/readyz").status == 200
    server.send_signal()
    server.log_lines("Stopping", 1)
    wait_until(lambda: server.ask("/readyz").status == 503)
    with server.connect() as connection:  # new connections, and kept alive
        for _ in range(2):
            response = connection.ask("/")
            assert (response.status, response.headers["Connection"]) == (200, None)
    assert server.ask("/healthz").status == 200
    assert seconds_to_stop(server) < 30, "the second signal cuts the delay short"


def test_after_the_drain_delay_it_stops(start):
    server = start("-drain-delay", "400ms")
    assert 0.4 <= seconds_to_stop(server) < 30


def test_connections_in_the_backlog_are_served(start):
    """The kernel has accepted these connections; a drain must not reset them."""
    server = start("-max-conns", "1", "-threads", "1")
    with server.connect() as first:
        first.ask("/")
        waiting = [server.connect() for _ in range(5)]
        for connection in waiting:
            connection.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
        first.close()
        for connection in waiting:
            assert connection.read_response().status == 200
            connection.close()
    assert server.stop() == 0


class Client(threading.Thread):
    """Asks over one kept-alive connection until the server closes it; counts what is lost."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.completed = 0
        self.lost = None
        self.start()

    def run(self):
        with self.server.connect() as connection:
            while True:
                try:
                    response = connection.ask("/magazine/vogue")
                except Exception as error:  # whatever it is, a request got no response
                    self.lost = repr(error)
                    return
                if (response.status, response.body) != (200, b"vogue has 130 pages.\n"):
                    self.lost = repr(response)
                    return
                self.completed += 1
                if response.headers["Connection"] == "close":
                    return


def drain_under_load(server):
    """SIGTERM while 32 kept-alive clients ask."""
    clients = [Client(server) for _ in range(32)]
    wait_until(lambda: all(client.completed > 0 for client in clients))
    assert server.stop() == 0
    for client in clients:
        client.join(DEADLINE_S)
    assert not any(client.is_alive() for client in clients)
    assert [client.lost for client in clients if client.lost] == []


# Twenty of twenty; the sanitizer build, which is slow, shows what it can show in three.
RUNS = {"release": 20, "asan": 3}


def test_a_drain_loses_no_request_of_busy_clients(start, flavour):
    for _ in range(RUNS.get(flavour, 3)):
        drain_under_load(start("-log", "off"))


def test_other_signals_do_not_end_it(start):
    server = start()
    for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGCHLD):
        server.send_signal(number)
    assert server.ask("/").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace takes root")
def test_as_pid_1_it_obeys_signals_and_reaps(flavour):
    """unshare makes it PID 1 of a namespace; a shell leaves it an orphan that ends."""
    # The shell becomes the service by exec, so the sleeping grandchild is an orphan of PID 1.
    script = f"(sleep 0.2 &) ; exec {hello.binary(flavour)} serve -addr 127.0.0.1:0"
    process = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script],
        stderr=subprocess.PIPE,
        text=True,
        env=hello.clean_environment(**hello.sandbox_of(flavour)),
    )
    assert any("Server at" in line for line in process.stderr)
    child = int(
        subprocess.run(
            ["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True
        ).stdout
    )
    children = f"/proc/{child}/task/{child}/children"
    wait_until(lambda: open(children).read().strip() == "")
    os.kill(child, signal.SIGTERM)
    assert process.wait(DEADLINE_S) == 0
    process.stderr.close()


def test_a_restart_takes_the_port_again(start):
    server = start()
    server.ask("/")
    assert server.stop() == 0
    again = start(addr=f"127.0.0.1:{server.port}")
    assert again.port == server.port


def test_a_free_port_is_refused_after_the_stop(start):
    server = start()
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=DEADLINE_S)
