"""The documentation against the binary and the repository: flags, commands, routes, generated parts, links."""

import re
import shutil
import subprocess

import hello
import pytest

USAGE = (hello.ROOT / "docs" / "usage.md").read_text()


def usage_of(flavour, command):
    """(flag, description) of each flag that `hello COMMAND -h` prints for this command."""
    printed = hello.run(flavour, command, "-h").stdout
    # Either the text is this command's alone, or each command has a section of its own.
    sections = re.split(r"^Flags of ([a-z]+).*\n", printed, flags=re.M)
    text = dict(zip(sections[1::2], sections[2::2]))[command] if len(sections) > 1 else printed
    flags = re.findall(r"^  (-[A-Za-z-]+).*\n((?:(?: {4}|\t).*\n?)+)", text, re.M)
    return [(name, " ".join(line.strip() for line in lines.splitlines())) for name, lines in flags]


def documented(command):
    """The rows of a command's table in docs/usage.md, as usage_of()."""
    part = USAGE.split(f"<!-- flags-{command} -->", 1)[1].split(f"<!-- /flags-{command} -->", 1)[0]
    found = []
    for name, initial, text in re.findall(r"^\| `(-[A-Za-z-]+)` \| (?:`(.*?)`|–) \| (.*) \|$", part, re.M):
        variable = re.search(r"; variable `(.*)`$", text)
        text = text[: variable.start()] if variable else text
        text += f" (default {initial})" if initial else ""
        found.append((name, text + (f" [${variable[1]}]" if variable else "")))
    return found


def usual_variable(flag):
    return " [$HELLO_" + flag[1:].upper().replace("-", "_") + "]"


@pytest.mark.parametrize("command, least", [("serve", 20), ("healthcheck", 2), ("get", 6)])
def test_flags_are_documented(flavour, command, least):
    said = usage_of(flavour, command)
    assert len(said) >= least
    # A variable of the usual name is not in the table.
    assert documented(command) == [(name, text.replace(usual_variable(name), "")) for name, text in said], "run `make readme`"


def test_every_flag_of_serve_has_its_variable(flavour):
    for flag, text in usage_of(flavour, "serve"):
        assert text.endswith(usual_variable(flag)), flag


def test_commands_are_documented(flavour):
    said = re.findall(r"^  hello \[?([a-z]+)", hello.run(flavour, "help").stdout, re.M)
    part = USAGE.split("<!-- commands -->")[1].split("<!-- /commands -->")[0]
    assert re.findall(r"^\| `hello \[?([a-z]+)", part, re.M) == said


def test_documented_routes_are_served(start):
    part = USAGE.split("## Routes")[1].split("##")[0]
    rows = re.findall(r"^\| `(/[a-zA-Z/]*)`.* \|$", part, re.M)
    assert {"/", "/magazine/NAME", "/healthz", "/readyz", "/metrics", "/version", "/whoami"} <= set(rows)
    server = start()
    for route in rows:
        response = server.ask(route)
        assert response.status == 200
        assert route == "/" or response.body != b"howdy\n", f"{route} is not served"


def test_served_routes_are_documented():
    """Every literal path in the table of routes stands on the page."""
    source = "".join(path.read_text() for path in (hello.ROOT / "src" / "server").glob("routes.c"))
    patterns = set(re.findall(r'"(/[a-z]*/?)"', source))
    assert len(patterns) >= 6
    for pattern in patterns:
        assert f"\n| `{pattern}`" in USAGE, pattern


def test_generated_parts_are_current():
    done = subprocess.run([hello.ROOT / "ci" / "readme", "-c"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def pages():
    if shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "*.md"], cwd=hello.ROOT, capture_output=True, text=True)
        if listed.returncode == 0 and listed.stdout:
            return listed.stdout.split()
    # A copy without git: all but what is built, fetched or crawled into the tree.
    found = [path.relative_to(hello.ROOT) for path in hello.ROOT.rglob("*.md")]
    return [str(path) for path in found if path.parts[0] != "build" and path.parts[:2] != ("deps", "cache")]


def anchors(text):
    """The anchors of a page's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"^```[\s\S]*?^```$", "", text, flags=re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", pages())
def test_links_lead_somewhere(page):
    path = hello.ROOT / page
    text = re.sub(r"^```[\s\S]*?^```$", "", path.read_text(), flags=re.M)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{page}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text()), f"{page}: {link}"


# A changelog names what once was.
@pytest.mark.parametrize("page", [page for page in pages() if page != "CHANGELOG.md"])
def test_named_paths_exist(page):
    """A path in code marks that begins with a folder of the repository exists in it."""
    elsewhere = ("deps/cache/", "src/microhttpd/")  # fetched, libmicrohttpd's own
    text = re.sub(r"^```[\s\S]*?^```$", "", (hello.ROOT / page).read_text(), flags=re.M)
    for name in re.findall(r"`((?:src|compare|bench|ci|tests|deps|docs)/[\w./-]+)", text):
        if "NAME" not in name and not name.startswith(elsewhere):
            assert (hello.ROOT / name.rstrip("./")).exists(), f"{page}: {name}"


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/tls.md", "docs/sandbox.md", "docs/http-cases.md"])
def test_named_tests_exist(page):
    files = list((hello.ROOT / "tests").rglob("test_*"))
    known = {path.name for path in files} | {path.stem for path in files}
    for path in files:
        if path.suffix == ".py":
            known |= set(re.findall(r"^def (test_\w+)", path.read_text(), re.M))
    for name in re.findall(r"\b(test_\w+(?:\.py|\.c)?)", (hello.ROOT / page).read_text()):
        assert name in known, f"{page}: {name}"
