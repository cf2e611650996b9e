"""`hello healthcheck`: exit status 0 or 1 within the timeout; one line for an error."""

import socket
import time

import hello
import pytest


def check(server, *args, env=None):
    return hello.run(server.flavour, "healthcheck", *args, env=env)


def test_a_running_service_is_healthy(server):
    done = check(server, env={"HELLO_ADDR": f"127.0.0.1:{server.port}"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert check(server, env={"PORT": str(server.port)}).returncode == 0
    assert check(server, f"http://localhost:{server.port}/readyz").returncode == 0


def test_a_service_on_one_family_is_found(start):
    server = start(addr="[::1]:0")
    assert check(server, env={"PORT": str(server.port)}).returncode == 0


def test_a_response_that_is_not_2xx_is_unhealthy(server):
    done = check(server, f"http://127.0.0.1:{server.port}/magazine")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "2xx" in done.stderr


def test_connection_refused_is_unhealthy(flavour):
    with socket.socket() as bound:  # bound, so that no other process listens there
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/"
        done = hello.run(flavour, "healthcheck", url)
    assert done.returncode == 1
    assert done.stderr == 'hello: connect "127.0.0.1": Connection refused\n'


def test_the_timeout(flavour):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        started = time.monotonic()
        done = hello.run(flavour, "healthcheck", "-timeout", "300ms", url)
        assert 0.3 <= time.monotonic() - started < hello.DEADLINE_S
    assert done.returncode == 1
    assert done.stderr == "hello: healthcheck: timed out\n"


@pytest.mark.parametrize(
    "args",
    [["https://x/"], ["http://x/", "more"], ["-timeout", "0"], ["-bogus"], ["http://a b/"]],
)
def test_wrong_usage_is_unhealthy_too(flavour, args):
    done = hello.run(flavour, "healthcheck", *args)
    assert done.returncode == 1, "Docker reserves 2"
    assert done.stderr.count("\n") == 1
