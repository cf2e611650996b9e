"""Runs every command of the lessons, in order, and checks that each lesson has the form of a lesson."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import document
import hello
import pytest

LESSONS = hello.ROOT / "lessons"
NAMES = sorted(path.parent.name for path in LESSONS.glob("*/README.md"))
COMMANDS_AT_MOST = 5
# One build may install a compiler.
BLOCK_SECONDS = 600
BASES = {"debian": "DEBIAN", "alpine": "ALPINE"}


def text_of(name):
    return (LESSONS / name / "README.md").read_text()


def title_of(name):
    return text_of(name).splitlines()[0].removeprefix("# ")


def docker(*args, **kwargs):
    return subprocess.run(["docker", *args], capture_output=True, text=True, timeout=60, **kwargs)


# ---- running ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The environment of a lesson's commands; its docker knows the bases that ci/bases found."""
    if os.environ.get("ENGINE", "docker") != "docker":
        pytest.skip("the lessons are about docker")
    subprocess.run(["ci/bases"], cwd=hello.ROOT, check=True, timeout=BLOCK_SECONDS)
    bases = json.loads((hello.ROOT / "build/images/bases.json").read_text())
    env = {**hello.clean_environment(), "DOCKER": shutil.which("docker")}
    for name, variable in BASES.items():
        env[variable] = "" if bases[name]["image"] == bases[name]["official"] else bases[name]["image"]
    if any(env[variable] for variable in BASES.values()):
        first = tmp_path_factory.mktemp("bin")
        (first / "docker").symlink_to(hello.ROOT / "tests/lessons/docker")
        env["PATH"] = f"{first}:{env['PATH']}"
    return env


@pytest.fixture(scope="session")
def builders(environment, tmp_path_factory):
    """For legacy and buildkit: None, or why the engine has no such builder. default: the name of its default."""
    context = tmp_path_factory.mktemp("context")
    (context / "Dockerfile").write_text("FROM scratch\nLABEL hello.lessons=probe\n")
    found = {}
    for name, setting in (("default", None), ("legacy", "0"), ("buildkit", "1")):
        env = {k: v for k, v in environment.items() if setting is None or k != "DOCKER_BUILDKIT"}
        if setting is not None:
            env["DOCKER_BUILDKIT"] = setting
        done = docker("build", "--no-cache", str(context), env=env)
        printed = done.stdout + done.stderr
        is_legacy = re.search(r"^Step 1/", printed, re.M) is not None
        if setting is None:
            assert done.returncode == 0, printed
            found[name] = "legacy" if is_legacy else "buildkit"
        elif done.returncode != 0 or is_legacy != (name == "legacy"):
            reasons = [line for line in printed.splitlines() if "ERROR" in line] or printed.strip().splitlines()[-1:]
            found[name] = f"no builder {name} here: {' '.join(reasons)}"
        else:
            found[name] = None
    docker("image", "prune", "-f", "--filter", "label=hello.lessons=probe")
    return found


def free_port():
    """1234 as the lessons have it; another where something listens there."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("0.0.0.0", 1234))
        except OSError:
            listener.bind(("0.0.0.0", 0))
        return listener.getsockname()[1]


def containers():
    return set(docker("ps", "-a", "--format", "{{.Names}}").stdout.split())


def untagged():
    """Images of the lessons' program that lost their tag to a newer one."""
    ids = docker("images", "-q", "--no-trunc", "--filter", "dangling=true").stdout.split()
    if not ids:
        return set()
    lines = docker("image", "inspect", "-f", "{{.Id}} {{.Config.Cmd}}", *ids).stdout.splitlines()
    return {line.split()[0] for line in lines if "/howdy" in line}


