"""Runs every command of the lessons, in order, and checks that each lesson has the form of a lesson."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree

import document
import hello
import pytest

LESSONS = hello.ROOT / "lessons"
NAMES = sorted(path.parent.name for path in LESSONS.glob("*/README.md"))
COMMANDS_AT_MOST = 5
# One build may install a compiler.
BLOCK_SECONDS = 600
HERE = pathlib.Path(__file__).parent
PICTURES = LESSONS / "pictures"
PICTURED = {group["image"] for picture in json.loads((PICTURES / "pictures.json").read_text()) for group in picture.get("groups", [])}
# What ci/setup unpacked.
TOOLS = hello.ROOT / "build/tools"
REGISTRY = "registry:2"
REGISTRY_STAND_IN = "hello-base/stand-in-for-registry:2"


def text_of(name):
    return (LESSONS / name / "README.md").read_text()


def title_of(name):
    return text_of(name).splitlines()[0].removeprefix("# ")


def docker(*args, **kwargs):
    return subprocess.run(["docker", *args], capture_output=True, text=True, timeout=BLOCK_SECONDS, **kwargs)


# ---- running ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The environment of a lesson's commands: its docker knows stand-ins for bases, and has the plugin buildx."""
    if os.environ.get("ENGINE", "docker") != "docker":
        pytest.skip("the lessons are about docker")
    subprocess.run(["ci/bases"], cwd=hello.ROOT, check=True, timeout=BLOCK_SECONDS)
    bases = json.loads((hello.ROOT / "build/images/bases.json").read_text())
    env = {**hello.clean_environment(), "DOCKER": shutil.which("docker"), "PATH": f"{TOOLS}:{TOOLS}/sid:{os.environ['PATH']}"}
    # A directory of its own: nobody's credentials, and the plugin where the machine has none.
    config = tmp_path_factory.mktemp("config")
    if (TOOLS / "cli-plugins").exists():
        (config / "cli-plugins").symlink_to(TOOLS / "cli-plugins")
    env["DOCKER_CONFIG"] = str(config)
    missing = [
        f"{name.upper()} {base['official']} {base['image']}"
        for name, base in bases.items()
        if base["image"] != base["official"]
    ]
    image = registry(bases)
    env["REGISTRY_IMAGE"] = image or ""
    if image == REGISTRY_STAND_IN:
        missing.append(f"REGISTRY {REGISTRY} {image}")
    if missing:
        first = tmp_path_factory.mktemp("bin")
        (first / "docker").symlink_to(hello.ROOT / "tests/lessons/docker")
        env["PATH"] = f"{first}:{env['PATH']}"
        env["BASES"] = "\n".join(missing)
    if docker("image", "inspect", "hello:scratch").returncode != 0:
        built = docker("build", "-f", "Dockerfile.scratch", "-t", "hello:scratch", ".", env=env, cwd=hello.ROOT)
        assert built.returncode == 0, built.stderr
    return env


