"""Two reports beside each other."""

import copy
import json
import re
import subprocess

import pytest
from reports import COMPARE, SAMPLE


def diff(tmp_path, new, *options, old=SAMPLE):
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "new.json").write_text(json.dumps(new))
    done = subprocess.run(
        [COMPARE / "diff", *options, tmp_path / "old.json", tmp_path / "new.json"], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def changed():
    report = copy.deepcopy(SAMPLE)
    scratch = next(image for image in report["images"] if image["name"] == "scratch")
    scratch["size_bytes"] += 1
    scratch["stop_ms"] *= 1.02
    scratch["requests_per_s"] *= 2
    scratch["idle_memory_bytes"] = None
    return report


def test_a_page_has_what_the_lines_have(tmp_path, changed):
    lines = diff(tmp_path, changed).splitlines()
    assert [line.split(":")[0].rpartition(" ")[2] for line in lines] == ["size_bytes", "idle_memory_bytes", "requests_per_s"]
    page = diff(tmp_path, changed, "-html")
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th><td>(.*?)</td>", page)
    assert rows == [("scratch", "size"), ("scratch", "memory, idle"), ("scratch", "requests")]
    assert "+100 %" in page and "not measured" in page
    assert "<script" not in page and "default-src 'none'" in page


def test_nothing_changed(tmp_path):
    assert diff(tmp_path, SAMPLE) == ""
    assert "No figure differs" in diff(tmp_path, SAMPLE, "-html")


def test_text_of_others_stays_text_in_the_page(tmp_path, changed):
    hostile = "</title><script>alert(1)</script>\"'>"
    changed["engine"] = changed["builder"] = changed["host"]["cpu"] = hostile
    changed["images"][0].update(name=hostile, size_bytes=1)
    page = diff(tmp_path, changed, "-html")
    assert "<script" not in page and page.count("&lt;script&gt;") >= 4
