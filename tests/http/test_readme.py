"""The README tells the truth about flags and routes."""

import re

import hello


def between(text, start, end):
    return text.split(start, 1)[1].split(end, 1)[0]


def test_flags_are_as_hello_says(flavour):
    said = hello.run(flavour, "-h").stdout.split("Flags of healthcheck")[0]
    flags = dict(re.findall(r"^  (-[a-z-]+).*\n +\t(.*) \[\$HELLO_[A-Z_]+\]$", said, re.M))
    assert len(flags) >= 10
    readme = (hello.ROOT / "README.md").read_text()
    rows = re.findall(
        r"^\| `(-[a-z-]+)` \| (?:`(.*?)`|–) \| (.*) \|$",
        between(readme, "<!-- flags -->", "<!-- /flags -->"),
        re.M,
    )
    told = {name: text + (f" (default {initial})" if initial else "") for name, initial, text in rows}
    assert told == flags, "run `make readme`"


def test_every_flag_has_its_variable(flavour):
    said = hello.run(flavour, "-h").stdout.split("Flags of healthcheck")[0]
    pairs = re.findall(r"^  -([a-z-]+).*\n.*\[\$(HELLO_[A-Z_]+)\]$", said, re.M)
    assert len(pairs) == len(re.findall(r"^  -", said, re.M))
    for flag, variable in pairs:
        assert variable == "HELLO_" + flag.upper().replace("-", "_")


def test_routes_answer(start):
    readme = (hello.ROOT / "README.md").read_text()
    rows = re.findall(r"^\| `(/[a-zA-Z/]*)`.* \|$", between(readme, "## Routes", "Any method"), re.M)
    assert {"/", "/magazine/NAME", "/healthz", "/readyz", "/metrics", "/whoami"} <= set(rows)
    server = start("-inspect") if "/inspect" in rows else start()
    for route in rows:
        answer = server.ask(route)
        assert answer.status == 200
        assert route == "/" or answer.body != b"howdy\n", f"{route} is not served"
