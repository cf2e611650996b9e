"""OCI image layouts (image-spec 1.1): making small ones, reading them, and hello:scratch for both platforms as buildah makes it."""

import gzip
import hashlib
import io
import json
import pathlib
import platform
import shutil
import subprocess
import tarfile

import hello

HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
PLATFORMS = {"amd64": hello.ROOT / "build", "arm64": hello.ROOT / "build/arm64"}
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def archive(files):
    """A tar archive of {path: bytes}, with the directories above them."""
    directories = {str(parent) for path in files for parent in pathlib.PurePath(path).parents if str(parent) != "."}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in sorted(directories):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, data in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.mtime = len(data), 0o644, 1_600_000_000
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


class Layout:
    def __init__(self, path):
        self.path = pathlib.Path(path)

    def blob(self, digest):
        return self.path / "blobs" / digest.replace(":", "/")

    def json(self, digest):
        return json.loads(self.blob(digest).read_text())

    def add(self, data, media_type):
        if not isinstance(data, bytes):
            data = json.dumps(data).encode()
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        self.blob(digest).parent.mkdir(parents=True, exist_ok=True)
        self.blob(digest).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def index(self):
        return json.loads((self.path / "index.json").read_text())

    def tags(self):
        """{tag: digest of the image's index}"""
        key = "org.opencontainers.image.ref.name"
        return {m["annotations"][key]: m["digest"] for m in self.index()["manifests"] if key in m.get("annotations", {})}

    def image(self, tag, architecture):
        """The manifest and the configuration of one platform."""
        for manifest in self.json(self.tags()[tag])["manifests"]:
            if manifest["platform"] == {"os": "linux", "architecture": architecture}:
                found = self.json(manifest["digest"])
                return found, self.json(found["config"]["digest"])
        raise AssertionError(f"{tag} is not for {architecture}")

    def files(self, tag, architecture):
        """{path: tarfile.TarInfo and bytes} of all layers, the later ones over the earlier."""
        files = {}
        for layer in self.image(tag, architecture)[0]["layers"]:
            with tarfile.open(self.blob(layer["digest"]), "r:gz") as tar:
                for entry in tar:
                    data = tar.extractfile(entry).read() if entry.isfile() else b""
                    files[entry.name.strip("./")] = (entry, data)
        return files


def make_base(path, tag, layers):
    """A base image for both platforms. Its layers are compressed as no builder compresses them."""
    layout = Layout(path)
    manifests = []
    for architecture in PLATFORMS:
        archives = [archive({**files, "etc/arch": architecture.encode()}) for files in layers]
        diff_ids = ["sha256:" + hashlib.sha256(data).hexdigest() for data in archives]
        config = {"architecture": architecture, "os": "linux", "config": {"Env": ["PATH=/bin"]}}
        config["rootfs"] = {"type": "layers", "diff_ids": diff_ids}
        config["history"] = [{"created_by": "a layer of the base"} for _ in layers]
        blobs = [layout.add(gzip.compress(data, 1, mtime=1), LAYER) for data in archives]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": layout.add(config, CONFIG), "layers": blobs}
        described = layout.add(manifest, MANIFEST)
        described["platform"] = {"os": "linux", "architecture": architecture}
        manifests.append(described)
    described = layout.add({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX)
    described["annotations"] = {"org.opencontainers.image.ref.name": tag}
    (layout.path / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [described]}))
    (layout.path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return layout


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
            "--build-arg", f"NATIVE=linux/{HERE}", "--build-arg", "BINARIES=bin",
            "--build-arg", "ALPINE=localhost/base", "-f", context / "Dockerfile.scratch", context)
    layout = directory / "layout"
    buildah("manifest", "push", "-q", "--all", "hello", f"oci:{layout}")
    return layout


def images(layout):
    """{"linux/arm64": (the image's configuration, its layers as open tar archives)} of a layout's index."""
    layout = Layout(layout)
    (index,) = layout.index()["manifests"]
    found = {}
    for descriptor in layout.json(index["digest"])["manifests"]:
        manifest = layout.json(descriptor["digest"])
        layers = [tarfile.open(layout.blob(layer["digest"])) for layer in manifest["layers"]]
        name = "{os}/{architecture}".format(**descriptor["platform"])
        found[name] = layout.json(manifest["config"]["digest"]), layers
    return found


def unpack(layers, directory):
    """Unpacks an image without whiteouts, which have no place in layers that only add."""
    for layer in layers:
        assert not [name for name in layer.getnames() if "/.wh." in f"/{name}"]
        layer.extractall(directory)
