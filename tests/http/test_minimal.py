"""The minimal build: what it serves, what it leaves out, and that it says so."""

import datetime
import socket

import pytest

import hello

# As `make images` ships it.
FLAVOUR = "minimal"


@pytest.fixture
def flavour():
    if not hello.binary(FLAVOUR).exists():
        pytest.skip("make build/minimal/hello builds it")
    return FLAVOUR


def test_it_serves_checks_and_stops(start):
    server = start("-log", "json", "-sandbox", "require")
    assert server.ask("/").body == b"howdy\n"
    assert server.ask("/magazine/vogue").body == b"vogue has 130 pages.\n"
    assert b"hello_build_info" in server.ask("/metrics").body
    assert b'"libmicrohttpd"' in server.ask("/version").body
    assert hello.run(FLAVOUR, "healthcheck", f"http://127.0.0.1:{server.port}/readyz").returncode == 0
    server.process.terminate()
    assert server.process.wait(hello.DEADLINE_S) == 0


@pytest.mark.parametrize("args", [["get", "http://localhost/"], ["get"], ["inspect"], ["inspect", "-json"]])
def test_commands_that_it_leaves_out(flavour, args):
    done = hello.run(flavour, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f'hello: "{args[0]}": not in the minimal build; ')


def test_help_lists_what_it_has(flavour):
    listed = hello.run(flavour, "help").stdout
    assert "hello healthcheck" in listed and "hello version" in listed
    assert "hello get" not in listed and "hello inspect" not in listed


def test_whoami_is_a_path_like_others(start):
    server = start()
    response = server.ask("/whoami", headers=[("X-Secret", "spoken")])
    assert (response.status, response.body) == (200, b"howdy\n")


def test_times_are_utc(start):
    server = start(env={"TZ": "TEST-5:30"})
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    logged = datetime.datetime.strptime(server.log()[:19], "%Y/%m/%d %H:%M:%S")
    assert abs((now - logged).total_seconds()) < hello.DEADLINE_S


@pytest.mark.parametrize("host, client", [
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("[::1]", "::1"), ("[::]", "::1"), ("", "127.0.0.1"),
])
def test_numeric_addresses(start, host, client):
    server = start(addr=f"{host}:0")
    with socket.create_connection((client, server.port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
        assert connection.makefile("rb").read().endswith(b"\r\n\r\nhowdy\n")
    url_host = f"[{client}]" if ":" in client else client
    assert hello.run(FLAVOUR, "healthcheck", f"http://{url_host}:{server.port}/").returncode == 0


def test_localhost_is_both_loopback_addresses(start):
    """The service listens on one of them; the client tries both."""
    server = start(addr="localhost:0")
    assert hello.run(FLAVOUR, "healthcheck", f"http://localhost:{server.port}/").returncode == 0
    only4 = start(addr="127.0.0.1:0")
    assert hello.run(FLAVOUR, "healthcheck", f"http://localhost:{only4.port}/").returncode == 0


def test_other_names_are_not_resolved(flavour):
    done = hello.run(flavour, "healthcheck", "http://example.org/")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'hello: connect "example.org": the minimal build resolves no names\n'
    done = hello.run(flavour, "serve", "-addr", "example.org:0")
    assert done.returncode == 1
    assert "the minimal build resolves no names; want an address of this machine" in done.stderr


def test_it_has_no_https(start):
    server = start()
    done = hello.run(FLAVOUR, "healthcheck", f"https://127.0.0.1:{server.port}/")
    assert done.returncode == 1 and "this build has no TLS" in done.stderr
