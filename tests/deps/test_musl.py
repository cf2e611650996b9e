"""The files of musl that are compiled are all that a program here needs, as musl's own build makes them."""

import os
import re
import shutil
import subprocess

import hello
import pytest
from musl import LIBRARIES, variable


@pytest.mark.parametrize("flavour", ["release", "minimal"])
def test_a_libc_of_all_files_makes_the_same_bytes(whole, flavour, tmp_path):
    target = f"build/{flavour}/hello"
    subprocess.run(["make", "-s", target], cwd=hello.ROOT, check=True)
    plan = subprocess.run(["make", "-n", "V=1", "-W", "src/main.c", target], cwd=hello.ROOT,
                          capture_output=True, text=True, check=True)
    (link,) = [line for line in plan.stdout.splitlines() if f" -o {target} " in line]
    link = link.replace(str(LIBRARIES), str(whole)).replace(f" -o {target} ", f" -o {tmp_path}/hello ")
    subprocess.run(link, shell=True, cwd=hello.ROOT, check=True)
    subprocess.run([*variable("PACK"), tmp_path / "hello"], cwd=hello.ROOT, check=True)
    assert (tmp_path / "hello").read_bytes() == (hello.ROOT / target).read_bytes()


def test_every_compiled_file_finds_what_it_calls(whole):
    """
    A symbol that another file of musl has is an undefined reference if that file is not compiled:
    whoever calls a listed function must be able to link it.
    """
    def symbols(archive, *options):
        done = subprocess.run(["nm", "--extern-only", "--format=posix", *options, archive], capture_output=True, text=True, check=True)
        return {line.split()[0] for line in done.stdout.splitlines() if len(line.split()) > 1}

    missing = symbols(LIBRARIES / "libc.a", "--undefined-only") - symbols(LIBRARIES / "libc.a", "--defined-only")
    assert not missing & symbols(whole / "libc.a", "--defined-only")


def test_it_is_complete_for_arm64():
    if not shutil.which("aarch64-linux-gnu-gcc"):
        pytest.skip("aarch64-linux-gnu-gcc is not installed (on Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)")
    # `make test` has linked them already.
    done = subprocess.run(
        ["make", f"-j{os.cpu_count()}", "ARCH=arm64"], cwd=hello.ROOT, capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    header = subprocess.run(["readelf", "-h", hello.ROOT / "build/arm64/release/hello"], capture_output=True, text=True, check=True)
    assert "AArch64" in header.stdout


def test_no_compiled_source_prints_a_floating_point_number():
    """deps/patches/musl/10-no-floating-point.patch: such a format would fail."""
    conversion = re.compile(r'printf[^;]*"[^"]*%[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*)?)?[lL]?[aefgAEFG][^"]*"')
    sources = [*hello.ROOT.glob("src/**/*.c"), *hello.ROOT.glob("tests/sandbox/*.c")]
    sources += [hello.ROOT / f"build/deps/src/libmicrohttpd/src/microhttpd/{name}.c"
                for name in variable("libmicrohttpd_SOURCES") + variable("libmicrohttpd_TLS_SOURCES")]
    sources += [hello.ROOT / f"build/deps/src/mbedtls/library/{name}.c"
                for library in ("libmbedcrypto", "libmbedx509", "libmbedtls") for name in variable(f"{library}_SOURCES")]
    assert len(sources) > 100
    for path in sources:
        assert not conversion.search(path.read_text(errors="replace")), path
