"""The sandbox of the release: what kills, what works in it, and kernels that lack a part of it."""

import errno
import functools
import os
import pathlib
import platform
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

import hello
import pytest

PROGRAMS = hello.ROOT / "build/release/sandbox"
# A test in an emulated machine has fewer.
STARTS = int(os.environ.get("STARTS", 50))
WORKERS = 4

# System call numbers; arm64 has no open(2).
NUMBERS = {
    "x86_64": dict(open=2, close=3, mmap=9, mprotect=10, socket=41, connect=42, getpid=39, bind=49,
                   execve=59, kill=62, prctl=157, openat=257, seccomp=317, getrandom=318, ioctl=16, truncate=76, renameat2=316, tkill=200),
    "aarch64": dict(close=57, mmap=222, mprotect=226, socket=198, connect=203, getpid=172, bind=200,
                    execve=221, kill=129, prctl=167, openat=56, seccomp=277, getrandom=278, ioctl=29, truncate=45, renameat2=276, tkill=130),
}.get(platform.machine(), {})
CLOSE, MMAP, MPROTECT, SOCKET, CONNECT, GETPID, BIND, EXECVE, KILL, PRCTL, OPENAT, SECCOMP, GETRANDOM = (
    NUMBERS.get(name)
    for name in ("close", "mmap", "mprotect", "socket", "connect", "getpid", "bind",
                 "execve", "kill", "prctl", "openat", "seccomp", "getrandom")
)
IOCTL, TRUNCATE, RENAMEAT2, TKILL = (NUMBERS.get(name) for name in ("ioctl", "truncate", "renameat2", "tkill"))
LANDLOCK = [444, 445, 446]
AT_FDCWD = -100
READ, WRITE_EXEC, EXEC = 1, 6, 4
PRIVATE_ANONYMOUS = 0x22
TCP4 = (socket.AF_INET, socket.SOCK_STREAM, 0)
PR_SET_NAME, PR_SET_NO_NEW_PRIVS = 15, 38
X32 = 0x40000000
LANDLOCK_SCOPE_SIGNAL = 2

needs_seccomp = pytest.mark.skipif(not hello.has_seccomp(), reason="no seccomp(2) here")
needs_landlock = pytest.mark.skipif(hello.landlock_abi() == 0, reason="no Landlock here")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can chroot")
pytestmark = pytest.mark.skipif(not NUMBERS, reason="inject and the system call numbers are for x86-64 and arm64")


@pytest.fixture
def flavour():
    """Only the release: the sanitizers' runtime needs more than the sandbox allows."""
    return "release"


def threads_of(process):
    return sorted(int(tid) for tid in os.listdir(f"/proc/{process.pid}/task"))


def status_of(process, tid):
    text = pathlib.Path(f"/proc/{process.pid}/task/{tid}/status").read_text()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


@functools.cache
def can_trace():
    """Whether inject may trace a process that waits."""
    with subprocess.Popen(["sleep", "60"]) as child:
        time.sleep(0.1)
        command = [PROGRAMS / "inject", str(child.pid), str(GETPID)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=hello.DEADLINE_S)
        child.kill()
    return "not permitted" not in done.stderr


def inject(process, call, tid=None):
    """Makes a thread execute a system call. Returns: ("returned", value) or ("killed", signal)."""
    deadline = time.monotonic() + hello.DEADLINE_S
    while True:
        thread = tid or threads_of(process)[-1]
        command = [PROGRAMS / "inject", str(thread), *map(str, call)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=hello.DEADLINE_S)
        # The thread was running, and waits again in a moment; or it was ending, which ptrace(2) refuses.
        again = "not in a system call" in done.stderr or ("not permitted" in done.stderr and can_trace())
        if not again or time.monotonic() > deadline:
            break
        time.sleep(0.01)
    if "ptrace: Operation not permitted" in done.stderr and not can_trace():
        pytest.skip("ptrace(2) is not allowed here")
    assert done.returncode == 0, done.stderr
    word, number = done.stdout.split()
    return word, int(number)


def exit_status(server):
    return server.process.wait(10)


