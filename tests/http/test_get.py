"""`hello get`: response, output and errors, over plain HTTP."""

import contextlib
import hashlib
import itertools
import os
import signal
import socket
import stat
import subprocess
import threading

import hello
import pytest


def get(flavour, *args, **kwargs):
    return hello.run(flavour, "get", *map(str, args), **kwargs)


class Speaker:
    """Sends each connection the next response, then closes it; keeps the requests."""

    def __init__(self, *responses, host="127.0.0.1", hold=False):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.create_server((host, 0), family=family)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.requests = []
        self.released = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(responses, hold), daemon=True)
        self.thread.start()

    def _serve(self, responses, hold):
        for response in responses:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(ConnectionError):
                request = b""
                while b"\r\n\r\n" not in request:
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    request += piece
                self.requests.append(request)
                for piece in response if isinstance(response, list) else [response]:
                    connection.sendall(piece)
                if hold:
                    self.released.wait(hello.DEADLINE_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        # shutdown ends an accept(2) that waits; close alone does not
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(hello.DEADLINE_S)


def response(body=b"hello\n", status="200 OK", fields=(), length=True):
    lines = [f"HTTP/1.1 {status}", *fields]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(to, status="302 Found"):
    return response(b"elsewhere\n", status, [f"Location: {to}"])


def test_the_body_goes_to_standard_output(server):
    done = get(server.flavour, f"http://localhost:{server.port}/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "howdy\n", "")


def test_the_request(flavour):
    with Speaker(response()) as speaker:
        assert get(flavour, f"{speaker.url}?a=b#c").returncode == 0
        head, *fields = speaker.requests[0].decode().removesuffix("\r\n\r\n").split("\r\n")
    assert head == "GET /?a=b HTTP/1.1"
    named = dict(field.split(": ") for field in fields)
    assert named.pop("User-Agent").startswith("hello/")
    assert named == {
        "Host": f"127.0.0.1:{speaker.port}",
        "Accept": "*/*",
        "Connection": "close",
    }


def test_ipv6(start):
    server = start(addr="[::1]:0")
    done = get(server.flavour, f"http://[::1]:{server.port}/whoami")
    assert done.returncode == 0
    assert f'"value":"[::1]:{server.port}"' in done.stdout


def test_the_header_comes_first(flavour):
    with Speaker(b"HTTP/1.1 100 Continue\r\nX: no\r\n\r\n" + response(fields=["X: y"])) as speaker:
        done = subprocess.run(
            [*hello.emulator(flavour), hello.binary(flavour), "get", "-i", speaker.url], capture_output=True, timeout=hello.DEADLINE_S
        )
    assert done.stdout == response(fields=["X: y"])


@pytest.mark.parametrize(
    "data",
    [
        response(length=False),
        response(b"5\r\nhello\r\n1;x=y\r\n\n\r\n0\r\nT: 1\r\n\r\n", "200 OK", ["Transfer-Encoding: chunked"], False),
        [bytes([byte]) for byte in response()],
        response() + b"more than its length",
        b"HTTP/1.1 200\nContent-Length: 6\n\nhello\n",
    ],
    ids=["until-close", "chunked", "byte-by-byte", "more", "bare-lf"],
)
def test_bodies(flavour, data):
    with Speaker(data) as speaker:
        done = get(flavour, speaker.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")


@pytest.mark.parametrize(
    "data, word",
    [
        (b"", "closed early"),
        (b"HTTP/1.1 200 OK\r\n", "closed early"),
        (response()[:-1], "closed early"),
        (response(b"5\r\nhel", "200 OK", ["Transfer-Encoding: chunked"], False), "closed early"),
        (response(b"x\r\n", "200 OK", ["Transfer-Encoding: chunked"], False), "chunked"),
        (response(b"", "200 OK", ["Transfer-Encoding: gzip"], False), "Transfer-Encoding"),
        (response(b"", "200 OK", ["Content-Length: 1"]), "Content-Length"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000, "too long"),
    ],
)
def test_invalid_responses(flavour, data, word, tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("as it was")
    with Speaker(data, data) as speaker:
        done = get(flavour, speaker.url)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and word in done.stderr
        assert get(flavour, "-o", kept, speaker.url).returncode == 1
    assert kept.read_text() == "as it was"
    assert os.listdir(tmp_path) == ["kept"]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "304 Not Modified", "301 Gone"])
def test_other_classes_are_failures(flavour, status, tmp_path):
    body = b"" if status.startswith("304") else b"why\n"
    with Speaker(response(body, status), response(body, status)) as speaker:
        done = get(flavour, speaker.url)
        assert (done.returncode, done.stdout) == (1, body.decode())
        assert done.stderr == f'hello: response "{status}": not 2xx\n'
        assert get(flavour, "-o", tmp_path / "x", speaker.url).returncode == 1
    assert os.listdir(tmp_path) == []


# ---- redirects


def test_redirects_are_followed_on_request(server):
    url = f"http://localhost:{server.port}/magazine?a=b"
    done = get(server.flavour, "-L", url)
    assert (done.returncode, done.stdout) == (0, "No magazine provided.\n")
    done = get(server.flavour, url)
    assert done.returncode == 1
    assert "301 Moved Permanently" in done.stderr and "-L follows" in done.stderr


@pytest.mark.parametrize("status", ["301 A", "302 B", "303 C", "307 D", "308 E"])
def test_targets_of_redirects(flavour, status):
    with Speaker(response()) as other:
        steps = ["/a/b?q", "c", "../d", "?e", f"//127.0.0.1:{other.port}/f#g"]
        with Speaker(*[redirect(step, status) for step in steps]) as speaker:
            done = get(flavour, "-L", speaker.url)
            assert (done.returncode, done.stdout, done.stderr) == (0, "hello\n", "")
            targets = [request.split()[1] for request in speaker.requests + other.requests]
    assert targets == [b"/", b"/a/b?q", b"/a/c", b"/d", b"/d?e", b"/f"]


def test_at_most_five_redirects(flavour):
    with Speaker(*[redirect("/")] * 5, response()) as speaker:
        assert get(flavour, "-L", speaker.url).returncode == 0
    with Speaker(*[redirect("/")] * 6, response()) as speaker:
        done = get(flavour, "-L", speaker.url)
        assert len(speaker.requests) == 6
    assert done.returncode == 1 and "at most 5" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("to", ["ftp://x/", "http://u:p@x/", "//", "/a b", "/" + "x" * 9000])
def test_bad_redirects(flavour, to):
    with Speaker(redirect(to)) as speaker:
        done = get(flavour, "-L", speaker.url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and done.stdout == ""


# ---- files


def test_the_file_is_replaced(server, tmp_path):
    path = tmp_path / "out"
    path.write_text("before, and much longer than what comes")
    done = get(server.flavour, "-o", path, f"http://localhost:{server.port}/")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert path.read_text() == "howdy\n"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask
    assert os.listdir(tmp_path) == ["out"]


def test_a_device_stays_one(server):
    done = get(server.flavour, "-o", "/dev/full", f"http://localhost:{server.port}/")
    assert done.returncode == 1 and "No space left" in done.stderr
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)
    assert get(server.flavour, "-o", "/dev/null", f"http://localhost:{server.port}/").returncode == 0


def test_where_nothing_can_be_written(server, tmp_path):
    url = f"http://localhost:{server.port}/"
    done = get(server.flavour, "-o", tmp_path / "no" / "file", url)
    assert done.returncode == 1 and done.stderr.startswith('hello: -o "')
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*hello.emulator(server.flavour), hello.binary(server.flavour), "get", url], stdout=full, stderr=subprocess.PIPE, timeout=hello.DEADLINE_S
        )
    assert done.returncode == 1 and b"standard output: can't write" in done.stderr


