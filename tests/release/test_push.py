"""A release in a registry: pushed, pulled back by the usual clients, verified, and refused when it was tampered with."""

import json
import shutil
import subprocess
import uuid

import oci
import pytest
from making import ROOT, TAGS, VERSION, run

PLAIN = "--plain-http"


@pytest.fixture(scope="module")
def registry():
    """An empty registry on the loopback interface."""
    command = [ROOT / "release/registry", "sh", "-c", "echo $REGISTRY && exec cat"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = process.stdout.readline().strip()
    assert address, "no registry"
    yield address
    process.stdin.close()
    process.wait(30)


@pytest.fixture(scope="module")
def pushed(release, site, registry):
    """The repository that has the release."""
    repository = f"{registry}/hello"
    done = run(ROOT / "release/push", release, site.key, repository)
    for tag, digest in oci.Layout(release / "oci").tags().items():
        assert f"verified: {repository}:{tag} is {digest}, signed, with provenance and SBOMs" in done.stdout
    return repository


@pytest.fixture
def other(pushed, release, registry):
    """Another repository with the same release, for a test to spoil."""
    repository = f"{registry}/hello-{uuid.uuid4().hex[:8]}"
    for tag in TAGS:
        copy(release, tag, repository)
    return repository


def copy(directory, tag, repository, *options):
    layout = ["--from-oci-layout", f"{directory / 'oci'}:{tag}", "--to-plain-http", f"{repository}:{tag}"]
    run("oras", "cp", "--no-tty", *(options or ["--recursive"]), *layout)


def digests(release):
    return oci.Layout(release / "oci").tags()


@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_skopeo_pulls_both_platforms(pushed, release, tmp_path, architecture):
    for tag, digest in digests(release).items():
        for name in (f"{pushed}:{tag}", f"{pushed}@{digest}"):
            shutil.rmtree(tmp_path / "pulled", ignore_errors=True)
            run(
                "skopeo", "--override-os", "linux", "--override-arch", architecture, "copy", "-q", "--src-tls-verify=false",
                f"docker://{name}", f"oci:{tmp_path / 'pulled'}:x",
            )  # fmt: skip
            layout = oci.Layout(tmp_path / "pulled")
            assert layout.json(layout.tags()["x"]) == oci.Layout(release / "oci").image(tag, architecture)[0]


def test_buildah_pulls_by_tag_and_digest(pushed, release, tmp_path):
    """With the library of podman."""
    store = ["--root", tmp_path / "store", "--runroot", tmp_path / "run", "--storage-driver", "vfs"]
    for name in (f"{pushed}:{VERSION}-minimal", f"{pushed}@{digests(release)[VERSION]}"):
        run("buildah", *store, "pull", "-q", "--tls-verify=false", name)
    image = json.loads(run("buildah", *store, "inspect", "--type", "image", f"{pushed}:{VERSION}-minimal").stdout)
    assert image["OCIv1"]["config"]["Entrypoint"] == ["/hello"]


def test_docker_pulls_runs_and_keeps_the_digest(pushed, release):
    if not shutil.which("docker") or run("docker", "info", check=False).returncode:
        pytest.skip("no docker engine responds")
    for tag, digest in digests(release).items():
        try:
            run("docker", "pull", "-q", f"{pushed}:{tag}")
            image = json.loads(run("docker", "image", "inspect", f"{pushed}:{tag}").stdout)[0]
            assert f"{pushed}@{digest}" in image["RepoDigests"]
            assert image["Config"]["Healthcheck"]["Test"] == ["CMD", "/hello", "healthcheck"]
            told = run("docker", "run", "--rm", f"{pushed}:{tag}", "version", "-json").stdout
            assert json.loads(told)["hello"] == VERSION
        finally:
            run("docker", "image", "rm", "-f", f"{pushed}:{tag}", check=False)


def test_cosign_and_oras_see_what_is_attached(pushed, release, site):
    offline = ["--key", site.key, "--insecure-ignore-tlog=true"]
    for tag, digest in digests(release).items():
        run("cosign", "verify", *offline, f"{pushed}:{tag}")
        for kind in ("slsaprovenance1", "cyclonedx", "spdxjson"):
            envelope = json.loads(run("cosign", "verify-attestation", *offline, "--type", kind, f"{pushed}@{digest}").stdout)
            assert envelope["payloadType"] == "application/vnd.in-toto+json"
        found = json.loads(run("oras", "discover", PLAIN, "--format", "json", f"{pushed}:{tag}").stdout)
        referrers = found.get("referrers") or found.get("manifests")
        kinds = {referrer["annotations"]["dev.sigstore.bundle.predicateType"] for referrer in referrers}
        assert len(referrers) == 4 and len(kinds) == 4


# ---- tampered --------------------------------------------------------------------------------


def refused(release, site, repository, *named):
    done = run(ROOT / "release/verify", release, site.key, repository, check=False)
    assert done.returncode == 1
    for text in named:
        assert text in done.stderr, done.stderr


def test_an_old_tag_is_refused(release, site, other):
    run("oras", "tag", PLAIN, f"{other}@{digests(release)[TAGS[1]]}", VERSION)
    refused(release, site, other, f"{other}:{VERSION} is {digests(release)[TAGS[1]]}; the release's is {digests(release)[VERSION]}")


def test_a_missing_image_is_refused(release, site, registry):
    repository = f"{registry}/empty"
    copy(release, TAGS[1], repository)
    refused(release, site, repository, f"{repository} has no {VERSION}: ")


def test_a_missing_signature_and_attestations_are_refused(release, site, registry):
    repository = f"{registry}/bare"
    for tag in TAGS:
        copy(release, tag, repository, "--concurrency", "3")
    refused(
        release, site, repository, f"the signature of {repository}:{VERSION} is not valid",
        f"the provenance of {repository}:{VERSION} is missing or not valid",
        f"the CycloneDX SBOM of {repository}:{VERSION} is missing or not valid",
    )  # fmt: skip


def test_another_keys_signature_is_refused(site, release, pushed, tmp_path):
    run("cosign", "generate-key-pair", "--output-key-prefix", tmp_path / "other")
    done = run("cosign", "verify", "--key", tmp_path / "other.pub", "--insecure-ignore-tlog=true", f"{pushed}:{VERSION}", check=False)
    assert done.returncode != 0 and "failed to verify signature" in done.stderr


def test_a_release_that_is_not_verified_is_not_pushed(site, twin, registry):
    path = twin / "hello-linux-amd64"
    path.write_bytes(path.read_bytes() + b"x")
    done = run(ROOT / "release/push", twin, site.key, f"{registry}/never", check=False)
    assert done.returncode == 1 and "hello-linux-amd64 has not the bytes of the release" in done.stderr
    assert run("oras", "resolve", PLAIN, f"{registry}/never:{VERSION}", check=False).returncode != 0


def test_the_registry_ends_with_its_command():
    done = run(ROOT / "release/registry", "sh", "-c", "echo $REGISTRY; exit 7", check=False)
    assert done.returncode == 7
    assert run("oras", "repo", "ls", PLAIN, done.stdout.strip(), check=False).returncode != 0