def address4(port):
    """A struct sockaddr_in of the loopback for inject."""
    return "%" + (b"\x02\x00" + port.to_bytes(2, "big") + b"\x7f\x00\x00\x01" + bytes(8)).hex()


# ---- what kills ----------------------------------------------------------------------------

FORBIDDEN = {
    # name: a forbidden system call, and whether its value is right without a sandbox
    "openat": ((OPENAT, AT_FDCWD, "@/etc/passwd", 0), lambda value: value > 2),
    "socket": ((SOCKET, *TCP4), lambda value: value > 2),
    "connect": ((CONNECT, 3, address4(1), 16), lambda value: value == -errno.EISCONN),
    "execve": ((EXECVE, "@/nonexistent", 0, 0), lambda value: value == -errno.ENOENT),
    "mmap-wx": ((MMAP, 0, 4096, WRITE_EXEC | READ, PRIVATE_ANONYMOUS, -1, 0), lambda v: v > 0),
    "mprotect-x": ((MPROTECT, 0, 4096, EXEC), lambda value: value == -errno.ENOMEM),
    "kill": ((KILL, 1, 0), lambda value: value in (0, -errno.EPERM)),
}
if platform.machine() == "x86_64":
    FORBIDDEN["open"] = ((NUMBERS["open"], "@/etc/passwd", 0), lambda value: value > 2)
    FORBIDDEN["x32"] = ((X32 | GETPID,), lambda value: value == -errno.ENOSYS or value > 0)
AT_EVERY_START = ["openat", "connect", "execve", "mmap-wx"]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_without_the_sandbox_nothing_kills(start, name):
    """So the next tests measure the sandbox and not inject itself."""
    server = start("-sandbox", "off")
    call, expected = FORBIDDEN[name]
    word, value = inject(server.process, call)
    assert word == "returned" and expected(value), (word, value)
    assert server.ask("/").status == 200
    assert server.stop() == 0


@needs_seccomp
@pytest.mark.parametrize("name", AT_EVERY_START)
def test_a_forbidden_syscall_kills_at_every_start(name):
    for number in range(STARTS):
        server = hello.Server("release", "-threads", str(WORKERS))
        try:
            tids = threads_of(server.process)
            assert len(tids) >= WORKERS + 1
            for tid in tids:
                status = status_of(server.process, tid)
                assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), (number, tid)
            assert server.ask("/").status == 200
            # The main thread and each of the workers in turn.
            tid = tids[number % len(tids)]
            killed = inject(server.process, FORBIDDEN[name][0], tid)
            assert killed == ("killed", signal.SIGSYS), number
            assert exit_status(server) == -signal.SIGSYS
        finally:
            server.process.kill()
            server.process.wait()
            server.reports.cleanup()


@needs_seccomp
@pytest.mark.parametrize("name", [name for name in FORBIDDEN if name not in AT_EVERY_START])
def test_other_forbidden_syscalls_kill(name):
    server = hello.Server("release")
    try:
        assert inject(server.process, FORBIDDEN[name][0]) == ("killed", signal.SIGSYS)
        assert exit_status(server) == -signal.SIGSYS
    finally:
        server.process.kill()
        server.process.wait()
        server.reports.cleanup()


@needs_seccomp
def test_naming_a_thread_does_not_kill(start):
    server = start()
    assert inject(server.process, (PRCTL, PR_SET_NAME, "@x")) == ("returned", -errno.EPERM)
    assert server.ask("/").status == 200


@needs_seccomp
def test_a_failed_assertion_ends_with_sigabrt():
    """abort(3) sends itself this signal, and no other is allowed."""
    for number, killed_by in (signal.SIGABRT, signal.SIGABRT), (signal.SIGTERM, signal.SIGSYS):
        server = hello.Server("release")
        try:
            tid = threads_of(server.process)[-1]
            inject(server.process, (TKILL, tid, int(number)), tid)
            assert exit_status(server) == -killed_by
        finally:
            server.process.kill()
            server.process.wait()
            server.reports.cleanup()


# ---- what works in it ---------------------------------------------------------------------------


