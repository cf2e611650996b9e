"""Here servers speak HTTPS."""

import hello
import pytest
from pki import Pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture
def start(flavour):
    servers = []

    def start_server(*args, **kwargs):
        server = hello.Server(flavour, *args, **{"tls": True, **kwargs})
        servers.append(server)
        return server

    yield start_server
    for server in servers:
        try:
            server.stop()
        finally:
            print(f"--- log of {server.flavour} on port {server.port}\n{server.log()[-4000:]}")
            server.reports.cleanup()
