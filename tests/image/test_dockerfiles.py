"""What a build does again after a change, what it sends to the engine, and what needs a network."""

import json
import os
import re
import shutil
import subprocess
import uuid

import hello
import pytest
from test_images import files_of

# One after another: each removes its image, with the cached steps that no other image has.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("dockerfiles")]
COPIED_ONLY = ["Dockerfile.alpine", "Dockerfile.distroless", "Dockerfile.scratch"]


def instructions(dockerfile):
    """The stages of a Dockerfile, each a list of instructions; continued lines are joined."""
    text = re.sub(r"\\\n\s*", "", (hello.ROOT / dockerfile).read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages = []
    for line in lines:
        if line.startswith("FROM "):
            stages.append([])
        if stages:
            stages[-1].append(line)
    return stages


@pytest.fixture
def context(tmp_path):
    """A copy of what the Dockerfiles copy, so that it can be changed."""
    for name in ("src", "deps", "images"):
        shutil.copytree(hello.ROOT / name, tmp_path / name, symlinks=True)
    for path in [hello.ROOT / "Makefile", hello.ROOT / ".dockerignore", *hello.ROOT.glob("Dockerfile.*")]:
        shutil.copy(path, tmp_path)
    (tmp_path / "build/images").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def build(context):
    """Builds in the context, with the bases of ci/bases; what it tagged is gone after the test."""
    bases = json.loads((hello.ROOT / "build/images/bases.json").read_text())
    tags = []

    def run(dockerfile, *options):
        tag = f"hello-test:{uuid.uuid4().hex[:12]}"
        text = (context / dockerfile).read_text()
        arguments = [
            f"--build-arg={name}={bases[name.lower()]['image']}"
            for name in ("DEBIAN", "ALPINE", "DISTROLESS")
            if f"ARG {name}=" in text
        ]
        done = subprocess.run(
            ["docker", "build", "--force-rm", "-f", dockerfile, "-t", tag, *arguments, *options, "."],
            cwd=context, capture_output=True, text=True, timeout=1200,
            # The legacy builder says which steps came from its cache.
            env={**os.environ, "DOCKER_BUILDKIT": "0"},
        )
        tags.append(tag)
        done.tag = tag
        return done

    yield run
    for tag in tags:
        subprocess.run(["docker", "rmi", tag], capture_output=True)


def steps(output):
    """(instruction, whether it came from the cache) of each step."""
    parts = re.split(r"^Step \d+/\d+ : (.*)$", output, flags=re.M)[1:]
    return [(text, "Using cache" in rest) for text, rest in zip(parts[::2], parts[1::2])]


def runs(output):
    return [(text, cached) for text, cached in steps(output) if text.startswith("RUN ")]


@pytest.mark.parametrize("dockerfile", COPIED_ONLY)
def test_they_only_copy(dockerfile):
    for stage in instructions(dockerfile):
        assert not [line for line in stage if line.startswith("RUN ")], stage[0]


def test_the_last_stage_of_builder_only_copies():
    last = instructions("Dockerfile.builder")[-1]
    assert [line for line in last if line.startswith("COPY ")]
    assert not [line for line in last if line.startswith("RUN ")]


@pytest.mark.parametrize("dockerfile", ["Dockerfile.builder", *COPIED_ONLY])
def test_commands_run_on_the_platform_that_builds(dockerfile):
    """A stage is of the image's platform unless it, or the stage that it continues, says otherwise."""
    native = set()
    for stage in instructions(dockerfile):
        _, *words = stage[0].split()
        base, name = words[-3] if "AS" in words else words[-1], words[-1]
        if words[0] == "--platform=$NATIVE" or base in native:
            native.add(name)
        else:
            assert not [line for line in stage if line.startswith("RUN ")], stage[0]


def compiler_of(image, machine, tmp_path):
    """What Dockerfile.builder installs on a machine to compile for an image's processor; None where it fails."""
    (command,) = [line for stage in instructions("Dockerfile.builder") for line in stage if line.startswith("RUN case")]
    for name, text in (("dpkg", f"echo {machine}"), ("apt-get", 'echo "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **({"TARGETARCH": image} if image is not None else {})}
    done = subprocess.run(["sh", "-c", command.removeprefix("RUN ")], env=environment, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else None


@pytest.mark.parametrize("machine", ["amd64", "arm64"])
def test_a_cross_compiler_is_installed_only_for_another_platform(machine, tmp_path):
    # The legacy builder sets no TARGETARCH.
    for image in (None, "", machine):
        assert compiler_of(image, machine, tmp_path) == "", image
    packages = {"amd64": "gcc-aarch64-linux-gnu linux-libc-dev-arm64-cross", "arm64": "gcc-x86-64-linux-gnu linux-libc-dev-amd64-cross"}
    other = {"amd64": "arm64", "arm64": "amd64"}[machine]
    assert compiler_of(other, machine, tmp_path) == f"install -y --no-install-recommends {packages[machine]}\n"
    for image in ("riscv64", "arm", "s390x"):
        assert compiler_of(image, machine, tmp_path) is None


@pytest.mark.parametrize("dockerfile", COPIED_ONLY)
def test_they_build_without_a_network(build, context, dockerfile):
    shutil.copytree(hello.ROOT / "build/images/bin", context / "build/bin")
    done = build(dockerfile, "--no-cache", "--network=none")
    assert done.returncode == 0, done.stdout + done.stderr
    assert not runs(done.stdout)


@pytest.mark.parametrize("options", [["-f", "Dockerfile.alpine"], ["-f", "Dockerfile.distroless"], ["-f", "Dockerfile.scratch"],
                                     ["-f", "Dockerfile.scratch", "--target=minimal"]], ids=" ".join)
def test_a_missing_binary_is_explained(build, options):
    done = build(options[1], *options[2:])
    assert done.returncode != 0
    assert "made-by-make-or-docker-buildx-bake" in done.stdout + done.stderr


def test_scratch_has_names_and_roots_from_files():
    with files_of("hello:scratch") as scratch, files_of("hello:alpine") as alpine:
        assert scratch.extractfile("etc/passwd").read() == b"appuser:x:99:99:appuser:/:/sbin/nologin\n"
        assert scratch.extractfile("etc/group").read() == b"appuser:x:99:\n"
        roots = "etc/ssl/certs/ca-certificates.crt"
        assert scratch.extractfile(roots).read() == alpine.extractfile(roots).read()


def test_a_change_of_the_service_keeps_the_libraries(build, context):
    with (context / "src/main.c").open("a") as file:
        file.write("/* changed */\n")
    done = build("Dockerfile.builder", "--target=libraries")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [cached for _, cached in runs(done.stdout)] == [True] * 4, steps(done.stdout)


def test_a_change_of_a_recipe_keeps_packages_and_sources(build, context):
    with (context / "deps/musl.mk").open("a") as file:
        file.write("$(error no further than this)\n")
    done = build("Dockerfile.builder", "--target=libraries")
    assert [cached for _, cached in runs(done.stdout)] == [True, True, True, False], steps(done.stdout)
    assert "no further than this" in done.stdout + done.stderr


def test_a_change_of_a_pin_keeps_the_packages(build, context):
    (context / "deps/deps.lock").write_text("nothing  1  nothing.tar  0  debian:nothing\n")
    done = build("Dockerfile.builder", "--target=sources", "--network=none")
    assert [cached for _, cached in runs(done.stdout)] == [True, False], steps(done.stdout)


def test_a_change_keeps_the_packages_of_naive(build, context):
    with (context / "Makefile").open("a") as file:
        file.write("$(error no further than this)\n")
    done = build("Dockerfile.naive")
    assert [cached for _, cached in runs(done.stdout)] == [True, False], steps(done.stdout)


def test_naive_is_not_built_again_for_what_the_others_left(build, context):
    first = build("Dockerfile.naive")
    assert first.returncode == 0, first.stdout + first.stderr
    for name in ("images/hello", "images/hello-minimal", "release/hello", "minimal/hello"):
        (context / "build" / name).parent.mkdir(exist_ok=True)
        (context / "build" / name).write_text(uuid.uuid4().hex)
    second = build("Dockerfile.naive")
    ids = [
        subprocess.run(["docker", "image", "inspect", "-f", "{{.Id}}", done.tag], capture_output=True, text=True).stdout
        for done in (first, second)
    ]
    assert ids[0] and ids[0] == ids[1]
    with files_of(first.tag) as archive:
        shipped = [name for name in archive.getnames() if name.startswith("src/build/")]
    assert shipped, "it was built elsewhere"
    assert not [name for name in shipped if name.startswith("src/build/images")]


@pytest.mark.parametrize("name", ["naive", "builder", "alpine", "distroless", "scratch"])
def test_each_context_is_what_is_copied(name):
    """BuildKit's file of one Dockerfile allows no more than that copies, the legacy builder's all of them."""
    own = (hello.ROOT / f"Dockerfile.{name}.dockerignore").read_text().splitlines()
    shared = (hello.ROOT / ".dockerignore").read_text().splitlines()
    allowed = [line[1:] for line in own if line.startswith("!")]
    assert "*" in own and "*" in shared
    assert set(own) - {line for line in own if line.startswith("#")} <= set(shared)
    copied = " ".join(
        line for stage in instructions(f"Dockerfile.{name}") for line in stage
        if line.startswith(("COPY ", "ARG BINARIES=")) and "--from=" not in line
    )
    for path in allowed:
        # ci/image takes the binaries from build/images/bin.
        assert path in copied or path == "build/images/bin", path
