"""Published runs: what is kept of them, the picture of their sizes, and README's table."""

import copy
import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import hello
import jsonschema
import pytest
from reports import COMPARE, SAMPLE

RUNS = sorted((COMPARE / "history").glob("*.json"))
SCHEMA = json.loads((COMPARE / "report.schema.json").read_text())


def picture(runs):
    program = (COMPARE / "format.jq").read_text() + (COMPARE / "history.jq").read_text()
    done = subprocess.run(["jq", "-r", program], input=json.dumps(runs), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run(at, **sizes):
    return {"at": at, "images": [{"name": name.replace("_", "-"), "size_bytes": size} for name, size in sizes.items()]}


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_a_published_run_says_what_it_is(path):
    report = json.loads(path.read_text())
    assert path.stem == report["at"].replace(":", "")
    assert "name" not in report["host"], "a machine's name is no figure"
    assert report["engine"] and report["host"]["cpu"] and report["host"]["cpus"] and report["bases"]
    plain = [image for image in report["images"] if image.get("flags", "plain") == "plain"]
    assert {"naive", "builder", "alpine", "scratch"} <= {image["name"] for image in plain}
    if "mode" in report:
        report["host"]["name"] = "published without"
        assert [error.message for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(report)] == []
    else:
        assert "rounded" in report["note"]


def test_the_picture_has_every_image_and_its_change():
    svg = picture([run("2026-02-01T00:00:00Z", naive=400_000_000, scratch=500_000), run("2026-01-01T00:00:00Z", naive=500_000_000, scratch=500_000)])
    found = texts(svg)
    assert {"naive", "scratch", "2026-01-01", "2026-02-01"} <= set(found)
    assert "400 MB −20 %" in found
    lines = re.findall(r'<polyline class="line c\d" points="([^"]*)"', svg)
    assert len(lines) == 2
    heights = [[float(point.split(",")[1]) for point in line.split()] for line in lines]
    assert heights[0][0] < heights[0][1], "less is lower"
    assert heights[1][0] == heights[1][1]


def test_images_of_one_size_share_a_label_and_labels_do_not_overlap():
    svg = picture([run(f"2026-01-0{day}T00:00:00Z", builder=3_000_000, alpine=3_000_000, distroless=3_000_001, scratch=2_999_999) for day in (1, 2)])
    assert "builder, alpine" in texts(svg) or "alpine, builder" in texts(svg)
    heights = sorted(float(y) for y in re.findall(r'class="name" x="[^"]*" y="([^"]*)"', svg))
    assert len(heights) == 3
    assert all(below - above >= 30 for above, below in zip(heights, heights[1:]))
    assert float(re.search(r'height="(\d+)"', svg)[1]) > heights[-1] + 30


def test_an_image_that_came_later_begins_later():
    svg = picture([run("2026-01-01T00:00:00Z", naive=10**8), run("2026-01-02T00:00:00Z", naive=10**8, distroless=10**6)])
    assert re.search(r'<polyline class="line c4" points="248,[\d.]+"/>', svg)


def test_one_run_is_no_history():
    assert picture([run("2026-01-01T00:00:00Z", naive=10**8)]) == ""


def test_text_of_others_stays_text():
    hostile = "</title><script>alert(1)</script>\"'&"
    svg = picture([{"at": hostile, "images": [{"name": hostile, "size_bytes": size}]} for size in (1000, 2000)])
    assert "<script" not in svg
    assert hostile in texts(svg)


@pytest.fixture
def tree(tmp_path):
    """What ci/readme reads and writes, to be changed."""
    for name in ("compare", "docs"):
        shutil.copytree(hello.ROOT / name, tmp_path / name)
    for name in ("ci", "build/release"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("ci/readme", "README.md", "build/release/hello"):
        shutil.copy2(hello.ROOT / name, tmp_path / name)
    return tmp_path


def readme(tree, *arguments):
    return subprocess.run(
        [tree / "ci/readme", *arguments], capture_output=True, text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8"}
    )


def test_readme_is_up_to_date():
    done = readme(hello.ROOT, "-c")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "page, old, new",
    [
        ("README.md", r"\| scratch \| [\d.]+ kB", "| scratch | 1 kB"),
        ("docs/images/sizes.svg", r"logarithmic scale", "linear scale"),
        ("docs/images/history.svg", r"published runs</text>", "runs</text>"),
    ],
)
def test_a_difference_is_found_and_named(tree, page, old, new):
    before = (tree / page).read_text()
    changed = re.sub(old, new, before, count=1)
    assert changed != before
    (tree / page).write_text(changed)
    done = readme(tree, "-c")
    assert done.returncode == 1
    assert f"{page} is out of date" in done.stderr
    assert readme(tree).returncode == 0
    assert (tree / page).read_text() == before


def test_a_run_is_published(tree):
    """It is kept under its time, without the machine's name, and README is of it once it is the newest."""
    report = copy.deepcopy(SAMPLE)
    report["at"] = "2099-12-31T01:02:03Z"
    (tree / "report.json").write_text(json.dumps(report))
    assert readme(tree, tree / "report.json").returncode == 0
    kept = json.loads((tree / "compare/history/2099-12-31T010203Z.json").read_text())
    assert "bench" not in kept and kept["host"].pop("name", None) is None
    assert kept["images"] == report["images"]
    page = (tree / "README.md").read_text()
    assert "compare/history/2099-12-31T010203Z.json" in page
    assert re.search(r"\| alpine \\\* \| 8\.47 MB \|", page), "the official base's bytes, where a stand-in took its place"
    assert re.search(r"\| distroless \\\*\\\* \| ", page)
    assert report["builder"] in page and report["image_store"] in page
    assert "alpine 8.47 MB" in (tree / "docs/images/sizes.svg").read_text()
    assert readme(tree, "-c").returncode == 0
    # Two published runs can be compared.
    done = subprocess.run(
        [tree / "compare/diff", RUNS[-1], tree / "compare/history/2099-12-31T010203Z.json"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0 and "scratch plain size_bytes: " in done.stdout


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_picture_is_legible(scheme):
    """Every colour of text has WCAG's contrast to the ground."""
    svg = (hello.ROOT / "docs/images/history.svg").read_text()
    style = re.search(r"<style>(.*?)</style>", svg, re.S)[1]
    light, dark = style.split("@media (prefers-color-scheme: dark) {")
    rules = light if scheme == "light" else dark

    def luminance(colour):
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        return sum(w * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for w, c in zip((0.2126, 0.7152, 0.0722), channels))

    def contrast(selector, key):
        colour = re.search(rf"{re.escape(selector)} {{[^}}]*{key}: (#[0-9a-f]{{6}})", rules)[1]
        ground = re.search(r"\.ground { fill: (#[0-9a-f]{6})", rules)[1]
        a, b = sorted((luminance(colour), luminance(ground)), reverse=True)
        return (a + 0.05) / (b + 0.05)

    assert contrast("text", "fill") >= 4.5 and contrast(".quiet", "fill") >= 4.5
    for number in range(7):
        assert contrast(f".c{number}", "stroke") >= 3, number
