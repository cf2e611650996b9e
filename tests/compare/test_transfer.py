"""Pushes and pulls are measured for real, with the smallest image, and leave nothing behind."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

pytestmark = [pytest.mark.engine, pytest.mark.later]
ROOT = pathlib.Path(__file__).resolve().parents[2]
TRANSFER = ROOT / "compare/transfer"


def docker(*args):
    return subprocess.run(["docker", *args], capture_output=True, text=True, timeout=60)


def registry_tags():
    names = json.loads(docker("image", "inspect", "hello:scratch").stdout)[0]
    return {name for name in names["RepoTags"] + names["RepoDigests"] if name.startswith("127.0.0.1:")}


def running(text):
    """The processes whose command line has the text: the lines by process id."""
    found = {}
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if text in line:
                found[int(entry.parent.name)] = line
    return found


def links():
    done = subprocess.run(["ip", "-json", "link"], capture_output=True, text=True, check=True)
    return {link["ifname"] for link in json.loads(done.stdout)}


class Run:
    """One measurement in a directory of its own, which knows what would be left of it."""

    def __init__(self, tmp, **env):
        # Short: a socket's path has room for 107 bytes.
        self.tmp = pathlib.Path(tmp)
        self.out = self.tmp / "out"
        self.temporary = self.tmp / "t"
        self.temporary.mkdir()
        self.tags = registry_tags()
        self.links = links()
        self.log = (self.tmp / "log").open("w+")
        self.process = subprocess.Popen(
            [TRANSFER],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "OUT": str(self.out), "TMPDIR": str(self.temporary), "VARIANTS": "scratch",
                 "RUNS": "1", "MBIT_S": "100", "FULL": "1", **env},
        )

    def wait(self):
        status = self.process.wait(timeout=300)
        print(f"--- log of compare/transfer, status {status}\n{self.text()}")
        return status

    def text(self):
        return (self.tmp / "log").read_text()

    def until(self, condition):
        deadline = time.monotonic() + 120
        while not condition():
            assert self.process.poll() is None, f"ended early:\n{self.text()}"
            assert time.monotonic() < deadline, f"too slow:\n{self.text()}"
            time.sleep(0.02)

    def samples(self):
        return [json.loads(line) for line in (self.out / "samples.jsonl").read_text().splitlines()]

    def assert_nothing_left(self):
        assert list(self.temporary.iterdir()) == []
        assert running(str(self.temporary)) == {}
        assert str(self.temporary) not in pathlib.Path("/proc/self/mounts").read_text()
        namespaces = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
        assert f"hello-transfer-{self.process.pid}-" not in namespaces
        # Containers of others come and go with a veth of theirs; ours has a name of its own.
        assert "wire" not in links() - self.links
        assert registry_tags() == self.tags


@pytest.fixture
def run(request):
    if os.geteuid() != 0:
        pytest.skip("network namespaces and a second dockerd take root")
    if docker("info").returncode != 0:
        pytest.skip("no docker engine is running")
    if docker("image", "inspect", "hello:scratch").returncode != 0:
        pytest.skip("there is no image hello:scratch; make images builds it")
    runs = []
    tmp = tempfile.mkdtemp(prefix="hello-test-")

    def start(**env):
        runs.append(Run(tmp, **env))
        return runs[-1]

    yield start
    for started in runs:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(timeout=120)
        started.log.close()
    shutil.rmtree(tmp)


def measurable(status, measurement):
    if status == 3:
        pytest.skip(measurement.text().strip().splitlines()[-1])
    assert status == 0


def test_measures_the_smallest_image(run):
    measurement = run(MBIT_S="10 100")
    measurable(measurement.wait(), measurement)
    samples = measurement.samples()
    image_id = docker("image", "inspect", "-f", "{{.Id}}", "hello:scratch").stdout.strip()
    assert {(sample["image"], sample["image_id"]) for sample in samples} == {("scratch", image_id)}

    size = [sample for sample in samples if "compressed_bytes" in sample]
    assert [sample["registry"] for sample in size] == [True]
    compressed_bytes = size[0]["compressed_bytes"]
    unpacked_bytes = int(docker("image", "inspect", "-f", "{{.Size}}", "hello:scratch").stdout)
    assert 50_000 < compressed_bytes < unpacked_bytes

    for key in "push_s", "pull_s":
        timed = {sample["mbit_s"]: sample for sample in samples if key in sample}
        assert set(timed) == {None, 10, 100}
        assert len([sample for sample in samples if key in sample]) == 3
        for mbit_s, sample in timed.items():
            assert sample["computed"] is False
            assert 0 < sample["rtt_ms"] < 100
            # What the bytes take on the wire, less the 16 KiB that the link lets through at once.
            wire_s = (compressed_bytes - 16384) * 8 / (mbit_s * 1e6) if mbit_s else 0
            assert wire_s <= sample[key] < 60
            assert mbit_s is None or sample["rtt_ms"] > 19 or "netem" in sample["note"]
    measurement.assert_nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["while dockerd starts", "while a pull is timed"])
def test_leaves_nothing_behind_when_interrupted(run, number, moment):
    measurement = run(MBIT_S="10")
    if moment == "while dockerd starts":
        measurement.until(lambda: list(measurement.temporary.glob("*/dockerd.log")))
    else:
        measurement.until(lambda: "-H unix:" in measurement.text())
    measurement.process.send_signal(number)
    assert measurement.wait() == 128 + number
    measurement.assert_nothing_left()


# Sourced by bash before the script: sends SIGTERM when the daemon runs and its id is not recorded yet.
BEFORE_THE_RECORD = """
set -o functrace
trap 'if [[ ${FUNCNAME[0]:-} = start_engine && $BASH_COMMAND = pids=* ]]; then
	until [ -e "$work/dockerd.log" ]; do :; done
	kill -TERM $$