ROUTES = ["/", "/magazine/vogue", "/magazine", "/healthz", "/readyz", "/version", "/whoami"]


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize("log", ["text", "json", "off"])
def test_everything_is_served_in_it(start, log):
    server = start("-sandbox", "require", "-log", log, "-idle-timeout", "300ms")
    with server.connect() as connection:
        for route in [*ROUTES, "/metrics"]:
            assert connection.ask(route).status in (200, 301)
        assert connection.ask("/", "POST", body=b"x" * 100_000).status == 200
        connection.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2000000\r\n\r\n")
        assert connection.read_response().status == 413
    for number in (signal.SIGHUP, signal.SIGCHLD, signal.SIGSTOP, signal.SIGCONT):
        server.send_signal(number)
    with server.connect() as idle:
        assert idle.is_closed_by_peer(5), "the timeout's shutdown(2)"
    assert server.ask("/").status == 200
    for tid in threads_of(server.process):
        status = status_of(server.process, tid)
        assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1"), tid
    assert "Sandbox" not in server.log(), "a complete sandbox logs nothing"
    assert server.stop() == 0


@needs_seccomp
@needs_landlock
def test_responses_are_the_same_in_it(start):
    inside, outside = (start("-sandbox", mode) for mode in ("require", "off"))
    for route in ROUTES:
        responses = [server.ask(route) for server in (inside, outside)]
        # What differs between two servers and two requests.
        bodies = [re.sub(rb'"remote":"[^"]*"', b"", response.body) for response in responses]
        assert responses[0].status == responses[1].status
        assert bodies[0] == bodies[1], route
        assert responses[0].headers.keys() == responses[1].headers.keys(), route


# ---- kernels and engines that lack a layer -----------------------------------------------------------

NO_LANDLOCK = [f"{number}={errno.ENOSYS}" for number in LANDLOCK]
REFUSALS = {
    # name: the system calls that fail, and the beginning of the log line
    "kernel-without-landlock": (NO_LANDLOCK, "Landlock is missing: Function not implemented"),
    "landlock-off-at-boot": (
        [f"{number}={errno.EOPNOTSUPP}" for number in LANDLOCK],
        "Landlock is missing: Not supported",
    ),
    "engine-without-landlock": (
        [f"{number}={errno.EPERM}" for number in LANDLOCK],
        "Landlock is missing: Operation not permitted",
    ),
    "landlock-refuses-at-the-end": (
        [f"{LANDLOCK[2]}={errno.E2BIG}"],
        "Landlock is missing: Argument list too long",
    ),
    "no-seccomp": ([f"{SECCOMP}={errno.EINVAL}"], "seccomp is missing: Invalid argument"),
    "neither": (
        [*NO_LANDLOCK, f"{SECCOMP}={errno.EINVAL}"],
        "Landlock and seccomp are missing: Function not implemented",
    ),
    "nothing-at-all": (
        [f"{PRCTL}:0:{PR_SET_NO_NEW_PRIVS}={errno.EINVAL}", *NO_LANDLOCK, f"{SECCOMP}={errno.EINVAL}"],
        "no_new_privs, Landlock and seccomp are missing: Invalid argument",
    ),
}


def refuse(refusals):
    """The command line in front of the server's."""
    if isinstance(refusals, int):
        return [str(PROGRAMS / "refuse_scope"), str(refusals)]
    return [str(PROGRAMS / "refuse"), *refusals, "--"]


class Refused(hello.Server):
    """A server for which chosen system calls fail."""

    def __init__(self, refusals, *args):
        self.refusals = refuse(refusals)
        super().__init__("release", *args)

    def command(self, *args):
        return [*self.refusals, *super().command(*args)]


