"""The comparison itself: every figure is there or says why not; nothing is left."""

import json
import os
import signal
import subprocess
import time

import hello
import pytest
from comparing import COMPARE, CONTENTS, MARK, report_of, run, traces

pytestmark = pytest.mark.engine


def test_nothing_is_left_behind(comparison):
    _, _, before, after = comparison
    assert {kind: after[kind] - before[kind] for kind in after if after[kind] - before[kind]} == {}


def test_all_images_are_there(comparison):
    report = report_of(comparison)
    assert [image["name"] for image in report["images"]] == CONTENTS["ONLY"].split(",")
    assert [peer["name"] for peer in report["peers"]] == CONTENTS["PEERS"].split(",")
    assert report["bases"]["alpine"]["source"] in ("present", "pulled", "stand-in")


def test_each_figure_is_there_or_says_why_not(comparison):
    kept = {"name", "flags", "image_id", "samples", "spread", "headline", "not_measured"}
    for image in report_of(comparison)["images"]:
        figures = set(image) - kept
        assert {"size_bytes", "compressed_bytes", "build_cold_s", "pull_s", "files"} <= figures
        for key in figures:
            if image[key] is None:
                assert image["not_measured"][key], f"{image['name']} {key}"
            else:
                assert image["samples"][key] >= 1
                assert key not in image["not_measured"]


def test_figures_are_plausible(comparison):
    by_name = {image["name"]: image for image in report_of(comparison)["images"]}
    sizes = [by_name[n]["size_bytes"] for n in ("naive", "distroless", "scratch", "scratch-minimal")]
    assert sizes == sorted(sizes, reverse=True)
    assert by_name["builder"]["size_bytes"] == by_name["alpine"]["size_bytes"]
    for image in by_name.values():
        assert 0 < image["compressed_bytes"] < image["size_bytes"]
        assert image["exit_code"] == 0
        assert image["user"] == ("65532:65532" if image["name"] == "distroless" else "99:99")
        assert image["health"] == "healthy"
    for name, has_shell in {"naive": True, "alpine": True, "distroless": False, "scratch": False}.items():
        assert by_name[name]["has_shell"] is has_shell, name
    assert by_name["distroless"]["os_packages"] > 0 == by_name["scratch"]["os_packages"]
    assert by_name["naive"]["setuid_files"] > 0 == by_name["scratch"]["setuid_files"]


def test_layers_add_up(comparison):
    report = report_of(comparison)
    for image in report["images"]:
        layers = [layer for layer in report["layers"] if layer["image"] == image["name"]]
        assert len(layers) == image["layers"]
        assert sum(layer["compressed_bytes"] for layer in layers) == image["compressed_bytes"]


def test_every_sample_states_its_origin(comparison):
    samples = [json.loads(line) for line in (comparison[0] / "samples.jsonl").read_text().splitlines()]
    assert len(samples) > 50
    for sample in samples:
        assert sample["at"] and sample["host"] and sample["engine"] and sample["image"]


def test_the_table_is_printed_and_kept(comparison):
    out, done, _, _ = comparison
    assert done.stdout == (out / "report.md").read_text()
    for name in ("naive", "builder", "alpine", "distroless", "scratch"):
        assert f"\n| {name} | " in done.stdout
    assert "compare: [" in done.stderr, "progress is shown"


def test_small_images_have_every_bandwidth_and_naive_what_is_computed(comparison):
    rows = {(row["image"], row["mbit_s"]): row for row in report_of(comparison)["transfers"]}
    if rows["scratch", None]["pull_s"] is None:
        pytest.skip(rows["scratch", None]["not_measured"]["pull_s"])
    for mbit in (10, 100, 1000):
        for name in ("alpine", "distroless", "scratch", "scratch-minimal"):
            if "does not fill a link" in str(rows[name, mbit]["not_measured"]):
                continue
            assert rows[name, mbit]["computed"] is False, (name, mbit)
            assert rows[name, mbit]["pull_s"] > 0 and rows[name, mbit]["push_s"] > 0
        if "does not fill a link" not in str(rows["naive", mbit]["not_measured"]):
            assert rows["naive", mbit]["computed"] is True and rows["naive", mbit]["pull_s"] > 1
    assert (comparison[0] / "transfers.svg").exists()


def test_a_cold_build_has_parts_and_a_copy_has_the_cost_of_what_it_copies(comparison):
    by_name = {image["name"]: image for image in report_of(comparison)["images"]}
    for name in ("naive", "builder"):
        parts = [by_name[name][f"build_{part}_s"] for part in ("apt", "libraries", "hello")]
        assert all(part > 0 for part in parts)
        # The rest is sending the context, and committing layers.
        assert sum(parts) <= by_name[name]["build_cold_s"] == by_name[name]["headline"]["build_from_sources_s"]
    compiled = sum(by_name["builder"][f"build_{part}_s"] for part in ("apt", "libraries", "hello"))
    for name in ("alpine", "distroless", "scratch"):
        image = by_name[name]
        assert image["headline"]["build_from_sources_s"] == pytest.approx(image["build_cold_s"] + compiled, abs=0.01)


def test_both_starts_are_measured(comparison):
    for image in report_of(comparison)["images"]:
        assert image["samples"]["service_start_ms"] == 20
        low, high = image["spread"]["service_start_ms"]
        assert 0 < low <= image["service_start_ms"] <= high
        assert image["service_start_ms"] < image["first_response_ms"]