fi' DEBUG
"""


def test_leaves_no_daemon_whose_id_is_not_recorded_yet(run, tmp_path):
    (tmp_path / "env").write_text(BEFORE_THE_RECORD)
    measurement = run(MBIT_S="10", BASH_ENV=str(tmp_path / "env"))
    assert measurement.wait() == 128 + signal.SIGTERM
    measurement.assert_nothing_left()


def test_leaves_nothing_behind_when_its_daemon_dies(run):
    measurement = run(MBIT_S="10")
    measurement.until(lambda: "-H unix:" in measurement.text())
    (daemon,) = [pid for pid, line in running(f"--data-root {measurement.temporary}").items() if line.startswith("dockerd ")]
    # As dockerd does with a containerd that responds too late, which then writes its stacks to TMPDIR.
    (containerd,) = measurement.temporary.glob("*/exec/containerd/containerd.pid")
    os.kill(int(containerd.read_text()), signal.SIGUSR1)
    measurement.until(lambda: list(measurement.temporary.rglob("containerd.*.stacks.log")))
    os.kill(daemon, signal.SIGKILL)
    assert measurement.wait() == 1
    assert "last lines of dockerd.log" in measurement.text()
    measurement.assert_nothing_left()


# An upload that took half a minute, whatever it took.
SLOW_CURL = """#!/bin/sh
case " $* " in *" -T "*) /usr/bin/curl "$@" >/dev/null && echo "(30 - 0)" ;; *) exec /usr/bin/curl "$@" ;; esac
"""


def test_a_link_that_this_machine_does_not_fill_is_a_reason(run, tmp_path):
    (tmp_path / "curl").write_text(SLOW_CURL)
    (tmp_path / "curl").chmod(0o755)
    measurement = run(MBIT_S="10", PATH=f"{tmp_path}:{os.environ['PATH']}")
    measurable(measurement.wait(), measurement)
    samples = [sample for sample in measurement.samples() if sample.get("mbit_s") == 10]
    assert samples and not [sample for sample in samples if "pull_s" in sample or "push_s" in sample]
    for key in ("push_s", "pull_s"):
        assert samples[0]["not_measured"][key].startswith("this machine, as busy as it was, does not fill a link of 10 Mbit/s")
    # What needs no link is measured.
    assert [sample for sample in measurement.samples() if "pull_s" in sample and sample["mbit_s"] is None]
    measurement.assert_nothing_left()


def test_says_what_is_missing(run):
    measurement = run(DOCKER_HOST="unix:///nonexistent")
    assert measurement.wait() == 3
    assert measurement.text() == "transfer: not measured: no docker engine is running\n"
    measurement.assert_nothing_left()


def test_refuses_an_image_that_is_not_there(run):
    measurement = run(VARIANTS="scratch no-such-image")
    assert measurement.wait() == 1
    assert "no image hello:no-such-image" in measurement.text()
    measurement.assert_nothing_left()


def rows(*samples):
    if not shutil.which("jq"):
        pytest.skip("jq is not installed")
    done = subprocess.run(
        ["jq", "-s", "-f", ROOT / "compare/transfers.jq"],
        input="\n".join(json.dumps(sample) for sample in samples),
        capture_output=True, text=True, check=True,
    )
    return json.loads(done.stdout)


def link(key, value, mbit_s=10, computed=False, **more):
    return {"image": "b", key: value, "mbit_s": mbit_s, "rtt_ms": 20.04, "computed": computed, **more}


def test_rows_are_medians_by_image_and_link():
    assert rows({"image": "b", "size_bytes": 5}) == []
    got = rows(
        link("pull_s", 3), link("pull_s", 1), link("pull_s", 8, rtt_ms=20.07), link("push_s", 2), link("push_s", 3),
        link("pull_s", 0.5, mbit_s=None), {**link("pull_s", 9), "image": "a"},
        {"image": "b", "compressed_bytes": 9, "registry": True},
    )
    assert [(row["image"], row["mbit_s"]) for row in got] == [("b", None), ("b", 10), ("a", 10)]
    assert got[0]["not_measured"] == {"push_s": "it has no sample"}
    assert got[1] == {
        "image": "b", "mbit_s": 10, "rtt_ms": 20.04, "push_s": 2.5, "pull_s": 3,
        "samples": {"push_s": 2, "pull_s": 3}, "computed": False, "not_measured": {},
    }


def test_rows_mark_computed_and_omitted_figures():
    got = rows(
        link("pull_s", 200, computed=True, method="bytes over speed"),
        {"image": "b", "mbit_s": 1000, "rtt_ms": None, "not_measured": {"push_s": "left out"}},
        {"image": "c", "not_measured": {"push_s": "no root", "pull_s": "no root"}},
        {"image": "c", "not_measured": {"cves": "no scanner"}},
    )
    assert got[0]["computed"] is True
    assert got[0]["samples"] == {}
    assert got[0]["method"] == "bytes over speed"
    assert got[1]["rtt_ms"] is None
    assert got[1]["not_measured"] == {"push_s": "left out", "pull_s": "it has no sample"}
    assert got[2] == {
        "image": "c", "mbit_s": None, "rtt_ms": None, "push_s": None, "pull_s": None,
        "samples": {}, "computed": False, "not_measured": {"push_s": "no root", "pull_s": "no root"},
    }
