"""deps/patches/libmicrohttpd/71-reasons-in-use.patch lists the phrase of each status that is sent."""

import http
import re

import hello
from test_configuration import sources, variable  # noqa: F401

LIBRARY = hello.ROOT / "build/deps/src/libmicrohttpd/src"
# Interim, sent to shut a connection (with a text of its own), or compared with alone.
NEVER_A_RESPONSE = {"SWITCHING_PROTOCOLS", "PROCESSING", "NO_CONTENT", "REQUEST_TIMEOUT"}


def test_each_status_that_is_sent_has_its_phrase(sources):  # noqa: F811
    """A status without one would be sent as "Unknown"."""
    numbers = dict(re.findall(r"^#define MHD_HTTP_(\w+) +([1-5]\d\d)$", (LIBRARY / "include/microhttpd.h").read_text(), re.M))
    text = (LIBRARY / "microhttpd/reason_phrase.c").read_text()
    listed = dict(re.findall(r'^  \{ (\d+), "([^"]+)" \},?$', text, re.M))
    files = [LIBRARY / f"microhttpd/{name}.c" for name in sources]
    files += [*(hello.ROOT / "src/server").glob("*.c"), *(hello.ROOT / "src/http").glob("*.c")]
    sent = {"200", "301", "400", "503"}
    for file in files:
        used = set(re.findall(r"\bMHD_HTTP_(\w+)\b", file.read_text(errors="replace"))) - NEVER_A_RESPONSE
        sent |= {numbers[name] for name in used & set(numbers)}
        if "src/server" in str(file):
            sent |= set(re.findall(r"\b(?:status = |handler_plain\()([1-5]\d\d)\b", file.read_text()))
    assert sent == set(listed)
    for code, phrase in listed.items():
        expected = {413: "Content Too Large", 414: "URI Too Long"}.get(int(code), http.HTTPStatus(int(code)).phrase)
        assert phrase == expected