def test_the_report_names_engine_builder_and_store(comparison):
    report = report_of(comparison)
    assert report["engine"].startswith(("docker ", "podman "))
    assert report["builder"].startswith(("legacy", "BuildKit", "buildah"))
    assert not report["image_store"].endswith("unknown")
    for word in (report["engine"], report["builder"], report["image_store"]):
        assert word in (comparison[0] / "report.md").read_text()


def test_the_next_run_knows_how_long_it_takes(comparison, tmp_path):
    """A step shows its time in the last run, and the total that is left; not after a run of another kind. By itself a
    run has fewer images than the last one."""
    durations = dict(line.split("\t") for line in (comparison[0] / "durations.tsv").read_text().splitlines())
    assert all(key.startswith("quick, 1 samples, ") for key in durations)
    assert {"quick, 1 samples, build naive, plain", "quick, 1 samples, push and pull"} <= durations.keys()
    (tmp_path / "durations.tsv").write_text("".join(f"{key}\t7\n" for key in durations))
    for variables, shown in (({"RUNS": "1"}, True), ({"RUNS": "1", "FULL": "1"}, False)):
        done = run(tmp_path, DEBIAN="localhost:1/no-such-base", **variables)  # ends in the first step
        assert ("(7 s in the last run)" in done.stderr) is shown
        if shown:
            left = int(done.stderr.split("about ")[1].split(" s left")[0])
            asked_for = ["naive-tidied", "Go binary", "of the peers", *CONTENTS["PEERS"].split(",")]
            steps = [key for key in durations if not any(word in key for word in asked_for)]
            beside = sum(any(word in key for word in ("sizes of", "surface of", "attestations of", "pitfalls")) for key in steps)
            assert left == (7 * (len(steps) - beside) * 10 + 35 * beside) // 10


def test_a_step_beside_others_that_fails_ends_the_run(tmp_path):
    """... and the others with it, and names its log."""
    stub = tmp_path / "bin"
    stub.mkdir()
    (stub / "zstd").write_text("#!/bin/sh\necho broken on purpose >&2\nexit 1\n")
    (stub / "zstd").chmod(0o755)
    done = run(tmp_path / "out", ONLY="scratch-minimal", RUNS="1", MBIT_S="1000", PATH=f"{stub}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert 'the step "sizes of scratch-minimal" failed' in done.stderr and "broken on purpose" in done.stderr


def test_the_bill_of_materials(comparison):
    sbom = json.loads((comparison[0] / "sbom.cdx.json").read_text())
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.5")
    parts = {part["name"]: part for part in sbom["components"]}
    assert {"musl", "libmicrohttpd", "mbedtls", "rust-aws-lc-sys"} == set(parts)
    assert all(part["scope"] == "required" for part in parts.values())
    for part in parts.values():
        assert part["version"] and part["purl"].startswith("pkg:") and part["cpe"]
        assert len(part["hashes"][0]["content"]) == 64


def test_two_runs_can_be_compared(comparison, tmp_path):
    report = report_of(comparison)
    same = run(tmp_path, "diff", comparison[0] / "report.json", comparison[0] / "report.json")
    assert (same.returncode, same.stdout) == (0, "")
    scratch = next(image for image in report["images"] if image["name"] == "scratch")
    scratch["size_bytes"] += 1000
    scratch["stop_ms"] = None
    (tmp_path / "new.json").write_text(json.dumps(report))
    moved = run(tmp_path, "diff", comparison[0] / "report.json", tmp_path / "new.json").stdout
    assert "scratch plain size_bytes: " in moved and "(+" in moved
    assert "scratch plain stop_ms: " in moved and "not measured" in moved
    assert run(tmp_path, "diff", "/etc/passwd", "/etc/passwd").returncode == 2


def test_an_exceeded_budget_fails(comparison, tmp_path):
    report = report_of(comparison)
    next(image for image in report["images"] if image["name"] == "scratch")["size_bytes"] = 10**9
    (tmp_path / "report.json").write_text(json.dumps(report))
    done = run(tmp_path, "budget")
    assert done.returncode == 1
    assert "scratch: size_bytes is 1000000000, the budget is" in done.stderr


@pytest.mark.parametrize("variables", [{"ONLY": "bogus"}, {"RUNS": "0"}, {"RUNS": "many"}])
def test_bad_words_are_refused(tmp_path, variables):
    done = run(tmp_path, **variables)
    assert done.returncode == 2
    assert list(variables.values())[0] in done.stderr and "want" in done.stderr


def test_a_failed_step_names_itself_and_its_log(tmp_path):
    done = run(tmp_path, ONLY="scratch", DEBIAN="localhost:1/no-such-base")
    assert done.returncode == 1
    assert 'the step "bases" failed' in done.stderr
    log = done.stderr.strip().rsplit(" ", 1)[1]
    assert "no-such-base" in (hello.ROOT / log).read_text()


def test_an_interrupted_run_leaves_nothing(tmp_path):
    before = traces()
    process = subprocess.Popen(
        [COMPARE / "run"],
        env={**os.environ, **MARK, "OUT": str(tmp_path), "ONLY": "scratch"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in process.stderr:
        if "run scratch" in line:
            break
    deadline = time.monotonic() + 60
    while traces()["containers"] <= before["containers"]:  # amid its containers
        assert process.poll() is None and time.monotonic() < deadline
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    rest = process.stderr.read()
    assert process.wait(60) != 0
    assert "interrupted" in rest or "failed" in rest
    deadline = time.monotonic() + 60
    while traces() != before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert traces() == before