@pytest.fixture
def start_refused():
    servers = []

    def start_server(*args):
        servers.append(Refused(*args))
        return servers[-1]

    yield start_server
    for server in servers:
        try:
            server.stop()
        finally:
            print(server.log()[-4000:])
            server.reports.cleanup()


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize("log", ["text", "json"])
@pytest.mark.parametrize("name", REFUSALS)
def test_auto_serves_and_logs_what_is_missing(start_refused, name, log):
    refusals, line = REFUSALS[name]
    server = start_refused(refusals, "-log", log)
    logged = [text for text in server.log().splitlines() if "Sandbox" in text]
    assert len(logged) == 1 and f"Sandbox: {line}." in logged[0], server.log()
    assert "Sandbox" in server.log().splitlines()[0], "before the line 'Server at'"
    assert server.ask("/").status == 200
    assert server.stop() == 0


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize("name", REFUSALS)
def test_require_does_not_serve(name):
    refusals, line = REFUSALS[name]
    done = subprocess.run(
        [*refuse(refusals), hello.binary("release"),
         "-addr", "127.0.0.1:0", "-sandbox", "require"],
        env=hello.clean_environment(),
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f'hello: -sandbox "require": {line}; '
        "the kernel or the container engine refuses it; -sandbox auto serves without it\n"
    )


@needs_seccomp
@pytest.mark.parametrize("name", ["no-seccomp", "nothing-at-all"])
def test_off_logs_nothing(start_refused, name):
    server = start_refused(REFUSALS[name][0], "-sandbox", "off")
    assert server.ask("/").status == 200
    assert "Sandbox" not in server.log()


@needs_seccomp
@pytest.mark.skipif(hello.landlock_abi() < 6, reason="Landlock has no scopes before ABI 6")
@pytest.mark.parametrize("mode", ["auto", "require"])
def test_a_kernel_that_announces_a_right_and_refuses_it(start_refused, mode):
    """Red Hat's 5.14 kernels announce Landlock ABI 6 and refuse SCOPE_SIGNAL with EINVAL."""
    server = start_refused(LANDLOCK_SCOPE_SIGNAL, "-sandbox", mode)
    logged = [text for text in server.log().splitlines() if "Sandbox" in text]
    assert len(logged) == 1 and logged[0].endswith("Sandbox: Landlock lacks SCOPE_SIGNAL.")
    assert server.ask("/").status == 200
    assert server.stop() == 0


@needs_seccomp
def test_a_kernel_without_the_speculation_flag(start_refused):
    """seccomp(2) returns EINVAL for an unknown flag: gVisor, and Linux before 4.17."""
    all_threads, speculate = 1, 4
    refusal = f"{SECCOMP}:1:{all_threads | speculate}={errno.EINVAL}"
    server = start_refused([refusal], "-threads", str(WORKERS))
    assert "seccomp" not in server.log()
    for tid in threads_of(server.process):
        assert status_of(server.process, tid)["Seccomp_filters"].strip() == "2"
    assert inject(server.process, FORBIDDEN["socket"][0]) == ("killed", signal.SIGSYS)
    assert exit_status(server) == -signal.SIGSYS


# ---- Landlock alone: the service without seccomp --------------------------------


@needs_seccomp
@needs_landlock
def test_landlock_refuses_files(start_refused, tmp_path):
    new = tmp_path / "new"
    process = start_refused(REFUSALS["no-seccomp"][0]).process
    for tid in threads_of(process):
        for call in [
            (OPENAT, AT_FDCWD, "@/etc/passwd", 0),
            (OPENAT, AT_FDCWD, "@/", os.O_RDONLY | os.O_DIRECTORY),
            (OPENAT, AT_FDCWD, f"@{new}", os.O_WRONLY | os.O_CREAT, 0o600),
            (EXECVE, "@/bin/true", 0, 0),
        ]:
            assert inject(process, call, tid) == ("returned", -errno.EACCES), call
    assert not new.exists()


@needs_seccomp
@pytest.mark.skipif(hello.landlock_abi() < 4, reason="Landlock has no TCP before ABI 4")
def test_landlock_refuses_tcp(start_refused):
    server = start_refused(REFUSALS["no-seccomp"][0])
    _, made = inject(server.process, (SOCKET, *TCP4))
    assert made > 2
    for number, port in [(CONNECT, server.port), (BIND, 0)]:
        called = inject(server.process, (number, made, address4(port), 16))
        assert called == ("returned", -errno.EACCES), number
    assert inject(server.process, (CLOSE, made)) == ("returned", 0)
    assert server.ask("/").status == 200


# System calls that succeed outside the sandbox, each for a right.
def truncate(directory):
    return TRUNCATE, f"@{directory}/file", 0


