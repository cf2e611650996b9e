"""naive on the official gcc image, for which another image with a compiler stands here."""

import json
import os
import shutil
import subprocess
import uuid

import hello
import pytest
from comparing import report_of, run, traces

pytestmark = [pytest.mark.engine, pytest.mark.later]


@pytest.fixture
def project(tmp_path):
    """A copy of the project: other tests read build/images/bases.json, which a comparison writes."""
    copy = tmp_path / "project"
    hello.copy_sources(copy)
    for name in ("deps/cache", "build/images"):
        shutil.copytree(hello.ROOT / name, copy / name)
    (copy / "build/tools").symlink_to(hello.ROOT / "build/tools")
    return copy


@pytest.fixture
def toolchain(project):
    """The official gcc image is no more to Dockerfile.naive. Exported, because it would inherit the label of a stand-in."""
    image = f"hello-test-toolchain:{uuid.uuid4().hex}"
    for command in (
        "ci/bases && ci/image binary",
        f"c=$(docker create hello:build-stage) && docker export $c | docker import - {image} && docker rm $c",
    ):
        done = subprocess.run(["sh", "-c", command], cwd=project, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
    yield image
    subprocess.run(["docker", "rmi", "-f", image, "hello:naive-gcc"], capture_output=True, timeout=60)


def test_it_is_measured(project, toolchain, tmp_path):
    before = traces()["containers"]
    done = run(tmp_path / "out", project / "compare/run", RUNS="1", MBIT_S="1000", ONLY="naive-gcc", GCC=toolchain)
    assert done.returncode == 0, done.stderr
    report = report_of([tmp_path / "out"])
    assert report["bases"]["gcc"]["source"] == "present"
    (image,) = report["images"]
    assert image["name"] == "naive-gcc"
    assert image["headline"]["how"] == "measured" and image["size_bytes"] > report["bases"]["gcc"]["size_bytes"]
    assert image["exit_code"] == 0 and image["build_cold_s"] > 0
    assert {row["image"] for row in report["transfers"]} == {layer["image"] for layer in report["layers"]} == {"naive-gcc"}
    assert traces()["containers"] == before


def test_without_the_gcc_image_the_row_says_so(project, tmp_path):
    """... and no step after its build fails for it."""
    env = {key: value for key, value in os.environ.items() if key != "GCC"}
    out = tmp_path / "out"
    out.mkdir()
    (out / "logs").mkdir()
    bases = project / "build/images/bases.json"
    bases.write_text(json.dumps({key: base for key, base in json.loads(bases.read_text()).items() if key != "gcc"}))
    done = subprocess.run(
        [project / "compare/build", "naive-gcc", "plain"], env={**env, "OUT": str(out), "RUNS": "1"}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert (out / "absent").read_text() == "naive-gcc\n"
    sample = json.loads((out / "samples.jsonl").read_text())
    assert sample["not_measured"] == {"*": "the image gcc:14-trixie can not be pulled"}
