"""The memory of running processes: what the header of a binary promises must be so in /proc/PID/maps."""

import contextlib
import errno
import os
import pathlib
import platform
import re
import signal
import socket
import subprocess
import typing

import pytest

import hello
import test_binary

PAGE = os.sysconf("SC_PAGESIZE")
REFUSE = hello.ROOT / "build/release/sandbox/refuse"
MPROTECT = {"x86_64": 10, "aarch64": 226}.get(platform.machine())


@pytest.fixture(params=["release", "minimal"])
def flavour(request):
    return request.param


class Mapping(typing.NamedTuple):
    start: int
    end: int
    permissions: str
    offset: int
    name: str


def mappings(pid):
    """proc_pid_maps(5)"""
    rows = re.findall(
        r"^([0-9a-f]+)-([0-9a-f]+) (\S+) ([0-9a-f]+) \S+ \d+ *(.*)$",
        pathlib.Path(f"/proc/{pid}/maps").read_text(), re.M,
    )
    return [Mapping(int(start, 16), int(end, 16), permissions, int(offset, 16), name)
            for start, end, permissions, offset, name in rows]


def base_of(flavour, maps):
    """Where the address 0 of the binary lies."""
    (first,) = [each.start for each in maps if each.name == str(hello.binary(flavour)) and each.offset == 0]
    return first


@contextlib.contextmanager
def waiting(flavour, command):
    """The pid of a command while it waits: serve for a client, the others for a response."""
    if command == "serve":
        server = hello.Server(flavour)
        try:
            yield server.process.pid
        finally:
            server.stop()
            server.reports.cleanup()
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        process = subprocess.Popen([hello.binary(flavour), command, "-timeout", "60s", url])
        try:
            connection, _ = listener.accept()
            with connection:
                yield process.pid
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize("command", ["serve", "get", "healthcheck"])
def test_relocated_data_is_read_only(flavour, command):
    """musl's start code does not do it for a static PIE; its dynamic loader would."""
    ((_, _, start, end),) = [s for s in test_binary.segments(hello.binary(flavour)) if s[0] == "GNU_RELRO"]
    with waiting(flavour, command) as pid:
        maps = mappings(pid)
    start, end = base_of(flavour, maps) + start, base_of(flavour, maps) + end
    assert end % PAGE == 0, "the last page would stay writable"
    covering = [each for each in maps if each.start < end and each.end > start]
    assert sum(min(each.end, end) - max(each.start, start) for each in covering) == end - start
    assert {each.permissions for each in covering} == {"r--p"}, covering


def test_nothing_is_writable_and_executable(flavour):
    """Neither what the binary brings nor what the kernel, malloc and threads add."""
    with waiting(flavour, "serve") as pid:
        maps = mappings(pid)
    assert [each for each in maps if each.name == "[stack]"]
    assert not [each for each in maps if "w" in each.permissions and "x" in each.permissions]
    # The code: of the binary, and the kernel's vdso.
    executable = {each.name for each in maps if "x" in each.permissions} - {"[vdso]", "[vsyscall]"}
    assert executable == {str(hello.binary(flavour))}


def test_each_start_has_another_address(flavour):
    if pathlib.Path("/proc/sys/kernel/randomize_va_space").read_text().strip() == "0":
        pytest.skip("addresses are not random here (randomize_va_space)")
    seen = set()
    for _ in range(3):
        with waiting(flavour, "serve") as pid:
            seen.add(base_of(flavour, mappings(pid)))
    assert len(seen) == 3


@pytest.mark.skipif(not hello.has_seccomp(), reason="no seccomp(2) here")
@pytest.mark.skipif(MPROTECT is None, reason="the number of mprotect(2) is unknown here")
def test_it_does_not_run_where_this_fails(flavour):
    """PROT_READ alone fails: the C library's own calls of mprotect(2) make memory writable, too."""
    done = subprocess.run(
        [REFUSE, f"{MPROTECT}:2:1={errno.EACCES}", "--", hello.binary(flavour), "version"],
        capture_output=True, text=True, timeout=hello.DEADLINE_S,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "hello: relocated data: can't be made read-only: Permission denied\n"
