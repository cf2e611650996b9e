"""Scripts that change the case of letters, and those that print numbers, do the same in another locale."""

import json
import os
import re
import shutil
import subprocess

import hello
import pytest


@pytest.fixture
def turkish(tmp_path):
    """The environment of a locale whose i and I are not the same letter."""
    if not os.path.exists("/usr/share/i18n/locales/tr_TR"):
        pytest.skip("no sources of locales (on Debian: locales)")
    done = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", tmp_path / "tr_TR.UTF-8"], capture_output=True, text=True)
    assert (tmp_path / "tr_TR.UTF-8").exists(), done.stderr
    env = {**hello.clean_environment(), "LOCPATH": str(tmp_path), "LC_ALL": "tr_TR.UTF-8"}
    small = subprocess.run("echo I | tr '[:upper:]' '[:lower:]'", shell=True, env=env, capture_output=True, text=True)
    assert small.stdout == "I\n", "the locale is not in use"
    return env


def test_the_generated_documentation(turkish):
    done = subprocess.run([hello.ROOT / "ci/readme", "-c"], env=turkish, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_host_of_a_report(turkish):
    """Turkish has a comma in numbers."""
    done = subprocess.run([hello.ROOT / "compare/host"], env=turkish, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["cpus"] > 0


def test_the_bases_of_an_image(turkish, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(hello.ROOT / "ci", root / "ci")
    for path in hello.ROOT.glob("Dockerfile.*"):
        shutil.copy(path, root)
    (root / "build/images").mkdir(parents=True)
    bases = {name: {"image": f"a-stand-in/{name}"} for name in ("debian", "alpine", "distroless")}
    (root / "build/images/bases.json").write_text(json.dumps(bases))
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "docker").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tools / "docker").chmod(0o755)
    env = {**turkish, "PATH": f"{tools}:{os.environ['PATH']}", "LABELS": ""}
    for name in ("naive", "builder", "alpine", "distroless", "scratch"):
        done = subprocess.run([root / "ci/image", name], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        text = (root / f"Dockerfile.{name}").read_text()
        wanted = [f"{base.upper()}=a-stand-in/{base}" for base in bases if f"ARG {base.upper()}=" in text]
        assert wanted, name
        assert sorted(wanted) == sorted(word for word in done.stdout.split() if re.match("[A-Z]+=a-stand-in/", word))
