"""Starts the real binary and talks to it over real sockets."""

import ctypes
import errno
import http.client
import io
import os
import pathlib
import platform
import re
import select
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Only ends a test that hangs, on a machine however slow and busy.
DEADLINE_S = 60
# How the binary of a flavour is started, where it is not by its name alone.
VALGRIND = ["valgrind", "--track-fds=yes", "--leak-check=full", "--errors-for-leak-kinds=definite"]


def wait_until(condition, seconds=DEADLINE_S):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.01)


def binary(flavour):
    return ROOT / "build" / flavour / "hello"


def copy_sources(directory, *patterns):
    """Copies the files that are committed, or about to be; patterns: git's, of some of them."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z", "--", *patterns], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    for name in listed.stdout.strip("\0").split("\0"):
        if (ROOT / name).is_file():
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, directory / name)


def copy_for_others(flavour, directory):
    """The binary, copied to the directory, which other users may enter then: the project may be closed to them."""
    copy = directory / "hello"
    shutil.copy(binary(flavour), copy)
    copy.chmod(0o755)
    for at in (directory, *directory.parents):
        mode = stat.S_IMODE(at.stat().st_mode)
        if not mode & stat.S_IXOTH:
            at.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)
    return copy


def command(flavour, reports):
    """What starts the binary of a flavour; reports: a directory for its findings."""
    if flavour == "valgrind":
        return [*VALGRIND, f"--log-file={reports}/valgrind.%p", binary(flavour)]
    return [*emulator(flavour), binary(flavour)]


def emulator(flavour):
    """What runs the binaries of build/arm64 elsewhere; tests/arm64/emulated.txt lists what it cannot do."""
    return ["qemu-aarch64-static"] if flavour.startswith("arm64/") and platform.machine() != "aarch64" else []


def findings(reports):
    """What a sanitizer or valgrind complained of; empty if it is content."""
    found = [path.read_text(errors="replace") for path in reports.glob("sanitizer*")]
    for path in reports.glob("valgrind*"):
        text = re.sub(r"^==\d+== ?", "", path.read_text(errors="replace"), flags=re.MULTILINE)
        left_open = re.findall(r"^Open .*\n(?!\s+<inherited from parent>)", text, re.MULTILINE)
        if "ERROR SUMMARY: 0 errors" not in text or left_open:
            found.append(text)
    return found


def clean_environment(**extra):
    """The environment without what would configure the service."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("HELLO_") and k != "PORT"}
    env.update(extra)
    return env


def landlock_abi():
    """0 where the kernel has none, or something outside refuses it (landlock(7))."""
    return max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))


