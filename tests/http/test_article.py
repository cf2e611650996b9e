"""The article's service, and what net/http's ServeMux adds."""

import email.utils
import re
import time

import hello
import pytest

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "target, body",
    [
        ("/", b"howdy\n"),
        ("/any/path", b"howdy\n"),
        ("/magazine/vogue", b"vogue has 130 pages.\n"),
        ("/magazine/natgeo", b"natgeo has 78 pages.\n"),
        ("/magazine/newyorker", b"newyorker has 132 pages.\n"),
        ("/magazine/unknown", b"unknown has 0 pages.\n"),
        ("/magazine/", b"No magazine provided.\n"),
    ],
)
def test_responses(server, target, body):
    response = server.ask(target)
    assert (response.status, response.version, response.body) == (200, "HTTP/1.1", body)
    assert response.headers["Content-Type"] == PLAIN
    assert response.headers["Content-Length"] == str(len(body))
    sent = email.utils.parsedate_to_datetime(response.headers["Date"]).timestamp()
    assert abs(sent - time.time()) < hello.DEADLINE_S


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_any_method_is_served(server, method):
    with server.connect() as connection:
        for body in (b"", b"x" * 10000):
            response = connection.ask("/magazine/vogue", method, body=body)
            assert (response.status, response.body) == (200, b"vogue has 130 pages.\n")


def test_head_has_the_headers_and_no_body(server):
    with server.connect() as connection:
        head = connection.ask("/", "HEAD")
        get = connection.ask("/")  # a stray body would be taken for this response
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"] == "6"
    assert get.body == b"howdy\n"


@pytest.mark.parametrize(
    "target, location",
    [
        ("/magazine", "/magazine/"),
        ("/magazine?a=b&c", "/magazine/?a=b&c"),
        ("//evil.example/", "/evil.example/"),
        ("/a/../b/", "/b/"),
    ],
)
def test_unclean_paths_redirect(server, target, location):
    response = server.ask(target)
    assert response.status == 301
    assert response.headers["Location"] == location
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_requests_are_logged_and_counted(server):
    for _ in range(3):
        server.ask("/")
    stamp = r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d "
    assert len(server.log_lines(stamp + r"request from 127\.0\.0\.1:\d+$", 3)) == 3
    calls = server.log_lines(stamp + r"calls: \d+$", 3)
    assert [re.search(r"\d+$", line).group() for line in calls] == ["1", "2", "3"]


def test_kept_alive_and_pipelined(server):
    with server.connect() as connection:
        connection.send(b"GET /magazine/a HTTP/1.1\r\nHost: t\r\n\r\n" * 3)
        for _ in range(3):
            assert connection.read_response().body == b"a has 0 pages.\n"


def test_http_1_0_is_closed_after_the_response(server):
    with server.connect() as connection:
        response = connection.ask("/", version="HTTP/1.0")
        assert (response.status, response.body) == (200, b"howdy\n")
        assert connection.is_closed_by_peer(hello.DEADLINE_S)