def rename(directory):
    return RENAMEAT2, AT_FDCWD, f"@{directory}/file", AT_FDCWD, f"@{directory}/other/file", 0


def signal_the_test(_):
    return KILL, os.getpid(), 0


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize(
    "abi, call, errnum",
    [(1, rename, errno.EACCES), (3, truncate, errno.EACCES), (6, signal_the_test, errno.EPERM)],
    ids=["REFER", "TRUNCATE", "SCOPE_SIGNAL"],
)
def test_landlock_refuses_by_other_rights(start, start_refused, tmp_path, abi, call, errnum):
    if hello.landlock_abi() < abi:
        pytest.skip(f"Landlock has no such right before ABI {abi}")
    (tmp_path / "other").mkdir()
    for server, value in (start("-sandbox", "off"), 0), (start_refused(REFUSALS["no-seccomp"][0]), -errnum):
        (tmp_path / "file").write_text("text")
        for tid in threads_of(server.process):
            if value != 0 or tid == server.process.pid:
                assert inject(server.process, call(tmp_path), tid) == ("returned", value)
    assert (tmp_path / "file").read_text() == "text"


@needs_seccomp
@pytest.mark.skipif(hello.landlock_abi() < 6, reason="Landlock has no scopes before ABI 6")
def test_landlock_refuses_abstract_sockets(start, start_refused):
    name = f"\0hello-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        address = b"\x01\x00" + name.encode()
        for server, value in (start("-sandbox", "off"), 0), (start_refused(REFUSALS["no-seccomp"][0]), -errno.EPERM):
            word, made = inject(server.process, (SOCKET, socket.AF_UNIX, socket.SOCK_STREAM, 0))
            assert word == "returned" and made > 2
            called = inject(server.process, (CONNECT, made, "%" + address.hex(), len(address)))
            assert called == ("returned", value)
            assert inject(server.process, (CLOSE, made)) == ("returned", 0)


@pytest.mark.skipif(hello.landlock_abi() < 5, reason="Landlock has no IOCTL_DEV before ABI 5")
def test_landlock_refuses_ioctl_on_devices(probe):
    """A device that could be opened, because a certificate lies beside it."""
    rndgetentcnt = 0x80045200  # random(4)
    for args, value in ((), 0), (("-files", "-reread", "/dev/cert.pem"), -errno.EACCES):
        process = probe(*args)
        fd = process.call(OPENAT, AT_FDCWD, "@/dev/urandom", os.O_RDONLY)
        assert fd > 2
        assert process.call(IOCTL, fd, rndgetentcnt, "@xxxxxxxx") == value


# ---- files that are read again ------------------------------------------------------------


