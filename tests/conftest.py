"""Fixtures of the black-box tests. Each runs against the release and the sanitizer build.

--flavours runs them against others: tsan, or valgrind, which is a build for it and the tool.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hello  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--flavours", default="release,asan", help="directories of build/")


def pytest_generate_tests(metafunc):
    own = any("flavour" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "flavour" in metafunc.fixturenames and not own:
        metafunc.parametrize("flavour", metafunc.config.getoption("--flavours").split(","))


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
