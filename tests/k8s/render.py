"""Renders the kustomizations of k8s/ with kubectl, and validates objects against Kubernetes' schemas."""

import json
import os
import shutil
import subprocess

import hello
import yaml
from rules import Objects

K8S = hello.ROOT / "k8s"
TOOLS = hello.ROOT / "build/tools"
OVERLAYS = sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml"))
COMPONENTS = sorted(path.parent.name for path in K8S.glob("components/*/kustomization.yaml"))


def kubectl():
    """The one that ci/setup unpacked; where there is no apt, the machine's."""
    own = TOOLS / "kubectl"
    return own if own.exists() else "kubectl"


def kustomize(directory):
    """The text that a directory renders to."""
    done = subprocess.run([kubectl(), "kustomize", directory], capture_output=True, text=True, timeout=hello.DEADLINE_S)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr  # warnings of deprecated fields
    return done.stdout


def objects(directory):
    return Objects(each for each in yaml.safe_load_all(kustomize(directory)) if each)


def combine(directory, *components):
    """A kustomization of the base and components in a directory of a test; returns the directory."""
    relative = os.path.relpath(K8S, directory)
    text = {"resources": [f"{relative}/base"], "components": [f"{relative}/components/{name}" for name in components]}
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(text))
    return directory


def schema_findings(objects):
    """What Kubernetes' schemas find wrong: a list for each object."""
    directory = TOOLS / "k8s-schemas"
    # The tool of the tree that is tested, beside the packages that ci/setup installed.
    shutil.copy(hello.ROOT / "tests/k8s/schemas/check.mjs", directory)
    done = subprocess.run(
        ["node", directory / "check.mjs"], input=json.dumps(objects), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
