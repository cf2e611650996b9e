#!/usr/bin/python3
"""
Sends requests on kept-alive connections until its standard input ends, and counts those that got lost.

usage: load.py HOST PORT [--tls] [--clients N]

Half of the clients keep a connection as long as the server does; the others take a new one after twenty requests. A new
connection goes to any address that the name has at this moment. Each client pauses 50 ms between requests, so 32 of them
send up to 640 a second.

Lost is a request that was sent and got no complete response, or another status than 200, and a connection that was not
accepted. A connection that the server closed before the client sent anything is not: HTTP allows that (RFC 9112, section
9.5), and no client loses by it.

Prints a line "ready" after the first response of each client, and at the end one JSON object:
requests, lost (the reasons), connections, peers (requests by the server's address), seconds, and slowest (seconds).
"""

import argparse
import contextlib
import json
import random
import select
import socket
import ssl
import subprocess
import sys
import threading
import time

PAUSE_S = 0.05
TIMEOUT_S = 10
REQUESTS_OF_A_SHORT_CONNECTION = 20


@contextlib.contextmanager
def clients(*args, inside=()):
    """
    Runs this program beside a test, with these arguments; inside: a command that starts it somewhere else. Yields a
    dictionary, which has the result afterwards.
    """
    process = subprocess.Popen(
        [*inside, sys.executable, __file__, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    result = {}
    try:
        assert process.stdout.readline() == "ready\n"
        yield result
    finally:
        output, _ = process.communicate()
    result.update(json.loads(output))


class Client(threading.Thread):
    def __init__(self, args, ready, stop, short):
        super().__init__(daemon=True)
        self.args, self.ready, self.stop, self.short = args, ready, stop, short
        self.requests = self.connections = 0
        self.lost = []
        self.peers = {}
        self.slowest = 0.0

    def connect(self):
        found = socket.getaddrinfo(self.args.host, self.args.port, socket.AF_INET, socket.SOCK_STREAM)
        address = random.choice(found)[4]
        connection = socket.create_connection(address, TIMEOUT_S)
        if self.args.tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = context.wrap_socket(connection)
        self.connections += 1
        return connection, address[0]

    def closed_by_peer(self, connection):
        """Before a request was sent. Over TLS session tickets may wait there, too."""
        if not select.select([connection], [], [], 0)[0]:
            return False
        if not self.args.tls:
            return True
        connection.setblocking(False)
        try:
            return connection.recv(1) == b""
        except ssl.SSLWantReadError:
            return False
        finally:
            connection.settimeout(TIMEOUT_S)

    def ask(self, connection):
        """Returns whether the server keeps the connection."""
        connection.sendall(f"GET / HTTP/1.1\r\nHost: {self.args.host}\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.receive(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        while len(body) < int(fields["Content-Length"]):
            body += self.receive(connection)
        status = head.split(b" ", 2)[1]
        if status != b"200":
            raise ConnectionError(f"status {status.decode()}")
        return fields.get("Connection", "").lower() != "close"

    @staticmethod
    def receive(connection):
        data = connection.recv(4096)
        if not data:
            raise ConnectionError("closed before the response was complete")
        return data

    def run(self):
        connection, peer, left = None, None, 0
        while not self.stop.is_set():
            began = time.monotonic()
            try:
                if connection is not None and self.closed_by_peer(connection):
                    connection.close()
                    connection = None
                if connection is None:
                    connection, peer = self.connect()
                    left = REQUESTS_OF_A_SHORT_CONNECTION if self.short else -1
                kept = self.ask(connection)
                self.requests += 1
                left -= 1
                self.peers[peer] = self.peers.get(peer, 0) + 1
                if not kept or left == 0:
                    connection.close()
                    connection = None
            except (OSError, KeyError, ValueError) as error:
                self.lost.append(f"{time.strftime('%T')} {peer}: {error!r}")
                if connection is not None:
                    connection.close()
                connection = None
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.ready.release()
            self.stop.wait(PAUSE_S)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--clients", type=int, default=32)
    args = parser.parse_args()
    stop, began = threading.Event(), time.monotonic()
    ready = [threading.Semaphore(0) for _ in range(args.clients)]
    clients = [Client(args, ready[i], stop, i % 2) for i in range(args.clients)]
    for client in clients:
        client.start()
    for each in ready:
        each.acquire()
    print("ready", flush=True)
    sys.stdin.read()
    stop.set()
    for client in clients:
        client.join()
    peers = {}
    for client in clients:
        for peer, count in client.peers.items():
            peers[peer] = peers.get(peer, 0) + count
    print(json.dumps({
        "requests": sum(client.requests for client in clients),
        "lost": [each for client in clients for each in client.lost],
        "connections": sum(client.connections for client in clients),
        "peers": peers,
        "seconds": round(time.monotonic() - began, 1),
        "slowest": round(max(client.slowest for client in clients), 3),
    }))


if __name__ == "__main__":
    main()
