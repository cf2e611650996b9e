"""What RFC 9110 (HTTP semantics) and RFC 9112 (HTTP/1.1) demand of an origin server, as requests.

A case sends bytes, then a second request that asks for the connection's end. It says which statuses
the response may have, and whether the second request may get a response, too: it must not where the
connection has to end, or what follows the first request could be taken for another one.
"""

import collections
import re
import urllib.parse

# How binding it is. CHOICE: the RFC allows another way as well; ours is the one that leaves
# no room for two readings.
MUST, SHOULD, CHOICE = "MUST", "SHOULD", "CHOICE"
# What becomes of the connection.
KEPT, CLOSED, ANY = "kept", "closed", "any"

# Steps between bytes.
AWAIT = "wait for the first byte of a response"
HALF_CLOSE = "shut down the sending side"

# name: unique; section: of RFC 9110 or 9112; steps: bytes, or steps in order;
# statuses: allowed for each response in turn, None: a response or none, but no success;
# check: responses -> None or what is wrong with them.
Case = collections.namedtuple("Case", "name section level steps statuses after check")

CASES = []
BODY_LIMIT = 1 << 20
LONG = 100 * 1024


def case(name, section, level, steps, statuses, after=ANY, check=None):
    steps = (steps,) if isinstance(steps, bytes) else tuple(steps)
    if statuses is not None and isinstance(next(iter(statuses)), int):
        statuses = [statuses]
    assert not any(known.name == name for known in CASES), name
    CASES.append(Case(name, section, level, steps, statuses, after, check))


def request(*fields, line=b"GET / HTTP/1.1", host=b"Host: a\r\n", body=b""):
    lines = b"".join(field + b"\r\n" for field in fields)
    return line + b"\r\n" + host + lines + b"\r\n" + body


def post(*fields, body=b"", **kwargs):
    return request(*fields, line=b"POST / HTTP/1.1", body=body, **kwargs)


def chunked(body, *fields):
    return post(b"Transfer-Encoding: chunked", *fields, body=body)


def old(*fields, line=b"GET / HTTP/1.0", body=b""):
    return request(*fields, line=line, host=b"", body=body)


def methods_of(case_):
    """The methods of the requests, which tell which responses have no body."""
    data = b"".join(step for step in case_.steps if isinstance(step, bytes))
    heads = re.findall(rb"(?:^|\r\n\r\n)([A-Z]+) \S+ HTTP/1", data)
    return [method.decode() for method in heads]


OK = {200}
BAD = {400}
# A method that the server does not know or does not like (RFC 9110, sections 15.5.6, 15.6.2).
UNKNOWN = {200, 405, 501}


# ---- checks -----------------------------------------------------------------------------


def has_date(responses):
    months = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
    form = rf"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d ({months}) \d{{4}} \d\d:\d\d:\d\d GMT"
    dates = responses[0].values("date")
    if len(dates) != 1 or not re.fullmatch(form, dates[0]):
        return f"Date: {dates}"
    return None


def says_close(responses):
    options = ",".join(responses[0].values("connection")).lower()
    return None if "close" in re.split(r"[ ,]+", options) else "no Connection: close"


def has_no_interim(responses):
    return f"interim {responses[0].interim}" if responses[0].interim else None


def has_interim_100(responses):
    return None if responses[0].interim == [100] else f"interim {responses[0].interim}, not 100"


def allows(responses):
    if responses[0].status == 405 and not responses[0].values("allow"):
        return "405 without Allow"
    return None


def head_is_like_get(responses):
    ignored = {"date"}
    head, get = (sorted(f for f in a.fields if f[0] not in ignored) for a in responses[:2])
    lengths = {name for name, _ in head} & {"content-length", "transfer-encoding"}
    if not lengths:  # these may be left out (RFC 9110, section 9.3.2)
        get = [f for f in get if f[0] not in ("content-length", "transfer-encoding")]
    return None if head == get else f"HEAD {head}, GET {get}"


def is_not_chunked(responses):
    return "chunked to HTTP/1.0" if responses[0].values("transfer-encoding") else None


def stays_here(responses):
    """Does a redirect stay on the host that was asked, however a browser reads it?"""
    for location in responses[0].values("location"):
        read = re.sub(r"[\t\r\n]", "", location).replace("\\", "/")
        base = "http://a/x"
        if urllib.parse.urlsplit(urllib.parse.urljoin(base, read)).netloc != "a":
            return f"Location: {location}"
    return None


def has_lengths_of_head(responses):
    bodies = [len(a.body) for a in responses]
    return None if bodies[0] == bodies[2] == 0 < bodies[1] else f"bodies of {bodies} bytes"


def is_not_upgraded(responses):
    return None if 101 not in responses[0].interim else "101"


# ---- the request line -------------------------------------------------------------------