@pytest.fixture(scope="session")
def first_builds(environment):
    """
    Starts at once what takes the longest: the builds that install compilers, each for the first time. A lesson that
    comes to such a step waits for it, or finds it cached; BuildKit runs no step twice at the same time.
    """
    kits = [("1", "17-platforms"), ("1", "20-small"), ("0", "06-target")]
    started = {
        f"howdy-first:{name}": subprocess.Popen(
            ["docker", "build", "-q", "-t", f"howdy-first:{name}", LESSONS / name],
            env={**environment, "DOCKER_BUILDKIT": kit}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for kit, name in kits
    }
    yield
    for image, process in started.items():
        process.terminate()
        process.wait()
        docker("rmi", "--no-prune", image)


def registry(bases):
    """The image of a registry: the official one, or a stand-in made of Debian's package; None where none can be had."""
    for image in (REGISTRY, REGISTRY_STAND_IN):
        if docker("image", "inspect", image).returncode == 0:
            return image
    if docker("pull", "-q", REGISTRY).returncode == 0:
        return REGISTRY
    program = shutil.which("docker-registry", path=f"{TOOLS}:{os.environ['PATH']}")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(program, context)
        shutil.copy(HERE / "registry.Dockerfile", context)
        base = ["--build-arg", f"DEBIAN={bases['debian']['image']}"]
        built = docker("build", *base, "-f", f"{context}/registry.Dockerfile", "-t", REGISTRY_STAND_IN, context)
    assert built.returncode == 0, built.stderr
    return REGISTRY_STAND_IN


@pytest.fixture(scope="session")
def probes(environment, tmp_path_factory):
    """
    What this machine has: None, or why not. default: the name of the engine's default builder.

    A new instruction is no question of a version: it is tried.
    """
    context = tmp_path_factory.mktemp("context")

    def build(instructions, *options, kit=None):
        (context / "Dockerfile").write_text(f"FROM scratch\n{instructions}\nLABEL hello.lessons=probe\n")
        env = {**environment} if kit is None else {**environment, "DOCKER_BUILDKIT": kit}
        done = docker("build", "--no-cache", *options, str(context), env=env)
        return done.returncode, done.stdout + done.stderr

    def reason(printed):
        lines = [line for line in printed.splitlines() if "ERROR" in line] or printed.strip().splitlines()[-1:]
        return " ".join(lines)

    def is_legacy(printed):
        return re.search(r"^Step 1/", printed, re.M) is not None

    status, printed = build("")
    assert status == 0, printed
    found = {"default": "legacy" if is_legacy(printed) else "buildkit"}
    for name, kit in (("legacy", "0"), ("buildkit", "1")):
        status, printed = build("", kit=kit)
        works = status == 0 and is_legacy(printed) == (name == "legacy")
        found[name] = None if works else f"no builder {name} here: {reason(printed)}"
    version = docker("buildx", "version", env=environment)
    found["buildx"] = None if version.returncode == 0 else "docker has no plugin buildx here"
    status, printed = build("COPY --link Dockerfile /", kit="1")
    store = docker("info", "-f", "{{.DriverStatus}}").stdout
    if status != 0:
        found["link"] = f"the engine's BuildKit has no COPY --link: {reason(printed)}"
    else:
        # Elsewhere it is a COPY like any other.
        found["link"] = None if "io.containerd.snapshotter" in store else "COPY --link takes containerd's image store"
    options = ["--build-arg", "SOURCE_DATE_EPOCH=0", "-t", "hello-lessons-probe"]
    build("", *options, kit="1")
    created = docker("image", "inspect", "-f", "{{.Created}}", "hello-lessons-probe").stdout
    found["epoch"] = None if created.startswith("1970-") else "the engine's BuildKit has no SOURCE_DATE_EPOCH"
    docker("rmi", "hello-lessons-probe")
    docker("image", "prune", "-f", "--filter", "label=hello.lessons=probe")
    cosign = shutil.which("cosign", path=environment["PATH"])
    configures = cosign and subprocess.run([cosign, "signing-config", "create"], capture_output=True, timeout=BLOCK_SECONDS).returncode == 0
    found["cosign"] = None if configures else "cosign 3 is not installed"
    kubectl = shutil.which("kubectl", path=environment["PATH"])
    found["kubectl"] = None if kubectl else "kubectl is not installed"
    cluster = kubectl and subprocess.run([kubectl, "--request-timeout=5s", "get", "--raw=/readyz"], capture_output=True)
    found["cluster"] = None if cluster and cluster.returncode == 0 else "no Kubernetes cluster responds"
    found["registry"] = None if environment["REGISTRY_IMAGE"] else f"{REGISTRY} can't be pulled, and docker-registry is missing"
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
    """Images of the lessons' programs that lost their tag to a newer one, or never had one."""
    ids = docker("images", "-q", "--no-trunc", "--filter", "dangling=true").stdout.split()
    if not ids:
        return set()
    lines = docker("image", "inspect", "-f", "{{.Id}} {{.Config.Cmd}}", *ids).stdout.splitlines()
    return {line.split()[0] for line in lines if line.endswith(("[/howdy]", "[make --version]", "[wc -c /data]"))}


def conditions_of(builder, probes):
    """What a document of the course may ask for; builder: legacy or buildkit."""
    return {
        "legacy": lambda: None if builder == "legacy" else "the builder is BuildKit",
        "buildkit": lambda: None if builder == "buildkit" else "the builder is the legacy one",
        **{f"has-{name}": lambda name=name: probes[name] for name in probes if name != "default"},
    }


def skip_if(skipped, ran):
    if skipped:
        pytest.skip(f"{len(skipped)} blocks of {ran + len(skipped)} not run: {'; '.join(sorted(set(skipped.values())))}")


def measured_again(image):
    """The picture's figures are those of the image that the lesson made; another base may have another size."""
    done = subprocess.run([PICTURES / "measure", image], capture_output=True, text=True, timeout=BLOCK_SECONDS)
    assert done.returncode == 0, done.stderr
    layers, shown = json.loads(done.stdout)[image], json.loads((PICTURES / "measured.json").read_text())[image]
    assert [layer["step"] for layer in layers] == [layer["step"] for layer in shown], image
    # containerd's store counts blocks of the disk, and directories.
    slack = 20_000 if "io.containerd.snapshotter" in docker("info", "-f", "{{.DriverStatus}}").stdout else 100
    for layer, other in zip(layers, shown):
        if layer["step"] != "FROM":
            assert abs(layer["bytes"] - other["bytes"]) <= 0.25 * other["bytes"] + slack, (image, layer, other)


def runs():
    """Each lesson with the default builder, and with the other one where the lesson shows what differs."""
    for name in NAMES:
        yield pytest.param(name, False, id=name)
        if re.search(r"^```text (legacy|buildkit)$", text_of(name), re.M):
            yield pytest.param(name, True, id=f"{name}-other-builder")


@pytest.mark.usefixtures("first_builds")
@pytest.mark.parametrize("name, other_builder", runs())
def test_every_command(name, other_builder, environment, probes, tmp_path):
    # A lesson changes files of its own.
    folder = tmp_path / name
    shutil.copytree(LESSONS / name, folder)
    port = free_port()
    builder = probes["default"]
    if other_builder:
        builder = {"legacy": "buildkit", "buildkit": "legacy"}[builder]
        if probes[builder]:
            pytest.skip(probes[builder])
        environment = {**environment, "DOCKER_BUILDKIT": "1" if builder == "buildkit" else "0"}

    def edit(commands):
        return commands.replace("-p 1234:", f"-p {port}:").replace("localhost:1234", f"localhost:{port}")

    before, untagged_before = containers(), untagged()
    own = set(re.findall(r"--name (\S+)", text_of(name)))
    assert not own & before, f"containers of that name are there: {own & before}"
    try:
        ran, skipped = document.run(text_of(name), environment, folder, conditions_of(builder, probes), BLOCK_SECONDS, edit)
        left = containers() & own
        assert not left, f"the lesson leaves containers: {left}"
    finally:
        if left := containers() & own:
            docker("rm", "-fv", *left)
        if images := untagged() - untagged_before:
            docker("rmi", "--no-prune", *images)
    assert ran > 1
    for image in PICTURED & set(re.findall(rf"howdy:{name[:2]}[\w-]*", text_of(name))):
        measured_again(image)
    skip_if(skipped, ran)


def test_the_instructors_page(environment, probes, tmp_path):
    """After the lessons: it ends with the reset."""
    (tmp_path / "lessons").symlink_to(LESSONS)
    text = (LESSONS / "instructor.md").read_text()
    ran, skipped = document.run(text, environment, tmp_path, conditions_of(probes["default"], probes), BLOCK_SECONDS)
    used = set().union(*(re.findall(r"--name (\S+)", text_of(name)) for name in NAMES))
    reset = (LESSONS / "reset").read_text()
    assert used <= set(re.search(r"^for name in (.*); do$", reset, re.M)[1].split()), "it removes every lesson's containers"
    skip_if(skipped, ran)


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
    bases = "DEBIAN debian:trixie-slim d\nALPINE alpine:3.22 a"
    env = {**os.environ, "DOCKER": "echo", "BASES": bases}

    def wrapped(*args):
        command = [pathlib.Path(__file__).parent / "docker", *args]
        return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True).stdout.strip()

    assert wrapped("build", "-t", "x", ".") == "build --build-arg DEBIAN=d -t x ."
    assert wrapped("build", "-f", "Other", "-t", "x", ".") == "build --build-arg ALPINE=a -f Other -t x ."
    assert wrapped("run", "--rm", "debian:trixie-slim", "true") == "run --rm d true"
    assert wrapped("run", "alpine:3.22", "debian:12") == "run a debian:12"
    assert wrapped("buildx", "build", "-t", "x", ".") == "buildx build --build-arg DEBIAN=d -t x ."
    assert wrapped("buildx", "imagetools", "inspect", "alpine:3.22") == "buildx imagetools inspect a"
    assert wrapped("pull", "-q", "alpine:3.22") == ""
    assert wrapped("pull", "-q", "localhost:5000/howdy:17") == "pull -q localhost:5000/howdy:17"
    env["BASES"] = "ALPINE alpine:3.22 a"
    assert wrapped("run", "debian:trixie-slim") == "run debian:trixie-slim"
    (tmp_path / "docker").write_text('#!/bin/sh\necho "$ALPINE $*"\n')
    (tmp_path / "docker").chmod(0o755)
    env["DOCKER"] = str(tmp_path / "docker")
    assert wrapped("buildx", "bake", "-f", "x") == "a buildx bake -f x"


