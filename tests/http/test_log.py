"""The log: its formats, what clients can't do to it, and what it can't do to the service."""

import contextlib
import datetime
import fcntl
import itertools
import json
import os
import pathlib
import re
import resource
import select
import threading
import time

import pytest

import hello

GO_STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d "
F_SETPIPE_SZ = 1031  # fcntl(2); Python has its name from 3.10 on
LINE_MAX = 4096  # PIPE_BUF: a pipe takes a line of this length in one piece
MANDATORY = ["time", "remote", "method", "path", "status", "bytes", "duration_us"]
OPTIONAL = ["forwarded_for", "user_agent"]


class Server(hello.Server):
    """A server whose log the test has elsewhere: its port is asked from the kernel."""

    def _wait_for_port(self):
        deadline = time.monotonic() + hello.DEADLINE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"exited with {self.process.returncode}"
            port = listening_port(self.process.pid)
            if port is not None:
                return port
            time.sleep(0.01)
        self.process.kill()
        raise AssertionError("does not listen")


def listening_port(pid):
    """The port that a process listens on; None if there is none yet (proc_net(5))."""
    links = []
    for entry in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{entry}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in links:
            return int(fields[1].split(":")[1], 16)
    return None


@pytest.fixture
def start(flavour, start):
    """Lines are counted here: none on a kernel that lacks part of the sandbox."""
    complete = hello.landlock_abi() > 0 and hello.has_seccomp()

    def start_server(*args, **kwargs):
        return start(*args, *(() if complete else ("-sandbox", "off")), **kwargs)

    return start_server


@pytest.fixture
def start_elsewhere(flavour):
    servers = []

    def start_server(*args, **kwargs):
        servers.append(Server(flavour, *args, **kwargs))
        return servers[-1]

    yield start_server
    for server in servers:
        try:
            server.stop()
        finally:
            server.reports.cleanup()


def is_empty(pipe):
    return not select.select([pipe], [], [], 0)[0]


def own_address(connection):
    host, port = connection.socket.getsockname()
    return f"{host}:{port}"


def is_request(line):
    return "message" not in line


def wait_for_requests(server, count):
    """The request lines of a JSON log, parsed, once there are `count` of them."""
    deadline = time.monotonic() + hello.DEADLINE_S
    while True:
        # A line is complete with its newline only.
        complete = server.log_path.read_bytes().rpartition(b"\n")[0].split(b"\n")
        lines = [parse_json_line(line) for line in complete if line]
        requests = [line for line in lines if is_request(line)]
        if len(requests) >= count:
            assert len(requests) == count, requests
            return requests
        assert time.monotonic() < deadline, f"want {count} of {requests}"
        time.sleep(0.01)


def parse_json_line(data):
    """One line without its newline; fails unless a request or an event of ours wrote it."""
    assert len(data) + 1 <= LINE_MAX
    assert not re.search(rb"[\x00-\x1f\x7f]", data), data
    line = json.loads(data.decode("utf-8", errors="strict"))
    if not is_request(line):
        assert list(line) == ["time", "message"]
        return line
    assert set(MANDATORY) <= set(line) <= set(MANDATORY + OPTIONAL), line
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    for number in ("status", "bytes", "duration_us"):
        assert type(line[number]) is int and line[number] >= 0
    for text in set(line) & {"remote", "method", "path", *OPTIONAL}:
        assert type(line[text]) is str
    return line


# ---- formats ----------------------------------------------------------------------------


def test_text_is_the_articles(start):
    server = start()
    with server.connect() as connection:
        remote = own_address(connection)
        connection.ask("/")
        connection.ask(
            "/magazine", headers=[("User-Agent", "curl"), ("X-Forwarded-For", "6.6.6.6")]
        )
    server.log_lines("calls: 2$", 1)
    started, *lines = server.log().splitlines()
    assert re.fullmatch(GO_STAMP + rf"Server at http://localhost:{server.port}\.", started)
    expected = [f"request from {remote}", "calls: 1", f"request from {remote}", "calls: 2"]
    assert len(lines) == 4
    for line, want in zip(lines, expected):
        assert re.fullmatch(GO_STAMP + re.escape(want), line)


