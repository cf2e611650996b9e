"""tests/cluster/build keeps its programs by version: half an hour of compiling is repeated for a new version alone."""

import os
import re
import shutil
import subprocess

import hello
import pytest

PROGRAMS = "kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl pause".split()


@pytest.fixture
def build(tmp_path):
    """Runs a copy of the script, whose first step of a build fails and says so."""
    script = tmp_path / "tests/cluster/build"
    script.parent.mkdir(parents=True)
    shutil.copy(hello.ROOT / "tests/cluster/build", script)
    apt = tmp_path / "deps/debian-apt"
    apt.parent.mkdir()
    apt.write_text("#!/bin/sh\necho it fetches the sources >&2\nexit 1\n")
    apt.chmod(0o755)

    def run(version=None):
        if version:
            script.write_text(re.sub(r"^version=.*", f"version={version}", script.read_text(), flags=re.M))
        return subprocess.run(
            [script], env={**os.environ, "HELLO_CACHE": str(tmp_path / "cache")}, capture_output=True, text=True, timeout=60
        )

    return run


def test_programs_are_built_for_a_new_version_alone(build, tmp_path):
    version = re.search(r"^version=(.*)", (hello.ROOT / "tests/cluster/build").read_text(), re.M)[1]
    programs = tmp_path / f"cache/kubernetes/{version}/bin"
    programs.mkdir(parents=True)
    for name in PROGRAMS:
        (programs / name).touch(0o755)
    done = build()
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{programs}\n", "")
    for name in PROGRAMS:
        (programs / name).rename(tmp_path / name)
        done = build()
        assert done.returncode == 1 and "it fetches the sources" in done.stderr, name
        (tmp_path / name).rename(programs / name)
    assert build().returncode == 0
    done = build(version="1.0.0")
    assert done.returncode == 1 and "building Kubernetes 1.0.0" in done.stderr and "it fetches the sources" in done.stderr
    assert [path.name for path in sorted(programs.iterdir())] == sorted(PROGRAMS), "those of another version stay"
