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
INJECT = hello.ROOT / "build/release/sandbox/inject"
CANARY_OFFSET = 0x28  # System V ABI, x86-64 supplement
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
        listener.settimeout(hello.DEADLINE_S)  # a command that ends at once never comes
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        process = subprocess.Popen([hello.binary(flavour), command, "-timeout", "60s", url])
        try:
            connection, _ = listener.accept()
            with connection:
                yield process.pid
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()


# The minimal build has no get.
@pytest.mark.parametrize("flavour, command", [
    ("release", "serve"), ("release", "get"), ("release", "healthcheck"), ("minimal", "serve"), ("minimal", "healthcheck"),
])
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


def canary(flavour):
    """The value that guarded functions compare: in the main thread's memory, where %fs points to."""
    arch_prctl, arch_get_fs = 158, 0x1003
    server = hello.Server(flavour, "-sandbox", "off")
    try:
        pid = server.process.pid
        # The kernel writes the address to where nothing lies: the end of the main thread's stack.
        (stack,) = [each for each in mappings(pid) if each.name == "[stack]"]
        call = [INJECT, str(pid), str(arch_prctl), str(arch_get_fs), str(stack.start)]
        done = subprocess.run(call, capture_output=True, text=True, timeout=hello.DEADLINE_S)
        if "ptrace: Operation not permitted" in done.stderr:
            pytest.skip("ptrace(2) is not allowed here")
        assert done.stdout == "returned 0\n", done.stderr
        with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
            memory.seek(stack.start)
            place = int.from_bytes(memory.read(8), "little") + CANARY_OFFSET
            memory.seek(place)
            value = memory.read(8)
            memory.seek(place)
            memory.write(bytes(8))
        # Each function that is entered now and was left then, or the reverse, finds another value.
        with contextlib.suppress(OSError, AssertionError):
            server.stop()
        return value, server.process.wait(hello.DEADLINE_S)
    finally:
        server.process.kill()
        server.process.wait()
        server.reports.cleanup()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="inject and the place of the canary are for x86-64")
def test_an_altered_canary_ends_the_process(flavour):
    """The canary is random, and the functions that wait on the stack check it when they return."""
    values = set()
    for _ in range(3):
        value, status = canary(flavour)
        values.add(value)
        assert status == -signal.SIGSEGV, "musl's __stack_chk_fail() executes an instruction that traps"
    assert len(values) == 3 and bytes(8) not in values


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
