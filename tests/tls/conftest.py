"""Here servers speak HTTPS."""

import hello
import pytest


@pytest.fixture
def start(flavour):
    servers = []

    def start_server(*args, **kwargs):
        server = hello.Server(flavour, *args, tls=True, **kwargs)
        servers.append(server)
        return server

    yield start_server
    for server in servers:
        try:
            server.stop()
        finally:
            print(f"--- log of {server.flavour} on port {server.port}\n{server.log()[-4000:]}")
            server.reports.cleanup()
