"""Every case of rfc_cases.py; then what the service itself knows of the requests it refused."""

import json
import re

import hello
import peers
import pytest
import rfc
import rfc_cases
import rfc_score

SECONDS = 10
BYE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


FLAVOURS = [pytest.param(name, marks=pytest.mark.xdist_group(f"rfc-{name}")) for name in ("release", "asan")]


@pytest.fixture(scope="module", params=FLAVOURS)
def lasting(request):
    """One server for all cases: what one leaves behind would show in the next."""
    server = hello.Server(request.param)
    yield server
    server.stop()
    server.reports.cleanup()


@pytest.mark.parametrize("case", rfc_cases.CASES, ids=lambda case: case.name)
def test_case(lasting, case):
    outcome = rfc.run(lasting.port, case, SECONDS)
    assert outcome.passed, f"RFC {case.section}, {case.level}: {outcome.said}"


def test_the_table_is_complete():
    sections = {case.section.split()[0] for case in rfc_cases.CASES}
    assert {"9110", "9112"} <= sections
    assert sum(case.level == rfc_cases.MUST for case in rfc_cases.CASES) >= 100
    for case in rfc_cases.CASES:
        assert re.fullmatch(r"\d{4} \d+(\.\d+)*", case.section), case
        assert case.level in (rfc_cases.MUST, rfc_cases.SHOULD, rfc_cases.CHOICE)


# ---- the judge can say no ---------------------------------------------------------------

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"howdy\n",
        b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        GOOD + b"x",
    ],
)
def test_malformed_responses_are_detected(data):
    with pytest.raises(rfc.Malformed):
        rfc.read_responses(data, [])


def test_a_body_after_head_is_seen():
    assert len(rfc.read_responses(GOOD + GOOD, ["GET", "GET"])) == 2
    with pytest.raises(rfc.Malformed):
        rfc.read_responses(GOOD, ["HEAD"])


@pytest.mark.parametrize(
    "statuses, after, data, ended, right",
    [
        ([{200}], rfc_cases.KEPT, GOOD + GOOD, True, True),
        ([{200}], rfc_cases.KEPT, GOOD, True, False),
        ([{200}], rfc_cases.KEPT, GOOD * 3, True, False),
        ([{200}], rfc_cases.CLOSED, GOOD, True, True),
        ([{200}], rfc_cases.CLOSED, GOOD + GOOD, True, False),
        ([{200}], rfc_cases.CLOSED, GOOD, False, False),
        ([{200}], rfc_cases.ANY, GOOD, True, True),
        ([{400}], rfc_cases.ANY, GOOD, True, False),
        ([{400}], rfc_cases.ANY, b"", True, False),
        (None, rfc_cases.CLOSED, b"", True, True),
        (None, rfc_cases.CLOSED, GOOD, True, False),
    ],
)
def test_the_judge(statuses, after, data, ended, right):
    case = rfc_cases.Case("x", "9110 1", rfc_cases.MUST, (), statuses, after, None)
    assert (rfc.complaint(case, rfc.read_responses(data, []), ended) is None) == right


def test_redirects_elsewhere_are_seen():
    for location, stays in [
        ("/", True),
        ("/%5Cevil", True),
        ("http://a/", True),
        ("//evil/", False),
        ("/\\evil/", False),
        ("/\t/evil/", False),
        ("http://evil/", False),
    ]:
        response = rfc.Response(301, [("location", location)], [])
        assert (rfc_cases.stays_here([response]) is None) == stays, location


# ---- the score beside others ------------------------------------------------------------


TABLE = {"cases": [case._asdict() for case in rfc_cases.CASES]}


def test_the_page_lists_each_case():
    """Peers are measured when the score is made; here it must be of the same cases."""
    assert rfc_score.part("cases") == rfc_score.write_cases(TABLE), "run `make http-score`"
    assert f"; {len(rfc_cases.CASES)} cases." in rfc_score.SCORE_PAGE.read_text(), "run `make http-score`"


def test_the_differences_are_of_these_cases():
    known = {(rfc_score.cell(case.name), f"{case.section}, {case.level}") for case in rfc_cases.CASES}
    rows = [line.strip("| ").split(" | ") for line in rfc_score.part("differences")[2:]]
    assert len(rows) >= 10
    for name, source, ours, *theirs in rows:
        assert (name, source) in known, "run `make http-score`"
        assert not ours.startswith("**") and any(other.startswith("**") for other in theirs)


@pytest.mark.parametrize("make", [peers.Nginx, peers.NetHTTP])
def test_a_peer_gets_the_same_requests(make):
    names = ["method: GET", "pipeline: HEAD, GET and HEAD in turn", "chunks: a trailer"]
    refused = ["Host: none", "length: more than is taken", "half-close: amid a body"]
    with make() as peer:
        for case in rfc_cases.CASES:
            if case.name in names + refused:
                outcome = rfc.run(peer.port, case, SECONDS)
                assert outcome.passed, f"{case.name}: {outcome.said}"


