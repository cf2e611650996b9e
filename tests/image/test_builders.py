"""The Dockerfiles need no particular builder."""

import subprocess

import hello
import pytest

# The longest of its group, and one process starts all three.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("builders")]
BUILDERS = ["legacy", "buildkit", "buildah"]


@pytest.fixture(scope="module")
def builds():
    """All at once: much of a build is waiting for packages."""
    started = {
        name: subprocess.Popen([hello.ROOT / "ci/builders", name], stderr=subprocess.PIPE, text=True)
        for name in BUILDERS
    }
    yield started
    for process in started.values():
        process.terminate()  # those that a failed test left waiting
        process.wait(60)


@pytest.mark.parametrize("name", BUILDERS)
def test_every_builder_builds_all(builds, name):
    _, stderr = builds[name].communicate(timeout=1200)
    if builds[name].returncode == 3:
        pytest.skip(stderr.strip().splitlines()[-1])
    assert builds[name].returncode == 0, stderr