@pytest.mark.parametrize("name", NAMES)
def test_every_command(name, environment, builders, tmp_path):
    # A lesson changes files of its own.
    folder = tmp_path / name
    shutil.copytree(LESSONS / name, folder)
    port = free_port()

    def edit(commands):
        return commands.replace("-p 1234:", f"-p {port}:").replace("localhost:1234", f"localhost:{port}")

    conditions = {
        "legacy": lambda: None if builders["default"] == "legacy" else "the default builder is BuildKit",
        "buildkit": lambda: None if builders["default"] == "buildkit" else "the default builder is the legacy one",
        "has-legacy": lambda: builders["legacy"],
        "has-buildkit": lambda: builders["buildkit"],
    }
    before, untagged_before = containers(), untagged()
    own = set(re.findall(r"--name (\S+)", text_of(name)))
    assert not own & before, f"containers of that name are there: {own & before}"
    try:
        ran, skipped = document.run(text_of(name), environment, folder, conditions, BLOCK_SECONDS, edit)
        left = containers() & own
        assert not left, f"the lesson leaves containers: {left}"
    finally:
        if left := containers() & own:
            docker("rm", "-fv", *left)
        if images := untagged() - untagged_before:
            docker("rmi", *images)
    assert ran > 1
    if skipped:
        pytest.skip(f"{len(skipped)} blocks of {ran + len(skipped)} not run: {set(skipped.values())}")


# ---- form ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_form(name):
    text = text_of(name)
    assert re.match(rf"# {name[:2]} .*\?\n", text), "the title is a number and a question"
    parts = ["\nYou need: ", "\n## Try it\n", "\n## What happened\n", "\n## Why\n", "\n## Exercise\n", "\n<details>\n",
             "\n</details>\n", "\n## Next\n"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places), "the parts are in order"
    assert f"cd lessons/{name}\n" in text
    shown = document.blocks(text[: text.index("## Exercise")])
    commands = [block for block in shown if "run" in block.words]
    assert 2 <= len(commands) <= COMMANDS_AT_MOST
    assert all(block.outputs for block in commands), "each command has the output that proves the point"
    solution = document.blocks(text[text.index("<details>") : text.index("</details>")])
    assert any("run" in block.words for block in solution), "the solution is run"


@pytest.mark.parametrize("name", NAMES)
def test_code_is_that_of_the_files(name):
    files = [path.read_text() for path in (LESSONS / name).iterdir() if path.name != "README.md"]
    shown = [body for language, _, body in document.fences(text_of(name)) if language in ("dockerfile", "c", "gitignore")]
    assert shown, "a lesson shows its Dockerfile"
    for body in shown:
        assert any(body in file for file in files), f"in no file of the lesson:\n{body}"


def test_the_program_is_the_same_in_all_lessons():
    """Except where a lesson says that its own differs."""
    first = (LESSONS / NAMES[0] / "howdy.c").read_text()
    for path in LESSONS.glob("*/howdy.c"):
        differs = path.read_text() != first
        assert differs == ("howdy.c differs from that of the other lessons" in text_of(path.parent.name)), path


def test_the_map_lists_the_lessons():
    text = (LESSONS / "README.md").read_text()
    linked = re.findall(r"^\| \[(.*?)\]\((\d\d-[a-z0-9-]+)/README\.md\) ", text, flags=re.M)
    assert linked == [(title_of(name), name) for name in NAMES]


def test_each_lesson_links_to_the_next():
    for name, following in zip(NAMES, NAMES[1:] + [None]):
        end = text_of(name).split("\n## Next\n")[1]
        linked = re.findall(r"\]\(\.\./(\d\d-[a-z0-9-]+)/README\.md\)", end)
        assert linked[:1] == ([following] if following else []), name


def test_links_lead_somewhere():
    for path in LESSONS.glob("**/*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / target).exists(), f"{path}: {target}"


def test_the_wrapper_names_the_stand_ins(tmp_path):
    (tmp_path / "Dockerfile").write_text("ARG DEBIAN=debian:trixie-slim\nFROM ${DEBIAN}\n")
    (tmp_path / "Other").write_text("ARG ALPINE=alpine:3.22\nFROM ${ALPINE}\n")
    env = {**os.environ, "DOCKER": "echo", "DEBIAN": "d", "ALPINE": "a"}

    def wrapped(*args):
        command = [pathlib.Path(__file__).parent / "docker", *args]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True).stdout.strip()

    assert wrapped("build", "-t", "x", ".") == "build --build-arg DEBIAN=d -t x ."
    assert wrapped("build", "-f", "Other", "-t", "x", ".") == "build --build-arg ALPINE=a -f Other -t x ."
    assert wrapped("run", "--rm", "debian:trixie-slim", "true") == "run --rm d true"
    assert wrapped("run", "alpine:3.22", "debian:12") == "run a debian:12"
    env["DEBIAN"] = ""
    assert wrapped("run", "debian:trixie-slim") == "run debian:trixie-slim"
