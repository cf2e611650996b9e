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



def reset_signals():
    """
    Whatever started this (nohup, a shell's background job) may have left signals ignored or
    blocked, and children inherit that. A signal that is caught here has its default in the
    processes started from here (execve(2)).
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # Python itself ignores SIGPIPE and SIGXFSZ, and resets both in what it starts.
    fixed = {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}
    for number in signal.valid_signals() - fixed:
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


reset_signals()
# Files that a test makes are as readable as it says, whatever mask the caller has.
os.umask(0o022)
# Tests read what tools print: readelf translates it, and in Turkish unshare finds no signal SIGTERM, as i is not
# the small I. tests/lint/test_locale.py runs the project's own scripts in other locales.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.pop("LANGUAGE", None)


def not_emulated():
    """Names of tests and why qemu-aarch64 cannot run them."""
    path = hello.ROOT / "tests/arm64/emulated.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("  ", 1) for line in lines if line and not line.startswith("#"))


def pytest_collection_modifyitems(items):
    """Side by side, what takes long begins first, so that the end does not wait for it."""
    reasons = not_emulated()
    for item in items:
        flavour = getattr(item, "callspec", None) and item.callspec.params.get("flavour")
        if flavour and hello.emulator(str(flavour)) and item.originalname in reasons:
            item.add_marker(pytest.mark.skip(reason=reasons[item.originalname]))
    # Without pytest-xdist the tests of a file stay together, or the fixtures of a file would be made twice.
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("long") is None)


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
