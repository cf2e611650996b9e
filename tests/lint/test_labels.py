"""The labels of images that ci/image and docker buildx bake build: what is known of the sources and the base, and no more."""

import json
import os
import re
import shutil
import subprocess

import hello
import pytest

PREFIX = "org.opencontainers.image."
VERSION = re.search(r"^VERSION := (.*)$", (hello.ROOT / "Makefile").read_text(), re.M)[1]
COMMITTED = {"GIT_AUTHOR_DATE": "@1750000000 +0200", "GIT_COMMITTER_DATE": "@1750000000 +0200"}
NAMES = {f"GIT_{who}_{what}": "Test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("SOURCE", "REVISION", "CREATED", "VERSION", "LABELS")}
BASES = {
    "debian": {"image": "debian:trixie-slim", "digest": "sha256:" + "d" * 64},
    "alpine": {"image": "alpine:3.22", "digest": "sha256:" + "a" * 64},
    "distroless": {"image": "hello-base/stand-in-for-distroless:trixie", "digest": None},
}


def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments], env={**ENVIRONMENT, **NAMES, **COMMITTED}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path):
    """What ci/image reads, as a commit."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    root = tmp_path / "tree"
    shutil.copytree(hello.ROOT / "ci", root / "ci")
    (root / "src").mkdir()
    (root / "compare").mkdir()
    for path in [*hello.ROOT.glob("Dockerfile.*"), *(hello.ROOT / name for name in ("Makefile", ".gitattributes", ".gitignore"))]:
        shutil.copy(path, root)
    shutil.copy(hello.ROOT / "compare/Dockerfile.naive-tidied", root / "compare")
    # As in the repository: `git archive` writes into it.
    (root / "src/revision").write_text("$Format:%H %ct$\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "All")
    (root / "build/images").mkdir(parents=True)
    (root / "build/images/bases.json").write_text(json.dumps(BASES))
    return root


def labels_of(words):
    """{key: value} of the options --label."""
    return dict(value.removeprefix(PREFIX).split("=", 1) for option, value in zip(words, words[1:]) if option == "--label")


def labels(root, **environment):
    done = subprocess.run([root / "ci/labels"], env={**ENVIRONMENT, **environment}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return labels_of(done.stdout.split())


def test_a_commit_is_named(tree):
    known = {"version": VERSION, "revision": git(tree, "rev-parse", "HEAD"), "created": "2025-06-15T15:06:40Z"}
    assert labels(tree) == known
    assert labels(tree, SOURCE="https://example.org/hello", TZ="Asia/Kathmandu") == {**known, "source": "https://example.org/hello"}


@pytest.mark.parametrize("path", ["Makefile", "src/new.c"])
def test_a_tree_with_changes_names_no_commit(tree, path):
    with open(tree / path, "a") as file:
        file.write("\n")
    assert labels(tree) == {"version": VERSION}


def test_without_git_no_commit_is_named(tree):
    shutil.rmtree(tree / ".git")
    assert labels(tree, GIT_CEILING_DIRECTORIES=str(tree.parent)) == {"version": VERSION}


def test_a_source_archive_names_its_commit(tree, tmp_path):
    archive = subprocess.run(["git", "-C", tree, "archive", "HEAD"], capture_output=True, check=True).stdout
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "-xC", tmp_path / "unpacked"], input=archive, check=True)
    assert labels(tmp_path / "unpacked") == labels(tree)


@pytest.mark.parametrize("name, base", [
    ("naive", "debian"), ("naive-tidied", "debian"), ("builder", "alpine"), ("alpine", "alpine"), ("distroless", "distroless"),
    ("scratch", "alpine"), ("scratch-minimal", None),
])  # fmt: skip
def test_an_image_names_its_sources_and_its_base(tree, tmp_path, name, base):
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tools / "docker").chmod(0o755)
    environment = {**ENVIRONMENT, "PATH": f"{tools}:{os.environ['PATH']}"}
    done = subprocess.run([tree / "ci/image", name], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    of_base = {"base.name": BASES[base]["image"], "base.digest": BASES[base]["digest"]} if base else {}
    assert labels_of(done.stdout.splitlines()) == {**labels(tree), **{key: value for key, value in of_base.items() if value}}
    # A comparison asks git once.
    given = subprocess.run([tree / "ci/image", name], env={**environment, "LABELS": "--label a=b"}, capture_output=True, text=True)
    assert labels_of(given.stdout.splitlines()) == {"a": "b", **{key: value for key, value in of_base.items() if value}}


def bake(**environment):
    plugin = hello.ROOT / "build/tools/cli-plugins/docker-buildx"
    command = [plugin] if plugin.exists() else ["docker", "buildx"]
    if not plugin.exists() and not shutil.which("docker"):
        pytest.skip("docker buildx is not installed (ci/setup test)")
    done = subprocess.run([*command, "bake", "--print", "all"], cwd=hello.ROOT, env={**ENVIRONMENT, **environment}, capture_output=True, text=True)
    if "unknown command" in done.stderr or "is not a docker command" in done.stderr:
        pytest.skip("docker buildx is not installed (ci/setup test)")
    assert done.returncode == 0, done.stderr
    targets = json.loads(done.stdout)["target"]
    return {name: {key.removeprefix(PREFIX): value for key, value in target["labels"].items()} for name, target in targets.items() if target.get("tags")}


def test_bake_says_the_same():
    bases = {"naive": "debian:trixie-slim", "distroless": "gcr.io/distroless/static-debian13:nonroot", "scratch-minimal": None}
    found = bake()
    assert len(found) == 6
    for name, told in found.items():
        base = bases.get(name, "alpine:3.22")
        assert told == {"version": VERSION, **({"base.name": base} if base else {})}, name
    known = {"revision": "0" * 40, "source": "https://example.org/hello", "created": "2025-06-15T15:06:40Z"}
    for name, told in bake(**{key.upper(): value for key, value in known.items()}, ALPINE="alpine:edge").items():
        assert told == {**found[name], **known, **({"base.name": "alpine:edge"} if found[name].get("base.name") == "alpine:3.22" else {})}
