"""Peers: what one would use instead of hello, and naive at its best. They are built, run and measured as ours are."""

import json
import os
import re
import subprocess

import hello
import pytest
from comparing import COMPARE, CONTENTS, report_of

PEERS = json.loads((COMPARE / "peers/peers.json").read_text())
NAMES = [peer["name"] for peer in PEERS]
BUILT = CONTENTS["PEERS"].split(",")


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


def by_name(report, key):
    return {image["name"]: image for image in report[key]}


@pytest.mark.engine
def test_peers_are_measured_as_images_are(comparison):
    report = report_of(comparison)
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
def test_what_a_peer_is_said_to_lack_it_lacks(comparison):
    peers = by_name(report_of(comparison), "peers")
    # Killed after ten seconds, ended at once, and a graceful shutdown.
    assert peers["busybox-scratch"]["exit_code"] == 137 and peers["busybox-scratch"]["stop_ms"] > 9000
    assert peers["go-scratch"]["exit_code"] not in (0, 137)
    assert peers["nginx-alpine"]["exit_code"] == 0
    for peer in ("go-scratch", "nginx-alpine"):
        assert peers[peer]["stop_ms"] < 9000


@pytest.mark.engine
def test_peers_have_a_section_and_their_transfers(comparison):
    out, report = comparison[0], report_of(comparison)
    images = set(by_name(report, "images"))
    assert {row["image"] for row in report["peer_transfers"]} == set(BUILT)
    assert {row["image"] for row in report["transfers"]} == images
    assert {layer["image"] for layer in report["layers"]} == images
    text = (out / "report.md").read_text()
    page = (out / "report.html").read_text()
    for peer in report["peers"]:
        assert f"| {peer['name']} | " in text[text.index("## What you would use instead") :]
        assert f"It lacks: {peer['lacks']}." in text
        assert f">{peer['name']}<" in page


@pytest.mark.engine
def test_one_stage_can_be_tidied(comparison):
    """The compiler is in no layer; a distribution and the copied sources stay."""
    report = report_of(comparison)
    image = by_name(report, "images")["naive-tidied"]
    tidied = [layer for layer in report["layers"] if layer["image"] == "naive-tidied"]
    assert image["size_bytes"] < report["bases"]["debian"]["size_bytes"] + 40_000_000
    assert image["has_shell"] is True and image["os_packages"] > 0
    assert (image["exit_code"], image["health"]) == (0, "healthy")
    assert len(tidied) == image["layers"]


@pytest.mark.parametrize("words", ["bogus", "go-scratch,bogus", "2"])
@pytest.mark.engine
def test_unknown_peers_are_refused(words, tmp_path):
    done = subprocess.run(
        [COMPARE / "run"], env={**os.environ, "OUT": str(tmp_path), "PEERS": words}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "PEERS" in done.stderr and "go-scratch" in done.stderr
