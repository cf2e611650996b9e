"""One release for all tests of this folder."""

import os
import pathlib
import shutil

import pytest
from making import ROOT, Site

missing = [tool for tool in ("buildah", "skopeo", "libdeflate-gzip", "cosign", "oras", "faketime") if not shutil.which(tool)]
if not (ROOT / "build/tools/docker-registry").exists() and not shutil.which("docker-registry"):
    missing.append("docker-registry")


def pytest_collection_modifyitems(items):
    for item in items:
        if missing and pathlib.Path(item.fspath).name != "test_reproducible.py":
            item.add_marker(pytest.mark.skip(reason=f"needs {', '.join(missing)}: ci/setup test"))


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """RELEASE_SITE is a directory in which an earlier process may have made it."""
    kept = os.environ.get("RELEASE_SITE")
    return Site(pathlib.Path(kept) if kept else tmp_path_factory.mktemp("release"))


@pytest.fixture(scope="session")
def release(site):
    """A finished release. Tests do not change it."""
    out = site.directory / "out"
    if not out.exists():
        site.build(out=out)
    return out


@pytest.fixture
def twin(release, tmp_path):
    """A copy of the release, for a test to spoil."""
    return pathlib.Path(shutil.copytree(release, tmp_path / "twin"))
