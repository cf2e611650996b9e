"""What the linker and the compiler were to do for the shipped binaries, read off their bytes."""

import json
import platform
import re
import shutil
import subprocess

import pytest

import hello


PLATFORM = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())


def budget(platform_name, flavour):
    return json.loads((hello.ROOT / "ci/size/budgets.json").read_text())[platform_name][flavour]


@pytest.fixture(params=["release", "minimal", "arm64/release", "arm64/minimal"])
def built(request):
    """The binaries for this machine, and those for arm64 if they were cross-compiled here."""
    binary = hello.binary(request.param)
    if request.param.startswith("arm64/") and not binary.exists():
        pytest.skip("build/arm64 is not built (make test-arm64)")
    return binary


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


def test_it_is_static_and_position_independent(built):
    """The kernel puts it at another address at each start, and no loader is asked for."""
    assert re.search(r"Type: +DYN ", readelf(built, "--file-header"))
    assert "INTERP" not in [kind for kind, *_ in segments(built)]
    tags = dynamic(built)
    assert "PIE" in tags["FLAGS_1"]
    for tag in ("NEEDED", "RPATH", "RUNPATH", "TEXTREL"):
        assert tag not in tags


def test_relocated_data_is_in_its_segment(built):
    """That the segment becomes read-only: test_memory.py."""
    tags = dynamic(built)
    assert "NOW" in tags["FLAGS_1"]
    ((_, _, start, end),) = [s for s in segments(built) if s[0] == "GNU_RELRO"]
    sections = re.findall(
        r"\] (\.[\w.]+) +\w+ +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+) ", readelf(built, "--section-headers")
    )
    covered = {".init_array", ".fini_array", ".data.rel.ro", ".dynamic", ".got"}
    seen = {name for name, *_ in sections} & covered
    assert {".dynamic", ".got"} <= seen
    for name, address, size in sections:
        if name in covered:
            assert start <= int(address, 16) and int(address, 16) + int(size, 16) <= end, name


def test_no_segment_is_writable_and_executable(built):
    found = segments(built)
    assert [s for s in found if s[0] == "GNU_STACK" and s[1] == "RW"], "the stack"
    assert not [s for s in found if "W" in s[1] and "E" in s[1]]


def test_it_loads_whatever_the_kernels_page_size_is(built):
    """
    Kernels for arm64 have pages of 4, 16 or 64 KiB. mmap(2) takes a segment whose offset and address
    agree in a page; the segments of one page of memory would have the rights of the last.
    """
    row = re.compile(r"^  LOAD +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) ", re.M)
    rows = [[int(field, 16) for field in found] for found in row.findall(readelf(built, "--program-headers"))]
    page = 65536 if "AArch64" in readelf(built, "--file-header") else 4096
    assert len(rows) == 3
    for (offset, address, file_size, size), following in zip(rows, [*rows[1:], None]):
        assert offset % page == address % page
        if following is not None:
            assert (address + size - 1) // page < following[1] // page
            assert 0 <= following[0] - (offset + file_size) < 64, "bytes of padding in the file"


def test_its_relocations_are_packed(built):
    """Packed, they are a bit each instead of 24 bytes; a linker that ignores it only warns."""
    tags = dynamic(built)
    assert "RELR" in tags and "RELA" not in tags and int(tags["RELRSZ"].split()[0]) < 1024


def test_a_fault_of_the_cortex_a53_is_avoided():
    """
    Erratum 843419: an adrp in the last two words of a page of 4 KiB, a load or store in the next word,
    and a load or store by adrp's register may use a wrong address. The linker replaces them.
    """
    binary = hello.binary("release" if PLATFORM == "arm64" else "arm64/release")
    if not binary.exists() or not shutil.which("aarch64-linux-gnu-objdump"):
        pytest.skip("build/arm64 is not built (make test-arm64)")
    done = subprocess.run(["aarch64-linux-gnu-objdump", "--disassemble", "--no-show-raw-insn", binary],
                          capture_output=True, text=True, check=True)
    rows = re.findall(r"^ +([0-9a-f]+):\t(\w+)", done.stdout, re.M)
    assert len(rows) > 50_000
    for (address, name), (_, following) in zip(rows, rows[1:]):
        assert not (name == "adrp" and int(address, 16) % 4096 >= 4088 and following[:2] in ("ld", "st")), address


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
    assert binary.stat().st_size <= budget(PLATFORM, binary.parent.name)


@pytest.mark.skipif(PLATFORM != "amd64", reason="compares with the binaries that another machine cross-compiled")
@pytest.mark.parametrize("flavour", ["release", "minimal"])
def test_arm64_is_as_small(flavour):
    native, cross = hello.binary(flavour), hello.binary(f"arm64/{flavour}")
    if not cross.exists():
        pytest.skip("build/arm64 is not built (make test-arm64)")
    assert cross.stat().st_size <= budget("arm64", flavour)
    assert cross.stat().st_size <= 1.08 * native.stat().st_size