for name, line in {
    "two spaces before the target": b"GET  / HTTP/1.1",
    "two spaces before the version": b"GET /  HTTP/1.1",
    "a tab for a space": b"GET\t/\tHTTP/1.1",
    "a form feed for a space": b"GET\x0c/\x0cHTTP/1.1",
    "a vertical tab in the target": b"GET /\x0b HTTP/1.1",
    "a space in front": b" GET / HTTP/1.1",
    "a space at the end": b"GET / HTTP/1.1 ",
    "a space in the target": b"GET /a b HTTP/1.1",
    "a bare CR": b"GET /\ra HTTP/1.1",
    "a bare CR after a method of its own": b"PATCH /\ra HTTP/1.1",
    "a NUL in the target": b"GET /\0a HTTP/1.1",
    "a NUL in the method": b"G\0T / HTTP/1.1",
    "a control character in the target": b"GET /\x01 HTTP/1.1",
    "DEL in the target": b"GET /\x7f HTTP/1.1",
    "no target": b"GET HTTP/1.1",
    "the method alone": b"GET",
    "an unknown method alone": b"BREW",
    "a method with an @": b"G@T / HTTP/1.1",
    "a method with a colon": b"GET: / HTTP/1.1",
    "a method in brackets": b"(GET) / HTTP/1.1",
    "a method beyond ASCII": b"G\xc3\x89T / HTTP/1.1",
    "a target without a slash": b"GET x HTTP/1.1",
    "a target that is a query": b"GET ?x HTTP/1.1",
}.items():
    case(f"request line: {name}", "9112 3", SHOULD, request(line=line), BAD, CLOSED)
case("request line: no version", "9112 3", SHOULD, request(line=b"GET /"), {400, 505}, CLOSED)

for name, version in {
    "in small letters": b"http/1.1",
    "of two digits": b"HTTP/1.10",
    "without a minor number": b"HTTP/1",
    "without a dot": b"HTTP/11",
    "with a sign": b"HTTP/+1.1",
    "of another protocol": b"RTSP/1.0",
}.items():
    case(f"version: {name}", "9112 2.3", SHOULD, request(line=b"GET / " + version), {400, 505}, CLOSED)
case("version: 2.0", "9110 15.6.6", SHOULD, request(line=b"GET / HTTP/2.0"), {505}, CLOSED)
case("version: 3.0", "9110 15.6.6", SHOULD, request(line=b"GET / HTTP/3.0"), {505}, CLOSED)
case("version: 0.9", "9110 15.6.6", SHOULD, request(line=b"GET / HTTP/0.9"), {400, 505}, CLOSED)
case(
    "version: the preface of HTTP/2",
    "9113 3.4",
    SHOULD,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    {400, 405, 505},
    CLOSED,
)
case("version: 1.2 is read as 1.1", "9110 2.5", SHOULD, request(line=b"GET / HTTP/1.2"), OK, KEPT)

case("method: an unknown one", "9110 9.1", SHOULD, request(line=b"BREW / HTTP/1.1"), UNKNOWN, KEPT, allows)
case("method: case matters", "9110 9.1", MUST, request(line=b"get / HTTP/1.1"), UNKNOWN | BAD, ANY, allows)
case("method: all characters of a token", "9110 9.1", MUST, request(line=b"!#$%&'*+-.^_`|~0aZ / HTTP/1.1"), UNKNOWN | BAD, ANY, allows)
case("method: GET", "9110 9.1", MUST, request(), OK, KEPT)
case("method: HEAD", "9110 9.1", MUST, request(line=b"HEAD / HTTP/1.1"), OK, KEPT)
case("method: of 100 KB gets a response", "9112 3", SHOULD, request(line=b"M" * LONG + b" / HTTP/1.1"), {400, 405, 414, 431, 501}, CLOSED)
case("method: of 7 KB gets a response", "9112 3", SHOULD, request(line=b"M" * 7168 + b" / HTTP/1.1"), {200, 400, 405, 414, 431, 501}, ANY)
case("method: CONNECT is for proxies", "9110 9.3.6", SHOULD, request(line=b"CONNECT a:80 HTTP/1.1"), {400, 403, 404, 405, 501}, ANY, allows)

