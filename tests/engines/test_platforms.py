"""
Images for both platforms from one machine: an engine with containerd's image store, where nothing can be
emulated. The stand-ins for bases hold packages for arm64 that are unpacked and not run.
"""

import json
import os
import subprocess
import sys

import hello
import oci
import pytest
from test_engines import ALL, ENGINES, LOAD, project, run

ENGINE = "docker-28-containerd"
pytestmark = pytest.mark.skipif(ENGINE not in ENGINES, reason=f"ENGINES does not name {ENGINE}")
IMAGES = ["builder", "alpine", "distroless", "scratch", "scratch-minimal"]
SHIP_THE_RELEASE = IMAGES[:-1]
# e_machine (elf(5)) of EM_X86_64 and EM_AARCH64.
MACHINES = {"linux/amd64": b"\x3e\x00", "linux/arm64": b"\xb7\x00"}
BAKE = """ci/bases
    export DEBIAN=$(jq -r .debian.image build/images/bases.json)
    # Official bases have both platforms.
    [ "$(jq -r .alpine.source build/images/bases.json)" != stand-in ] || {
        ci/bases platforms
        export ALPINE=hello-base/stand-in-for-alpine:platforms DISTROLESS=hello-base/stand-in-for-distroless:platforms
    }
    rm -rf build/bin build/images/bin build/saved
    docker buildx bake --set '*.platform=linux/amd64,linux/arm64'
    for image in %s; do
        docker run --rm hello:$image version
        mkdir -p build/saved/$image
        docker save hello:$image | tar -xC build/saved/$image
    done""" % " ".join(IMAGES)


@pytest.fixture(scope="module")
def saved():
    """{image: (the directory of its OCI layout, {platform: (configuration, layers)})}"""
    run(ENGINE, LOAD + BAKE)
    directories = {name: project(ENGINE) / "build/saved" / name for name in IMAGES}
    return {name: (directory, oci.images(directory)) for name, directory in directories.items()}


def file_of(layers, name):
    """The file as the last layer that has it has it."""
    (found,) = [layer.extractfile(name).read() for layer in layers if name in layer.getnames()][-1:]
    return found


def test_each_is_one_index_of_both_platforms(saved):
    for name, (_, images) in saved.items():
        assert sorted(images) == sorted(MACHINES), name
        for platform, (config, layers) in images.items():
            assert f"{config['os']}/{config['architecture']}" == platform
            assert config["config"]["Entrypoint"] == ["/hello"] and config["config"]["Healthcheck"]
            assert file_of(layers, "hello")[18:20] == MACHINES[platform], f"{name} for {platform}"


@pytest.mark.parametrize("platform", MACHINES)
def test_all_ship_the_same_bytes(saved, platform):
    assert len({file_of(saved[name][1][platform][1], "hello") for name in SHIP_THE_RELEASE}) == 1


def test_both_have_the_same_certificates(saved):
    _, images = saved["scratch"]
    assert len({file_of(layers, oci.CERTIFICATES) for _, layers in images.values()}) == 1


def test_naive_is_of_one_platform():
    """It is not in the group that the option for all targets is meant for."""
    done = run(ENGINE, "docker buildx bake --print && docker buildx bake --print all")
    decoder = json.JSONDecoder()
    default, end = decoder.raw_decode(done.stdout)
    everything, _ = decoder.raw_decode(done.stdout[end:].lstrip())
    assert "naive" not in default["target"] and set(IMAGES) <= set(default["target"])
    assert "naive" in everything["target"] and "platforms" not in everything["target"]["naive"]


@pytest.mark.skipif(not ALL, reason="make test-engines runs it")
def test_the_arm64_image_boots(saved):
    """In the machine of tests/arm64, with all of its tests."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-c", "tests/pytest.ini", "-p", "no:cacheprovider", "tests/arm64"],
                          cwd=hello.ROOT, env={**os.environ, "LAYOUT": str(saved["scratch"][0])}, capture_output=True, text=True)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-4000:]
