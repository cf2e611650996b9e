"""Content-Length has the digits that the body needs, and the body comes complete after its header."""

import pytest


@pytest.mark.parametrize("size", [1, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 3900])
def test_content_length_counts_the_body(server, size):
    """/magazine/NAME responds with the name, so the body has any length that is asked for."""
    rest = len(" has 0 pages.\n")
    name = "n" * max(size - rest, 1)
    with server.connect() as connection:
        for _ in range(3):
            response = connection.ask(f"/magazine/{name}")
            assert response.body == name.encode() + b" has 0 pages.\n"
            assert response.headers["Content-Length"] == str(len(response.body))


@pytest.mark.parametrize("size", [0, 1, 10, 4000, 5000, 7000, 8000, 9000, 100000])
def test_body_of_any_length_follows_its_header(start, size):
    """Some fit behind their header into the connection's memory, some do not."""
    text = "t" * size
    server = start("-text", text)
    with server.connect() as connection:
        for method in ("GET", "HEAD", "GET", "POST"):
            response = connection.ask("/", method=method)
            assert response.headers["Content-Length"] == str(size + 1)
            assert response.body == (b"" if method == "HEAD" else text.encode() + b"\n")
