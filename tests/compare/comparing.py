"""Runs a comparison in a directory of a test's; knows what it could leave behind."""

import json
import os
import pathlib
import subprocess
import uuid

import hello

COMPARE = hello.ROOT / "compare"
# What a run builds and is to leave: the images of `make images`, and naive tidied.
IMAGES = {"naive", "naive-tidied", "builder", "build-stage", "alpine", "distroless", "scratch", "scratch-minimal"}
# What the comparison of most tests has: all images but naive-gcc, and a peer of each kind.
CONTENTS = {"ONLY": "naive,naive-tidied,builder,alpine,distroless,scratch,scratch-minimal", "PEERS": "go-scratch,nginx-alpine,busybox-scratch"}
# All processes of a run inherit it.
MARK = {"COMPARE_TEST": uuid.uuid4().hex}


def lines(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split("\n"))


def marked_processes():
    mark = "=".join(*MARK.items()).encode()
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if mark in (path / "environ").read_bytes().split(b"\0"):
                found.add((path / "cmdline").read_bytes())
        except OSError:
            pass  # it has ended, or is another user's
    return found


def traces():
    """What a run could leave behind, by kind. Names begin with hello-compare, other tests use the same engine."""
    return {
        "containers": lines("docker", "ps", "-aq", "--filter", "name=hello-compare"),
        "networks": lines("docker", "network", "ls", "-q", "--filter", "name=hello-compare"),
        "volumes": lines("docker", "volume", "ls", "-q", "--filter", "name=hello-compare"),
        "tags": lines("docker", "images", "hello", "--format", "{{.Tag}}") - IMAGES,
        "namespaces": lines("ip", "netns", "list"),
        "links": {line for line in lines("ip", "-br", "link") if "hello" in line},
        "processes": marked_processes(),
    }


def run(out, script="run", *args, **variables):
    """Runs a script of compare/, or that of a copy by its path, with its variables, and returns what became of it."""
    environment = {**os.environ, **MARK, "OUT": str(out), **variables}
    return subprocess.run(
        [COMPARE / script, *args], env=environment, capture_output=True, text=True, timeout=3000
    )


def report_of(comparison):
    return json.loads((comparison[0] / "report.json").read_text())
