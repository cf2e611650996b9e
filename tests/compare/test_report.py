"""report.json keeps to its schema, and the tables are made of it."""

import copy
import json
import re
import subprocess

import jsonschema
import pytest
from reports import COMPARE, SAMPLE, raw_samples

SCHEMA = json.loads((COMPARE / "report.schema.json").read_text())
PROGRAM = "".join(
    path.read_text()
    for path in (COMPARE / "format.jq", COMPARE.parent / "bench/sections.jq", COMPARE / "table.jq")
)
FIGURES = [
    key
    for key in SCHEMA["definitions"]["image"]["properties"]
    if key not in ("name", "flags", "image_id", "samples", "spread", "headline", "not_measured")
]


@pytest.fixture
def report():
    return copy.deepcopy(SAMPLE)


def findings(report):
    return [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(report)]


def table(tmp_path, report):
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    done = subprocess.run(
        ["jq", "-r", PROGRAM, path], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_schema_is_one():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_sample_is_valid_and_marked_as_made_up(report):
    assert findings(report) == []
    assert report["host"]["name"] == "sample"
    assert "made up" in report["note"]


def test_lists_beside_images_may_be_missing_or_empty(report):
    for key in ("layers", "transfers", "pitfalls"):
        report[key] = []
    report["flags_notes"] = {}
    assert findings(report) == []
    for key in ("layers", "transfers", "pitfalls", "flags_notes", "peers", "peer_transfers"):
        del report[key]
    assert findings(report) == []


@pytest.mark.parametrize("key", FIGURES)
def test_every_figure_of_a_plain_image_is_there_or_explained(report, key):
    image = report["images"][0]
    assert image["flags"] == "plain"
    value, count = image[key], image["samples"][key]
    assert value is not None

    image[key] = None
    assert findings(report), "null without a reason"
    image["not_measured"][key] = ""
    assert findings(report), "an empty reason"
    image["not_measured"][key] = "the sample says so"
    assert findings(report) == []

    image[key] = value
    assert findings(report), "measured, and a reason why not"
    del image["not_measured"][key]
    assert findings(report) == []
    del image["samples"][key]
    assert findings(report), "a figure without samples"
    image["samples"][key] = count
    del image[key]
    assert findings(report), "neither a figure nor null"


@pytest.mark.parametrize(
    "breaks",
    [
        lambda report: report.update(project="other"),
        lambda report: report.update(at="yesterday"),
        lambda report: report.update(images=[]),
        lambda report: report.pop("host"),
        lambda report: report["host"].update(cpus="2"),
        lambda report: report["bases"].pop("alpine"),
        lambda report: report["images"][0].update(name="other"),
        lambda report: report["images"][0].update(flags="fast"),
        lambda report: report["images"][0].update(size_bytes="724 MB"),
        lambda report: report["images"][0].update(size_bytes=-1),
        lambda report: report["images"][0].update(has_shell="no"),
        lambda report: report["images"][0].update(exit_code=256),
        lambda report: report["images"][0]["samples"].update(stop_ms=0),
        lambda report: report["images"][6].pop("build_warm_s"),
        lambda report: report["layers"][0].pop("instruction"),
        lambda report: report["transfers"][0].update(pull_s=None),
        lambda report: report["transfers"][0].update(mbit_s=0),
        lambda report: report["transfers"][0].update(computed="no"),
        lambda report: report["platforms"][0].update(platform="linux/riscv64"),
        lambda report: report["platforms"][0].pop("computed"),
        lambda report: report["platforms"][1]["images"][0].pop("size_bytes"),
        lambda report: report["pitfalls"][0]["results"]["naive"].update(state="maybe"),
        lambda report: report["pitfalls"][0]["results"].update(other={}),
        lambda report: report["flags_notes"].update(squash=""),
        lambda report: report["images"][0]["headline"].update(how="guessed"),
        lambda report: report["images"][0].pop("headline"),
        lambda report: report["images"][0]["spread"].update(stop_ms=[1]),
        lambda report: report["official"]["bases"]["alpine"].update(digest="latest"),
        lambda report: report["official"]["bases"]["distroless"].pop("why"),
        lambda report: report.update(mode="fast"),
        lambda report: report["bench"].pop("servers"),
        lambda report: report["peers"][0].update(name="scratch"),
        lambda report: report["peers"][0].pop("lacks"),
        lambda report: report["peers"][0].update(stop_ms=None),
        lambda report: report["peers"][0].pop("headline"),
        lambda report: report["images"][0].update(name="go-scratch"),
        lambda report: report["peer_transfers"][0].update(image="scratch"),
        lambda report: report["bench"]["servers"][0].update(cpu_us_per_request="6 us"),
        lambda report: report["bench"]["servers"][0].pop("not_measured"),
    ],
)
def test_broken_reports_are_rejected(report, breaks):
    breaks(report)
    assert findings(report)


@pytest.mark.parametrize("with_bench", [True, False])
def test_raw_samples_make_the_report(report, tmp_path, with_bench):
    """What report.jq makes of samples keeps to the schema, and is what they were made of."""
    report["images"] = [image for image in report["images"] if image["flags"] != "squash"]
    names = [image["name"] for image in report["images"] if image["flags"] == "plain"]
    given = {
        **{key: report[key] for key in ("host", "bases", "official", "article", "sample_repository", "pitfalls", "platforms")},
        "transfers": report["transfers"] + report["peer_transfers"],
        "peers": [{key: peer[key] for key in ("name", "title", "lacks")} for peer in report["peers"]],
        "engine": {key: report[key] for key in ("engine", "builder", "image_store")},
        "names": names,
        "version": report["version"],
        "notes": report["flags_notes"],
    }
    (tmp_path / "bench").write_text(json.dumps(report["bench"]) if with_bench else "")
    arguments = ["--slurpfile", "bench", tmp_path / "bench"] + [word for key, value in given.items() for word in ("--argjson", key, json.dumps(value))]
    done = subprocess.run(
        ["jq", "-s", "-f", COMPARE / "report.jq", "--arg", "mode", report["mode"], *arguments],
        input="".join(json.dumps(sample) + "\n" for sample in raw_samples(report)),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert findings(made) == []
    assert made["layers"] == report["layers"]
    assert made.get("bench") == (report["bench"] if with_bench else None)
    for key in ("transfers", "peer_transfers"):
        assert made[key] == report[key]
    assert [[peer[key] for key in ("name", "title", "lacks")] for peer in made["peers"]] == [
        [peer[key] for key in ("name", "title", "lacks")] for peer in report["peers"]
    ]
    images = {(image["name"], image["flags"]): image for image in made["images"] + made["peers"]}
    assert len(images) == len(report["images"] + report["peers"])
    for image in report["images"] + report["peers"]:
        same = images[image["name"], image["flags"]]
        for key in set(FIGURES) & set(image):
            assert same[key] == image[key], key
            assert same["samples"].get(key) == image["samples"].get(key), key
        assert same["spread"] == image["spread"]
        assert same.get("headline") == image.get("headline")
        assert set(same["not_measured"]) >= set(image["not_measured"])


def test_table_has_every_section(tmp_path, report):
    text = table(tmp_path, report)
    for title in ("Sizes, as measured", "Builds", "Push and pull", "Running", "What is inside", "Pitfalls", "Both platforms", "What you would use instead", "Beside other servers"):
        assert f"## {title}\n" in text
    assert "| scratch-minimal | 171 kB |" in text
    assert "(Sample CPU <tests & such>), linux/amd64, Debian" in text
    assert "| bytes | linux/amd64 | gzip | linux/arm64, computed | gzip |" in text
    assert "| `/hello` | 500,001 |  | 510,002 |  |" in text
    assert "| layers of scratch | 704,512 | 390,001 | 714,240 | 400,002 |" in text
    assert "None" not in text and "null" not in text


def test_table_leaves_out_what_has_no_data(tmp_path, report):
    for key in ("layers", "transfers", "pitfalls", "platforms", "flags_notes", "peers", "peer_transfers", "bench"):
        report.pop(key)
    report["images"] = [image for image in report["images"] if image["flags"] == "plain"]
    first = ("size_bytes", "compressed_bytes", "layers", "build_cold_s", "build_warm_s", "service_start_ms", "stop_ms")
    for image in report["images"]:
        for key in set(FIGURES) - set(first):
            image[key] = None
            image["not_measured"][key] = "the sample says so"
    text = table(tmp_path, report)
    assert "## " not in text
    assert "| naive | 724 MB | 315 MB | 5 | 30.0 s | 0.165 s | – | 0.71 ms | 153 ms | – | 783 MB | 299 MB |" in text


def test_table_rows_have_the_columns_of_their_head(tmp_path, report):
    report["pitfalls"][0]["title"] = "a | b\nc"
    width = None
    for line in table(tmp_path, report).splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else None
        assert width is None or cells is None or cells == width, line
        width = cells


def test_two_sources_of_published_figures_are_never_in_one_row(report):
    """The article's sizes belong to its transfers, its sample repository's to the build times of that."""
    article = json.loads((COMPARE / "article.json").read_text())
    assert report["article"] == article["article"] and report["sample_repository"] == article["sample_repository"]
    for rows in article.values():
        keys = {tuple(row) for row in rows["images"].values()}
        assert len(keys) == 1
    assert article["article"]["images"]["naive"]["size_mb"] == 783
    assert article["sample_repository"]["images"]["naive"]["size_mb"] == 780


def test_a_stand_in_comes_second(tmp_path, report):
    """The first table has the official bases' published bytes and our layers; without a stand-in, what was measured."""
    alpine = next(image for image in report["images"] if image["name"] == "alpine")
    ours = sum(layer["size_bytes"] for layer in report["layers"] if layer["image"] == "alpine" and layer["index"] > 0)
    assert alpine["headline"]["size_bytes"] == 8_300_000 + ours != alpine["size_bytes"]
    text = table(tmp_path, report)
    assert "\n| alpine | 8.47 MB | " in text and "\n| distroless \\* | " in text
    assert text.index("8.47 MB") < text.index("3.17 MB")
    assert "around 2 MiB" in text and report["official"]["bases"]["alpine"]["digest"] in text
    for base in report["bases"].values():
        base.update(source="pulled")
    for image in report["images"]:
        if image["flags"] == "plain":
            image["headline"].update(size_bytes=image["size_bytes"], how="measured")
    text = table(tmp_path, report)
    assert "\n| alpine | 3.17 MB | " in text and "stand-in took" not in text and "\n| distroless | " in text


def test_the_spread_is_beside_the_median(tmp_path, report):
    report["images"][0]["spread"]["first_response_ms"] = [140.2, 190.4]
    text = table(tmp_path, report)
    assert "(140 to 190)" in text


def test_peers_are_beside_ours(tmp_path, report):
    """Ours on the same bases come first; each peer says what it lacks."""
    text = table(tmp_path, report)
    section = text[text.index("## What you would use instead") :]
    section = section[: section.index("\n## ")]
    names = [line.split(" | ")[0].strip("| ") for line in section.splitlines() if line.startswith("| ")][1:]
    assert names == ["hello: alpine", "hello: scratch", "go-naive", "go-scratch", "busybox-scratch"]
    for peer in report["peers"]:
        assert f"- {peer['name']}: {peer['title']}. It lacks: {peer['lacks']}." in section
    assert "| busybox-scratch | 2.00 MB | 1.00 MB |" in section
    assert "| 10200 ms | 137 |" in section


def made_of(samples, **given):
    """What report.jq makes of samples."""
    arguments = {"host": {}, "bases": {}, "official": {"bases": {}}, "article": {}, "sample_repository": {}, "pitfalls": [], "platforms": [],
                 "transfers": [], "peers": [], "engine": {}, "names": [], "notes": {}, "version": "1", **given}
    words = [word for key, value in arguments.items() for word in ("--argjson", key, json.dumps(value))]
    done = subprocess.run(
        ["jq", "-s", "-f", COMPARE / "report.jq", "--arg", "mode", "full", "--slurpfile", "bench", "/dev/null", *words],
        input="".join(json.dumps(sample) + "\n" for sample in samples), capture_output=True, text=True, timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_official_gcc_image_is_computed_where_it_can_not_be_had():
    """... from its published bytes and what naive has on top of its packages; no figure claims to be measured."""
    layers = [("base", 100, 50), ("RUN apt-get update && apt-get install -y build-essential", 300, 90), ("COPY src src", 7, 3), ("RUN make", 11, 5)]
    common = {"at": "2026-01-02T03:04:05Z", "flags": "plain", "image_id": ""}
    samples = [
        {**common, "image": "naive", "layer": {"index": index, "instruction": text, "size_bytes": size, "compressed_bytes": packed, "zstd_bytes": 1}}
        for index, (text, size, packed) in enumerate(layers)
    ] + [{**common, "image": "naive-gcc", "not_measured": {"*": "it can not be pulled"}}]
    official = json.loads((COMPARE / "official.json").read_text())
    gcc = official["bases"]["gcc"]
    made = made_of(samples, names=["naive", "naive-gcc"], official=official, bases={"debian": {"source": "stand-in"}})
    image = next(image for image in made["images"] if image["name"] == "naive-gcc")
    assert image["headline"]["size_bytes"] == gcc["size_bytes"] + 18
    assert image["headline"]["compressed_bytes"] == gcc["compressed_bytes"] + 8
    assert image["headline"]["how"].startswith("computed: the official gcc image as published")
    assert image["samples"] == {} and image["size_bytes"] is None
    assert set(image["not_measured"].values()) == {"it can not be pulled"}


def test_the_official_gcc_image_is_measured_where_it_can_be_had():
    common = {"at": "2026-01-02T03:04:05Z", "flags": "plain", "image_id": "", "image": "naive-gcc"}
    made = made_of([{**common, "size_bytes": 1600, "compressed_bytes": 600}], names=["naive-gcc"], bases={"gcc": {"source": "pulled"}})
    headline = made["images"][0]["headline"]
    assert (headline["size_bytes"], headline["compressed_bytes"], headline["how"]) == (1600, 600, "measured")


def test_a_copied_go_binary_has_the_cost_of_compiling_it():
    common = {"at": "2026-01-02T03:04:05Z", "flags": "plain", "image_id": ""}
    samples = [{**common, "image": "go-builder", "build_cold_s": 40.5}, {**common, "image": "go-alpine", "build_cold_s": 0.5}]
    peers = [{"name": name, "title": name, "lacks": "all"} for name in ("go-builder", "go-alpine")]
    made = made_of(samples, peers=peers)
    assert [peer["headline"]["build_from_sources_s"] for peer in made["peers"]] == [40.5, 41.0]
    assert made_of(samples)["images"] == [] and "peers" not in made_of(samples)


def test_each_image_has_its_line():
    """Two lines of the pulls' picture differ in their dashes or their points, so without colour, too."""
    text = (COMPARE / "transfers.gp").read_text()
    dashes, shapes = (json.loads(re.search(rf"^array {name}\[\d+\] = (\[.*\])$", text, re.M)[1]) for name in ("dashes", "shape"))
    lines = list(zip(dashes, shapes))
    assert len(lines) == len(dashes) == len(shapes) == len(set(lines))
    assert len(lines) >= len(SCHEMA["definitions"]["name"]["enum"])