# ---- what is refused is known, too ------------------------------------------------------


# Nothing may follow: it would take up an amount of the memory that depends on its arrival.
LAST_FIELDS = b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def long_path(size):
    return b"GET /" + b"p" * (size - 1) + LAST_FIELDS


# bytes, and what is logged of them: status, method, path
REFUSED = [
    (b"GET /\0 HTTP/1.1\r\n\r\n", 400, "", ""),
    (b"BREW /a\n", 400, "", ""),
    (b"GET / HTTP/3.0\r\n\r\n", 505, "", ""),
    (b"M" * 20000, 501, "", ""),
    (b"GET /" + b"a" * 20000, 414, "", ""),
    (b"GET /one HTTP/1.1\r\nX : a\r\n\r\n", 400, "", "/one"),
    (b"GET /two?q HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20000, 431, "", "/two?q"),
    (b"GET /three HTTP/1.1\r\n\r\n", 400, "", "/three"),
    (b"POST /four HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", 400, "", "/four"),
    (b"GET /five HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "GET", "/five"),
    (b"GET /six HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417, "GET", "/six"),
    (
        b"POST /seven HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabcd",
        400,
        "POST",
        "/seven",
    ),
    (b'GET /eight HTTP/1.1\r\nHost: a\r\nIf-Match: "x"\r\n\r\n' + BYE, 412, "GET", "/eight"),
    (b"GET /nine HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n" + BYE, 304, "GET", "/nine"),
]


@pytest.mark.parametrize(
    "data, status, method, path", REFUSED, ids=[str(i) for i in range(len(REFUSED))]
)
def test_a_refused_request_is_counted_and_logged(start, data, status, method, path):
    server = start("-log", "json")
    before = b"GET /before HTTP/1.1\r\nHost: a\r\nUser-Agent: u\r\n\r\n"
    received, ended = rfc.exchange(server.port, [before + data], SECONDS)
    responses = rfc.read_responses(received, [])
    assert ended and [a.status for a in responses[:2]] == [200, status]
    count = len(responses)
    lines = [json.loads(line) for line in server.log_lines('"status"', count)]
    assert len(lines) == count, "each once"
    assert lines[0]["path"] == "/before"
    logged = {name: lines[1][name] for name in ("status", "method", "path", "bytes")}
    assert logged == {
        "status": status,
        "method": method,
        "path": path,
        "bytes": len(responses[1].body),
    }
    assert 0 <= lines[1]["duration_us"] < SECONDS * 1_000_000
    assert "user_agent" not in lines[1]
    name = f'hello_http_requests_total{{code="{status // 100}xx"}}'
    seen = server.metrics()
    assert seen[name] == (1 if status // 100 != 2 else count)
    assert seen['hello_http_requests_total{code="none"}'] == 0
    assert seen["hello_http_requests_in_flight"] == 1, "this one alone"


def test_each_length_gets_a_response(start):
    """Request and response share one memory: at each length of a path there is a response."""
    server = start("-log", "json")
    statuses = []
    lengths = range(7700, 8250)
    for length in lengths:
        received, ended = rfc.exchange(server.port, [long_path(length)], SECONDS)
        responses = rfc.read_responses(received, [])
        assert ended and responses, length
        statuses.append(responses[0].status)
    assert statuses == sorted(statuses) and set(statuses) == {200, 414}
    lines = server.log_lines('"status":414', statuses.count(414))
    paths = {json.loads(line)["path"] for line in lines}
    # Where the whole request line has come in, it is logged as it was sent.
    assert len(paths) == 2 and "" in paths
    assert re.fullmatch(r"/p+\.\.\.", max(paths))


def test_each_length_of_a_redirect_gets_a_response(start):
    server = start()
    statuses = []
    for length in range(3600, 4200, 3):
        request = b"GET //" + b"p" * length + LAST_FIELDS
        received, ended = rfc.exchange(server.port, [request], SECONDS)
        responses = rfc.read_responses(received, [])
        assert ended and responses, length
        statuses.append(responses[0].status)
    assert statuses == sorted(statuses) and set(statuses) == {301, 414}


def test_each_length_of_a_field_gets_a_response(start):
    server = start()
    statuses = []
    for length in range(7500, 8250, 2):
        request = b"GET / HTTP/1.1\r\nX: " + b"v" * length + LAST_FIELDS[9:]
        received, ended = rfc.exchange(server.port, [request], SECONDS)
        responses = rfc.read_responses(received, [])
        assert ended and responses, length
        statuses.append(responses[0].status)
    assert statuses == sorted(statuses) and set(statuses) == {200, 431}