def test_text_has_local_time(start):
    server = start(env={"TZ": "TEST-5:30"})
    utc = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    local = utc + datetime.timedelta(hours=5, minutes=30)
    logged = datetime.datetime.strptime(server.log()[:19], "%Y/%m/%d %H:%M:%S")
    assert abs((local - logged).total_seconds()) < hello.DEADLINE_S


def test_json_of_a_request(start):
    server = start("-log", "json")
    with server.connect() as connection:
        remote = own_address(connection)
        connection.ask("/magazine/vogue?a=b", headers=[("User-Agent", "curl/8")])
        connection.ask("/", "HEAD", headers=[("X-Forwarded-For", "192.0.2.1")])
        connection.ask("/magazine", "POST", body=b"xyz")
        connection.ask("/%zz")
    lines = wait_for_requests(server, 4)
    for line in lines:
        assert line["remote"] == remote
        assert line["duration_us"] < hello.DEADLINE_S * 1_000_000
        age = (
            time.time() - datetime.datetime.fromisoformat(line["time"][:-1] + "+00:00").timestamp()
        )
        assert -1 < age < hello.DEADLINE_S
    shared = ("time", "remote", "duration_us")
    assert [{k: v for k, v in line.items() if k not in shared} for line in lines] == [
        {
            "method": "GET",
            "path": "/magazine/vogue?a=b",
            "status": 200,
            "bytes": len("vogue has 130 pages.\n"),
            "user_agent": "curl/8",
        },
        {"method": "HEAD", "path": "/", "status": 200, "bytes": 0},
        {"method": "POST", "path": "/magazine", "status": 301, "bytes": 0},
        {"method": "GET", "path": "/%zz", "status": 400, "bytes": len("400 Bad Request")},
    ]


def test_json_of_events(start):
    server = start("-log", "json")
    server.stop()
    lines = [parse_json_line(line) for line in server.log_path.read_bytes().splitlines()]
    assert [re.sub(r"\d+", "N", line["message"]) for line in lines] == [
        "Server at http://localhost:N.",
        "Stopping: no new connections, requests in flight are served.",
    ]


def test_forwarded_for_is_logged_when_the_proxy_is_trusted(start):
    server = start("-log", "json", "-trust-proxy")
    server.ask("/", headers=[("X-Forwarded-For", "192.0.2.1, 198.51.100.7")])
    (line,) = wait_for_requests(server, 1)
    assert line["forwarded_for"] == "192.0.2.1, 198.51.100.7"
    assert line["remote"].startswith("127.0.0.1:")


def test_off_has_no_line_for_a_request(start):
    server = start("-log", "off")
    for target in ("/", "/%zz", "/magazine"):
        server.ask(target)
    server.stop()
    lines = server.log().splitlines()
    assert [re.sub(GO_STAMP, "", line).split()[0] for line in lines] == ["Server", "Stopping:"]


# ---- hostile bytes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent, logged",
    [
        (b'a"b\\c/d', 'a"b\\c/d'),
        (b"caf\xc3\xa9 \xf0\x9f\x98\x80", "caf\u00e9 \U0001f600"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"\xc0\xaf", "\ufffd\ufffd"),  # an overlong slash
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),  # a surrogate
        (b"cut\xe2\x82", "cut\ufffd\ufffd"),
        (b"\\u000a\\n", "\\u000a\\n"),
        (b'","status":999,"x":"', '","status":999,"x":"'),
    ],
)
def test_values_survive_the_escaping(start, sent, logged):
    server = start("-log", "json", "-trust-proxy")
    value = sent.decode("latin-1")
    server.ask("/", headers=[("User-Agent", value), ("X-Forwarded-For", value)])
    (line,) = wait_for_requests(server, 1)
    assert (line["user_agent"], line["forwarded_for"]) == (logged, logged)
    target = b"/" + sent.replace(b" ", b"")
    server.ask(target.decode("latin-1"))
    assert wait_for_requests(server, 2)[1]["path"] == "/" + logged.replace(" ", "")


