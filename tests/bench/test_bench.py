"""The bench, run QUICK: every figure is there or says why not; nothing is left behind."""

import json
import os
import pathlib
import signal
import subprocess
import time

import hello
import pytest

BENCH = hello.ROOT / "bench"
FIGURES = json.loads((BENCH / "figures.json").read_text())
QUIET = ["bare", "hello", "nginx", "lighttpd", "go"]
LOGGING = ["hello-log", "nginx-log", "go-log"]
PIPE = [figure["key"] for figure in FIGURES if figure.get("pipe")]


def bench(out, **variables):
    environment = {**hello.clean_environment(), "OUT": str(out), "QUICK": "1", **variables}
    return subprocess.run([BENCH / "run"], env=environment, capture_output=True, text=True, timeout=600)


def started_by(out):
    """Processes whose environment says that they belong to the run of this directory."""
    mark = f"OUT={out}".encode()
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (path / "environ").read_bytes().split(b"\0"):
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" "))
        except OSError:
            pass
    return found


def leftovers():
    return set(pathlib.Path("/dev/shm").glob("hello-bench-*"))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    # The mark has to be the path that the run hands on.
    out = tmp_path_factory.mktemp("bench").resolve()
    before = leftovers()
    done = bench(out)
    assert done.returncode == 0, done.stderr
    return out, done, before


@pytest.fixture(scope="module")
def report(quick):
    return json.loads((quick[0] / "report.json").read_text())


def test_no_process_and_no_file_is_left_behind(quick):
    assert started_by(quick[0]) == []
    assert leftovers() - quick[2] == set()


def test_all_servers_are_there_with_their_versions(report):
    assert [server["name"] for server in report["servers"]] == QUIET + LOGGING
    assert all(server["version"] for server in report["servers"])
    assert report["host"]["cpus"] >= 1 and report["setup"]["quick"] is True


@pytest.mark.parametrize("key", [figure["key"] for figure in FIGURES])
def test_each_figure_is_there_or_says_why_not(report, key):
    for server in report["servers"]:
        if server[key] is None:
            assert server["not_measured"][key], server["name"]
            assert server["not_measured"][key] != "this run had no step for it", server["name"]
        else:
            assert server[key] > 0, server["name"]
            assert server["samples"][key] >= 1
            low, high = server["spread"][key]
            assert low <= server[key] <= high
            assert key not in server["not_measured"]


def test_what_is_measured_of_whom(report):
    """A reason can't stand in for a step that is broken."""
    secure = [figure["key"] for figure in FIGURES if figure.get("tls")]
    for server in report["servers"]:
        missing = set(server["not_measured"])
        if server["name"] in LOGGING:
            want = {figure["key"] for figure in FIGURES if not figure.get("logging")}
            if server["name"] == "hello-log":
                want -= set(PIPE)
        elif server["name"] == "bare":
            want = {*secure, *PIPE}
        else:
            want = {*PIPE} | {key for key in secure if "tls12" in key or "rsa2048" in key}
            if server["name"] != "hello":
                want.add("self_signed_first_response_us")
            if server["name"] == "go":
                want.add("instructions_per_request")
        assert missing == want, server["name"]


def test_ratios_are_of_the_figures(report):
    by_name = {server["name"]: server for server in report["servers"]}
    assert set(report["ratios"]) == {"hello", "hello-log"}
    assert set(report["ratios"]["hello"]["cpu_us_per_request"]) == {"bare", "nginx", "lighttpd", "go"}
    for ours, rows in report["ratios"].items():
        for key, others in rows.items():
            for other, ratio in others.items():
                assert ratio == pytest.approx(by_name[ours][key] / by_name[other][key], rel=0.01, abs=0.001)


def test_counts_are_what_http_takes(report):
    """No server can do with less than a read, a write and, mostly, a wait; and ours counts as the limit does."""
    by_name = {server["name"]: server for server in report["servers"]}
    assert 2.9 < by_name["bare"]["syscalls_per_request"] < 3.1
    assert 2.9 < by_name["hello"]["syscalls_per_request"] < 3.2
    # A file has room for each line of the log; only a pipe's reader is waited for.
    logged = by_name["hello-log"]["syscalls_per_request"]
    assert logged == pytest.approx(by_name["hello"]["syscalls_per_request"] + 1, abs=0.1)
    assert by_name["bare"]["instructions_per_request"] < by_name["hello"]["instructions_per_request"]


def slow_to_fast(report):
    (ours,) = [server for server in report["servers"] if server["name"] == "hello-log"]
    return ours["slow_pipe_requests_per_s"] / ours["fast_pipe_requests_per_s"]


def test_a_slow_reader_of_the_log_does_not_slow_the_service(report, tmp_path):
    found = slow_to_fast(report)
    # On a busy machine a server that waits for its reader also loses its turn on the CPU.
    for attempt in range(5):
        if found >= 0.8:
            break
        done = bench(tmp_path.resolve(), FIGURES="pipe", SERVERS="hello-log", ROUNDS="3")
        assert done.returncode == 0, done.stderr
        found = slow_to_fast(json.loads((tmp_path / "report.json").read_text()))
    assert found >= 0.8


def test_samples_state_their_origin(quick):
    samples = [json.loads(line) for line in (quick[0] / "samples.jsonl").read_text().splitlines()]
    assert len(samples) > 60
    for sample in samples:
        assert sample["at"] and sample["host"] and sample["server"] in QUIET + LOGGING


def test_report_is_printed_and_drawn(quick):
    out, done, _ = quick
    text = (out / "report.md").read_text()
    assert text in done.stdout
    for title in ("Plain HTTP, no log", "Plain HTTP, each request logged to a file", "HTTPS, no log"):
        assert f"## {title}\n" in text
    assert "null" not in text
    assert (out / "cpu.svg").read_text().rstrip().endswith("</svg>")


def test_report_is_a_pure_function_of_the_samples(quick, tmp_path):
    out = quick[0]
    for name in ("samples.jsonl", "setup.json", "servers.json"):
        (tmp_path / name).write_bytes((out / name).read_bytes())
    done = subprocess.run(
        [BENCH / "render"], env={**os.environ, "OUT": str(tmp_path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "report.json").read_text()) == json.loads((out / "report.json").read_text())


def test_interrupted_run_leaves_nothing(quick, tmp_path):
    before = leftovers()
    environment = {**hello.clean_environment(), "OUT": str(tmp_path.resolve()), "QUICK": "1", "FIGURES": "plain"}
    with open(tmp_path / "stderr", "wb") as log:
        process = subprocess.Popen([BENCH / "run"], env=environment, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + 120
    samples = tmp_path / "samples.jsonl"
    while not (samples.exists() and "cpu_us_per_request" in samples.read_text().replace("not_measured", "")):
        assert process.poll() is None and time.monotonic() < deadline, (tmp_path / "stderr").read_text()
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    deadline = time.monotonic() + 60
    while started_by(tmp_path.resolve()) or leftovers() - before:
        assert time.monotonic() < deadline, started_by(tmp_path.resolve())
        time.sleep(0.05)
