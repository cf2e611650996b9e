"""deps/pack-relocations.c refuses what deps/static-pie.ld did not lay out, and leaves it as it is."""

import pathlib
import subprocess

import hello
import pytest

PACK = hello.ROOT / "build/tools/pack-relocations"


@pytest.fixture(scope="module", autouse=True)
def program():
    subprocess.run(["make", "-s", str(PACK.relative_to(hello.ROOT))], cwd=hello.ROOT, check=True, stdout=subprocess.DEVNULL)


def refused():
    release = hello.binary("release").read_bytes()
    return {
        "empty": b"",
        "text": b"howdy\n" * 100,
        "a dynamic program": pathlib.Path("/bin/true").read_bytes(),
        "packed already": release,
        "cut off": release[: len(release) // 2],
    }


@pytest.mark.parametrize("name", ["empty", "text", "a dynamic program", "packed already", "cut off"])
def test_others_are_refused(tmp_path, name):
    path, data = tmp_path / "file", refused()[name]
    path.write_bytes(data)
    done = subprocess.run([PACK, path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pack-relocations: ") and done.stderr.count("\n") == 1
    assert path.read_bytes() == data


def test_usage():
    assert subprocess.run([PACK], capture_output=True).returncode == 2
