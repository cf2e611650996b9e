"""report.html in a browser: complete, self-contained, readable at every width and in the dark.

Each page's picture is left in build/tests/compare, for eyes.
"""

import copy
import json
import os
import re
import subprocess

import pytest
from browser import Browser
from reports import COMPARE, SAMPLE, write

PICTURES = COMPARE.parent / "build" / "tests" / "compare"
HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&amp;\\\n|"
SECTIONS = ["choices", "sizes", "transfers", "builds", "layers", "platforms", "history", "running", "peers", "bench", "inside", "pitfalls", "absent", "raw"]


def make(directory, report, samples=True):
    write(directory, report, samples)
    done = subprocess.run(
        [COMPARE / "html"], env={**os.environ, "OUT": str(directory)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    # Without figures for a column, gnuplot warns and draws the others.
    assert report != SAMPLE or done.stderr == ""
    return directory / "report.html"


def images_only():
    """What a comparison leaves that measured the images alone."""
    report = copy.deepcopy(SAMPLE)
    for key in ("layers", "transfers", "pitfalls", "platforms", "flags_notes", "peers", "peer_transfers", "bench"):
        del report[key]
    report["images"] = [image for image in report["images"] if image["flags"] == "plain"]
    for image in report["images"]:
        for key in [key for key in image["samples"] if key not in ("size_bytes", "build_cold_s")]:
            image[key] = None
            image["not_measured"][key] = "this comparison has no step for it"
            del image["samples"][key]
    return report


def hostile():
    report = copy.deepcopy(SAMPLE)
    report["host"] = {key: HOSTILE if isinstance(value, str) else value for key, value in report["host"].items()}
    report["engine"] = report["at"] = report["note"] = report["article"]["source"] = HOSTILE
    report["flags_notes"] = {HOSTILE: HOSTILE}
    for base in report["bases"].values():
        base.update(image=HOSTILE, official=HOSTILE, source=HOSTILE)
    for layer in report["layers"]:
        layer["instruction"] = HOSTILE
    for pitfall in report["pitfalls"]:
        pitfall.update(id=HOSTILE, title=HOSTILE, broken=HOSTILE, mend=HOSTILE)
        for result in pitfall["results"].values():
            result.update(command=HOSTILE, output=HOSTILE)
    for server in report["bench"]["servers"]:
        server.update(title=HOSTILE, version=HOSTILE)
    report["bench"]["servers"][0]["not_measured"] = dict.fromkeys(report["bench"]["servers"][0]["not_measured"], HOSTILE)
    for peer in report["peers"]:
        peer.update(name=HOSTILE, title=HOSTILE, lacks=HOSTILE)
    image = report["images"][0]
    image.update(name=HOSTILE, user=HOSTILE, health=HOSTILE, size_bytes=None)
    image["not_measured"] = {"size_bytes": HOSTILE, HOSTILE: HOSTILE}
    for key in ("layers", "transfers"):
        for row in report[key]:
            row["image"] = HOSTILE if row["image"] == "naive" else row["image"]
    return report


REPORTS = {"whole": lambda: copy.deepcopy(SAMPLE), "images-only": images_only, "hostile": hostile}


@pytest.fixture(scope="module")
def browser():
    started = Browser()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    return {name: make(tmp_path_factory.mktemp(name), report()) for name, report in REPORTS.items()}


@pytest.fixture(params=[(400, "light"), (400, "dark"), (1280, "light"), (1280, "dark")], ids=lambda p: f"{p[0]}-{p[1]}")
def look(request):
    return request.param


@pytest.fixture(params=list(REPORTS))
def page(request, browser, pages, look):
    opened = browser.open(pages[request.param], *look)
    opened.name = f"{request.param}-{look[0]}-{look[1]}"
    yield opened
    opened.close()


OPEN = "document.querySelectorAll('details').forEach(part => part.open = true)"
# Nearest painted ground, and WCAG's contrast to it, of every text that is seen.
CONTRASTS = """(() => {
    const probe = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const rgb = colour => {
        probe.clearRect(0, 0, 1, 1);
        probe.fillStyle = colour;
        probe.fillRect(0, 0, 1, 1);
        return [...probe.getImageData(0, 0, 1, 1).data];
    };
    const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
        .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = rgb(getComputedStyle(e).backgroundColor);
            if (colour[3] === 255) return colour;
        }
        return [255, 255, 255, 255];
    };
    const faint = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const element = walk.currentNode.parentElement, style = getComputedStyle(element);
        if (!walk.currentNode.data.trim() || !element.getClientRects().length) continue;
        const inside = element.closest('svg') ? style.fill : style.color;
        const [a, b] = [light(rgb(inside)), light(ground(element))].sort((x, y) => y - x);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) faint.push([walk.currentNode.data.trim().slice(0, 40), contrast]);
    }
    return faint;
})()"""


def test_page_loads_without_errors_and_fits(page):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(PICTURES / f"{page.name}.png")
    assert page.run("document.readyState") == "complete"
    for state in ("closed", "open"):
        if state == "open":
            page.run(OPEN)
            page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.run("document.documentElement.scrollWidth") <= page.width, state
        assert page.run("innerWidth") == page.width, state
        assert page.run(CONTRASTS) == [], state
    assert page.complaints() == []
    assert page.requests() == []


def test_text_is_not_too_small(page):
    page.run(OPEN)
    small = page.run(
        """[...document.querySelectorAll('body *')]
            .filter(e => e.getClientRects().length && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            .map(e => {
                const svg = e.closest('svg');
                const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
                return [e.textContent.slice(0, 30), parseFloat(getComputedStyle(e).fontSize) * scale];
            })
            .filter(([text, px]) => px < 11)"""
    )
    assert small == []


def test_dark_is_dark_and_light_is_light(page, look):
    red = page.run("parseInt(getComputedStyle(document.body).backgroundColor.match(/[0-9]+/)[0])")
    assert red < 64 if look[1] == "dark" else red > 192


def test_page_is_accessible(page):
    assert page.run("document.documentElement.lang") == "en"
    levels = page.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:])), "a level is left out"
    assert page.run("[...document.querySelectorAll('main > section')].map(s => s.id)") == SECTIONS
    bad = {
        "a table without caption": "table:not(:has(caption))",
        "a head without scope": "th:not([scope])",
        "a picture without name": "svg:not([aria-labelledby]), img:not([alt])",
        "a scroll box that keys can't reach": ".scroll:not([tabindex][aria-label])",
        "something that runs": "script, iframe, object, embed, link:not([rel=icon])",
    }
    for what, selector in bad.items():
        assert page.run(f"document.querySelectorAll({selector!r}).length") == 0, what
    assert page.run(
        """[...document.querySelectorAll('[aria-labelledby]')]
            .filter(e => !(document.getElementById(e.getAttribute('aria-labelledby')) || {}).textContent).length"""
    ) == 0


