"""compare/engine, with a docker command that answers as each engine does."""

import json
import os
import subprocess

import hello
import pytest

OVERLAY2 = {"Driver": "overlay2", "DriverStatus": [["Backing Filesystem", "extfs"]]}
CONTAINERD = {"Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}
PODMAN = {"store": {"graphDriverName": "overlay"}}
LEGACY = "Step 1/2 : FROM scratch"
BUILDKIT = "#1 [internal] load build definition from Dockerfile"


@pytest.mark.parametrize(
    "engine, info, build, buildx, expected",
    [
        ("docker", OVERLAY2, LEGACY, "", ("docker 1.2.3", "legacy builder", "graph driver, overlay2")),
        ("docker", OVERLAY2, BUILDKIT, "Name: default\n\nNodes:\nBuildKit version: v0.25.1\nPlatforms: linux/amd64",
         ("docker 1.2.3", "BuildKit v0.25.1", "graph driver, overlay2")),
        ("docker", CONTAINERD, BUILDKIT, "Buildkit:  v0.11.7", ("docker 1.2.3", "BuildKit v0.11.7", "containerd, overlayfs")),
        ("docker", CONTAINERD, BUILDKIT, "", ("docker 1.2.3", "BuildKit", "containerd, overlayfs")),
        ("podman", PODMAN, "STEP 1/2: FROM scratch", "", ("podman 1.2.3", "buildah, in podman", "graph driver, overlay")),
    ],
)
def test_engine_builder_and_store(tmp_path, engine, info, build, buildx, expected):
    for name, text in (("info", json.dumps(info)), ("build", build), ("buildx", buildx), ("version", "1.2.3")):
        (tmp_path / name).write_text(text + "\n")
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\n[ "$1" = rmi ] || cat "{tmp_path}/$1"\n')
    docker.chmod(0o755)
    done = subprocess.run(
        [hello.ROOT / "compare/engine"], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin", "ENGINE": engine},
    )
    assert done.returncode == 0, done.stderr
    assert tuple(json.loads(done.stdout)[key] for key in ("engine", "builder", "image_store")) == expected
