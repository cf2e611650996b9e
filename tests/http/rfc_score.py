"""Runs rfc_cases.py against hello, nginx and Go's net/http, and publishes the results.

nginx and Go are this machine's and, with a Debian mirror, the newest that Debian offers (ci/peers).

usage: /usr/bin/python3 tests/http/rfc_score.py    (or `make http-score`)
Writes build/http/score.json, the score in docs/http.md and the lists in docs/http-cases.md.
"""

import concurrent.futures
import datetime
import json
import pathlib
import platform
import re
import subprocess
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]

import hello  # noqa: E402
import rfc  # noqa: E402
import rfc_cases  # noqa: E402

RAW = hello.ROOT / "build" / "http" / "score.json"
SCORE_PAGE = hello.ROOT / "docs" / "http.md"
CASES_PAGE = hello.ROOT / "docs" / "http-cases.md"
SECONDS = 5
# The suite with the newest versions.
NEWEST = "sid"
LEVELS = [rfc_cases.MUST, rfc_cases.SHOULD, rfc_cases.CHOICE]


def score(port):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = pool.map(lambda case: rfc.run(port, case, SECONDS), rfc_cases.CASES)
        return [outcome._asdict() for outcome in outcomes]


def unpack_newest():
    """Returns: the directory of the newest peers; or None, and why there is none."""
    done = subprocess.run([hello.ROOT / "ci/peers", NEWEST], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1]
    return pathlib.Path(done.stdout.strip()), None


def measure():
    """Returns: what build/http/score.json has."""
    import peers  # needs pytest, which those who only read the score do without

    servers = []
    ours = hello.Server("release", "-log", "off")
    try:
        version = re.search(r'version="([^"]+)"', ours.ask("/metrics").body.decode())[1]
        servers.append({"name": "hello", "version": version, "outcomes": score(ours.port)})
    finally:
        ours.stop()
        ours.reports.cleanup()
    newest, not_measured = unpack_newest()
    for make in (peers.Nginx, peers.NetHTTP):
        for root in (None, newest) if newest else (None,):
            with make(root) as peer:
                servers.append(
                    {
                        "name": peer.name,
                        "version": peer.version,
                        "suite": NEWEST if root else None,
                        "outcomes": score(peer.port),
                    }
                )
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "system": platform.freedesktop_os_release()["PRETTY_NAME"],
        "cases": [
            {"name": case.name, "section": case.section, "level": case.level}
            for case in rfc_cases.CASES
        ],
        "servers": servers,
        "not_measured": not_measured,
    }


# ---- the page ---------------------------------------------------------------------------


def cell(text):
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def row(*cells):
    return "| " + " | ".join(str(text) for text in cells) + " |"


def write_score(result):
    cases = result["cases"]
    why = result["not_measured"]
    if why is None:
        newest = f"The newer nginx and Go are those of Debian {NEWEST}."
    else:
        newest = f"Those of Debian {NEWEST} were not measured: {cell(why)}"
    lines = [
        f"Measured {result['time']} on {result['system']}; {len(cases)} cases.",
        newest,
        "",
        row("", *(f"{s['name']} {s['version']}" for s in result["servers"])),
        "|---|" + "--:|" * len(result["servers"]),
    ]
    for level in [*LEVELS, "all"]:
        cells = []
        for server in result["servers"]:
            passed = [
                outcome["passed"]
                for case, outcome in zip(cases, server["outcomes"])
                if level in (case["level"], "all")
            ]
            cells.append(f"{sum(passed)} of {len(passed)}")
        lines.append(row(level, *cells))
    return lines


def write_differences(result):
    lines = [
        row("case", "RFC", "hello", *(f"{s['name']} {s['version']}" for s in result["servers"][1:])),
        "|---|---|" + "---|" * len(result["servers"]),
    ]
    for i, case in enumerate(result["cases"]):
        outcomes = [server["outcomes"][i] for server in result["servers"]]
        if all(outcome["passed"] for outcome in outcomes):
            continue
        # The statuses alone: the reason behind them is in build/http/score.json.
        said = [cell(outcome["said"].split(":")[0]) for outcome in outcomes]
        marked = [text if outcome["passed"] else f"**{text}**" for text, outcome in zip(said, outcomes)]
        lines.append(row(cell(case["name"]), f"{case['section']}, {case['level']}", *marked))
    return lines


def write_cases(result):
    lines = []
    for case in result["cases"]:
        lines.append(f"- {cell(case['name'])} ({case['section']}, {case['level']})")
    return lines


def fill(text, name, lines):
    """Replaces what stands between <!-- NAME --> and <!-- /NAME -->."""
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, rest = text.split(start, 1)
    return before + start + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1]


def publish(result):
    SCORE_PAGE.write_text(fill(SCORE_PAGE.read_text(), "score", write_score(result)))
    text = fill(CASES_PAGE.read_text(), "differences", write_differences(result))
    CASES_PAGE.write_text(fill(text, "cases", write_cases(result)))


def part(name):
    """The lines between <!-- NAME --> and <!-- /NAME --> of docs/http-cases.md."""
    return CASES_PAGE.read_text().split(f"<!-- {name} -->\n", 1)[1].split(f"<!-- /{name} -->", 1)[0].splitlines()


def main():
    result = measure()
    RAW.parent.mkdir(parents=True, exist_ok=True)
    RAW.write_text(json.dumps(result, indent=1) + "\n")
    publish(result)
    print("\n".join(write_score(result)))
    if not all(outcome["passed"] for outcome in result["servers"][0]["outcomes"]):
        sys.exit("rfc_score: hello itself has failed cases")


if __name__ == "__main__":
    main()