def has_seccomp():
    """A filter at no address is a bad address, where filters are known (seccomp(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = {"x86_64": 317, "aarch64": 277}.get(platform.machine(), -1)
    return libc.syscall(number, 1, 1, None) != 0 and ctypes.get_errno() == errno.EFAULT


def sandbox_of(flavour):
    """
    The sandbox is for the release. The sanitizers' runtime makes threads, opens files and maps
    code when it has something to report, and a report must not end in a SIGSYS.
    """
    return {} if flavour in ("release", "minimal") else {"HELLO_SANDBOX": "off"}


def run(flavour, *args, env=None, timeout=DEADLINE_S, **kwargs):
    """Runs the binary to its end; returns a CompletedProcess with text output."""
    return subprocess.run(
        [*emulator(flavour), binary(flavour), *args],
        env=clean_environment(**{**sandbox_of(flavour), **(env or {})}),
        capture_output=True,
        text=True,
        timeout=timeout,
        **kwargs,
    )


class Response:
    """One parsed response."""

    def __init__(self, response, body):
        self.status = response.status
        self.reason = response.reason
        self.version = {10: "HTTP/1.0", 11: "HTTP/1.1"}[response.version]
        self.headers = response.headers
        self.body = body

    def __repr__(self):
        return f"<{self.status} {dict(self.headers)} {self.body!r}>"


class _FixedFile:
    """Makes a buffered reader look like a socket to http.client."""

    def __init__(self, reader):
        self.reader = reader

    def makefile(self, _mode):
        return self.reader


class _NonClosing(io.BufferedReader):
    """http.client closes its file after a response; the next one needs it open."""

    def close(self):
        pass


def trusting_context():
    """TLS for a client that takes any certificate: these tests are of what comes after."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """A raw client connection: bytes out, parsed responses in. With an SSLContext over TLS."""

    def __init__(self, port, host="127.0.0.1", timeout=DEADLINE_S, context=None):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.reader = _NonClosing(socket.SocketIO(self.socket, "r"))

    def send(self, data):
        self.socket.sendall(data)

    def read_response(self, method="GET"):
        response = http.client.HTTPResponse(_FixedFile(self.reader), method=method)
        response.begin()
        return Response(response, response.read())

    def ask(self, target, method="GET", headers=(), body=b"", version="HTTP/1.1"):
        lines = [f"{method} {target} {version}".encode("latin-1")]
        fields = list(headers)
        if version == "HTTP/1.1" and not any(k.lower() == "host" for k, _ in fields):
            fields.insert(0, ("Host", "test"))
        if body:
            fields.append(("Content-Length", str(len(body))))
        lines += [f"{k}: {v}".encode("latin-1") for k, v in fields]
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        return self.read_response(method)

    def is_readable(self, seconds):
        """True once the peer has sent something or closed; False after `seconds` without."""
        poll = select.poll()  # select() knows no descriptor above 1023
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def is_closed_by_peer(self, seconds):
        """True once the peer has closed; False if it is still open after `seconds`."""
        if isinstance(self.socket, ssl.SSLSocket):
            return self._is_tls_closed_by_peer(seconds)
        if not self.is_readable(seconds):
            return False
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except ConnectionError:
            return True

    def _is_tls_closed_by_peer(self, seconds):
        before = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except (ConnectionError, ssl.SSLError):
            return True
        finally:
            self.socket.settimeout(before)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server:
    """A running `hello serve` on a free port of the loopback; with tls=True HTTPS alone."""

    def __init__(
        self, flavour, *args, env=None, addr="127.0.0.1:0", tls=False, sanitizer="", **popen
    ):
        self.flavour = flavour
        self.context = trusting_context() if tls else None
        self.reports = tempfile.TemporaryDirectory(prefix="hello-test-")
        self.log_path = pathlib.Path(self.reports.name) / "stderr"
        # In quotes, because a blank or a colon of TMPDIR would end the option.
        report = f"log_path='{self.reports.name}/sanitizer':abort_on_error=0"
        environment = clean_environment(
            ASAN_OPTIONS=report + ":detect_stack_use_after_return=1:" + sanitizer,
            UBSAN_OPTIONS=report + ":print_stacktrace=1",
            TSAN_OPTIONS=f"{report}:second_deadlock_stack=1:suppressions='{ROOT}/tests/tsan.supp'",
            **{**sandbox_of(flavour), **(env or {})},
        )
        if tls:
            own = ["-addr", "", "-tls-addr", addr]
            if "-tls-cert" not in args:
                own += ["-tls-self-signed"]
        else:
            own = ["-addr", addr] if addr is not None else []
        with open(self.log_path, "wb") as log:
            popen.setdefault("stderr", log)
            self.process = subprocess.Popen(self.command(*own, *args), env=environment, **popen)
        self.port = self._wait_for_port()

    def command(self, *args):
        return [*command(self.flavour, self.reports.name), "serve", *args]

    def _wait_for_port(self):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            found = re.search(r"Server at https?://localhost:(\d+)\.", self.log())
            if found:
                return int(found.group(1))
            if self.process.poll() is not None:
                raise AssertionError(f"exited with {self.process.returncode}: {self.log()}")
            time.sleep(0.01)
        self.process.kill()
        raise AssertionError(f"not ready after {DEADLINE_S} s: {self.log()}")

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_lines(self, pattern, count, seconds=DEADLINE_S):
        """The lines that match, once there are `count` of them."""
        deadline = time.monotonic() + seconds
        while True:
            lines = [line for line in self.log().splitlines() if re.search(pattern, line)]
            if len(lines) >= count:
                return lines
            assert time.monotonic() < deadline, f"{pattern}: want {count} of\n{self.log()}"
            time.sleep(0.01)

    def connect(self, **kwargs):
        kwargs.setdefault("context", self.context)
        return Connection(self.port, **kwargs)

    def ask(self, target, method="GET", **kwargs):
        with self.connect() as connection:
            return connection.ask(target, method, **kwargs)

    def metrics(self):
        """The samples of /metrics by name and labels."""
        text = self.ask("/metrics").body.decode()
        pairs = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def send_signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, timeout=DEADLINE_S):
        """Ends it; returns the exit status after checking that no sanitizer complained."""
        if self.process.poll() is None:
            self.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=DEADLINE_S):
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"still running {timeout} s after its signal: {self.log()}")
        complaints = findings(pathlib.Path(self.reports.name))
        assert not complaints, complaints[0]
        return status