BYTES = [bytes([byte]) for byte in range(256)]
FORGERIES = [
    b'\n{"forged":1}\n',
    b'\r\n{"forged":1}\r\n',
    b'\r{"forged":1}\r',
    b'"}\n{"forged":1}\n',
    b"\n2026/01/01 00:00:00 request from 6.6.6.6:6\n",
    b"%0a%0d%00",
    b"\xe2\x80\xa8\xc2\x85\x0b\x0c",  # what some readers take for a line's end
    b"\x1b[2J\x1b]0;title\x07\x9b31m",
]


# Ends a request line, and the connection after the response.
END = b" HTTP/1.1\r\nConnection: close\r\nHost: t\r\n"


def hostile_requests():
    """Raw requests with every byte, and with ready-made lines, wherever a log might take them."""
    for part in [*BYTES, *FORGERIES]:
        yield b"G" + part + b"T /" + END + b"\r\n"
        yield b"GET /a" + part + b"b" + END + b"\r\n"
        yield b"GET /?a" + part + b"b" + END + b"\r\n"
        for name in (b"User-Agent", b"X-Forwarded-For"):
            yield b"GET /" + END + name + b": a" + part + b"b\r\n\r\n"


def send_raw(server, data):
    """Sends a request that ends its connection, and waits for the end."""
    with server.connect() as connection:
        try:
            connection.send(data)
            while connection.socket.recv(65536):
                pass
        except ConnectionError:
            pass  # refused; what counts is the log


def test_no_byte_forges_a_json_line(start):
    server = start("-log", "json", "-trust-proxy")
    requests = list(hostile_requests())
    for data in requests:
        send_raw(server, data)
    server.ask("/last")
    server.log_lines('"path":"/last"', 1)
    lines = [parse_json_line(line) for line in server.log_path.read_bytes()[:-1].split(b"\n")]
    # A request that libmicrohttpd itself refuses has no line, and no request has two.
    assert len(requests) / 2 < sum(map(is_request, lines)) <= len(requests) + 1
    assert [line["path"] for line in lines if is_request(line)].count("/last") == 1
    assert {line["remote"].split(":")[0] for line in lines if is_request(line)} == {"127.0.0.1"}


