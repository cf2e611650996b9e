"""The same responses as Go's net/http: its ServeMux (before Go 1.22) and what Server adds.

Every request goes to a small net/http service with the same routes (reference/main.go) and to
hello. hello's response must be net/http's, changed by nothing but the differences listed here.
"""

import collections
import fcntl
import http.client
import os
import random
import re
import shutil
import subprocess

import pytest

import hello

REFERENCE = hello.ROOT / "tests" / "http" / "reference"
BUILD = hello.ROOT / "build" / "reference"

Request = collections.namedtuple(
    "Request", "method target version headers body", defaults=("HTTP/1.1", (), b"")
)
# stray: what came after a response that announced the close.
Reply = collections.namedtuple(
    "Reply", "status location content_type content_length nosniff body kept stray"
)
NO_REPLY = Reply(None, None, None, None, False, b"", False, b"")


# ---- the two sides ----------------------------------------------------------------------


def build_reference(go=None):
    """
    go: of another version than this system's. By default Go behaves as the version that go.mod
    names: this one is then built as its own.
    """
    build, source = BUILD, REFERENCE
    if go is None:
        go = shutil.which("go")
        if go is None:
            pytest.fail("no go command to build the reference with: install golang-go", pytrace=False)
    else:
        said = subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout
        version = re.search(r"go(\d+\.\d+)", said)[1]
        build = BUILD / version
        source = build / "source"
        shutil.rmtree(source, ignore_errors=True)
        shutil.copytree(REFERENCE, source)
        (source / "go.mod").write_text(f"module reference\n\ngo {version}\n")
    binary = build / "reference"
    # Nothing but the standard library: no network, no C compiler, nothing in the home directory.
    env = dict(
        os.environ,
        CGO_ENABLED="0",
        GO111MODULE="on",
        GOCACHE=str(build / "cache"),
        GOENV="off",
        GOFLAGS="-mod=mod",
        GOPATH=str(build / "path"),
        GOPROXY="off",
        GOTOOLCHAIN="local",
        # From Go 1.22 on the mux cleans paths by other rules unless it is configured so.
        GODEBUG="httpmuxgo121=1",
    )
    build.mkdir(parents=True, exist_ok=True)
    # Tests that run side by side all want it. An executable that runs can't be written to, so it is replaced.
    with open(build / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fresh = build / "reference.new"
        done = subprocess.run(
            [go, "build", "-o", fresh, "."], cwd=source, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        fresh.rename(binary)
    return binary


@pytest.fixture(scope="session")
def reference():
    """The port of the net/http service."""
    process = subprocess.Popen(
        [build_reference()],
        env=dict(os.environ, GODEBUG="httpmuxgo121=1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it reports what clients do wrong
    )
    with process:
        yield int(process.stdout.readline())
        process.stdin.close()


def exchange(port, req):
    with hello.Connection(port) as connection:
        try:
            response = connection.ask(
                req.target.decode("latin-1"),
                req.method,
                headers=req.headers,
                body=req.body,
                version=req.version,
            )
        except (http.client.RemoteDisconnected, ConnectionError):
            return NO_REPLY
        kept, stray = False, b""
        if response.headers["Connection"] == "close":
            try:
                stray = connection.reader.read()  # to the end: it must close, as it said
            except ConnectionResetError:
                pass  # it closed on the rest of a request that it did not read
        else:
            try:
                kept = connection.ask("/healthz").body == b"ok\n"
            except (http.client.RemoteDisconnected, ConnectionError):
                pass
        return Reply(
            status=response.status,
            location=response.headers["Location"],
            content_type=response.headers["Content-Type"],
            content_length=response.headers["Content-Length"],
            nosniff=response.headers["X-Content-Type-Options"] == "nosniff",
            body=response.body,
            kept=kept,
            stray=stray,
        )


# ---- the differences, all on purpose ----------------------------------------------------

# what: the difference; why: the reason for it; applies(request, net/http's reply): where it is;
# change(request, net/http's reply): the response that hello owes instead.
Difference = collections.namedtuple("Difference", "what why applies change")

PLAIN = "text/plain; charset=utf-8"
# libmicrohttpd's own refusals say nothing; the status is meant for programs.
REFUSED = Reply(400, None, None, "0", False, b"", False, b"")
CONNECTION_MEMORY = 8192


def refusal(req, status, body):
    sent = b"" if req.method == "HEAD" else body
    return Reply(status, None, PLAIN, str(len(body)), False, sent, False, b"")


def is_redirect(_req, reply):
    return reply.status == 301


def header_bytes(req):
    return sum(len(name) + len(value) for name, value in req.headers)


# An absolute target that hello serves: scheme, host, and the rest.
ABSOLUTE = re.compile(
    rb"(https?://)(\[[\w:.~%-]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-F]{2})+)((?::[0-9]*)?(?:[/?].*)?)",
    re.DOTALL | re.IGNORECASE | re.ASCII,
)
ENCODED_HOST = "an encoded character in the host of an absolute target is allowed"

DIFFERENCES = [
    Difference(
        "CONNECT gets 400",
        "It asks for a tunnel and this is no proxy. net/http routes it as if it were GET, which "
        "serves its own net/rpc.",
        lambda req, reply: req.method == "CONNECT",
        lambda req, reply: refusal(req, 400, b"400 Bad Request"),
    ),
    Difference(
        "a 400 to HEAD has no body",
        "A response to HEAD ends with its header (RFC 9110, section 9.3.2); net/http sends text "
        "before it knows the method.",
        lambda req, reply: req.method == "HEAD" and reply.stray != b"",
        lambda req, reply: reply._replace(stray=b""),
    ),
    Difference(
        "a byte beyond ASCII in the target gets 400",
        "A URI has none as it is (RFC 3986, section 2), so the request line is invalid (RFC 9112, section 3.2); "
        "net/http takes it.",
        lambda req, reply: re.search(rb"[\x80-\xff]", req.target),
        lambda req, reply: refusal(req, 400, b"400 Bad Request"),
    ),
    Difference(
        "an absolute target without a host, with a user, or of another scheme gets 400",
        "RFC 9110, sections 4.2.1, 4.2.4 and 7.4. The host is RFC 3986's; net/http takes more.",
        lambda req, reply: reply.status in (200, 301)
        and not req.target.startswith((b"/", b"*"))
        and not ABSOLUTE.fullmatch(req.target),
        lambda req, reply: refusal(req, 400, b"400 Bad Request"),
    ),
    Difference(
        "a redirect is sent with nosniff",
        "Its body has bytes that the client chose, and so has its Location.",
        is_redirect,
        lambda req, reply: reply._replace(nosniff=True),
    ),
    Difference(
        "`*` without OPTIONS closes HTTP/1.0, too",
        "A request that makes no sense ends the connection; net/http forgets it for HTTP/1.0 with "
        "keep-alive.",
        lambda req, reply: req.target == b"*" and reply.status == 400 and reply.kept,
        lambda req, reply: reply._replace(kept=False),
    ),
    Difference(
        "a space or a carriage return in the target is refused without a text",
        "libmicrohttpd refuses the request line before hello sees it, and its refusals are empty.",
        lambda req, reply: re.search(rb"[ \r]", req.target),
        lambda req, reply: REFUSED,
    ),
    Difference(
        "a NUL in the request line is refused without a text",
        "As above.",
        lambda req, reply: b"\0" in req.target,
        lambda req, reply: REFUSED,
    ),
    Difference(
        "an HTTP version that is no HTTP/1 is refused without a text",
        "libmicrohttpd refuses it, as above, and looks at the version before the target.",
        lambda req, reply: not re.fullmatch(r"HTTP/1\.\d", req.version),
        lambda req, reply: REFUSED._replace(
            status=505 if re.fullmatch(r"HTTP/\d\.\d", req.version) else 400
        ),
    ),
    Difference(
        "a target beyond a connection's memory gets 414",
        "8 KiB a connection bound the service's memory; net/http allows a header of 1 MiB.",
        lambda req, reply: len(req.target) > CONNECTION_MEMORY,
        lambda req, reply: REFUSED._replace(status=414),
    ),
    Difference(
        "a header beyond a connection's memory gets 431",
        "As above.",
        lambda req, reply: header_bytes(req) > CONNECTION_MEMORY,
        lambda req, reply: REFUSED._replace(status=431),
    ),
    Difference(
        "a redirect whose Location finds no room beside its request gets 414",
        "The response's header is made in the same 8 KiB.",
        lambda req, reply: is_redirect(req, reply)
        and len(req.target) <= CONNECTION_MEMORY
        and len(req.target) + len(reply.location) > CONNECTION_MEMORY - 384,
        lambda req, reply: REFUSED._replace(status=414),
    ),
]


def expect(reference, req, seen=None):
    """hello's response: net/http's, changed by the differences. Their names are added to seen."""
    absolute = ABSOLUTE.fullmatch(req.target)
    if absolute and b"%" in absolute[2]:
        # RFC 3986, section 3.2.2; net/url has other rules there. No response depends on the host.
        reply = exchange(reference, req._replace(target=absolute[1] + b"h" + absolute[3]))
        if seen is not None:
            seen.add(ENCODED_HOST)
    else:
        reply = exchange(reference, req)
    for difference in DIFFERENCES:
        if difference.applies(req, reply):
            reply = difference.change(req, reply)
            if seen is not None:
                seen.add(difference.what)
    if reply.status is not None and reply.content_length is None:
        # net/http leaves it out of its refusals, of responses over 2 KiB, which it sends in chunks,
        # and of redirects for HEAD. hello always sends it, and for HEAD the same as for GET.
        body = reply.body
        if req.method == "HEAD":
            body = expect(reference, req._replace(method="GET")).body
        reply = reply._replace(content_length=str(len(body)))
    return reply


def compare(reference, port, requests):
    """Fails with all requests whose response is not the expected one."""
    wrong = []
    seen = set()
    for req in requests:
        want = expect(reference, req, seen)
        got = exchange(port, req)
        if got != want:
            wrong.append(f"{req}\n  want {want}\n  got  {got}")
    assert not wrong, f"{len(wrong)} of {len(requests)}:\n" + "\n".join(wrong)
    return seen


# ---- requests chosen by hand ------------------------------------------------------------

# group: (method, target, why it is here)
TABLE = {
    "routes": [
        ("GET", b"/", "the root"),
        ("GET", b"/any/path", "the root's pattern ends in a slash: it matches all below"),
        ("GET", b"/healthz", "a pattern without a slash at its end"),
        ("GET", b"/healthz/", "matches that path alone"),
        ("GET", b"/healthz/x", "and nothing below"),
        ("GET", b"/healthzz", "nor what begins like it"),
        ("GET", b"/readyz", "another one"),
        ("GET", b"/Healthz", "case matters"),
        ("GET", b"/magazine/", "a subtree's root"),
        ("GET", b"/magazine/vogue", "a magazine"),
        ("GET", b"/magazine/vogue/", "another name, with a slash"),
        ("GET", b"/magazine/a/b/c", "a name of several segments"),
        ("GET", b"/magazines", "not below /magazine/"),
        ("GET", b"/MAGAZINE/vogue", "case matters"),
        ("GET", b"/magazine", "a subtree without its slash is redirected there"),
        ("GET", b"/magazine/<b>&'\"", "a name is text and not HTML"),
    ],
    "path cleaning": [
        ("GET", b"//", "two slashes"),
        ("GET", b"///", "three"),
        ("GET", b"//magazine/vogue", "in front: a Location of two slashes would name a host"),
        ("GET", b"//evil.example/%2f..", "nor with a trick behind"),
        ("GET", b"/magazine//", "at the end"),
        ("GET", b"/magazine//vogue", "in between"),
        ("GET", b"/magazine///vogue//", "many"),
        ("GET", b"/.", "a dot segment"),
        ("GET", b"/./", "with a slash"),
        ("GET", b"/./magazine/./vogue", "dots in between"),
        ("GET", b"/magazine/.", "to a subtree without its slash, then with it: one redirect"),
        ("GET", b"/magazine/./", "with its slash"),
        ("GET", b"/..", "above the root is the root"),
        ("GET", b"/../..", "however often"),
        ("GET", b"/../../magazine/vogue", "and on from there"),
        ("GET", b"/a/..", "back to the root"),
        ("GET", b"/a/../", "with a slash"),
        ("GET", b"/a/../magazine", "cleaned and slash added in one redirect"),
        ("GET", b"/a/b/../../healthz", "two levels"),
        ("GET", b"/magazine/vogue/..", "to the subtree"),
        ("GET", b"/magazine/vogue/../", "with its slash"),
        ("GET", b"/magazine/../healthz/", "a slash at the end stays"),
        ("GET", b"/...", "three dots are a name"),
        ("GET", b"/..a/.b/c.", "so are these"),
        ("GET", b"/a/b/.//../c/.../..", "all together"),
    ],
    "percent-encoding": [
        ("GET", b"/%6dagazine/vogue", "decoded before it is matched"),
        ("GET", b"/%6Dagazine/%76%6F%67%75%65", "upper and lower hexadecimal digits"),
        ("GET", b"/magazine%2Fvogue", "an encoded slash is a slash"),
        ("GET", b"/magazine%2f", "also in lower case"),
        ("GET", b"%2Fmagazine/", "but not the first one"),
        ("GET", b"/a%2F%2Fb", "and is cleaned away"),
        ("GET", b"/%2e%2E/magazine", "encoded dots are dots"),
        ("GET", b"/%2e", "a single one"),
        ("GET", b"/a%2e%2e/b", "as part of a name they are not"),
        ("GET", b"//%41%61%2d", "needless encoding goes with a redirect"),
        ("GET", b"//%20%22%3c%3E%5c%5E%60%7b%7C%7d", "needed encoding is made anew"),
        ("GET", b"//!'()*[]", "net/url encodes these, RFC 3986 need not"),
        ("GET", b"//-_.~$&+,/:;=@", "and leaves these"),
        ("GET", b"//%3F%23%25", "what would end a path"),
        ("GET", b"//a:b", "a colon in the first segment"),
        ("GET", b"//a+b%2B", "a plus is no space in a path"),
        ("GET", b"//a#b", "a fragment is not sent by clients; here it is part of the path"),
        ("GET", b"/%", "cut off"),
        ("GET", b"/%4", "cut off later"),
        ("GET", b"/%zz", "no digits"),
        ("GET", b"/%4g", "one digit"),
        ("GET", b"/a%%41", "a percent sign that is not encoded"),
        ("GET", b"/%u0041", "an encoding that never was standard"),
        ("GET", b"/%00", "an encoded NUL matches the root's subtree"),
        ("GET", b"/magazine/a%00b", "and does not cut a name"),
        ("GET", b"/magazine/%0d%0aSet-Cookie:x", "nor do line ends leave the body"),
        ("GET", b"//%0d%0aSet-Cookie:x", "or the Location"),
        ("GET", b"//%00%7f%1b", "control bytes in a Location"),
    ],
    "beyond ASCII": [
        ("GET", "/magazine/caf\u00e9".encode(), "UTF-8 as it is is no URI"),
        ("GET", b"/magazine/caf%C3%A9", "UTF-8 encoded"),
        ("GET", "//caf\u00e9/\u6771\u4eac/\U0001f600".encode(), "two, three, four bytes"),
        ("GET", b"//caf%c3%a9", "encoded in lower case"),
        ("GET", b"/magazine/\xff\xfe", "not UTF-8"),
        ("GET", b"/magazine/%ff%C3", "not UTF-8, encoded"),
        ("GET", b"//\x80\xff\xc0\xaf", "an overlong slash is none"),
        ("GET", b"//%c0%ae%c0%ae/", "nor are overlong dots"),
        ("GET", b"//\xed\xa0\x80", "a surrogate"),
        ("GET", b"/magazine/\xe2\x80\xae", "a byte string that turns text around"),
    ],
    "queries": [
        ("GET", b"/?", "an empty one"),
        ("GET", b"/magazine/vogue?a=b", "no part of the path"),
        ("GET", b"/healthz?/../x", "nor cleaned"),
        ("GET", b"/?%zz", "nor decoded"),
        ("GET", b"/magazine?a=b&c", "kept over a redirect"),
        ("GET", b"/magazine?", "an empty one goes"),
        ("GET", b"/magazine??", "a question mark in it"),
        ("GET", b"/magazine???", "two"),
        ("GET", b"/magazine?a?b", "one later"),
        ("GET", b"/magazine?#", "a hash sign"),
        ("GET", b"/magazine?a#b%zz", "with what is no encoding behind"),
        ("GET", b"/magazine#?a", "before the query: part of the path"),
        ("GET", b"//?//evil.example/../x", "its slashes and dots stay"),
        ("GET", b"//?%41%c3%A9%00", "its encoding stays"),
        ("GET", b"//?a;b", "a semicolon"),
        ("GET", b"//?a&&b&=&=c&", "arguments without a name or value"),
        ("GET", b"//?a='\"<>&`{}|\\^[]", "HTML's characters"),
        ("GET", "//?q=caf\u00e9".encode(), "raw UTF-8"),
        ("GET", b"//?\xff\x80", "and what is not UTF-8"),
        ("GET", b"/%zz?a", "a bad path before a good query"),
    ],
    "methods": [
        ("HEAD", b"/", "no body"),
        ("HEAD", b"/magazine/vogue", "its length is GET's"),
        ("HEAD", b"/magazine", "a redirect without its body"),
        ("HEAD", b"//caf%C3%a9?%c3", "the same with another length"),
        ("HEAD", b"/%zz", "a refusal"),
        ("HEAD", b"*", "a refusal by the mux"),
        ("POST", b"/", "any method is served"),
        ("POST", b"/magazine", "a redirect has a body for GET alone"),
        ("POST", b"/%zz", "a refusal"),
        ("POST", b"*", "only OPTIONS may ask about the server"),
        ("PUT", b"//?%c3%A9", "a redirect of another method"),
        ("DELETE", b"/magazine/../healthz", "and of another"),
        ("OPTIONS", b"*", "about the server: 200 and nothing else"),
        ("OPTIONS", b"*?", "not that form"),
        ("OPTIONS", b"/*", "a path"),
        ("OPTIONS", b"/", "a route is not asked what it allows"),
        ("OPTIONS", b"/magazine", "and redirects"),
        ("GET", b"*", "only OPTIONS may"),
        ("GET", b"**", "no form at all"),
        ("BREW", b"/magazine/vogue", "an unknown method"),
        ("get", b"/magazine", "not GET: a redirect without a body"),
        ("CONNECT", b"example.org:443", "a tunnel"),
        ("CONNECT", b"/", "as net/rpc has it"),
        ("CONNECT", b"/magazine", "the same"),
        ("CONNECT", b"*", "nothing"),
    ],
    "forms of a target": [
        ("GET", b"", "none"),
        ("GET", b"?", "no path"),
        ("GET", b"?a", "no path, a query"),
        ("GET", b"#", "a fragment"),
        ("GET", b"magazine/vogue", "a path without its slash"),
        ("GET", b"./magazine", "a relative one"),
        ("GET", b"http://example.org/magazine/vogue", "absolute form"),
        ("GET", b"http://example.org/magazine?a", "redirected without its host"),
        ("GET", b"http://example.org", "without a path"),
        ("GET", b"http://example.org?a", "without a path, with a query"),
        ("GET", b"http://example.org//a/..", "cleaned"),
        ("GET", b"https://example.org:443/healthz", "of https"),
        ("GET", b"ftp://example.org/healthz", "of another scheme"),
        ("GET", b"HTTP://EXAMPLE.ORG/healthz", "in capitals"),
        ("GET", b"a+b-c.1://x/healthz", "all that a scheme may have, but none of ours"),
        ("GET", b"1a://x/healthz", "not in front"),
        ("GET", b"a_b://x/healthz", "nor this"),
        ("GET", b"://x/healthz", "no scheme"),
        ("GET", b"http:/healthz", "no authority"),
        ("GET", b"http:///healthz", "an empty one"),
        ("GET", b"http:////healthz", "and an unclean path"),
        ("GET", b"http:", "a scheme alone"),
        ("GET", b"http:?a", "with a query"),
        ("GET", b"mailto:someone@example.org", "a URI without a path"),
        ("GET", b"example.org:80", "authority form is for CONNECT: this is a scheme"),
        ("GET", b"a:%zz", "what follows is not looked at"),
        ("GET", b"http://user:pa%20ss@example.org/healthz", "a user"),
        ("GET", b"http://a@b@example.org/healthz", "an @ in it"),
        ("GET", b"http://us|er@example.org/", "not in a user"),
        ("GET", b"http://%4@example.org/", "a bad encoding there"),
        ("GET", b"http://\xc3\xa9@example.org/", "UTF-8 there"),
        ("GET", b"http://example.org:/healthz", "an empty port"),
        ("GET", b"http://example.org:0x50/", "a port that is no number"),
        ("GET", b"http://a:b:80/healthz", "two colons"),
        ("GET", b"http://!$&'()*+,;=<>\"-_.~/healthz", "what a host may have in net/http"),
        ("GET", b"http://a|b/", "what not"),
        ("GET", b"http://a#b/", "nor this"),
        ("GET", b"http://%41/", "ASCII encoded in a host"),
        ("GET", b"http://%C3%A9\xc3\xa9%25/healthz", "and not encoded"),
        ("GET", b"http://%C/", "a bad encoding there"),
        ("GET", b"http://[::1]:80/healthz", "an IPv6 address"),
        ("GET", b"http://[::1/", "left open"),
        ("GET", b"http://[::1]80/", "with a port that is none"),
        ("GET", b"http://[fe80::1%25eth%200]/healthz", "with a zone"),
        ("GET", b"http://[fe80::1%25eth%2F0]/", "with a bad one"),
        ("GET", b"http://[fe80::1%25eth%C3]/", "and another"),
        ("GET", b"http://[fe80::1%20]/", "a space that is in no zone"),
    ],
    "bytes that no target has": [
        ("GET", b"/a b", "a space"),
        ("GET", b"/magazine?a b", "in a query"),
        ("GET", b"/a\tb", "a tab"),
        ("GET", b"/a\rb", "a carriage return"),
        ("GET", b"/a\x00b", "a NUL"),
        ("GET", b"/\x01", "a control byte"),
        ("GET", b"/?\x1b", "in a query"),
        ("GET", b"/\x7f", "delete"),
        ("GET", b"http://a\x7f/", "in a host"),
    ],
    "long ones": [
        ("GET", b"/" + b"a" * 7800, "nearly the memory of a connection"),
        ("GET", b"/magazine/" + b"a" * 7800, "with a response of that length"),
        ("GET", b"/magazine/" + b"%61" * 2500, "decoded to a third"),
        ("GET", b"/magazine/" + b"%ff" * 2500, "of other bytes"),
        ("HEAD", b"/magazine/" + b"a" * 5000, "its length alone"),
        ("GET", b"/?" + b"a" * 7800, "a query"),
        ("GET", b"/a" * 3900, "of many segments"),
        ("GET", b"/a/.." * 1500, "of many segments that go"),
        ("GET", b"/" * 7800, "of slashes"),
        ("GET", b"//" + b"a" * 3600, "a Location as long"),
        ("POST", b"//" + b"a" * 3600, "of another method"),
        ("GET", b"//" + b"'" * 1850, "a Location three times as long"),
        ("GET", b"//?" + b"'" * 3600, "a query as long"),
        ("GET", b"//" + b"a" * 4500, "no room for the Location"),
        ("HEAD", b"//" + b"'" * 2500, "when encoded"),
        ("GET", b"/?" + b"a&" * 3000, "many arguments"),
        ("GET", b"/" + b"a" * 9000, "a longer target than the memory"),
    ],
}

# What a target alone does not say.
REQUESTS = {
    "versions": [
        Request("GET", b"/", "HTTP/1.0"),
        Request("GET", b"/magazine?a", "HTTP/1.0"),
        Request("HEAD", b"/magazine", "HTTP/1.0"),
        Request("GET", b"/%zz", "HTTP/1.0"),
        Request("OPTIONS", b"*", "HTTP/1.0"),
        Request("GET", b"*", "HTTP/1.0"),
        Request("GET", b"/", "HTTP/1.0", (("Connection", "keep-alive"),)),
        Request("GET", b"/magazine", "HTTP/1.0", (("Connection", "keep-alive"),)),
        Request("GET", b"*", "HTTP/1.0", (("Connection", "keep-alive"),)),
        Request("GET", b"/", "HTTP/1.2", (("Host", "test"),)),
        Request("GET", b"/", "HTTP/2.0", (("Host", "test"),)),
        Request("GET", b"/%zz", "HTTP/3.0", (("Host", "test"),)),
        Request("HEAD", b"/", "HTTP/0.9", (("Host", "test"),)),
        Request("GET", b"/", "http/1.1", (("Host", "test"),)),
        Request("GET", b"/", "HTTP/1.10", (("Host", "test"),)),
    ],
    "hosts": [
        # No pattern names a host, so none changes a route or gets into a Location.
        Request("GET", b"/magazine", headers=(("Host", "example.org:8080"),)),
        Request("GET", b"//x", headers=(("Host", "evil.example"),)),
        Request("GET", b"http://a/magazine", headers=(("Host", "b"),)),
        Request("GET", b"/magazine", headers=(("Host", "[::1]:80"),)),
        Request("GET", b"/magazine", headers=(("Host", ""),)),
    ],
    "connections": [
        Request("GET", b"/", headers=(("Connection", "close"),)),
        Request("GET", b"/magazine", headers=(("Connection", "close"),)),
        Request("HEAD", b"/magazine", headers=(("Connection", "close"),)),
        Request("OPTIONS", b"*", headers=(("Connection", "close"),)),
        Request("GET", b"/%zz", headers=(("Connection", "close"),)),
    ],
    "bodies": [
        # Nobody reads them, and the connection goes on behind them.
        Request("POST", b"/magazine/vogue", body=b"x" * 1000),
        Request("POST", b"/magazine", body=b"x" * 1000),
        Request("GET", b"/magazine", body=b"x" * 1000),
        Request("OPTIONS", b"*", body=b"x" * 1000),
    ],
    "header fields": [
        # What is in the header changes nothing.
        Request("GET", b"/magazine", headers=(("Content-Type", "text/html"), ("Accept", "x/y"))),
        Request("GET", b"/magazine", headers=(("X", "x" * 5000),)),
        Request("GET", b"/", headers=(("X", "x" * 9000),)),
    ],
}


def chosen(group):
    return REQUESTS.get(group) or [Request(method, target) for method, target, _ in TABLE[group]]


def test_the_table_is_large_enough():
    assert sum(len(group) for group in TABLE.values()) >= 80


@pytest.mark.parametrize("group", [*TABLE, *REQUESTS])
def test_chosen_requests(server, reference, group):
    compare(reference, server.port, chosen(group))


def test_each_difference_is_seen(server, reference):
    """A difference that no request shows is not one any more, and must leave the list."""
    everything = [req for group in [*TABLE, *REQUESTS] for req in chosen(group)]
    seen = compare(reference, server.port, everything)
    assert seen == {ENCODED_HOST, *(difference.what for difference in DIFFERENCES)}


# ---- generated requests -----------------------------------------------------------------

PIECES = [
    *[b"/"] * 8,
    *[b"."] * 2,
    *[b".."] * 2,
    *[b"%2e", b"%2E", b"%2F", b"%2f", b"%5c", b"%25", b"%20", b"%3f", b"%23", b"%0d%0a"],
    *[b"%00", b"%c3%a9", b"%FF", b"%zz", b"%", b"%1"],
    *[b"magazine", b"magazine/", b"/magazine", b"vogue", b"healthz", b"a", b"~", b"http:", b"@"],
    *["\u00e9".encode(), "\u6771".encode(), b"\xff", b"\x80", b"\xc3"],
    *[b"?", b"#", b";", b"&", b"=", b"+", b":", b"'", b'"', b"<", b"[", b"|", b"*"],
    *[b"x" * 400, b"\xe4" * 200],
]
METHODS = ["GET"] * 6 + ["HEAD"] * 2 + ["POST", "OPTIONS"]


def generated(seed, count):
    """The same requests for the same seed; long ones stay where both servers have room."""
    choose = random.Random(seed)
    requests = []
    while len(requests) < count:
        start = choose.choice([b"/", b"/", b"/", b"/", b"//", b"/magazine/", b"http://h/", b""])
        pieces = choose.choices(PIECES, k=choose.randint(0, 9))
        target = start + b"".join(pieces)
        if len(target) <= 1500:
            requests.append(Request(choose.choice(METHODS), target))
    return requests


@pytest.mark.parametrize("seed", [1, 2])
def test_generated_requests(server, reference, seed):
    requests = generated(seed, 500)
    compare(reference, server.port, requests)
    statuses = collections.Counter(exchange(reference, req).status for req in requests)
    # Each kind of response is there in numbers, or the pieces have lost their use.
    assert set(statuses) == {200, 301, 400}
    assert min(statuses.values()) >= 50, statuses
