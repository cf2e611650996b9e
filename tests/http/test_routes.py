"""The routes that the article did not have."""

import json
import socket

import pytest


def test_health_and_readiness(server):
    assert (server.ask("/healthz").status, server.ask("/healthz").body) == (200, b"ok\n")
    assert (server.ask("/readyz").status, server.ask("/readyz").body) == (200, b"ready\n")


def test_the_text_can_be_chosen(start):
    assert start("-text", "good morning").ask("/").body == b"good morning\n"
    assert start(env={"HELLO_TEXT": ""}).ask("/").body == b"\n"


def test_version_is_json(server):
    response = server.ask("/version")
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.body)["libmicrohttpd"].startswith("1.")


def test_whoami_describes_the_request(start):
    server = start(env={"SECRET": "do-not-reveal"})
    with server.connect() as connection:
        headers = [("X-One", "a"), ("X-One", 'b"\\'), ("X-Raw", "\xff\xfe")]
        response = connection.ask("/whoami?a=<b>&c", "PURGE", headers=headers)
        port = connection.socket.getsockname()[1]
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    described = json.loads(response.body)
    assert described["hostname"] == socket.gethostname()
    assert described["remote"] == f"127.0.0.1:{port}"
    assert (described["method"], described["target"]) == ("PURGE", "/whoami?a=<b>&c")
    assert (described["protocol"], described["tls"]) == ("HTTP/1.1", None)
    fields = [(field["name"], field["value"]) for field in described["headers"]]
    assert ("X-One", "a") in fields and ("X-One", 'b"\\') in fields
    assert ("X-Raw", "\ufffd\ufffd") in fields
    assert b"do-not-reveal" not in response.body


def test_whoami_with_the_most_that_fits(server):
    headers = [("X", "\xff" * 900) for _ in range(4)]
    described = json.loads(server.ask("/whoami", headers=headers).body)
    assert sum(len(field["value"]) for field in described["headers"]) >= 3600


@pytest.mark.parametrize("target", ["/magazine/<script>alert(1)</script>", "//<script>"])
def test_nothing_of_the_client_comes_back_as_markup(server, target):
    response = server.ask(target)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    if response.headers["Content-Type"].startswith("text/html"):
        assert b"<script" not in response.body
    else:
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