@pytest.mark.parametrize("body", [b"hello\n", b""])
def test_a_closed_standard_output(flavour, body, tmp_path):
    """The connection would get its number, and the body."""
    def close():
        os.close(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        for args, status in (["-i"], 1), ([], 1), (["-o", tmp_path / "file"], 0):
            process = subprocess.Popen(
                [*hello.emulator(flavour), hello.binary(flavour), "get", *args, url], stderr=subprocess.PIPE, text=True, preexec_fn=close
            )
            connection, _ = listener.accept()
            with connection:
                sent = connection.recv(4096)
                connection.sendall(response(body, fields=["Connection: close"]))
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(4096):
                    sent += piece
            assert sent.startswith(b"GET / ") and sent.endswith(b"\r\n\r\n") and sent.count(b"\r\n\r\n") == 1
            _, said = process.communicate(timeout=hello.DEADLINE_S)
            assert process.returncode == status
            assert said == ("" if status == 0 else "hello: standard output: can't write: Bad file descriptor\n")
    assert (tmp_path / "file").read_bytes() == body


CLOSED = [fds for count in (1, 2, 3) for fds in itertools.combinations((0, 1, 2), count)]


@pytest.mark.parametrize("command", ["get", "healthcheck"])
@pytest.mark.parametrize("fds", CLOSED, ids=lambda fds: "".join(map(str, fds)))
def test_closed_standard_descriptors_are_no_sockets(flavour, command, fds):
    def close():
        for fd in fds:
            os.close(fd)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        process = subprocess.Popen(
            [*hello.emulator(flavour), hello.binary(flavour), command, url],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=close,
        )
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(4096).startswith(b"GET / ")
            for fd in fds:
                assert os.readlink(f"/proc/{process.pid}/fd/{fd}") == "/dev/null"
            connection.sendall(response())
        process.communicate(timeout=hello.DEADLINE_S)
    assert process.returncode == (1 if command == "get" and 1 in fds else 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(flavour, number, tmp_path):
    path = tmp_path / "out"
    path.write_text("before")
    with Speaker(response(b"x" * 10)[:-5], hold=True) as speaker:
        process = subprocess.Popen([*hello.emulator(flavour), hello.binary(flavour), "get", "-o", path, speaker.url])
        hello.wait_until(lambda: len(os.listdir(tmp_path)) == 2)
        process.send_signal(number)
        assert process.wait(hello.DEADLINE_S) == -number
    assert os.listdir(tmp_path) == ["out"] and path.read_text() == "before"


@pytest.mark.parametrize("flavour", ["release"])
def test_a_body_of_any_size_is_streamed(flavour, tmp_path):
    """Half a gigabyte, in little memory."""
    piece = os.urandom(1 << 20)
    count = 512
    head = response(b"", fields=[f"Content-Length: {count << 20}"], length=False)
    path = tmp_path / "large"
    with Speaker([head, *[piece] * count]) as speaker:
        limit = ["prlimit", f"--as={8 << 20}"]
        command = [*limit, hello.binary(flavour), "get", "-o", path, speaker.url]
        assert subprocess.run(command, timeout=60).returncode == 0
    want = hashlib.sha256()
    for _ in range(count):
        want.update(piece)
    with open(path, "rb") as file:
        assert hashlib.file_digest(file, "sha256").digest() == want.digest()


# ---- time


def test_the_idle_timeout(flavour, tmp_path):
    with Speaker(response()[:-3], hold=True) as speaker:
        done = get(flavour, "-idle-timeout", "300ms", "-o", tmp_path / "x", speaker.url)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "timed out" in done.stderr
    assert os.listdir(tmp_path) == []


def test_the_timeout(flavour, tmp_path):
    with Speaker(response()[:-3], hold=True) as speaker:
        done = get(flavour, "-timeout", "300ms", "-o", tmp_path / "x", speaker.url)
    assert (done.returncode, done.stderr) == (1, "hello: get: timed out\n")
    assert os.listdir(tmp_path) == []


def test_connection_refused(flavour):
    with socket.socket() as bound:  # bound, so that no other process listens there
        bound.bind(("127.0.0.1", 0))
        done = get(flavour, f"http://127.0.0.1:{bound.getsockname()[1]}/")
    assert (done.returncode, done.stderr) == (1, 'hello: connect "127.0.0.1": Connection refused\n')
    done = get(flavour, "http://nothing.invalid/", timeout=60)
    assert done.returncode == 1 and done.stderr.startswith('hello: connect "nothing.invalid": ')


@pytest.mark.parametrize(
    "args",
    [
        [],
        ["ftp://x/"],
        ["x"],
        ["http://x/", "more"],
        ["http://x/", "-L"],
        ["-timeout", "soon", "http://x/"],
        ["-bogus", "http://x/"],
        ["http://u:p@x/"],
        ["http://x/a b"],
    ],
)
def test_wrong_usage(flavour, args):
    done = get(flavour, *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("hello: ")
