"""Each image: what it says of itself, what is in it, and how it behaves under restrictions."""

import hashlib
import http.client
import io
import json
import pathlib
import re
import subprocess
import tarfile
import time

import hello
import pytest
from engine import docker

SHIPS_THE_RELEASE = ["builder", "alpine", "distroless", "scratch"]
HARDENED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]


def address(name):
    host, port = docker("port", name, "1234/tcp").stdout.strip().splitlines()[0].rsplit(":", 1)
    return host, int(port)


def ask(name, target, seconds=60):
    """Asks until a response comes: readiness, with an end, that notices a dead container."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection = http.client.HTTPConnection(*address(name), timeout=5)
            connection.request("GET", target)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException, AssertionError, IndexError):
            running = docker("inspect", "-f", "{{.State.Running}}", name).stdout.strip()
            assert running == "true", "the container has ended"
            assert time.monotonic() < deadline, "no response"
            time.sleep(0.05)


def files_of(image):
    """The image's files as a tar archive in memory."""
    name = docker("create", image).stdout.strip()
    try:
        exported = subprocess.run(["docker", "export", name], capture_output=True, check=True)
    finally:
        docker("rm", "-f", name)
    return tarfile.open(fileobj=io.BytesIO(exported.stdout))


def digest_of_hello(variant):
    with files_of(f"hello:{variant}") as archive:
        return hashlib.sha256(archive.extractfile("hello").read()).hexdigest()


def test_configuration(variant, config):
    assert config["User"] == ("65532:65532" if variant == "distroless" else "99:99")
    assert config["Entrypoint"] == ["/hello"]
    assert config["Healthcheck"]["Test"] == ["CMD", "/hello", "healthcheck"]
    https = [] if variant == "scratch-minimal" else ["1443/tcp"]
    assert sorted(config["ExposedPorts"]) == ["1234/tcp", *https]
    labels = config["Labels"]
    for key in ("title", "description", "licenses"):
        assert labels[f"org.opencontainers.image.{key}"]


def test_sources_and_base_are_named(variant, config):
    """The commit is named where it is known: tests/lint/test_labels.py."""
    told = {key.removeprefix("org.opencontainers.image."): value for key, value in config["Labels"].items()}
    assert told["version"] == re.search(r"^VERSION := (.*)$", (hello.ROOT / "Makefile").read_text(), re.M)[1]
    assert ("revision" in told) == ("created" in told)
    bases = json.loads((hello.ROOT / "build/images/bases.json").read_text())
    name = {"naive": "debian", "distroless": "distroless", "scratch-minimal": None}.get(variant, "alpine")
    base = bases.get(name, {})
    assert (told.get("base.name"), told.get("base.digest")) == (base.get("image"), base.get("digest"))


def test_responds_and_stops_with_0(variant, container):
    name = container(f"hello:{variant}")
    assert ask(name, "/") == (200, b"howdy\n")
    assert ask(name, "/magazine/vogue") == (200, b"vogue has 130 pages.\n")
    docker("stop", "-t", "60", name)
    # After SIGKILL it would be 137.
    assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == "0"


@pytest.mark.parametrize("user", ["99:99", "12345:54321", "0:0"])
def test_runs_hardened_as_any_user(variant, container, user):
    name = container(f"hello:{variant}", *HARDENED, "--user", user)
    assert ask(name, "/magazine/natgeo") == (200, b"natgeo has 78 pages.\n")
    docker("stop", name)
    assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == "0"


def test_flags_follow_the_image(variant, container):
    name = container(f"hello:{variant}", command=["-text", "salut"])
    assert ask(name, "/") == (200, b"salut\n")


def test_same_bytes_everywhere():
    digests = {variant: digest_of_hello(variant) for variant in SHIPS_THE_RELEASE}
    assert len(set(digests.values())) == 1, digests


def test_the_binary_is_static():
    with files_of("hello:scratch") as archive:
        data = archive.extractfile("hello").read()
    assert data[:4] == b"\x7fELF"
    offset = int.from_bytes(data[32:40], "little")
    size = int.from_bytes(data[54:56], "little")
    count = int.from_bytes(data[56:58], "little")
    types = [
        int.from_bytes(data[offset + i * size : offset + i * size + 4], "little")
        for i in range(count)
    ]
    assert count > 0 and 3 not in types, "PT_INTERP: it asks for a loader"


