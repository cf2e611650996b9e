"""Content-Length has the digits that the body needs, and the body comes whole behind its header."""

import pytest


@pytest.mark.parametrize("octets", [1, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 3900])
def test_content_length_counts_the_body(server, octets):
    """/magazine/NAME answers with the name, so the body has any length that is asked for."""
    rest = len(" has 0 pages.\n")
    name = "n" * max(octets - rest, 1)
    with server.connect() as connection:
        for _ in range(3):
            answer = connection.ask(f"/magazine/{name}")
            assert answer.body == name.encode() + b" has 0 pages.\n"
            assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.parametrize("octets", [0, 1, 10, 4000, 5000, 7000, 8000, 9000, 100000])
def test_body_of_any_length_follows_its_header(start, octets):
    """Some fit behind their header into the connection's memory, some do not."""
    text = "t" * octets
    server = start("-text", text)
    with server.connect() as connection:
        for method in ("GET", "HEAD", "GET", "POST"):
            answer = connection.ask("/", method=method)
            assert answer.headers["Content-Length"] == str(octets + 1)
            assert answer.body == (b"" if method == "HEAD" else text.encode() + b"\n")