class Probe:
    """A process in the same sandbox that makes the system calls it is given."""

    def __init__(self, *args, command=(PROGRAMS / "probe",), **popen):
        self.process = subprocess.Popen(
            [*command, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **popen,
        )
        self.first_line = self.process.stdout.readline().strip()

    def call(self, *call):
        """Returns: the kernel's value; None when the call killed the process."""
        self.process.stdin.write(" ".join(map(str, call)) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return int(line) if line else None

    def opens(self, path, flags=0):
        fd = self.call(OPENAT, AT_FDCWD, f"@{path}", flags)
        if fd is not None and fd >= 0:
            assert self.call(CLOSE, fd) == 0
            return True
        assert fd in (None, -errno.EACCES, -errno.ENOENT), fd
        return False

    def end(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(10)


@pytest.fixture
def probe():
    probes = []

    def start_probe(*args, **kwargs):
        probes.append(Probe(*map(str, args), **kwargs))
        assert probes[-1].first_line == "ready"
        return probes[-1]

    yield start_probe
    for each in probes:
        each.process.kill()
        each.process.wait()
        each.process.stdin.close()
        each.process.stdout.close()


@needs_seccomp
@pytest.mark.skipif(hello.landlock_abi() < 6, reason="Landlock has no scopes before ABI 6")
def test_the_other_rights_hold_where_one_is_refused():
    """The probe restricts no system calls: what fails here, Landlock denies."""
    command = [*refuse(LANDLOCK_SCOPE_SIGNAL), str(PROGRAMS / "probe")]
    process = Probe("-files", command=command)
    try:
        assert process.first_line == "ready"
        assert not process.opens("/etc/passwd")
        assert process.call(KILL, os.getpid(), 0) == 0, "the refused right does not hold"
    finally:
        assert process.end() == 0


def enter(root):
    """For a process that starts: it has this directory as its root, and is there."""
    def enter_root():
        os.chroot(root)
        os.chdir("/")

    return enter_root


def write_text(directory):
    (directory / "tls.crt").write_text("certificate")
    return ["tls.crt"]


def kubernetes_volume(directory, write=write_text):
    """A volume as the kubelet makes it. Returns: a function that renews it."""
    directory.mkdir()
    generations = iter(range(1000))
    current = directory / "..data"

    def renew():
        old = current.resolve() if current.is_symlink() else None
        new = directory / f"..2026_11_23_{next(generations)}"
        new.mkdir()
        names = write(new)
        link = directory / "..data_tmp"
        link.symlink_to(new.name)
        link.rename(current)
        if old is not None:
            shutil.rmtree(old)
        return names

    for name in renew():
        (directory / name).symlink_to(f"..data/{name}")
    return renew


def write_certificate(directory):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", directory / "tls.key", "-out", directory / "tls.crt"],
        check=True,
        capture_output=True,
    )
    return ["tls.crt", "tls.key"]


def served_certificate(server):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with context.wrap_socket(plain) as secured:
            return secured.getpeercert(binary_form=True)


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize("log", ["text", "json"])
def test_https_reloads_its_certificate_in_it(start, tmp_path, log):
    volume = tmp_path / "certs"
    renew = kubernetes_volume(volume, write_certificate)
    files = ("-tls-cert", str(volume / "tls.crt"), "-tls-key", str(volume / "tls.key"))
    server = start("-sandbox", "require", "-log", log, *files, tls=True)
    seen = {served_certificate(server)}
    for count in (1, 2):
        renew()
        server.send_signal(signal.SIGHUP)
        server.log_lines("Certificate and key reloaded", count)
        seen.add(served_certificate(server))
    assert len(seen) == 3
    (volume / "..data/tls.key").write_text("nonsense")
    server.send_signal(signal.SIGHUP)
    server.log_lines("certificate is unchanged", 1)
    assert served_certificate(server) in seen
    assert server.stop() == 0


@needs_seccomp
@needs_landlock
def test_https_with_a_self_signed_certificate_opens_no_file(start):
    server = start("-sandbox", "require", "-tls-self-signed", "-log", "json", tls=True)
    assert server.ask("/whoami").status == 200
    server.send_signal(signal.SIGHUP)
    server.log_lines("reloaded", 1)
    assert server.ask("/").status == 200
    assert server.stop() == 0


@needs_seccomp
def test_a_forbidden_syscall_kills_over_https_too():
    server = hello.Server("release", "-tls-self-signed", tls=True)
    try:
        assert server.ask("/").status == 200
        assert inject(server.process, FORBIDDEN["openat"][0]) == ("killed", signal.SIGSYS)
        assert exit_status(server) == -signal.SIGSYS
    finally:
        server.process.kill()
        server.process.wait()
        server.reports.cleanup()


@needs_seccomp
@needs_landlock
@pytest.mark.parametrize("name", ["tls.crt", "..data/tls.crt"])
def test_a_renewed_volume_is_read_again(probe, tmp_path, name):
    renew = kubernetes_volume(tmp_path / "certs")
    (tmp_path / "other").write_text("secret")
    path = tmp_path / "certs" / name
    process = probe("-files", "-syscalls", "-reread", path)
    assert process.opens(path, os.O_CLOEXEC)
    for _ in range(3):
        renew()
        assert process.opens(path)
    assert not process.opens(tmp_path / "other")
    assert not process.opens("/etc/passwd")
    assert process.end() == 0


@needs_seccomp
@needs_landlock
def test_links_into_an_archive_are_read_again(probe, tmp_path):
    """As certbot lays them out: live/NAME/cert.pem -> ../../archive/NAME/cert1.pem."""
    for directory in ("live", "archive", "beside"):
        (tmp_path / directory).mkdir()
        for number in (1, 2):
            (tmp_path / directory / f"cert{number}.pem").write_text("certificate")
    path = tmp_path / "live/cert.pem"
    path.symlink_to("../archive/cert1.pem")
    process = probe("-files", "-syscalls", "-reread", path)
    assert process.opens(path)
    path.unlink()
    path.symlink_to("../archive/cert2.pem")
    assert process.opens(path)
    assert not process.opens(tmp_path / "beside/cert1.pem")


@needs_seccomp
@needs_landlock
def test_a_relative_path_and_a_missing_file(probe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cert.pem").write_text("certificate")
    process = probe("-files", "-syscalls", "-reread", "cert.pem", "-reread", "none/at/all.pem")
    assert process.opens("cert.pem")
    assert not process.opens("none/at/all.pem")
    assert not process.opens("/etc/passwd")


@needs_seccomp
@needs_landlock
def test_a_link_in_the_root_does_not_open_everything(probe):
    """/bin is such a link where /usr is merged; it must not make the root readable."""
    process = probe("-files", "-syscalls", "-reread", "/bin/true")
    assert process.opens("/bin/true")
    assert not process.opens("/etc/passwd")


@needs_seccomp
@needs_landlock
@needs_root
@pytest.mark.parametrize(
    "name", ["/cert.pem", "cert.pem", "//cert.pem", "/./cert.pem", "/etc/../cert.pem", "/self/cert.pem", "/link.pem"]
)
def test_a_file_in_the_root_does_not_open_everything(probe, tmp_path, name):
    """The usual place in an image that is built from scratch."""
    shutil.copy(PROGRAMS / "probe", tmp_path)
    (tmp_path / "etc").mkdir()
    for file in ("cert.pem", "secret", "etc/secret"):
        (tmp_path / file).write_text("text")
    (tmp_path / "self").symlink_to("/")
    (tmp_path / "link.pem").symlink_to("cert.pem")
    process = probe("-files", "-syscalls", "-reread", name, command=("/probe",), preexec_fn=enter(tmp_path))
    assert process.opens(name)
    for other in ("/secret", "/etc/secret", "/probe", "/", "/etc"):
        assert not process.opens(other), other
    (tmp_path / "cert.pem").write_text("in place")
    assert process.opens(name)
    (tmp_path / "secret").rename(tmp_path / "cert.pem")
    assert not process.opens(name)
    assert process.end() == 0


@needs_seccomp
@needs_landlock
@needs_root
def test_a_directory_as_a_file_opens_nothing(probe, tmp_path):
    shutil.copy(PROGRAMS / "probe", tmp_path)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/secret").write_text("text")
    for name in ("/", "/etc", "."):
        process = probe("-files", "-syscalls", "-reread", name, command=("/probe",), preexec_fn=enter(tmp_path))
        assert not process.opens("/etc/secret"), name


@needs_seccomp
@needs_landlock
@needs_root
@pytest.mark.parametrize("log", ["text", "json"])
def test_a_reload_of_files_in_the_root(start, tmp_path, monkeypatch, log):
    for directory in (tmp_path / "root", tmp_path / "new"):
        directory.mkdir()
        write_certificate(directory)
    root, new = tmp_path / "root", tmp_path / "new"
    shutil.copy(hello.binary("release"), root / "hello")
    monkeypatch.setattr(hello, "binary", lambda _: "/hello")
    files = ("-tls-cert", "/tls.crt", "-tls-key", "/tls.key")
    server = start("-sandbox", "require", "-log", log, *files, tls=True, preexec_fn=enter(root))
    first = served_certificate(server)
    lines = [line for line in server.log().splitlines() if "Sandbox" in line]
    assert len(lines) == 1 and "certificate files in /" in lines[0], lines
    assert inject(server.process, (OPENAT, AT_FDCWD, "@/hello", 0)) == ("returned", -errno.EACCES)
    for name in ("tls.crt", "tls.key"):
        (root / name).write_bytes((new / name).read_bytes())
    server.send_signal(signal.SIGHUP)
    server.log_lines("Certificate and key reloaded", 1)
    second = served_certificate(server)
    assert first != second
    for name in ("tls.crt", "tls.key"):
        (new / name).rename(root / name)
    server.send_signal(signal.SIGHUP)
    server.log_lines("certificate is unchanged", 1)
    assert "Permission denied" in server.log()
    assert served_certificate(server) == second
    assert server.stop() == 0


@needs_landlock
def test_landlock_allows_reading_and_nothing_else(probe, tmp_path):
    path, new = tmp_path / "cert.pem", tmp_path / "new"
    path.write_text("certificate")
    program = tmp_path / "program"
    shutil.copy("/bin/true", program)
    process = probe("-files", "-reread", path)
    assert process.opens(path)
    assert process.opens(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    for flags in (os.O_WRONLY, os.O_RDWR):
        assert not process.opens(path, flags), flags
    assert process.call(OPENAT, AT_FDCWD, f"@{new}", os.O_WRONLY | os.O_CREAT, 0o600) == -errno.EACCES
    assert process.call(EXECVE, f"@{program}", 0, 0) == -errno.EACCES
    assert process.end() == 0
    assert (path.read_text(), new.exists()) == ("certificate", False)


@needs_seccomp
@pytest.mark.parametrize(
    "flags", [os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_APPEND, os.O_PATH, os.O_DIRECTORY]
)
def test_seccomp_allows_opening_read_only(probe, tmp_path, flags):
    path = tmp_path / "cert.pem"
    path.write_text("certificate")
    process = probe("-syscalls", "-reread", path)
    assert process.opens(path)
    assert process.call(OPENAT, AT_FDCWD, f"@{path}", flags, 0o600) is None
    assert process.end() == -signal.SIGSYS


@needs_seccomp
def test_the_entry_of_32_bit_programs_kills(probe):
    getpid_of_i386 = 20
    outside = probe()
    if outside.call("i386", getpid_of_i386) != outside.process.pid:
        pytest.skip("the kernel has no such entry (CONFIG_IA32_EMULATION)")
    assert outside.end() == 0
    inside = probe("-syscalls")
    assert inside.call("i386", getpid_of_i386) is None
    assert inside.end() == -signal.SIGSYS


@needs_seccomp
def test_random_numbers_are_for_https(probe):
    assert probe("-syscalls", "-tls").call(GETRANDOM, "@xxxxxxxx", 8, 0) == 8
    without = probe("-syscalls")
    assert without.call(GETRANDOM, "@xxxxxxxx", 8, 0) is None
    assert without.end() == -signal.SIGSYS


# ---- the documentation -------------------------------------------------------------


def test_the_table_in_the_documentation_matches_the_source():
    source = (hello.ROOT / "src/sandbox/seccomp.c").read_text()
    table = source.split("static const struct rule rules[] = {", 1)[1].split("\n};", 1)[0]
    rows = re.findall(
        r"\b(?:ALLOW|ALLOW_IF|FAIL)\((\w+),\s*([A-Z_ |]+)(.*?)\),\s*/\* (.*?) \*/", table, re.S
    )
    assert len(rows) == len(re.findall(r"\b(?:ALLOW|ALLOW_IF|FAIL)\(", table)) > 35
    document = (hello.ROOT / "docs/sandbox.md").read_text()
    document = document.split("## Allowed system calls")[1].split("\n## ")[0]
    documented = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", document, re.M)
    needs_names = {"ALWAYS": "always", "TLS": "HTTPS", "REREAD": "certificates"}
    expected = [
        (name, " or ".join(needs_names[need] for need in needs.split(" | ")), reason)
        for name, needs, _, reason in rows
    ]
    assert documented == expected


def test_the_landlock_rights_in_the_documentation_match_the_source():
    source = (hello.ROOT / "src/sandbox/landlock.c").read_text()
    rows = re.findall(r'^\t\{"([A-Z_]+)", (\d+),', source, re.M)
    assert len(rows) >= 8
    document = (hello.ROOT / "docs/sandbox.md").read_text().split("## Landlock rights")[1]
    assert re.findall(r"^\| `([A-Z_]+)` \| (\d+) \|", document, re.M) == rows
