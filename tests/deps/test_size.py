"""`make size` accounts for every byte of the sections, and knows whose it is."""

import json
import subprocess

import hello
import pytest


@pytest.fixture(scope="module")
def report():
    subprocess.run(["make", "-s", "size"], cwd=hello.ROOT, check=True, capture_output=True)
    return json.loads((hello.ROOT / "build/size/report.json").read_text())


@pytest.mark.parametrize("flavour", ["release", "minimal"])
def test_all_bytes_have_an_owner(report, flavour):
    found = report[flavour]
    sections = sum(size for name, size in found["sections"].items() if name != ".shstrtab")
    assert sum(found["libraries"].values()) == sections == sum(found["objects"].values())
    tls = {"libmbedcrypto.a", "libmbedtls.a", "libmbedx509.a", "libs2n-bignum.a"}
    assert set(found["libraries"]) - tls == {"hello", "libc.a", "libmicrohttpd.a", "linker", "strings"}
    assert (tls <= set(found["libraries"])) == (flavour == "release")
    # Its functions are local labels without a size.
    if flavour == "release":
        assert found["objects"]["libs2n-bignum.a:p256_montjscalarmul_alt.o"] > 10000