# ---- pictures -----------------------------------------------------------------------------


def test_pictures_are_drawn_from_the_measured_data(tmp_path):
    subprocess.run([PICTURES / "draw", tmp_path], check=True)
    drawn = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.svg")}
    there = {str(path.relative_to(LESSONS)): path.read_text() for path in LESSONS.rglob("*.svg")}
    assert drawn == there, "lessons/pictures/draw draws them again"
    for name, text in drawn.items():
        assert f"]({pathlib.Path(name).name})" in (LESSONS / name).with_name("README.md").read_text(), f"{name} is not shown"
        assert "prefers-color-scheme: dark" in text
        ElementTree.fromstring(text)


def test_a_box_is_filled_if_the_builder_runs_the_stage(environment, probes):
    """The stages that the builders run here are those of the picture."""
    if reason := probes["legacy"] or probes["buildkit"]:
        pytest.skip(reason)
    done = subprocess.run([PICTURES / "measure", "06-target"], capture_output=True, text=True, env=environment, timeout=BLOCK_SECONDS)
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)["06-target"]
    assert measured == json.loads((PICTURES / "measured.json").read_text())["06-target"]
    text = (LESSONS / "06-target/stages.svg").read_text()
    assert text.count('class="ran"') == sum(map(len, measured.values()))
    assert text.count('class="skipped"') == 1


def test_a_bar_is_as_long_as_its_layer_is_large():
    measured = json.loads((PICTURES / "measured.json").read_text())
    for picture in json.loads((PICTURES / "pictures.json").read_text()):
        if "groups" not in picture:
            continue
        root = ElementTree.parse(LESSONS / picture["file"]).getroot()
        bars = [
            float(bar.get("width"))
            for bar in root.iter("{http://www.w3.org/2000/svg}rect")
            if bar.get("class") in ("from", "run", "copy")
        ]
        # The newest layer is on top.
        counts = [layer["bytes"] for group in picture["groups"] for layer in reversed(measured[group["image"]])]
        assert len(bars) == len(counts)
        for bar, count in zip(bars, counts):
            assert bar == 0 if count == 0 else abs(bar - max(bars) * count / max(counts)) < 1.6, (picture["file"], count)
