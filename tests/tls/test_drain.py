"""SIGTERM over TLS: busy clients lose nothing, whatever the moment."""

import clients
import pytest
from clients import Busy, context

# Each time the signal comes at another moment; of the sanitizer build a few will do.
ROUNDS = {"release": 20, "asan": 3}


def drain_once(server, version):
    made = context(version)
    busy = [Busy(server.port, made) for _ in range(32)]
    clients.wait_until(lambda: all(client.completed or client.lost for client in busy))
    assert server.stop() == 0
    for client in busy:
        client.join(clients.DEADLINE_S)
    assert [client.lost for client in busy if client.lost] == []
    assert not any(client.is_alive() for client in busy)


def test_a_drain_loses_nothing(start, flavour, pki):
    for count in range(ROUNDS.get(flavour, 3)):
        server = start(*pki.pair(), "-log", "off", "-read-header-timeout", "60s")
        drain_once(server, clients.VERSIONS[count % 2])


@pytest.mark.parametrize("during", [False, True], ids=["before the handshake", "during the handshake"])
def test_handshakes_do_not_hold_it(start, during):
    server = start("-shutdown-timeout", "60s", "-read-header-timeout", "1s")
    waiting = [clients.RawClient(server.port) for _ in range(10)]
    for client in waiting if during else ():
        client.send(client.first_flight())
        client.second_flight()  # kept to itself
    with server.connect() as served:
        served.ask("/")
        # A handshake that has begun is served until its deadline, as a request's header is.
        assert server.stop(timeout=30) == 0
    for client in waiting:
        client.close()
