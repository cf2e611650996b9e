"""Sizes for the other platform are those that its layers would have."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import hello
import pytest

BINARIES = {"amd64": os.urandom(70_001), "arm64": os.urandom(60_002)}
MINIMAL = {"amd64": os.urandom(30_003), "arm64": os.urandom(30_720)}
OTHER = {"amd64": "arm64", "arm64": "amd64"}


def layer(files):
    """As docker writes it: two empty blocks at the end, and no filling up to a record of twenty."""
    out = io.BytesIO()
    archive = tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT)
    for name, data in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return out.getvalue() + bytes(1024)


def saved(layers):
    """What `docker save` prints."""
    config = {"rootfs": {"diff_ids": ["sha256:" + hashlib.sha256(data).hexdigest() for data in layers]},
              "history": [{"created_by": "COPY"} for _ in layers]}
    files = {f"{index}.tar": data for index, data in enumerate(layers)}
    manifest = [{"Config": "config.json", "Layers": list(files)}]
    return layer({"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(config).encode(), **files})


def images(architecture):
    """The layers of each image, those of its base first."""
    base, etc = layer({"bin/sh": b"shell" * 1000}), layer({"etc/passwd": b"appuser", "etc/group": b"appuser"})
    release, minimal = layer({"hello": BINARIES[architecture]}), layer({"hello": MINIMAL[architecture]})
    return {"alpine": [base, release], "scratch": [etc, release], "scratch-minimal": [minimal]}


@pytest.fixture
def compare(tmp_path):
    """Runs compare/platforms of a copy, where an engine of one platform pretends to have the images."""
    root, tools = tmp_path / "root", tmp_path / "tools"
    for path in (root / "ci", root / "build/images", tools):
        path.mkdir(parents=True)
    shutil.copytree(hello.ROOT / "compare", root / "compare")
    (root / "build/images/bases.json").write_text('{"alpine": {"image": "base"}}')

    def script(path, text):
        path.write_text(f"#!/bin/sh\n{text}")
        path.chmod(0o755)

    def run(own):
        for name, layers in images(own).items():
            (tmp_path / name).write_bytes(saved(layers))
        script(tools / "docker", f"""
case "$1 $2" in
"version -f") echo {own} ;;
"image inspect") echo '[{{"RootFS": {{"Layers": ["sha256:1"]}}}}]' ;;
save*) cat "{tmp_path}/${{2#hello:}}" ;;
*) exit 1 ;;
esac
""")
        for architecture in BINARIES:
            folder = tmp_path / architecture
            folder.mkdir()
            (folder / "hello").write_bytes(BINARIES[architecture])
            (folder / "hello-minimal").write_bytes(MINIMAL[architecture])
        shutil.copytree(tmp_path / own, root / "build/images/bin" / own)
        script(root / "ci/image", f'[ "$ARCH $1" = "{OTHER[own]} binary" ] && cp -R {tmp_path}/{OTHER[own]} build/images/bin/\n')
        done = subprocess.run([root / "compare/platforms"], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "PATH": f"{tools}:/usr/bin:/bin", "OUT": str(tmp_path),
                                   "VARIANTS": "naive alpine scratch scratch-minimal"})
        assert done.returncode == 0, done.stderr
        return json.loads((tmp_path / "platforms.json").read_text())

    return run


@pytest.mark.parametrize("own", BINARIES)
def test_both_platforms_have_the_sizes_of_their_layers(compare, own):
    report = compare(own)
    assert [entry["platform"] for entry in report] == ["linux/amd64", "linux/arm64"]
    for entry, architecture in zip(report, ("amd64", "arm64")):
        assert entry["computed"] == (architecture != own)
        assert (entry["hello_bytes"], entry["minimal_hello_bytes"]) == (len(BINARIES[architecture]), len(MINIMAL[architecture]))
        want = images(architecture)
        assert [image["name"] for image in entry["images"]] == list(want), "naive has one platform"
        for image in entry["images"]:
            layers = want[image["name"]][1 if image["name"] == "alpine" else 0:]
            assert image["size_bytes"] == sum(map(len, layers))
            # A few bytes of a tar header more or less, compressed.
            assert abs(image["compressed_bytes"] - sum(len(gzip.compress(data)) for data in layers)) < 60