def test_ids_are_unique_and_links_arrive(page):
    ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    links = page.run("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert {link[:1] for link in links} == {"#"}
    assert {link[1:] for link in links} <= set(ids)


def test_wide_things_scroll_inside_their_box(browser, pages):
    page = browser.open(pages["whole"], 400, "light")
    page.run(OPEN)
    boxes = page.run("[...document.querySelectorAll('.scroll')].map(b => [b.clientWidth, b.scrollWidth])")
    assert all(width <= 400 for width, _ in boxes)
    assert any(inner > width for width, inner in boxes)
    page.close()


def test_every_figure_leads_to_its_samples(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    page.run(OPEN)
    for image in [*SAMPLE["images"], *SAMPLE["peers"]]:
        for key, count in image["samples"].items():
            id = re.sub("[^A-Za-z0-9]+", "-", f"raw {image['name']} {image['flags']} {key}")
            cells = page.run(f"[...document.getElementById({id!r}).cells].map(cell => cell.textContent)")
            assert cells[:3] == [image["name"], image["flags"], key]
            assert cells[4] == str(count)
            assert len(cells[5].split("; ")) == count
    titles = page.run("[...document.querySelectorAll('a.figure')].map(a => [a.hash, a.title])")
    assert ["#raw-naive-plain-stop-ms", "median of 5 samples; stop_ms of naive, plain, in samples.jsonl"] in titles
    assert ["#raw-naive-plain-push-s-pull-s-100-20", "1 sample; pull_s of naive at 100 Mbit/s, in samples.jsonl"] in titles
    assert all("samples.jsonl" in title for _, title in titles)
    page.close()


def test_a_link_opens_the_samples(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    page.run("document.querySelector('a.figure').click()")
    page.run("new Promise(done => setTimeout(done, 100))")
    assert page.run("document.querySelector(':target').getClientRects().length") == 1
    page.close()


def test_without_samples_a_figure_still_shows_its_origin(browser, tmp_path):
    page = browser.open(make(tmp_path, copy.deepcopy(SAMPLE), samples=False), 1280, "light")
    assert page.run("document.querySelectorAll('a.figure').length") == 0
    assert page.run(
        "document.querySelectorAll(\"span[title^='median of 5 samples; stop_ms of naive']\").length"
    ) > 0
    assert "Not measured" in page.run("document.getElementById('raw').textContent")
    page.close()


def test_other_servers_are_beside_ours(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    said = page.run("document.getElementById('bench').textContent")
    for server in SAMPLE["bench"]["servers"]:
        assert server["title"] in said
    for figure in SAMPLE["bench"]["figures"]:
        assert figure["title"] in said
    ratio = SAMPLE["bench"]["ratios"]["hello"]["cpu_us_per_request"]["nginx"]
    assert f"{ratio:.2f}" in said
    assert "not measured: the sample measured no connections of nginx" in said
    page.close()


def test_the_page_says_which_image_is_for_what(browser, pages):
    """In the order of their sizes, with the bytes that each has more than the one before."""
    page = browser.open(pages["whole"], 400, "light")
    rows = page.run("[...document.querySelectorAll('#choices tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    images = {image["name"]: image["headline"]["size_bytes"] for image in SAMPLE["images"] if image["flags"] == "plain"}
    assert [row[0] for row in rows] == sorted(images, key=lambda name: (images[name], name))
    by_name = {row[0]: row for row in rows}
    assert by_name["scratch"][2] == f"+{round((images['scratch'] - images['scratch-minimal']) / 1000)} kB"
    assert by_name["scratch-minimal"][2] == "171 kB"
    assert rows[-1][0] == "naive"
    assert all(all(cell for cell in row) for row in rows)
    page.close()


def test_every_image_has_a_choice():
    schema = json.loads((COMPARE / "report.schema.json").read_text())
    choices = json.loads((COMPARE / "choices.json").read_text())
    assert {choice["name"] for choice in choices} == set(schema["definitions"]["name"]["enum"])
    assert all(choice["for"] and choice["buys"] and choice["without"] for choice in choices)


def test_peers_are_beside_ours(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    names = page.run("[...document.querySelectorAll('#peers .sizes li .name')].map(e => e.textContent)")
    assert names == ["hello: alpine", "hello: scratch", *(peer["name"] for peer in SAMPLE["peers"])]
    widths = page.run("[...document.querySelectorAll('#peers .sizes li .bar.first')].map(e => e.getBoundingClientRect().width)")
    assert widths[1] < widths[4] < widths[3], "scratch, busybox-scratch, go-scratch"
    said = page.run("document.getElementById('peers').textContent")
    for peer in SAMPLE["peers"]:
        assert f"{peer['title']}. It lacks: {peer['lacks']}." in said
    # What a page can't say of a peer has its reason, as for an image.
    assert "the sample has none" in said and "the image has no health check" in page.run("document.getElementById('absent').textContent")
    page.close()


def test_published_runs_are_beside_this_one(browser, pages):
    page = browser.open(pages["whole"], 400, "dark")
    said = page.run("document.getElementById('history').textContent")
    runs = [json.loads(path.read_text()) for path in (COMPARE / "history").glob("*.json")]
    for run in [*runs, SAMPLE]:
        assert run["at"] in said
    # The browser draws it, within the page.
    width, drawn = page.run("(i => [i.naturalWidth, i.getBoundingClientRect().width])(document.querySelector('#history img'))")
    assert width == 400 and 300 < drawn <= 400
    page.close()


def test_what_was_not_measured_says_why(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    said = page.run("document.getElementById('absent').textContent")
    for image in SAMPLE["images"]:
        for reason in image["not_measured"].values():
            assert reason in said
    page.close()

    page = browser.open(pages["images-only"], 1280, "light")
    for section in ("transfers", "layers", "platforms", "running", "peers", "bench", "inside", "pitfalls"):
        assert "Not measured: " in page.run(f"document.getElementById({section!r}).textContent"), section
    assert page.run("document.querySelectorAll('svg').length") == 0
    page.close()


def test_a_shared_reason_does_not_mix_images(browser, tmp_path):
    report = copy.deepcopy(SAMPLE)
    for image, key in ((report["images"][0], "stop_ms"), (report["images"][1], "files")):
        image[key] = None
        image["not_measured"][key] = "the same reason"
    page = browser.open(make(tmp_path, report), 1280, "light")
    rows = page.run("[...document.querySelectorAll('#absent tbody tr')].map(r => [...r.cells].map(c => c.innerText))")
    assert ["the same reason", "naive, plain", "stop"] in rows
    assert ["the same reason", "builder, plain", "files"] in rows
    page.close()


@pytest.mark.parametrize("width", [400, 1280])
def test_figures_stay_in_their_chart(browser, pages, width):
    page = browser.open(pages["whole"], width, "light")
    out = page.run(
        """[...document.querySelectorAll('.chart:not(.compact) .values')].filter(e => {
            const range = document.createRange();
            range.selectNodeContents(e);
            return range.getBoundingClientRect().right > e.closest('.chart').getBoundingClientRect().right + 1;
        }).map(e => e.textContent)"""
    )
    assert out == []
    page.close()


def test_layers_show_their_instruction(browser, pages):
    page = browser.open(pages["whole"], 1280, "light")
    titles = page.run("[...document.querySelectorAll('.layer')].map(l => l.title)")
    assert len(titles) == len(SAMPLE["layers"])
    for layer, title in zip(SAMPLE["layers"], titles):
        assert layer["instruction"] in title
    page.close()


def test_states_are_words_and_marks(browser, pages):
    page = browser.open(pages["whole"], 400, "light")
    cells = page.run("[...document.querySelectorAll('.matrix td')].map(cell => cell.textContent)")
    assert len(cells) == len(SAMPLE["pitfalls"]) * 6
    assert set(cells) == {"✓ works", "✗ fails", "○ not applicable"}
    page.close()


def test_text_of_others_stays_text(browser, pages):
    page = browser.open(pages["hostile"], 1280, "light")
    assert page.run("document.querySelectorAll('script, img:not([src^=\\'data:image/svg+xml;base64,\\'])').length") == 0
    assert page.run("document.title") == "hello: what each way of packaging costs"
    assert page.run("document.querySelector('.facts').textContent").count(HOSTILE) >= 5
    assert page.run("document.querySelector('.instructions').textContent").count(HOSTILE) >= len(SAMPLE["layers"])
    page.close()


def test_same_input_same_page(tmp_path):
    path = make(tmp_path, copy.deepcopy(SAMPLE))
    first = {name: (tmp_path / name).read_bytes() for name in ("report.html", "sizes.svg", "transfers.svg")}
    make(tmp_path, copy.deepcopy(SAMPLE))
    assert {name: (tmp_path / name).read_bytes() for name in first} == first
    assert path.stat().st_size < 1_000_000


def test_failure_leaves_no_page_of_another_run(tmp_path):
    make(tmp_path, copy.deepcopy(SAMPLE))
    (tmp_path / "report.json").write_text("{")
    done = subprocess.run([COMPARE / "html"], env={**os.environ, "OUT": str(tmp_path)}, capture_output=True, timeout=60)
    assert done.returncode != 0
    assert not list(tmp_path.glob("*.html")) and not list(tmp_path.glob("*.svg"))
