"""release/images: the same digests everywhere, from the Dockerfiles that everybody builds."""

import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import oci
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
REVISION = "0123456789abcdef0123456789abcdef01234567"
EPOCH = 1_700_000_000


def sources_with(directory, binaries):
    """A copy of what images are made of, with binaries of these bytes."""
    for path in [*ROOT.glob("Dockerfile.*"), ROOT / "images"]:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, directory / path.name)
    for architecture in oci.PLATFORMS:
        folder = directory / "build/bin" / architecture
        folder.mkdir(parents=True)
        for name in ("hello", "hello-minimal"):
            (folder / name).write_bytes(binaries + f"{name} for {architecture}".encode())
            (folder / name).chmod(0o755)
    return directory


def build(sources, layout, bases, clock=None, umask=0o022, check=True):
    environment = {**os.environ, "VERSION": "1.2.3", "REVISION": REVISION, "SOURCE_DATE_EPOCH": str(EPOCH)}
    environment |= {"SOURCE": "https://example.org/hello", "ALPINE": f"oci:{bases}:3", "DISTROLESS": f"oci:{bases}:3"}
    command = ["faketime", "-f", clock] if clock else []
    done = subprocess.run(
        [*command, ROOT / "release/images", sources, layout],
        env=environment, capture_output=True, text=True, preexec_fn=lambda: os.umask(umask),
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two builds: another directory, another time, another umask, other times and modes of the files."""
    tmp = tmp_path_factory.mktemp("images")
    bundle = {"etc/ssl/certs/ca-certificates.crt": b"-----BEGIN CERTIFICATE-----\n"}
    base = oci.make_base(tmp / "base", "3", [bundle, {"bin/second": b"another layer"}])
    # Machine code, as the binaries are.
    binaries = pathlib.Path(sys.executable).read_bytes()[:1_500_000]
    (tmp / "a").mkdir()
    first = sources_with(tmp / "a", binaries)
    longer = tmp / "another-directory-with-a-longer-name"
    longer.mkdir()
    second = sources_with(longer, binaries)
    for path in second.rglob("*"):
        os.utime(path, (1, 1))
    ours = build(first, tmp / "first", base.path)
    build(second, tmp / "second", base.path, clock="@2041-05-06 07:08:09", umask=0o077)
    return base, oci.Layout(tmp / "first"), oci.Layout(tmp / "second"), ours.stdout, first


def variants(layout):
    return {tag: tag.removeprefix("1.2.3").strip("-") or "scratch" for tag in layout.tags()}


@pytest.mark.long
def test_the_digests_are_equal(made):
    _, first, second, printed, _ = made
    assert first.tags() == second.tags()
    assert dict(line.split() for line in printed.splitlines()) == first.tags()
    expected = {path.suffix.strip(".") for path in ROOT.glob("Dockerfile.*") if path.suffix != ".dockerignore"}
    assert set(variants(first).values()) == expected - {"naive", "builder"} | {"minimal"}
    names = {path.relative_to(first.path) for path in first.path.rglob("*")}
    assert names == {path.relative_to(second.path) for path in second.path.rglob("*")}


@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_each_platform_has_its_own_binary(made, architecture):
    _, layout, _, _, sources = made
    for tag, variant in variants(layout).items():
        name = "hello-minimal" if variant == "minimal" else "hello"
        entry, data = layout.files(tag, architecture)["hello"]
        assert data == (sources / "build/bin" / architecture / name).read_bytes(), tag
        assert (entry.mtime, entry.uid, entry.gid, entry.mode & 0o7777) == (EPOCH, 0, 0, 0o755), tag
        assert layout.image(tag, architecture)[1]["architecture"] == architecture


def test_the_configuration_is_the_dockerfiles(made):
    base, layout, _, _, _ = made
    for tag, variant in variants(layout).items():
        config = layout.image(tag, "arm64")[1]
        assert config["created"] == "2023-11-14T22:13:20Z"
        assert config["config"]["Entrypoint"] == ["/hello"]
        assert config["config"]["User"] == ("65532:65532" if variant == "distroless" else "99:99")
        assert config["config"]["Healthcheck"]["Test"] == ["CMD", "/hello", "healthcheck"]
        assert config["config"]["Healthcheck"]["Interval"] == 10_000_000_000
        labels = config["config"]["Labels"]
        told = {key.removeprefix("org.opencontainers.image."): value for key, value in labels.items()}
        assert (told["version"], told["revision"]) == ("1.2.3", REVISION)
        assert (told["source"], told["created"]) == ("https://example.org/hello", "2023-11-14T22:13:20Z")
        licences = {"MIT", "LGPL-2.1-or-later"} | (set() if variant == "minimal" else {"Apache-2.0", "MIT-0"})
        assert set(told["licenses"].split(" AND ")) == licences and told["title"] and told["description"]
        # What stands on nothing has no base.
        assert told.get("base.digest") == (None if variant == "minimal" else base.tags()["3"])
        assert told.get("base.name") == (None if variant == "minimal" else "base:3")
        assert "io.buildah.version" not in labels


@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_a_bases_layers_are_its_own_blobs(made, architecture):
    base, layout, _, _, _ = made
    theirs = base.image("3", architecture)[0]["layers"]
    for tag, variant in variants(layout).items():
        manifest, config = layout.image(tag, architecture)
        if variant in ("scratch", "minimal"):
            assert not {layer["digest"] for layer in theirs} & {layer["digest"] for layer in manifest["layers"]}
        else:
            assert manifest["layers"][: len(theirs)] == theirs, tag
            assert len(manifest["layers"]) == len(theirs) + 1
        assert len(config["rootfs"]["diff_ids"]) == len(manifest["layers"])


def test_what_is_said_of_blobs_is_true(made):
    _, layout, _, _, _ = made
    for blob in (layout.path / "blobs/sha256").iterdir():
        assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
    for tag in layout.tags():
        for architecture in oci.PLATFORMS:
            manifest, config = layout.image(tag, architecture)
            for layer, diff_id in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
                data = layout.blob(layer["digest"]).read_bytes()
                assert len(data) == layer["size"]
                assert "sha256:" + hashlib.sha256(gzip.decompress(data)).hexdigest() == diff_id


# A pull takes these bytes.
@pytest.mark.parametrize("architecture", oci.PLATFORMS)
def test_our_layers_are_smaller_than_by_gzip(made, architecture):
    _, layout, _, _, _ = made
    for tag, variant in variants(layout).items():
        manifest, _ = layout.image(tag, architecture)
        layer = manifest["layers"][-1]
        data = layout.blob(layer["digest"]).read_bytes()
        assert len(data) < len(gzip.compress(gzip.decompress(data), 9)), variant


def test_a_base_for_one_platform_is_refused(made, tmp_path):
    base, _, _, _, sources = made
    only = oci.Layout(shutil.copytree(base.path, tmp_path / "only"))
    index = only.json(base.tags()["3"])
    index["manifests"] = [m for m in index["manifests"] if m["platform"]["architecture"] == "amd64"]
    described = only.add(index, oci.INDEX) | {"annotations": {"org.opencontainers.image.ref.name": "3"}}
    (only.path / "index.json").write_text(f'{{"schemaVersion": 2, "manifests": [{json.dumps(described)}]}}')
    done = build(sources, tmp_path / "out", only.path, check=False)
    assert done.returncode == 1 and "arm64" in done.stderr, done.stderr
