"""What the linker and the compiler were to do for the shipped binaries, read off their bytes."""

import json
import platform
import re
import subprocess

import pytest

import hello


@pytest.fixture(params=["release", "minimal"])
def binary(request):
    return hello.binary(request.param)


def readelf(binary, *options):
    done = subprocess.run(
        ["readelf", "--wide", *options, binary], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip(), done.stderr
    return done.stdout


def segments(binary):
    """(type, flags, first address, address behind the last) of each program header."""
    row = re.compile(
        r"^  (\w+) +0x[0-9a-f]+ 0x([0-9a-f]+) 0x[0-9a-f]+ 0x[0-9a-f]+ 0x([0-9a-f]+) ([R ][W ][E ]) ", re.M
    )
    found = [
        (kind, flags.replace(" ", ""), int(start, 16), int(start, 16) + int(size, 16))
        for kind, start, size, flags in row.findall(readelf(binary, "--program-headers"))
    ]
    assert sum(kind == "LOAD" for kind, *_ in found) >= 2
    return found


def dynamic(binary):
    tags = re.findall(r"^ 0x[0-9a-f]+ \((\w+)\) +(.*)$", readelf(binary, "--dynamic"), re.M)
    assert tags
    return dict(tags)


def test_it_is_static_and_position_independent(binary):
    """The kernel puts it at another address at each start, and no loader is asked for."""
    assert re.search(r"Type: +DYN ", readelf(binary, "--file-header"))
    assert "INTERP" not in [kind for kind, *_ in segments(binary)]
    tags = dynamic(binary)
    assert "PIE" in tags["FLAGS_1"]
    for tag in ("NEEDED", "RPATH", "RUNPATH", "TEXTREL"):
        assert tag not in tags


def test_relocated_data_is_in_its_segment(binary):
    """That the segment becomes read-only: test_memory.py."""
    tags = dynamic(binary)
    assert "NOW" in tags["FLAGS_1"]
    ((_, _, start, end),) = [s for s in segments(binary) if s[0] == "GNU_RELRO"]
    sections = re.findall(
        r"\] (\.[\w.]+) +\w+ +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) ", readelf(binary, "--section-headers")
    )
    covered = {".init_array", ".fini_array", ".data.rel.ro", ".dynamic", ".got"}
    seen = {name for name, *_ in sections} & covered
    assert {".dynamic", ".got"} <= seen
    for name, address, size in sections:
        if name in covered:
            assert start <= int(address, 16) and int(address, 16) + int(size, 16) <= end, name


def test_no_segment_is_writable_and_executable(binary):
    found = segments(binary)
    assert [s for s in found if s[0] == "GNU_STACK" and s[1] == "RW"], "the stack"
    assert not [s for s in found if "W" in s[1] and "E" in s[1]]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="looks at x86-64 instructions")
def test_functions_guard_their_stack(binary):
    """
    The canary lies at %fs:0x28 (System V ABI, x86-64 supplement): a guarded function loads it
    when it is entered and compares it when it is left. Nothing else lies there.
    """
    done = subprocess.run(
        ["objdump", "--disassemble", "--no-show-raw-insn", binary],
        capture_output=True,
        text=True,
        check=True,
    )
    loads = len(re.findall(r"\bmov +%fs:0x28,", done.stdout))
    checks = len(re.findall(r"\b(?:sub|cmp|xor) +%fs:0x28,", done.stdout))
    assert loads > 50 and checks > 50, (loads, checks)


def test_it_stays_small(binary):
    """What a change adds must be wanted: `make size` shows where it is, ci/size/budgets.json is the limit."""
    budgets = json.loads((hello.ROOT / "ci/size/budgets.json").read_text())
    assert binary.stat().st_size <= budgets[binary.parent.name]
