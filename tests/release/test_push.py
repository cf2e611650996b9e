"""A release in a registry: pushed, pulled back by the usual clients, verified, and refused when it was tampered with."""

import json
import shutil
import subprocess
import tempfile
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
        assert f"verified: {repository}:{tag} is {digest}, signed, with provenance, SBOMs, licence notices and sources" in done.stdout
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


def names_of(pushed, release):
    """Each image as a user names it: by its tag, and by its digest."""
    for tag, digest in digests(release).items():
        yield tag, digest, f"{pushed}:{tag}"
        yield tag, digest, f"{pushed}@{digest}"


def is_what_was_released(release, tag, architecture, layers, found):
    config = oci.Layout(release / "oci").image(tag, architecture)[1]
    assert (layers, found) == (config["rootfs"]["diff_ids"], architecture)


@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_skopeo_pulls_both_platforms(pushed, release, tmp_path, architecture):
    for tag, _, name in names_of(pushed, release):
        shutil.rmtree(tmp_path / "pulled", ignore_errors=True)
        run(
            "skopeo", "--override-os", "linux", "--override-arch", architecture, "copy", "-q", "--src-tls-verify=false",
            f"docker://{name}", f"oci:{tmp_path / 'pulled'}:x",
        )  # fmt: skip
        layout = oci.Layout(tmp_path / "pulled")
        assert layout.json(layout.tags()["x"]) == oci.Layout(release / "oci").image(tag, architecture)[0]


@pytest.fixture
def podman():
    """podman with an empty store. It refuses a state directory whose path is longer than 50 characters, as pytest's is."""
    if not shutil.which("podman"):
        pytest.skip("podman is not installed: ci/setup test")
    directory = tempfile.mkdtemp(prefix="hello-")
    yield ["podman", "--root", f"{directory}/store", "--runroot", f"{directory}/run", "--storage-driver", "vfs"]
    shutil.rmtree(directory)


@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_podman_pulls_both_platforms(podman, pushed, release, architecture):
    for tag, digest, name in names_of(pushed, release):
        run(*podman, "pull", "-q", "--tls-verify=false", "--arch", architecture, name)
        image = json.loads(run(*podman, "image", "inspect", name).stdout)[0]
        is_what_was_released(release, tag, architecture, image["RootFS"]["Layers"], image["Architecture"])
        assert image["Config"]["Entrypoint"] == ["/hello"]
        assert f"{pushed}@{digest}" in image["RepoDigests"]
        run(*podman, "image", "rm", "-f", name)


@pytest.mark.serial
@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_docker_pulls_both_platforms(pushed, release, architecture):
    if not shutil.which("docker") or run("docker", "info", check=False).returncode:
        pytest.skip("no docker engine responds")
    for tag, digest, name in names_of(pushed, release):
        try:
            run("docker", "pull", "-q", "--platform", f"linux/{architecture}", name)
            image = json.loads(run("docker", "image", "inspect", name).stdout)[0]
            is_what_was_released(release, tag, architecture, image["RootFS"]["Layers"], image["Architecture"])
            assert f"{pushed}@{digest}" in image["RepoDigests"]
            assert image["Config"]["Healthcheck"]["Test"] == ["CMD", "/hello", "healthcheck"]
            if architecture == oci.HERE:
                told = run("docker", "run", "--rm", name, "version", "-json").stdout
                assert json.loads(told)["hello"] == VERSION
        finally:
            run("docker", "image", "rm", "-f", name, check=False)


def test_cosign_and_oras_see_what_is_attached(pushed, release, site):
    offline = ["--key", site.key, "--insecure-ignore-tlog=true"]
    for tag, digest in digests(release).items():
        run("cosign", "verify", *offline, f"{pushed}:{tag}")
        for kind in ("slsaprovenance1", "cyclonedx", "spdxjson"):
            envelope = json.loads(run("cosign", "verify-attestation", *offline, "--type", kind, f"{pushed}@{digest}").stdout)
            assert envelope["payloadType"] == "application/vnd.in-toto+json"
        found = json.loads(run("oras", "discover", PLAIN, "--format", "json", f"{pushed}:{tag}").stdout)
        referrers = found.get("referrers") or found.get("manifests")
        kinds = {referrer["annotations"].get("dev.sigstore.bundle.predicateType", referrer["artifactType"]) for referrer in referrers}
        assert len(referrers) == 5 and len(kinds) == 5
        assert "application/vnd.hello.notice.v1" in kinds


def test_a_pulled_release_is_the_one_that_was_made(pushed, release, site, tmp_path):
    run(ROOT / "release/pull", pushed, VERSION, tmp_path / "pulled")
    done = run(ROOT / "release/verify", tmp_path / "pulled", site.key)
    assert done.stdout == run(ROOT / "release/verify", release, site.key).stdout
    again = run(ROOT / "release/pull", pushed, VERSION, tmp_path / "pulled", check=False)
    assert again.returncode == 2 and "is there already" in again.stderr


def test_files_pushed_again_have_the_same_digest(pushed, release, site):
    first = run("oras", "resolve", PLAIN, f"{pushed}:{VERSION}-release").stdout
    run(ROOT / "release/push", release, site.key, pushed)
    assert run("oras", "resolve", PLAIN, f"{pushed}:{VERSION}-release").stdout == first


def test_licences_and_sources_are_pulled_beside_an_image(pushed, release, tmp_path):
    """The command of docs/supply-chain.md."""
    page = (ROOT / "docs/supply-chain.md").read_text()
    (command,) = [line for line in page.splitlines() if line.startswith("oras pull ")]
    command = command.replace("REGISTRY/hello", pushed).replace("1.2.3", VERSION).replace("oras pull", f"oras pull {PLAIN}")
    command = command.replace("oras discover", f"oras discover {PLAIN}").split("  #")[0]
    run("sh", "-euc", command, cwd=tmp_path)
    for name in ("NOTICE", f"hello-{VERSION}.tar.gz"):
        assert (tmp_path / name).read_bytes() == (release / name).read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


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
        f"the licence notices and sources of {repository}:{VERSION} are missing",
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