def test_no_byte_forges_a_text_line(start):
    server = start("-log", "text", "-trust-proxy")
    for data in hostile_requests():
        send_raw(server, data)
    server.ask("/")
    _, *lines = server.log_path.read_bytes()[:-1].split(b"\n")
    for number, line in enumerate(lines):
        want = (
            rb"request from 127\.0\.0\.1:\d+"
            if number % 2 == 0
            else b"calls: %d" % (number // 2 + 1)
        )
        assert re.fullmatch(GO_STAMP.encode() + want, line), line


@pytest.mark.parametrize("byte", [b"a", b'"', b"\\", b"\xff", b"\xc3\xa9", b"\xf0\x9f\x98\x80"])
def test_long_values_are_truncated(start, byte):
    server = start("-log", "json", "-trust-proxy")
    times = 7000 // len(byte)
    send_raw(server, byte * times + b" /" + END + b"\r\n")
    send_raw(server, b"GET /" + byte * times + END + b"\r\n")
    send_raw(server, b"GET /" + END + b"User-Agent: " + byte * times + b"\r\n\r\n")
    send_raw(server, b"GET /" + END + b"X-Forwarded-For: " + byte * times + b"\r\n\r\n")
    # All at once, each beyond what a value may take.
    part = byte * (1600 // len(byte))
    fields = b"User-Agent: " + part + b"\r\nX-Forwarded-For: " + part + b"\r\n\r\n"
    send_raw(server, part + b" /" + part + END + fields)
    server.ask("/last")
    server.log_lines('"path":"/last"', 1)
    lines = [parse_json_line(line) for line in server.log_path.read_bytes()[:-1].split(b"\n")]
    cut = [
        line[name]
        for line in lines
        for name in ("method", "path", "user_agent", "forwarded_for")
        if name in line and len(line[name]) > 100
    ]
    assert len(cut) >= 3
    for value in cut:
        # Truncated after a complete character, and marked.
        assert re.fullmatch(r"/?(a+|\"+|\\+|\ufffd+|\u00e9+|\U0001f600+)\.\.\.", value), value


# ---- many at once -----------------------------------------------------------------------

CLIENTS = 16
REQUESTS = 40


def hammer(server):
    """Many clients at once; each request has a path of its own."""
    failures = []

    def client(number):
        try:
            with server.connect() as connection:
                for i in range(REQUESTS):
                    target = f"/{number}/{i}/" + "x" * (number * 40)
                    response = connection.ask(target, headers=[("User-Agent", "y" * 600)])
                    assert response.body == b"howdy\n"
        except Exception as failure:  # a thread's own would go unseen
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def check_hammered(data):
    lines = [parse_json_line(line) for line in data.splitlines()]
    paths = [line["path"].rsplit("/", 1)[0] for line in lines if is_request(line)]
    assert sorted(paths) == sorted(f"/{n}/{i}" for n in range(CLIENTS) for i in range(REQUESTS))


def test_lines_of_many_threads_are_complete_in_a_file(start):
    server = start("-log", "json", "-threads", "4")
    hammer(server)
    server.stop()
    check_hammered(server.log_path.read_bytes())


def test_lines_of_many_threads_are_complete_in_a_pipe(start_elsewhere):
    reading, writing = os.pipe()
    # Room for all of them: the reader shares its process with the clients, and may be late.
    fcntl.fcntl(writing, F_SETPIPE_SZ, 1 << 20)
    collected = []

    def collect():
        with open(reading, "rb") as pipe:
            collected.append(pipe.read())

    reader = threading.Thread(target=collect)
    reader.start()
    try:
        server = start_elsewhere("-log", "json", "-threads", "4", stderr=writing)
    finally:
        os.close(writing)
    hammer(server)
    server.stop()
    reader.join()
    check_hammered(collected[0])


def test_both_text_lines_of_a_request_stay_together(start):
    server = start("-threads", "4")
    hammer(server)
    server.stop()
    _, *lines, _ = server.log().splitlines()
    assert len(lines) == 2 * CLIENTS * REQUESTS
    calls = []
    for first, second in zip(lines[::2], lines[1::2]):
        assert re.fullmatch(GO_STAMP + r"request from 127\.0\.0\.1:\d+", first)
        calls.append(int(re.fullmatch(GO_STAMP + r"calls: (\d+)", second)[1]))
    assert sorted(calls) == list(range(1, CLIENTS * REQUESTS + 1))


# ---- a log that fails -------------------------------------------------------------------


def check_serving(server):
    """Requests are served, and clients get their responses and nothing else."""
    for _ in range(20):
        with server.connect() as connection:
            connection.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n" * 2)
            connection.send(b"GET /magazine/a HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n")
            for body in (b"howdy\n", b"howdy\n", b"a has 0 pages.\n"):
                assert connection.read_response().body == body
            assert connection.reader.read() == b""
    assert server.process.poll() is None
    assert server.stop() == 0


@pytest.mark.parametrize("log", ["text", "json", "off"])
def test_a_dead_reader_does_not_stop_it(start_elsewhere, log):
    reading, writing = os.pipe()
    try:
        server = start_elsewhere("-log", log, stderr=writing)
    finally:
        os.close(writing)
    assert b"Server at" in os.read(reading, 4096)
    os.close(reading)
    check_serving(server)


@pytest.mark.parametrize("log", ["text", "json", "off"])
def test_a_full_disk_does_not_stop_it(start_elsewhere, log):
    with open("/dev/full", "wb") as full:
        server = start_elsewhere("-log", log, stderr=full)
    check_serving(server)


def test_a_file_size_limit_does_not_stop_it(start):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    server = start(preexec_fn=limit)
    check_serving(server)
    assert server.log_path.stat().st_size == 1000


@pytest.mark.parametrize("log", ["text", "json"])
def test_a_stopped_reader_does_not_stop_it(start_elsewhere, log):
    """A full pipe costs a tenth of a second and the lines; when it is read again, they come again."""
    reading, writing = os.pipe()
    try:
        server = start_elsewhere("-log", log, stderr=writing)
        os.close(writing)
        deadline = time.monotonic() + hello.DEADLINE_S
        with server.connect() as connection:
            while server.metrics()["hello_log_lines_lost_total"] < 10:
                for _ in range(50):
                    assert connection.ask("/").status == 200
                assert time.monotonic() < deadline
            lost = server.metrics()["hello_log_lines_lost_total"]
            while not is_empty(reading):
                os.read(reading, 1 << 16)
            assert connection.ask("/seen").status == 200
            assert server.metrics()["hello_log_lines_lost_total"] <= lost + 1
        deadline = time.monotonic() + hello.DEADLINE_S
        while is_empty(reading):
            assert time.monotonic() < deadline
        assert os.read(reading, 1 << 16)
    finally:
        os.close(reading)


class Reader(threading.Thread):
    """Reads a pipe to its end: 8 kB a second until it is told to hurry, or all that comes."""

    def __init__(self, pipe, slow):
        super().__init__(daemon=True)
        self.pipe = pipe
        self.hurry = threading.Event()
        self.data = b""
        if not slow:
            self.hurry.set()
        self.start()

    def run(self):
        while True:
            data = os.read(self.pipe, 1 << 16 if self.hurry.is_set() else 800)
            if not data:
                return
            self.data += data
            self.hurry.wait(0.1)


def requests_in(connection, seconds):
    request = b"GET / HTTP/1.1\r\nHost: t\r\nUser-Agent: " + b"y" * 600 + b"\r\n\r\n"
    count = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        connection.send(request * 20)
        for _ in range(20):
            assert connection.read_response().status == 200
        count += 20
    return count


@pytest.mark.serial  # it compares two rates
def test_a_slow_reader_costs_lines_but_hardly_time(start_elsewhere):
    """A reader that makes a little room again and again is not waited for at each line."""
    rates = []
    for slow in (False, True):
        reading, writing = os.pipe()
        server = start_elsewhere("-log", "json", stderr=writing)
        os.close(writing)
        reader = Reader(reading, slow)
        with server.connect() as connection:
            requests_in(connection, 0.5)  # the pipe is full, and the first wait over
            before = server.metrics()["hello_http_requests_total{code=\"2xx\"}"]
            requests_in(connection, 2)
            after = server.metrics()["hello_http_requests_total{code=\"2xx\"}"]
        rates.append(after - before)
        lost = server.metrics()["hello_log_lines_lost_total"]
        reader.hurry.set()
        assert server.stop() == 0
        reader.join(hello.DEADLINE_S)
        os.close(reading)
        lines = [parse_json_line(line) for line in reader.data.splitlines()]
        # The last two requests, for the metrics, may have lost their lines later.
        assert after <= sum(map(is_request, lines)) + lost <= after + 2
        assert any("Stopping" in line.get("message", "") for line in lines)
        # On a busy machine a fast reader may wait for a CPU for longer than the service waits for it.
        assert lost > 0 or not slow
    assert rates[1] > 0.6 * rates[0], rates


@pytest.mark.parametrize("log", ["text", "json"])
def test_it_stops_though_nobody_reads(start_elsewhere, log):
    """The pipe is full from the start: not even its first line finds room."""
    reading, writing = os.pipe()
    try:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        os.set_blocking(writing, True)
        server = start_elsewhere("-log", log, stderr=writing)
        os.close(writing)
        assert server.ask("/readyz").status == 200
        assert server.stop() == 0
    finally:
        os.close(reading)


CLOSED = [fds for count in (1, 2, 3) for fds in itertools.combinations((0, 1, 2), count)]


@pytest.mark.parametrize("fds", CLOSED, ids=lambda fds: "".join(map(str, fds)))
@pytest.mark.parametrize("log", ["text", "json"])
def test_closed_standard_descriptors_are_no_sockets(start_elsewhere, fds, log):
    def close():
        for fd in fds:
            os.close(fd)

    server = start_elsewhere("-log", log, preexec_fn=close)
    for fd in fds:
        assert os.readlink(f"/proc/{server.process.pid}/fd/{fd}") == "/dev/null"
    check_serving(server)
    if 2 in fds:
        assert server.log() == ""
    else:
        assert "Server at" in server.log() and "Stopping" in server.log()
