"""A small repository with a tagged commit, and releases of it; the tools, found where ci/setup puts them."""

import os
import pathlib
import shutil
import subprocess

import hello
import oci

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["PATH"] = f"{ROOT / 'build/tools/sid'}:{os.environ['PATH']}"
os.environ["COSIGN_PASSWORD"] = "only for tests"
VERSION = next(line.split()[-1] for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("VERSION :="))
TAGS = [VERSION, f"{VERSION}-minimal", f"{VERSION}-alpine"]
if (ROOT / "Dockerfile.distroless").exists():
    TAGS.append(f"{VERSION}-distroless")
# The commit's time.
EPOCH = 1_750_000_000


def run(*command, check=True, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def git(repository, *arguments):
    when = f"@{EPOCH} +0000"
    names = {f"GIT_{who}_{what}": "Test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **names, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
    return run("git", "-C", repository, *arguments, env=environment).stdout.strip()


def make_repository(directory):
    """The files of this tree that a release is made of, as a commit with a changelog section and a tag."""
    hello.copy_sources(directory, "*", ":!tests", ":!lessons", ":!docs")
    changelog = directory / "CHANGELOG.md"
    changelog.write_text(changelog.read_text() + f"\n## [{VERSION}] - 2025-06-15\n")
    git(directory, "init", "-q", "-b", "main")
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", "Release")
    git(directory, "tag", f"v{VERSION}")
    return directory


def binaries_in(directory):
    """Finished binaries: this tree's. For another platform any bytes do, where it was not compiled for it."""
    for architecture in oci.PLATFORMS:
        (directory / architecture).mkdir(parents=True)
        for flavour, name in (("release", "hello"), ("minimal", "hello-minimal")):
            cross = ROOT / "build" / architecture / flavour / "hello"
            if os.uname().machine == {"amd64": "x86_64", "arm64": "aarch64"}[architecture]:
                data = (ROOT / "build" / flavour / "hello").read_bytes()
            else:
                data = cross.read_bytes() if cross.exists() else f"{name} for {architecture}".encode()
            (directory / architecture / name).write_bytes(data)
            (directory / architecture / name).chmod(0o755)
    return directory


class Site:
    """What one release needs: a repository, a key, a base, binaries."""

    def __init__(self, directory):
        self.directory = directory
        self.repository = directory / "repository"
        self.binaries = directory / "binaries"
        self.base = oci.Layout(directory / "base")
        self.key = directory / "key.pub"
        if not self.key.exists():
            shutil.rmtree(directory, ignore_errors=True)
            make_repository(self.repository)
            binaries_in(self.binaries)
            bundle = {"etc/ssl/certs/ca-certificates.crt": b"-----BEGIN CERTIFICATE-----\n"}
            oci.make_base(self.base.path, "3", [bundle])
            run("cosign", "generate-key-pair", "--output-key-prefix", directory / "key")

    def environment(self, **more):
        bases = {name: f"oci:{self.base.path}:3" for name in ("ALPINE", "DISTROLESS")}
        key = {"COSIGN_KEY": str(self.directory / "key.key"), "BINARIES": str(self.binaries), "DEPS_CACHE": str(ROOT / "deps/cache")}
        return {**os.environ, **bases, **key, "SOURCE": "https://example.org/hello", **more}

    def build(self, repository=None, out=None, check=True, before=(), umask=0o022, **environment):
        repository = repository or self.repository
        more = {"OUT": str(out)} if out else {}
        return run(
            *before, repository / "release/build", check=check,
            env=self.environment(**more, **environment), preexec_fn=lambda: os.umask(umask),
        )  # fmt: skip
