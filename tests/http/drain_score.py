"""Proves that a graceful shutdown loses no request on a busy machine, and measures how long one takes.

usage: /usr/bin/python3 tests/http/drain_score.py [proof|times]    (default: both; some 8 minutes)

proof: 20 shutdowns each of the release and the sanitizer build, over HTTP and HTTPS, while processes without a pause
keep every CPU busy. 16 clients ask over kept-alive connections. Half of them pause for 500 ms, and SIGTERM comes when
they do. Exit 1 when a request got no response.
times: from SIGTERM to the end of the process, without such processes.
"""

import argparse
import os
import select
import signal
import statistics
import subprocess
import sys
import threading
import time

import pathlib

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]

import hello  # noqa: E402

SHUTDOWNS = 20
CLIENTS = 16
PAUSE_S = 0.5
# A connection whose last request is longer ago is idle (CONNS_DRAIN_RECENT_MS).
RECENT_S = 5


class Client(threading.Thread):
    """Asks over one connection until the server says that it closes it."""

    def __init__(self, server, pausing=None):
        super().__init__(daemon=True)
        self.server = server
        self.pausing = pausing  # an event: before the next request, pause
        self.paused = threading.Event()
        self.completed = 0
        self.lost = None
        self.start()

    def run(self):
        asked = time.monotonic()
        try:
            with self.server.connect() as connection:
                while True:
                    if self.pausing and self.pausing.is_set():
                        self.paused.set()
                        time.sleep(PAUSE_S)
                    before, asked = asked, time.monotonic()
                    response = connection.ask("/magazine/vogue")
                    assert response.status == 200, response
                    self.completed += 1
                    if response.headers["Connection"] == "close":
                        return
        except Exception as error:  # whatever it is, a request got no response
            # A machine that runs this thread too rarely makes the pause longer than was meant.
            self.lost = f"{error!r}, asked {asked - before:.2f} s after the request before"


def stop(server):
    """Sends SIGTERM. Returns: milliseconds until the process has ended, to be called for."""
    process = os.pidfd_open(server.process.pid)
    started = time.monotonic()
    server.send_signal(signal.SIGTERM)

    def milliseconds():
        try:
            assert select.select([process], [], [], hello.DEADLINE_S)[0], "still running"
        finally:
            os.close(process)
        taken = (time.monotonic() - started) * 1000
        assert server.stop() == 0
        server.reports.cleanup()
        return taken

    return milliseconds


# ---- the proof --------------------------------------------------------------------------


def shut_down(flavour, tls):
    """Returns: the requests that got no response."""
    server = hello.Server(flavour, "-log", "off", "-shutdown-timeout", "30s", tls=tls)
    pausing = threading.Event()
    clients = [Client(server, pausing if i % 2 else None) for i in range(CLIENTS)]
    hello.wait_until(lambda: all(client.completed > 20 or client.lost for client in clients))
    pausing.set()
    for client in clients[1::2]:
        client.paused.wait(hello.DEADLINE_S)
    ended = stop(server)
    for client in clients:
        client.join(hello.DEADLINE_S)
    ended()
    return [client.lost for client in clients if client.lost]


def prove():
    cpus = len(os.sched_getaffinity(0))
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * cpus)]
    failed = 0
    try:
        for flavour in ("release", "asan"):
            for tls in (False, True):
                lost = [shut_down(flavour, tls) for _ in range(SHUTDOWNS)]
                complete = sum(not requests for requests in lost)
                failed += SHUTDOWNS - complete
                print(f"{flavour}, {'HTTPS' if tls else 'HTTP'}: {complete} of {SHUTDOWNS} lost nothing", flush=True)
                for requests in lost:
                    for request in requests:
                        print(f"  {request}")
    finally:
        for process in busy:
            process.kill()
            process.wait()
    return failed


# ---- the times --------------------------------------------------------------------------


def measure(idle, silent, active):
    """Returns: milliseconds of a shutdown with so many clients of each kind."""
    server = hello.Server("release", "-log", "off", "-shutdown-timeout", "30s")
    connections = [server.connect() for _ in range(idle)]
    for connection in connections:
        connection.ask("/")
    if idle:
        time.sleep(RECENT_S + 0.5)
    clients = [Client(server) for _ in range(active)]
    hello.wait_until(lambda: all(client.completed > 20 for client in clients))
    for _ in range(silent):
        connections.append(server.connect())
        connections[-1].ask("/")
    taken = stop(server)()
    for client in clients:
        client.join(hello.DEADLINE_S)
        assert client.lost is None, client.lost
    for connection in connections:
        connection.close()
    return taken


KINDS = {
    "no client": (0, 0, 0),
    "16 idle clients: the last request 5.5 seconds before": (16, 0, 0),
    "16 active clients, which ask without a pause": (0, 0, 16),
    "8 idle and 8 active clients": (8, 0, 8),
    "16 clients that asked lately, and send nothing more": (0, 16, 0),
}


def measure_all(rounds):
    print("| clients | median | minimum to maximum |\n|---|--:|--:|")
    for kind, counts in KINDS.items():
        taken = [measure(*counts) for _ in range(rounds)]
        print(f"| {kind} | {statistics.median(taken):.0f} ms | {min(taken):.0f} to {max(taken):.0f} ms |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?", choices=["proof", "times"])
    what = parser.parse_args().what
    if what != "proof":
        measure_all(SHUTDOWNS)
    if what != "times" and prove():
        sys.exit("drain_score: requests were lost")


if __name__ == "__main__":
    main()
