"""Fixtures of the black-box tests. Each runs against the release and the sanitizer build.

FLAVOURS=tsan runs them against others, directories of build/: valgrind is a build for it, and the tool.
"""

import os
import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hello  # noqa: E402

# Tests run in the background have SIGINT ignored and would hand that down; a signal that is
# caught here has its default in the processes started from here (execve(2)).
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=os.environ.get("FLAVOURS", "release,asan").split(","))
def flavour(request):
    return request.param


@pytest.fixture
def start(flavour, request):
    """Starts servers that end with the test; their logs are shown when it fails."""
    servers = []

    def start_server(*args, **kwargs):
        server = hello.Server(flavour, *args, **kwargs)
        servers.append(server)
        return server

    yield start_server
    for server in servers:
        try:
            server.stop()
        finally:
            print(f"--- log of {server.flavour} on port {server.port}\n{server.log()[-4000:]}")
            server.reports.cleanup()


@pytest.fixture
def server(start):
    return start()
