"""naive on the official gcc image, for which another image with a compiler stands here."""

import json
import os
import subprocess
import uuid

import hello
import pytest
from comparing import COMPARE, report_of, run, traces

# They need the images that a comparison left.
pytestmark = [pytest.mark.engine, pytest.mark.later]


@pytest.fixture(scope="module")
def toolchain():
    """The official gcc image is no more to Dockerfile.naive. Exported, because it would inherit the label of a stand-in."""
    image = f"hello-test-toolchain:{uuid.uuid4().hex}"
    for command in (
        "ci/bases && ci/image binary",
        f"c=$(docker create hello:build-stage) && docker export $c | docker import - {image} && docker rm $c",
    ):
        done = subprocess.run(["sh", "-c", command], cwd=hello.ROOT, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
    yield image
    subprocess.run(["docker", "rmi", "-f", image, "hello:naive-gcc"], capture_output=True, timeout=60)


def test_it_is_measured(toolchain, tmp_path):
    before = traces()["containers"]
    done = run(tmp_path, RUNS="1", MBIT_S="1000", ONLY="naive-gcc", GCC=toolchain)
    assert done.returncode == 0, done.stderr
    report = report_of([tmp_path])
    assert report["bases"]["gcc"]["source"] == "present"
    (image,) = report["images"]
    assert image["name"] == "naive-gcc"
    assert image["headline"]["how"] == "measured" and image["size_bytes"] > report["bases"]["gcc"]["size_bytes"]
    assert image["exit_code"] == 0 and image["build_cold_s"] > 0
    assert {row["image"] for row in report["transfers"]} == {layer["image"] for layer in report["layers"]} == {"naive-gcc"}
    assert traces()["containers"] == before


def test_without_the_gcc_image_the_row_says_so(tmp_path):
    """... and no step after its build fails for it."""
    env = {key: value for key, value in os.environ.items() if key != "GCC"}
    out = tmp_path / "out"
    out.mkdir()
    (out / "logs").mkdir()
    bases = hello.ROOT / "build/images/bases.json"
    before = bases.read_text()

    def write(text):
        """At once: others read it."""
        (bases.parent / "bases.json.test").write_text(text)
        (bases.parent / "bases.json.test").rename(bases)

    write(json.dumps({key: base for key, base in json.loads(before).items() if key != "gcc"}))
    try:
        done = subprocess.run(
            [COMPARE / "build", "naive-gcc", "plain"], env={**env, "OUT": str(out), "RUNS": "1"}, capture_output=True, text=True, timeout=60
        )
    finally:
        write(before)
    assert done.returncode == 0, done.stderr
    assert (out / "absent").read_text() == "naive-gcc\n"
    sample = json.loads((out / "samples.jsonl").read_text())
    assert sample["not_measured"] == {"*": "the image gcc:14-trixie can not be pulled"}