case("target: of 100 KB", "9112 3", MUST, request(line=b"GET /" + b"a" * LONG + b" HTTP/1.1"), {414}, CLOSED)
case("target: of 100 KB for an unknown method", "9112 3", MUST, request(line=b"BREW /" + b"a" * LONG + b" HTTP/1.1"), {414}, CLOSED)
case("target: a query of 100 KB", "9112 3", MUST, request(line=b"GET /?" + b"a=b&" * (LONG // 4) + b" HTTP/1.1"), {414}, CLOSED)
case("target: of 8000 bytes gets a response", "9112 3", SHOULD, request(line=b"GET /" + b"a" * 7999 + b" HTTP/1.1"), {200, 414}, ANY)
case("target: absolute form", "9112 3.2.2", MUST, request(line=b"GET http://a/ HTTP/1.1"), OK, KEPT)
case("target: absolute form beats a Host that differs", "9112 3.2.2", MUST, request(line=b"GET http://b/ HTTP/1.1"), OK, KEPT)
case("target: absolute form in capital letters", "9110 4.2.3", MUST, request(line=b"GET HTTP://A/ HTTP/1.1"), OK, KEPT)
case("target: absolute form with a port", "9112 3.2.2", MUST, request(line=b"GET http://a:80/ HTTP/1.1"), OK, KEPT)
case("target: absolute form of IPv6", "9112 3.2.2", MUST, request(line=b"GET http://[::1]:80/ HTTP/1.1"), OK, KEPT)
case("target: absolute form without a path", "9110 4.2.3", MUST, request(line=b"GET http://a HTTP/1.1"), {200, 301, 307, 308}, KEPT, stays_here)
case("target: absolute form needs a Host, too", "9112 3.2", MUST, request(line=b"GET http://a/ HTTP/1.1", host=b""), BAD, CLOSED)
case("target: OPTIONS *", "9112 3.2.4", MUST, request(line=b"OPTIONS * HTTP/1.1"), {200, 204, 405}, ANY, allows)
case("target: * is for OPTIONS alone", "9112 3.2.4", MUST, request(line=b"GET * HTTP/1.1"), BAD, CLOSED)
for name, target in {
    "no host": b"http:///",
    "no host but a port": b"http://:80/",
    "no host, over TLS": b"https:///",
    "no host before a query": b"http://?x",
    "no authority": b"http:/x",
    "a scheme alone": b"http:",
}.items():
    case(f"target: absolute form with {name}", "9110 4.2.1", MUST, request(line=b"GET " + target + b" HTTP/1.1"), BAD, CLOSED)
for name, target in {
    "a user": b"http://user@a/",
    "a user and a password": b"http://user:secret@a/",
    "an empty user": b"http://@a/",
    "a user that looks like the host": b"http://a%40b@c/",
}.items():
    case(f"target: absolute form with {name}", "9110 4.2.4", SHOULD, request(line=b"GET " + target + b" HTTP/1.1"), BAD, CLOSED)
for name, target in {
    "another scheme": b"ftp://a/",
    "a scheme of an application": b"x-a+b.c://a/",
    "a scheme without an authority": b"urn:a:b",
    "a scheme that begins like http": b"httpx://a/",
    "javascript": b"javascript:alert(1)",
}.items():
    case(f"target: absolute form with {name}", "9110 7.4", CHOICE, request(line=b"GET " + target + b" HTTP/1.1"), BAD, CLOSED)
for name, target in {
    "a wrong escape": b"http://a%zz/",
    "a bracket not closed": b"http://[::1/",
    "letters for a port": b"http://a:http/",
    "two ports": b"http://a:80:80/",
    "a backslash": b"http://a\\b/",
    "a quotation mark": b'http://a"b/',
}.items():
    case(f"target: absolute form whose host has {name}", "9110 4.2.1", CHOICE, request(line=b"GET " + target + b" HTTP/1.1"), BAD, CLOSED)
case("target: absolute form of https", "9110 4.2.2", CHOICE, request(line=b"GET https://a/ HTTP/1.1"), OK, KEPT)
case("target: absolute form with an encoded host", "3986 3.2.2", CHOICE, request(line=b"GET http://%61/ HTTP/1.1"), OK, KEPT)
for name, target in {
    "UTF-8 as it is": b"/caf\xc3\xa9",
    "UTF-8 as it is in a query": b"/?caf\xc3\xa9",
    "a byte that is no UTF-8": b"/\xff",
    "an overlong slash": b"/a\xc0\xafb",
    "overlong dots": b"/\xc0\xae\xc0\xae/",
    "a surrogate": b"/\xed\xa0\x80",
}.items():
    case(f"target: {name}", "9112 3.2", SHOULD, request(line=b"GET " + target + b" HTTP/1.1"), {301, 400}, ANY)
for name, target in {
    "UTF-8": b"/caf%C3%A9",
    "bytes that are no UTF-8": b"/%ff%FE",
    "an overlong slash": b"/a%c0%afb",
    "overlong dots, which are no dots": b"/a/%c0%ae%c0%ae/b",
}.items():
    case(f"target: {name}, encoded", "3986 2.1", CHOICE, request(line=b"GET " + target + b" HTTP/1.1"), OK, KEPT)
case("target: a wrong escape", "9110 4.2.3", CHOICE, request(line=b"GET /%zz HTTP/1.1"), BAD, ANY)

# ---- lines and fields -------------------------------------------------------------------

case("empty line before the request", "9112 2.2", SHOULD, b"\r\n" + request(), OK, KEPT)
case("empty line after a body", "9112 2.2", SHOULD, post(b"Content-Length: 1", body=b"x\r\n"), OK, KEPT)
case("bare LF ends the request line", "9112 2.2", CHOICE, request().replace(b"\r\n", b"\n", 1), BAD, CLOSED)
case("bare LF ends the request line of an unknown method", "9112 2.2", CHOICE, request(line=b"BREW / HTTP/1.1").replace(b"\r\n", b"\n", 1), BAD, CLOSED)
case("bare LF ends a field", "9112 2.2", CHOICE, request(b"X: a\nY: b"), BAD, CLOSED)
case("bare LF ends the header", "9112 2.2", CHOICE, request().replace(b"\r\n\r\n", b"\r\n\n"), BAD, CLOSED)
case("bare LF everywhere", "9112 2.2", CHOICE, request().replace(b"\r\n", b"\n"), BAD, CLOSED)
case("white space before the first field", "9112 2.2", CHOICE, request(host=b" X: a\r\nHost: a\r\n"), BAD, CLOSED)

for name, field in {
    "a space before the colon": b"X : a",
    "a tab before the colon": b"X\t: a",
    "a space before the colon of Content-Length": b"Content-Length : 1",
    "a space before the colon of Transfer-Encoding": b"Transfer-Encoding : chunked",
}.items():
    case(f"field: {name}", "9112 5.1", MUST, request(field), BAD, CLOSED)
for name, field in {
    "no colon": b"X",
    "no name": b": a",
    "a space in the name": b"X Y: a",
    "an @ in the name": b"X@Y: a",
    "brackets around the name": b"(X): a",
    "a name beyond ASCII": b"X\xc3\xa9: a",
    "a control character in the name": b"X\x01: a",
}.items():
    case(f"field: {name}", "9112 5", CHOICE, request(field), BAD, CLOSED)
case("field: a NUL in the name", "9110 5.5", MUST, request(b"X\0: a"), BAD, CLOSED)
case("field: folded", "9112 5.2", CHOICE, request(b"X: a\r\n b"), BAD, CLOSED)
case("field: folded with a tab", "9112 5.2", CHOICE, request(b"X: a\r\n\tb"), BAD, CLOSED)
case("field: a folded Transfer-Encoding", "9112 5.2", CHOICE, post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"), BAD, CLOSED)
case("field: a bare CR in the value", "9112 2.2", CHOICE, request(b"X: a\rb"), BAD, CLOSED)
case("field: a NUL in the value", "9110 5.5", CHOICE, request(b"X: a\0b"), BAD, CLOSED)
case("field: a control character in the value", "9110 5.5", CHOICE, request(b"X: a\x01b"), BAD, CLOSED)
case("field: DEL in the value", "9110 5.5", CHOICE, request(b"X: a\x7fb"), BAD, CLOSED)
case("field: bytes beyond ASCII in the value", "9110 5.5", SHOULD, request(b"X: \xff\xfe"), OK, KEPT)
case("field: unknown names are ignored", "9110 5.1", MUST, request(b"X-Unknown: a", b"Y_Z: b"), OK, KEPT)
case("field: no value", "9110 5.5", MUST, request(b"X:"), OK, KEPT)
case("field: white space around the value", "9112 5.1", MUST, post(b"Content-Length: \t 1 \t ", body=b"x"), OK, KEPT)
case("field: no white space before the value", "9112 5.1", MUST, post(b"Content-Length:1", body=b"x"), OK, KEPT)
case("field: names in any case", "9110 5.1", MUST, post(b"cONTENT-lENGTH: 1", body=b"x", host=b"hOST: a\r\n"), OK, KEPT)
case("field: a value of 100 KB", "9110 5.4", MUST, request(b"X: " + b"a" * LONG), {400, 431}, CLOSED)
case("field: 431 for a value of 100 KB", "6585 5", SHOULD, request(b"X: " + b"b" * LONG), {431}, CLOSED)
case("field: 431 for a name of 100 KB", "6585 5", SHOULD, request(b"X" * LONG + b": a"), {431}, CLOSED)
case("field: 431 for 10,000 fields", "6585 5", SHOULD, request(*[b"X: a"] * 10000), {431}, CLOSED)

# ---- Host -------------------------------------------------------------------------------

case("Host: none", "9112 3.2", MUST, request(host=b""), BAD, CLOSED)
case("Host: two of the same", "9112 3.2", MUST, request(b"Host: a"), BAD, CLOSED)
case("Host: two that differ", "9112 3.2", MUST, request(b"Host: b"), BAD, CLOSED)
case("Host: two in HTTP/1.0", "9112 3.2", MUST, old(b"Host: a", b"Host: b"), BAD, CLOSED)
for name, value in {
    "a space": b"a b",
    "a tab": b"a\tb",
    "a slash": b"a/b",
    "user information": b"user@a",
    "a URI": b"http://a/",
    "a backslash": b"a\\b",
    "a question mark": b"a?b",
    "a number sign": b"a#b",
    "letters for a port": b"a:http",
    "two ports": b"a:80:80",
    "a bracket not closed": b"[::1",
    "a bracket not opened": b"::1]",
    "nothing in brackets": b"[]",
    "bytes beyond ASCII": b"\xc3\xa9",
    "a quotation mark": b'a"b',
    "angle brackets": b"<a>",
}.items():
    case(f"Host: {name}", "9112 3.2", MUST, request(host=b"Host: " + value + b"\r\n"), BAD, CLOSED)
for name, value in {
    "a name with a port": b"example.com:8080",
    "a port of no digits": b"a:",
    "IPv4": b"127.0.0.1",
    "IPv6": b"[::1]",
    "IPv6 with a port": b"[::1]:80",
    "in capital letters": b"EXAMPLE.COM",
}.items():
    case(f"Host: {name} is well", "9110 7.2", MUST, request(host=b"Host: " + value + b"\r\n"), OK, KEPT)
case("Host: empty", "9110 7.2", MUST, request(host=b"Host:\r\n"), {200, 400}, ANY)
case("Host: none in HTTP/1.0", "9112 3.2", MUST, old(), OK, CLOSED)

# ---- how long a body is -----------------------------------------------------------------

case("length: a body is read to its end", "9112 6.3", MUST, post(b"Content-Length: 5", body=b"12345"), OK, KEPT)
case("length: zero", "9110 8.6", MUST, post(b"Content-Length: 0"), OK, KEPT)
case("length: zeros in front", "9110 8.6", MUST, post(b"Content-Length: 0005", body=b"12345"), OK, KEPT)
case("length: a body that looks like a request", "9112 6.3", MUST, post(b"Content-Length: 36", body=b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"), OK, KEPT)
case("length: GET with a body", "9112 6.3", MUST, request(b"Content-Length: 5", body=b"12345"), OK, KEPT)
case("length: HEAD with a body", "9112 6.3", MUST, request(b"Content-Length: 5", line=b"HEAD / HTTP/1.1", body=b"12345"), OK, KEPT)
case("length: an unknown method with a body", "9112 6.3", MUST, request(b"Content-Length: 5", line=b"BREW / HTTP/1.1", body=b"12345"), UNKNOWN, ANY, allows)
case("length: none means no body", "9112 6.3", MUST, post(), {200, 411}, ANY)
case("length: two that differ", "9112 6.3", MUST, post(b"Content-Length: 1", b"Content-Length: 2", body=b"xy"), BAD, CLOSED)
case("length: two of the same", "9112 6.3", CHOICE, post(b"Content-Length: 1", b"Content-Length: 1", body=b"x"), BAD, CLOSED)
case("length: a list of the same", "9112 6.3", CHOICE, post(b"Content-Length: 1, 1", body=b"x"), BAD, CLOSED)
for name, value in {
    "a list that differs": b"1, 2",
    "a plus": b"+1",
    "a minus": b"-1",
    "hexadecimal": b"0x1",
    "nothing": b"",
    "a space amid": b"1 1",
    "a fraction": b"1.0",
    "an exponent": b"1e0",
    "letters": b"one",
    "a digit that is not ASCII": b"\xd9\xa1",
    "a quoted number": b'"1"',
    "a semicolon": b"1;",
}.items():
    case(f"length: {name}", "9112 6.3", MUST, post(b"Content-Length: " + value, body=b"x"), BAD, CLOSED)
for name, value in {
    "2^63": b"9223372036854775808",
    "2^64": b"18446744073709551616",
    "2^64 + 1": b"18446744073709551617",
    "fifty digits": b"1" * 50,
}.items():
    case(f"length: {name}", "9110 8.6", MUST, post(b"Content-Length: " + value, body=b"x"), {400, 413}, CLOSED)
TOO_MUCH = b"x" * (BODY_LIMIT + 1)
case("length: more than is taken", "9110 15.5.14", SHOULD, post(b"Content-Length: %d" % len(TOO_MUCH), body=TOO_MUCH), {413}, CLOSED)

case("coding: Content-Length beside it", "9112 6.1", MUST, post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {200, 400}, CLOSED)
case("coding: 400 for Content-Length beside it", "9112 6.1", CHOICE, post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"), BAD, CLOSED)
case("coding: in HTTP/1.0", "9112 6.1", MUST, old(b"Transfer-Encoding: chunked", b"Connection: keep-alive", line=b"POST / HTTP/1.0", body=b"0\r\n\r\n"), {200, 400}, CLOSED)
case("coding: unknown before chunked", "9112 6.1", SHOULD, chunked(b"0\r\n\r\n").replace(b"chunked", b"x, chunked"), {501}, CLOSED)
case("coding: unknown in a field before chunked", "9112 6.1", SHOULD, post(b"Transfer-Encoding: x", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), {400, 501}, CLOSED)
for name, value in {
    "unknown alone": b"x",
    "gzip alone": b"gzip",
    "identity": b"identity",
    "like chunked": b"xchunked",
    "chunked with more": b"chunkedx",
    "chunked quoted": b'"chunked"',
}.items():
    case(f"coding: {name}", "9112 6.3", MUST, post(b"Transfer-Encoding: " + value, body=b"0\r\n\r\n"), {400, 501}, CLOSED)
case("coding: chunked not at the end", "9112 6.3", MUST, chunked(b"0\r\n\r\n").replace(b"chunked", b"chunked, gzip"), BAD, CLOSED)
case("coding: chunked twice", "9112 6.1", MUST, chunked(b"0\r\n\r\n").replace(b"chunked", b"chunked, chunked"), {400, 501}, CLOSED)
case("coding: chunked twice in two fields", "9112 6.1", MUST, chunked(b"0\r\n\r\n", b"Transfer-Encoding: chunked"), {400, 501}, CLOSED)
case("coding: chunked behind a vertical tab", "9112 6.1", MUST, post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"), {400, 501}, CLOSED)
case("coding: none named", "9112 6.1", CHOICE, post(b"Transfer-Encoding:", body=b"0\r\n\r\n"), {400, 501}, CLOSED)
case("coding: chunked with a parameter", "9112 7", CHOICE, post(b"Transfer-Encoding: chunked;a=b", body=b"0\r\n\r\n"), {400, 501}, CLOSED)
case("coding: its name in any case", "9112 7", MUST, post(b"Transfer-Encoding: ChUnKeD", body=b"0\r\n\r\n"), OK, KEPT)

# ---- chunks -----------------------------------------------------------------------------

for name, body in {
    "one": b"5\r\n12345\r\n0\r\n\r\n",
    "several": b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    "none": b"0\r\n\r\n",
    "hexadecimal in small letters": b"a\r\n0123456789\r\n0\r\n\r\n",
    "hexadecimal in capital letters": b"A\r\n0123456789\r\n0\r\n\r\n",
    "zeros in front of the size": b"00005\r\n12345\r\n000\r\n\r\n",
    "an extension": b"5;a=b\r\n12345\r\n0\r\n\r\n",
    "a quoted extension": b'5;a="b;c"\r\n12345\r\n0\r\n\r\n',
    "several extensions": b"5;a;b=c\r\n12345\r\n0;d\r\n\r\n",
    "white space before an extension": b"5 ; a = b\r\n12345\r\n0\r\n\r\n",
    "data that looks like the end": b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "a trailer": b"5\r\n12345\r\n0\r\nX: a\r\n\r\n",
    "two trailers": b"0\r\nX: a\r\nY: b\r\n\r\n",
}.items():
    case(f"chunks: {name}", "9112 7.1", MUST, chunked(body), OK, KEPT)
case("chunks: a Content-Length in the trailer means nothing", "9112 7.1.2", MUST, chunked(b"0\r\nContent-Length: 99\r\n\r\n"), {200, 400}, ANY)
case("chunks: a Transfer-Encoding in the trailer means nothing", "9112 7.1.2", MUST, chunked(b"0\r\nTransfer-Encoding: chunked\r\n\r\n"), {200, 400}, ANY)
for name, body in {
    "a size of letters": b"x\r\n",
    "a size with a sign": b"+5\r\n12345\r\n0\r\n\r\n",
    "a negative size": b"-5\r\n12345\r\n0\r\n\r\n",
    "a size with 0x": b"0x5\r\n12345\r\n0\r\n\r\n",
    "a space before the size": b" 5\r\n12345\r\n0\r\n\r\n",
    "no size": b"\r\n12345\r\n0\r\n\r\n",
    "an extension without a size": b";a\r\n12345\r\n0\r\n\r\n",
    "data longer than the size": b"4\r\n12345\r\n0\r\n\r\n",
    "no line end after the data": b"5\r\n123450\r\n\r\n",
    "two bytes that are no line end": b"5\r\n12345XX0\r\n\r\n",
}.items():
    case(f"chunks: {name}", "9112 7.1", MUST, chunked(body), BAD, CLOSED)
for name, body in {
    "data shorter than the size": b"6\r\n12345\r\n0\r\n\r\n",
    "a space after the size": b"5 \r\n12345\r\n0\r\n\r\n",
    "a bare LF after the size": b"5\n12345\r\n0\r\n\r\n",
    "a bare LF after an extension": b"5;a\n12345\r\n0\r\n\r\n",
    "a bare CR in an extension": b"5;a\rb\r\n12345\r\n0\r\n\r\n",
    "a bare LF after the data": b"5\r\n12345\n0\r\n\r\n",
    "a bare LF after the last size": b"0\n\r\n",
    "a bare LF at the end": b"0\r\nX: a\r\n\n",
}.items():
    case(f"chunks: {name}", "9112 7.1", CHOICE, chunked(body), BAD, CLOSED)
for name, extension in {
    "a NUL": b";a\0b",
    "a control character": b";a\x01b",
    "DEL": b";a\x7fb",
    "a NUL in its value": b";a=b\0c",
    "a NUL in quotes": b';a="b\0c"',
    "a control character in quotes": b';a="b\x08c"',
    "a NUL before its name": b";\0a",
    "no name": b";",
    "no name but white space": b"; ",
    "no name before another": b";;a",
    "no name behind another": b";a;",
    "no name but a value": b";=b",
    "a name in quotes": b';"a"',
    "a name that is no token": b";a@b",
    "a name beyond ASCII": b";\xc3\xa9",
    "white space in its name": b";a b",
    "white space behind it": b";a ",
    "no value": b";a=",
    "a value that is no token": b";a=b@c",
    "two values": b";a=b=c",
    "quotes not closed": b';a="b',
    "an escape not closed": b';a="b\\"',
    "more behind quotes": b';a="b"c',
    "quotes amid a value": b';a=b"c"',
}.items():
    case(f"chunks: an extension with {name}", "9112 7.1.1", CHOICE, chunked(b"5" + extension + b"\r\n12345\r\n0\r\n\r\n"), BAD, CLOSED)
for name, extension in {
    "all characters of a token": b";!#$%&'*+-.^_`|~09aZ=!#$%&'*+-.^_`|~09aZ",
    "an empty value in quotes": b';a=""',
    "escapes in quotes": b';a="\\"\\\\\\b"',
    "a tab and bytes beyond ASCII in quotes": b';a="\t\x80\xff"',
    "tabs around": b"\t;\ta\t=\tb\t;\tc",
}.items():
    case(f"chunks: an extension with {name}", "9112 7.1.1", MUST, chunked(b"5" + extension + b"\r\n12345\r\n0" + extension + b"\r\n\r\n"), OK, KEPT)
for name, trailer in {
    "no colon": b"X",
    "a space before the colon": b"X : a",
    "folded": b"X: a\r\n b",
    "a bare LF": b"X: a\nY: b",
    "a NUL": b"X: a\0b",
}.items():
    case(f"chunks: a trailer with {name}", "9112 7.1.2", CHOICE, chunked(b"0\r\n" + trailer + b"\r\n\r\n"), BAD, CLOSED)
for name, size in {"2^64": b"10000000000000000", "2^64 - 1": b"f" * 16, "thirty digits": b"f" * 30}.items():
    case(f"chunks: a size of {name}", "9112 7.1", MUST, [chunked(size + b"\r\nx"), HALF_CLOSE], None, CLOSED)
case("chunks: more than is taken", "9110 15.5.14", SHOULD, chunked(b"%x\r\n" % len(TOO_MUCH) + TOO_MUCH + b"\r\n0\r\n\r\n"), {413}, CLOSED)
case("chunks: an extension of 100 KB", "9112 7.1.1", SHOULD, chunked(b"1;" + b"a" * LONG + b"\r\nx\r\n0\r\n\r\n"), {400, 413, 431}, CLOSED)
case("chunks: a trailer of 100 KB", "9110 5.4", CHOICE, chunked(b"0\r\nX: " + b"a" * LONG + b"\r\n\r\n"), {400, 413, 431}, CLOSED)

# ---- Expect -----------------------------------------------------------------------------

EXPECT = b"Expect: 100-continue"
case("expect: 100 before the body", "9110 10.1.1", MUST, [post(EXPECT, b"Content-Length: 5"), AWAIT, b"12345"], OK, ANY)
case("expect: 100 before a chunked body", "9110 10.1.1", MUST, [post(EXPECT, b"Transfer-Encoding: chunked"), AWAIT, b"1\r\nx\r\n0\r\n\r\n"], OK, ANY)
case("expect: 100 and then the whole exchange", "9110 10.1.1", CHOICE, [post(EXPECT, b"Content-Length: 5"), AWAIT, b"12345"], OK, KEPT, has_interim_100)
case("expect: in any case", "9110 10.1.1", MUST, [post(b"eXPECT: 100-CONTINUE", b"Content-Length: 5"), AWAIT, b"12345"], OK, ANY)
case("expect: the body comes uninvited", "9110 10.1.1", MUST, post(EXPECT, b"Content-Length: 5", body=b"12345"), OK, ANY)
case("expect: no body", "9110 10.1.1", MUST, request(EXPECT), OK, KEPT)
case("expect: no 100 in HTTP/1.0", "9110 10.1.1", MUST, old(EXPECT, b"Content-Length: 5", line=b"POST / HTTP/1.0", body=b"12345"), OK, CLOSED, has_no_interim)
case("expect: 413 instead of 100", "9110 10.1.1", CHOICE, [post(EXPECT, b"Content-Length: %d" % len(TOO_MUCH)), AWAIT, HALF_CLOSE], {413}, CLOSED, has_no_interim)
case("expect: 417 for what is unknown", "9110 10.1.1", CHOICE, request(b"Expect: x"), {417}, ANY)
case("expect: 417 for what is unknown beside 100-continue", "9110 10.1.1", CHOICE, post(b"Expect: 100-continue, x", b"Content-Length: 1", body=b"x"), {417}, ANY)

# ---- connections ------------------------------------------------------------------------

case("connection: kept in HTTP/1.1", "9112 9.3", SHOULD, request(), OK, KEPT)
for name, fields in {
    "close": [b"Connection: close"],
    "close in any case": [b"Connection: CLOSE"],
    "close in a list": [b"Connection: x, close"],
    "close in a list without a space": [b"Connection: x,close,y"],
    "close in a second field": [b"Connection: x", b"Connection: close"],
    "close beside keep-alive": [b"Connection: keep-alive, close"],
}.items():
    case(f"connection: {name}", "9112 9.6", MUST, request(*fields), OK, CLOSED)
case("connection: close is announced", "9112 9.6", SHOULD, request(b"Connection: close"), OK, CLOSED, says_close)
case("connection: close after a refusal is announced", "9112 9.6", SHOULD, request(b"X : a"), BAD, CLOSED, says_close)
case("connection: HTTP/1.0 ends it", "9112 9.3", MUST, old(), OK, CLOSED)
case("connection: HTTP/1.0 with keep-alive", "9112 9.3", SHOULD, old(b"Connection: keep-alive"), OK, KEPT, lambda a: None if "keep-alive" in ",".join(a[0].values("connection")).lower() else "kept without saying so")
case("connection: HTTP/1.0 with close", "9112 9.3", MUST, old(b"Connection: close"), OK, CLOSED)
case("connection: HTTP/1.0 is served without chunks", "9112 6.1", MUST, old(), OK, CLOSED, is_not_chunked)
case("connection: an Upgrade that is unknown", "9110 7.8", MUST, request(b"Connection: upgrade", b"Upgrade: x"), OK, KEPT, is_not_upgraded)
case("connection: an Upgrade without Connection", "9110 7.8", MUST, request(b"Upgrade: websocket"), OK, KEPT, is_not_upgraded)
case("pipeline: HEAD, GET and HEAD in turn", "9112 9.3.2", MUST, request(line=b"HEAD / HTTP/1.1") + request() + request(line=b"HEAD / HTTP/1.1"), [OK] * 3, KEPT, has_lengths_of_head)
case("pipeline: a body between", "9112 9.3.2", MUST, post(b"Content-Length: 1", body=b"x") + request() + chunked(b"1\r\nx\r\n0\r\n\r\n") + request(), [OK] * 4, KEPT)
case("pipeline: fifty at once", "9112 9.3.2", MUST, request() * 50, [OK] * 50, KEPT)
case("pipeline: nothing after a refusal", "9112 9.6", MUST, request() + request(b"X : a") + request(), [OK, BAD], CLOSED)
case("half-close: after a request", "9112 9.6", SHOULD, [request(), HALF_CLOSE], OK, CLOSED)
case("half-close: after a body", "9112 9.6", SHOULD, [post(b"Content-Length: 5", body=b"12345"), HALF_CLOSE], OK, CLOSED)
case("half-close: after two requests", "9112 9.6", SHOULD, [request() * 2, HALF_CLOSE], [OK] * 2, CLOSED)
case("half-close: amid a header", "9112 8", MUST, [b"GET / HTTP/1.1\r\nHost: a\r\n", HALF_CLOSE], None, CLOSED)
case("half-close: amid a body", "9112 8", MUST, [post(b"Content-Length: 9", body=b"12345"), HALF_CLOSE], None, CLOSED)
case("half-close: amid a chunk", "9112 8", MUST, [chunked(b"5\r\n12"), HALF_CLOSE], None, CLOSED)
case("half-close: before the last chunk", "9112 8", MUST, [chunked(b"5\r\n12345\r\n"), HALF_CLOSE], None, CLOSED)

# ---- what a response must have -----------------------------------------------------------

case("response: Date", "9110 6.6.1", MUST, request(), OK, KEPT, has_date)
case("response: Date to HEAD", "9110 6.6.1", MUST, request(line=b"HEAD / HTTP/1.1"), OK, KEPT, has_date)
case("response: Date in a 400 for the request line", "9110 6.6.1", MUST, request(line=b"GET / HTTP/x"), {400, 505}, CLOSED, has_date)
case("response: Date in a 400 for Host", "9110 6.6.1", MUST, request(host=b""), BAD, CLOSED, has_date)
case("response: Date in a 413", "9110 6.6.1", MUST, post(b"Content-Length: %d" % len(TOO_MUCH), body=TOO_MUCH), {413}, CLOSED, has_date)
case("response: Date in a 414", "9110 6.6.1", MUST, request(line=b"GET /" + b"b" * LONG + b" HTTP/1.1"), {414, 431}, CLOSED, has_date)
case("response: HEAD like GET", "9110 9.3.2", SHOULD, request(line=b"HEAD / HTTP/1.1") + request(), [OK, OK], KEPT, head_is_like_get)
case("response: HEAD without a body", "9110 9.3.2", MUST, request(line=b"HEAD /magazine/vogue HTTP/1.1"), OK, KEPT)
case("response: HEAD of a redirect without a body", "9110 9.3.2", MUST, request(line=b"HEAD /magazine HTTP/1.1"), {200, 301, 307}, KEPT)
case("response: TRACE is not allowed without Allow", "9110 15.5.6", MUST, request(line=b"TRACE / HTTP/1.1"), UNKNOWN, ANY, allows)

# ---- preconditions and ranges -----------------------------------------------------------

case("condition: If-Match with no tag of ours", "9110 13.1.1", MUST, request(b'If-Match: "x"'), {412}, ANY)
case("condition: If-Match: *", "9110 13.1.1", MUST, request(b"If-Match: *"), OK, KEPT)
case("condition: If-None-Match: * of GET", "9110 13.1.2", MUST, request(b"If-None-Match: *"), {304}, KEPT)
case("condition: If-None-Match: * of PUT", "9110 13.1.2", MUST, request(b"If-None-Match: *", line=b"PUT / HTTP/1.1"), {405, 412}, ANY)
case("condition: If-None-Match with no tag of ours", "9110 13.1.2", MUST, request(b'If-None-Match: "x"'), OK, KEPT)
case("condition: If-Match of OPTIONS is ignored", "9110 13.2.1", MUST, request(b'If-Match: "x"', line=b"OPTIONS / HTTP/1.1"), {200, 204, 405}, ANY)
case("condition: If-Modified-Since that is no date", "9110 13.1.3", MUST, request(b"If-Modified-Since: x"), OK, KEPT)
case("condition: If-Modified-Since without a date of ours", "9110 13.1.3", MUST, request(b"If-Modified-Since: Sun, 06 Nov 2094 08:49:37 GMT"), OK, KEPT)
case("condition: If-Unmodified-Since that is no date", "9110 13.1.4", MUST, request(b"If-Unmodified-Since: x"), OK, KEPT)
case("condition: If-Unmodified-Since without a date of ours", "9110 13.1.4", MUST, request(b"If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"), OK, KEPT)
case("range: If-Range without Range", "9110 13.1.5", MUST, request(b'If-Range: "x"'), OK, KEPT)
case("range: an unknown unit", "9110 14.2", MUST, request(b"Range: x=0-1"), OK, KEPT)
case("range: of POST", "9110 14.2", MUST, post(b"Range: bytes=0-0"), {200, 411}, ANY)
case("range: none that makes sense", "9110 14.2", MUST, request(b"Range: bytes=5-1"), {200, 416}, KEPT)

# ---- redirects stay here ----------------------------------------------------------------

for target in [
    b"//evil.example",
    b"//evil.example/",
    b"///evil.example/",
    b"//evil.example/..",
    b"//evil.example/%2e%2e",
    b"//evil.example?x",
    b"/\\evil.example/..",
    b"/\\evil.example//",
    b"\\\\evil.example",
    b"/.//evil.example",
    b"/..//evil.example",
    b"/%2e%2e//evil.example",
    b"/%2f%2fevil.example",
    b"/%2f%2fevil.example/..",
    b"/%2fevil.example//",
    b"/%5cevil.example//",
    b"/%5c%5cevil.example/../x",
    b"/%09/evil.example//",
    b"/%09//evil.example",
    b"/magazine/..//evil.example",
    b"/magazine//evil.example",
    b"/%0d%0aLocation:%20http://evil.example//",
    b"http://a//evil.example/",
    b"http://a/\\evil.example//",
    b"http://a@evil.example//",
    b"//evil.example:80/magazine",
    b"/;//evil.example",
    b"/@evil.example//",
]:
    case(f"redirect: {target.decode()}", "9110 10.2.2", CHOICE, request(line=b"GET " + target + b" HTTP/1.1"), {200, 301, 302, 307, 308, 400, 404}, ANY, stays_here)
