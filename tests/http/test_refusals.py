"""What could be read two ways gets 400 and the connection's end (RFC 9112, section 11.2)."""

import pytest

HOST = b"Host: a\r\n"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\r\n",
        b"GET / HTTP/1.1\r\nHost: a/../b\r\n",
        b"GET / HTTP/1.1\r\nHost: a@b\r\n",
        b"G@T / HTTP/1.1\r\n" + HOST,
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x01b\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x7fb\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X : a\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n folded\r\n",
        b"GET / HTTP/1.1\r\n X: a\r\n" + HOST,
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +1\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1,1\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x1\r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: \r\n",
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n" * 2,
        b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked, identity\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
        b"GET * HTTP/1.1\r\n" + HOST,
        b"CONNECT a:80 HTTP/1.1\r\n" + HOST,
    ],
)
def test_ambiguous_requests(server, head):
    # What follows would be a request of its own to a reader that understood it otherwise.
    smuggled = b"GET /magazine/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    with server.connect() as connection:
        connection.send(head + b"\r\n" + smuggled)
        response = connection.read_response()
        assert response.status in (400, 411, 501), head
        rest = b""
        try:
            while data := connection.socket.recv(4096):
                rest += data
        except ConnectionResetError:
            pass
    assert b"smuggled" not in rest and b"HTTP/" not in rest
    assert server.ask("/").status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost:a\r\n",
        b"GET / HTTP/1.1\r\nHost:  a  \r\n",
        b"GET / HTTP/1.1\r\nHost: [::1]:80\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X:\r\nX: \t\r\nX: \xff\r\n",
        b"GET / HTTP/1.0\r\n",
        b"GET http://a/ HTTP/1.1\r\n" + HOST,
    ],
)
def test_unusual_and_plain_requests_are_served(server, head):
    with server.connect() as connection:
        connection.send(head + b"\r\n")
        assert connection.read_response().status == 200
