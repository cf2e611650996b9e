"""The image hello:scratch for both platforms: an OCI index that buildah makes, and what is in it."""

import io
import json
import platform
import shutil
import subprocess
import tarfile

import hello

HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
PLATFORMS = {"amd64": hello.ROOT / "build", "arm64": hello.ROOT / "build/arm64"}
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def build(directory):
    """
    Builds Dockerfile.scratch for amd64 and arm64 with the binaries of build/. Returns an OCI layout
    (image-layout.md of the OCI's image specification) with one index.
    """
    context = directory / "context"
    shutil.copytree(hello.ROOT / "images/scratch", context / "images/scratch")
    shutil.copy(hello.ROOT / "Dockerfile.scratch", context)
    for name, build in PLATFORMS.items():
        (context / "bin" / name).mkdir(parents=True)
        shutil.copy(build / "release/hello", context / "bin" / name)
        shutil.copy(build / "minimal/hello", context / "bin" / name / "hello-minimal")
    # In place of alpine, of which the image takes the certificates.
    base = directory / "base"
    (base / CERTIFICATES).parent.mkdir(parents=True)
    shutil.copy(f"/{CERTIFICATES}", base / CERTIFICATES)
    (base / "Dockerfile").write_text(f"FROM scratch\nCOPY {CERTIFICATES} /{CERTIFICATES}\n")

    def buildah(*args):
        store = ["--root", directory / "store", "--runroot", directory / "run", "--storage-driver", "vfs"]
        done = subprocess.run(["buildah", *store, *args], capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, f"buildah {args}: {done.stderr}"

    buildah("bud", "-q", "-t", "localhost/base", base)
    # buildah 1.28 takes the image's platform for the builder's.
    buildah("bud", "-q", "--platform", "linux/amd64,linux/arm64", "--manifest", "hello",
            "--build-arg", f"BUILDPLATFORM=linux/{HERE}", "--build-arg", "BINARIES=bin",
            "--build-arg", "ALPINE=localhost/base", "-f", context / "Dockerfile.scratch", context)
    layout = directory / "layout"
    buildah("manifest", "push", "-q", "--all", "hello", f"oci:{layout}")
    return layout


def images(layout):
    """{"linux/arm64": (the image's configuration, its layers as open tar archives)} of a layout's index."""
    def blob(descriptor):
        return (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()

    (index,) = json.loads((layout / "index.json").read_text())["manifests"]
    found = {}
    for descriptor in json.loads(blob(index))["manifests"]:
        manifest = json.loads(blob(descriptor))
        layers = [tarfile.open(fileobj=io.BytesIO(blob(layer))) for layer in manifest["layers"]]
        name = "{os}/{architecture}".format(**descriptor["platform"])
        found[name] = json.loads(blob(manifest["config"])), layers
    return found


def unpack(layers, directory):
    """Unpacks an image without whiteouts, which have no place in layers that only add."""
    for layer in layers:
        assert not [name for name in layer.getnames() if "/.wh." in f"/{name}"]
        layer.extractall(directory)