def test_scratch_holds_four_files():
    with files_of("hello:scratch") as archive:
        # docker itself adds mount points to what it exports of a created container.
        ours = {m.name for m in archive if m.isfile() and m.size > 0}
        assert ours == {"hello", "etc/passwd", "etc/group", "etc/ssl/certs/ca-certificates.crt"}
        bundle = archive.extractfile("etc/ssl/certs/ca-certificates.crt").read()
    assert bundle.count(b"BEGIN CERTIFICATE") > 100


def test_distroless_has_what_its_recipe_promises():
    """The official base and its stand-in alike."""
    environment = json.loads(docker("image", "inspect", "hello:distroless").stdout)[0]["Config"]["Env"]
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in environment
    with files_of("hello:distroless") as archive:
        members = {m.name.rstrip("/"): m for m in archive}

        def read(name):
            return archive.extractfile(name).read().decode()

        users = [line.split(":")[:3] for line in read("etc/passwd").splitlines()]
        assert users == [["root", "x", "0"], ["nobody", "x", "65534"], ["nonroot", "x", "65532"]]
        groups = {line.split(":")[0]: line.split(":")[2] for line in read("etc/group").splitlines()}
        assert groups == {"root": "0", "nobody": "65534", "tty": "5", "staff": "50", "nonroot": "65532"}
        assert members["tmp"].mode & 0o7777 == 0o1777
        home = members["home/nonroot"]
        assert (home.mode & 0o7777, home.uid, home.gid) == (0o700, 65532, 65532)
        assert "hosts:" in read("etc/nsswitch.conf") and 'VERSION_ID="13"' in read("usr/lib/os-release")
        assert read("etc/ssl/certs/ca-certificates.crt").count("BEGIN CERTIFICATE") > 100
        assert "usr/share/zoneinfo/Europe/Berlin" in members and "etc/mime.types" in members
        records = {name.rpartition("/")[2] for name in members if name.startswith("var/lib/dpkg/status.d/")}
        packages = {"base-files", "ca-certificates", "media-types", "netbase", "tzdata", "tzdata-legacy"}
        assert packages <= records
        for name in packages:
            assert f"Package: {name}\n" in read(f"var/lib/dpkg/status.d/{name}")
        programs = [n for n, m in members.items() if m.isfile() and m.mode & 0o111 and n.startswith(("usr/bin/", "usr/sbin/"))]
        assert programs == [], "it has no program but /hello"


def test_minimal_holds_one():
    with files_of("hello:scratch-minimal") as archive:
        assert {m.name for m in archive if m.isfile() and m.size > 0} == {"hello"}


@pytest.mark.parametrize("variant", ["scratch"])
def test_scratch_stays_small(variant):
    size = json.loads(docker("image", "inspect", f"hello:{variant}").stdout)[0]["Size"]
    assert size < 680_000


def test_no_official_name_is_given_to_a_stand_in():
    bases = json.loads((pathlib.Path(__file__).parents[2] / "build/images/bases.json").read_text())
    for base in bases.values():
        if base["source"] == "stand-in":
            assert base["image"].startswith("hello-base/stand-in-for-")
            assert docker("image", "inspect", base["official"], check=False).returncode != 0
        else:
            assert base["source"] in ("present", "pulled")


def test_becomes_healthy(variant, container):
    name = container(f"hello:{variant}", "--health-interval=1s", "--health-start-period=1ms")
    deadline = time.monotonic() + 60
    while docker("inspect", "-f", "{{.State.Health.Status}}", name).stdout.strip() != "healthy":
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_healthcheck_follows_the_environment(container):
    name = container("hello:scratch", "-e", "HELLO_ADDR=127.0.0.1:4321")
    deadline = time.monotonic() + 60
    while docker("exec", name, "/hello", "healthcheck", check=False).returncode != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert docker("exec", name, "/hello", "healthcheck", "http://localhost:1/", check=False).returncode == 1
