"""Peers: what one would use instead of hello, and naive at its best. They are built, run and measured as ours are."""

import json
import os
import re
import subprocess
import uuid

import hello
import pytest

COMPARE = hello.ROOT / "compare"
PEERS = json.loads((COMPARE / "peers/peers.json").read_text())
NAMES = [peer["name"] for peer in PEERS]
BUILT = ["go-scratch", "nginx-alpine", "busybox-scratch"]


def test_each_peer_is_known_everywhere():
    files = {path.name.removeprefix("Dockerfile.") for path in (COMPARE / "peers").glob("Dockerfile.*")}
    assert files == set(NAMES)
    schema = json.loads((COMPARE / "report.schema.json").read_text())
    assert schema["definitions"]["peer"]["enum"] == NAMES
    known = subprocess.run(
        ["bash", "-uc", 'docker() { echo 1; }; . compare/lib.sh; for name; do is_peer "$name"; tag_of "$name"; done', "bash", *NAMES],
        cwd=hello.ROOT, capture_output=True, text=True, timeout=30,
    )
    assert known.stdout.split() == [f"hello-peer:{name}" for name in NAMES]
    assert all(peer["title"] and peer["lacks"] for peer in PEERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_dockerfile_asks_its_question_and_is_safe(name):
    text = (COMPARE / f"peers/Dockerfile.{name}").read_text()
    for part in ("# Question: ", "# Gained: ", "# Lost: ", "\nUSER 99:99\n", "\nENTRYPOINT ["):
        assert part in text
    # What every builder understands.
    assert not re.search(r"^# syntax|<<|--mount", text, re.M)


@pytest.mark.parametrize("words", [["bogus"], ["hello"]])
def test_an_unknown_peer_is_refused(words):
    done = subprocess.run([COMPARE / "peers/build", *words], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and words[0] in done.stderr and "go-scratch" in done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run for all: peers, naive on the image of another toolchain, and naive tidied."""
    out = tmp_path_factory.mktemp("peers")
    # An image with a compiler: the official gcc image is no more to Dockerfile.naive. Exported, because it would
    # inherit the label of a stand-in.
    toolchain = f"hello-test-toolchain:{uuid.uuid4().hex}"
    for command in (
        "ci/bases && ci/image binary",
        f"c=$(docker create hello:build-stage) && docker export $c | docker import - {toolchain} && docker rm $c",
    ):
        done = subprocess.run(["sh", "-c", command], cwd=hello.ROOT, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [COMPARE / "run"], capture_output=True, text=True, timeout=1500,
        env={**os.environ, "OUT": str(out), "RUNS": "1", "MBIT_S": "1000", "ONLY": "naive-tidied,naive-gcc,scratch", "PEERS": ",".join(BUILT), "GCC": toolchain},
    )
    subprocess.run(["docker", "rmi", "-f", toolchain, "hello:naive-gcc"], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return out, json.loads((out / "report.json").read_text())


def by_name(report, key):
    return {image["name"]: image for image in report[key]}


@pytest.mark.engine
def test_peers_are_measured_as_images_are(run):
    _, report = run
    peers = by_name(report, "peers")
    assert list(peers) == BUILT
    scratch = by_name(report, "images")["scratch"]
    for name, peer in peers.items():
        for key in ("size_bytes", "compressed_bytes", "zstd_bytes", "layers", "files", "executables", "build_cold_s", "build_warm_s",
                    "first_response_ms", "service_start_ms", "stop_ms", "exit_code", "idle_memory_bytes", "min_memory_bytes"):
            assert peer[key] is not None, f"{name} {key}: {peer['not_measured'].get(key)}"
        assert peer["health"] is None and "no health check" in peer["not_measured"]["health"]
        assert peer["user"] == "99:99"
        assert peer["size_bytes"] > scratch["size_bytes"]
        assert peer["service_start_ms"] < peer["first_response_ms"]
    # scratch has passwd, group and the certificates beside its program; an engine may add a file to both.
    assert peers["go-scratch"]["files"] == scratch["files"] - 3, "the mounted program is not counted"
    assert peers["go-scratch"]["executables"] == scratch["executables"]
    assert peers["go-scratch"]["layers"] == 1
    assert peers["busybox-scratch"]["files"] == scratch["files"] - 2
    assert peers["nginx-alpine"]["has_shell"] is True and peers["go-scratch"]["has_shell"] is False


@pytest.mark.engine
def test_what_a_peer_is_said_to_lack_it_lacks(run):
    peers = by_name(run[1], "peers")
    # Killed after ten seconds, ended at once, and a graceful shutdown.
    assert peers["busybox-scratch"]["exit_code"] == 137 and peers["busybox-scratch"]["stop_ms"] > 9000
    assert peers["go-scratch"]["exit_code"] not in (0, 137)
    assert peers["nginx-alpine"]["exit_code"] == 0
    for peer in ("go-scratch", "nginx-alpine"):
        assert peers[peer]["stop_ms"] < 9000


@pytest.mark.engine
def test_peers_have_a_section_and_their_transfers(run):
    out, report = run
    assert {row["image"] for row in report["peer_transfers"]} == set(BUILT)
    assert {row["image"] for row in report["transfers"]} == {"naive-tidied", "naive-gcc", "scratch"}
    assert {layer["image"] for layer in report["layers"]} == {"naive-tidied", "naive-gcc", "scratch"}
    text = (out / "report.md").read_text()
    page = (out / "report.html").read_text()
    for peer in report["peers"]:
        assert f"| {peer['name']} | " in text[text.index("## What you would use instead") :]
        assert f"It lacks: {peer['lacks']}." in text
        assert f">{peer['name']}<" in page


@pytest.mark.engine
def test_naive_on_a_toolchain_image_is_measured(run):
    _, report = run
    assert report["bases"]["gcc"]["source"] == "present"
    image = by_name(report, "images")["naive-gcc"]
    assert image["headline"]["how"] == "measured" and image["size_bytes"] > report["bases"]["gcc"]["size_bytes"]
    assert image["exit_code"] == 0 and image["build_cold_s"] > 0


@pytest.mark.engine
def test_one_stage_can_be_tidied(run):
    """The compiler is in no layer; a distribution and the copied sources stay."""
    image = by_name(run[1], "images")["naive-tidied"]
    tidied = [layer for layer in run[1]["layers"] if layer["image"] == "naive-tidied"]
    assert image["size_bytes"] < run[1]["bases"]["debian"]["size_bytes"] + 40_000_000
    assert image["has_shell"] is True and image["os_packages"] > 0
    assert (image["exit_code"], image["health"]) == (0, "healthy")
    assert len(tidied) == image["layers"]


@pytest.mark.engine
def test_nothing_is_left(run):
    containers = subprocess.run(["docker", "ps", "-aq", "--filter", "name=hello-compare"], capture_output=True, text=True, timeout=60)
    assert containers.stdout == ""


@pytest.mark.engine
def test_without_the_gcc_image_the_row_says_so(tmp_path):
    """... and no step after its build fails for it."""
    env = {key: value for key, value in os.environ.items() if key != "GCC"}
    out = tmp_path / "out"
    out.mkdir()
    (out / "logs").mkdir()
    bases = hello.ROOT / "build/images/bases.json"
    before = bases.read_text()
    bases.write_text(json.dumps({key: base for key, base in json.loads(before).items() if key != "gcc"}))
    try:
        done = subprocess.run(
            [COMPARE / "build", "naive-gcc", "plain"], env={**env, "OUT": str(out), "RUNS": "1"}, capture_output=True, text=True, timeout=60
        )
    finally:
        bases.write_text(before)
    assert done.returncode == 0, done.stderr
    assert (out / "absent").read_text() == "naive-gcc\n"
    sample = json.loads((out / "samples.jsonl").read_text())
    assert sample["not_measured"] == {"*": "the image gcc:14-trixie can not be pulled"}


@pytest.mark.parametrize("words", ["bogus", "go-scratch,bogus", "2"])
@pytest.mark.engine
def test_unknown_peers_are_refused(words, tmp_path):
    done = subprocess.run(
        [COMPARE / "run"], env={**os.environ, "OUT": str(tmp_path), "PEERS": words}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "PEERS" in done.stderr and "go-scratch" in done.stderr
