"""
The release on Debian's arm64 kernel, in a virtual machine whose processor is emulated.

The machine's file system is an initramfs: Debian's packages (tests/arm64/root), our programs and
tests, and tests/arm64/init, which serves first and then runs tests of its own. The host's tests talk
to the served ports, which qemu forwards. What serves is the image hello:scratch for arm64, unpacked: of an
index that buildah makes of the binaries in build/, or of the OCI layout LAYOUT=DIRECTORY.
"""

import io
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import xml.etree.ElementTree as ElementTree

import hello
import initramfs
import oci
import pytest

sys.path.insert(0, str(hello.ROOT / "tests/http"))
import rfc  # noqa: E402
import rfc_cases  # noqa: E402

BUILD = hello.ROOT / "build/arm64"
# Only ends a hang, on a machine however slow and busy.
DEADLINE_S = 900
CASE_SECONDS = 60
# Ports in the machine, as tests/arm64/init has them.
HTTP, HTTPS, DRAIN, REPORT = 8080, 8443, 9001, 9002


def what_is_missing():
    if platform.machine() == "aarch64":
        return "this machine is arm64: all tests run on it"
    if not shutil.which("qemu-system-aarch64"):
        return "qemu-system-aarch64 is missing; on Debian it is in qemu-system-arm"
    if not shutil.which("aarch64-linux-gnu-gcc"):
        return "aarch64-linux-gnu-gcc is missing; on Debian it is in gcc-aarch64-linux-gnu"
    if not shutil.which("buildah"):
        return "buildah is missing; on Debian it is in buildah"
    if not (BUILD / "debian/vmlinuz").exists():
        return "Debian's arm64 packages are missing: tests/arm64/root could not download them"
    return None


if what_is_missing():
    pytest.skip(what_is_missing(), allow_module_level=True)


# ---- the file system -------------------------------------------------------------------------


def write_initramfs(path, image):
    archive = initramfs.Archive(path)
    archive.add(BUILD / "debian/root", "")
    archive.add(hello.ROOT / "tests/arm64/init", "init")
    archive.add(image, "bare")
    for name in ("build/valgrind/unit", "build/release", "tests/http", "tests/tls", "docs", "src"):
        archive.add_directory(f"hello/{name}")
    archive.add(BUILD / "valgrind/unit/runner", "hello/build/valgrind/unit/runner")
    for name in ("release/hello", "release/sandbox"):
        archive.add(BUILD / name, f"hello/build/{name}")
    tests = [path.relative_to(hello.ROOT) for folder in ("http", "tls") for path in hello.ROOT.glob(f"tests/{folder}/*.py")]
    for name in ("tests/hello.py", "tests/conftest.py", "tests/pytest.ini", "docs/sandbox.md", "src/sandbox", *tests):
        archive.add(hello.ROOT / name, f"hello/{name}")
    archive.close()


# ---- the machine -----------------------------------------------------------------------------


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Machine:
    def __init__(self, directory, image):
        inside = (HTTP, HTTPS, DRAIN, REPORT)
        self.ports = dict(zip(inside, free_ports(len(inside))))
        self.console = directory / "console"
        write_initramfs(directory / "initramfs", image)
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{out}-:{port}" for port, out in self.ports.items())
        with open(self.console, "wb") as console:
            self.process = subprocess.Popen(
                # Pointers are authenticated by a cheap hash: the architecture's takes most of the time otherwise.
                ["qemu-system-aarch64", "-machine", "virt", "-cpu", "max,pauth-impdef=on",
                 "-smp", str(min(4, len(os.sched_getaffinity(0)))), "-m", "1024",
                 "-accel", "tcg,thread=multi", "-nodefaults", "-display", "none", "-no-reboot",
                 "-kernel", BUILD / "debian/vmlinuz", "-initrd", directory / "initramfs",
                 "-append", "console=ttyAMA0 panic=-1 loglevel=6",
                 "-serial", "stdio",
                 "-netdev", f"user,id=net,restrict=on{forwards}", "-device", "virtio-net-pci,netdev=net,romfile="],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )

    def text(self):
        return self.console.read_text(errors="replace")

    def wait_for(self, pattern, count=1):
        """What the pattern's group matched in the lines of init, once there are `count` of them."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            found = re.findall(rf"^arm64: {pattern}\r?$", self.text(), re.M)
            if len(found) >= count:
                return found
            assert self.process.poll() is None, f"the machine has ended:\n{self.text()[-4000:]}"
            assert time.monotonic() < deadline, f"no line {pattern} in {DEADLINE_S} s:\n{self.text()[-4000:]}"
            time.sleep(0.05)

    def exchange(self, port):
        """What the machine sends on a new connection; nothing if the port is not served there."""
        data = b""
        try:
            with socket.create_connection(("127.0.0.1", self.ports[port]), timeout=DEADLINE_S) as connection:
                while block := connection.recv(1 << 16):
                    data += block
        except ConnectionError:
            pass
        return data

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """The images of the index, by platform."""
    layout = os.environ.get("LAYOUT")
    return oci.images(pathlib.Path(layout) if layout else oci.build(tmp_path_factory.mktemp("images")))


@pytest.fixture(scope="module")
def image(images, tmp_path_factory):
    """The files of hello:scratch for arm64."""
    directory = tmp_path_factory.mktemp("scratch")
    oci.unpack(images["linux/arm64"][1], directory)
    return directory


@pytest.fixture(scope="module")
def machine(image, tmp_path_factory):
    machine = Machine(tmp_path_factory.mktemp("arm64"), image)
    try:
        machine.wait_for("serving")
        hello.wait_until(lambda: is_healthy(machine), DEADLINE_S)
        yield machine
    finally:
        machine.end()


def is_healthy(machine):
    try:
        with hello.Connection(machine.ports[HTTP]) as connection:
            return connection.ask("/healthz").status == 200
    except (OSError, ValueError, hello.http.client.HTTPException):
        return False


# ---- the image -------------------------------------------------------------------------------


def test_one_index_has_both_platforms(images):
    assert sorted(images) == ["linux/amd64", "linux/arm64"]
    for name, (config, _) in images.items():
        assert f"{config['os']}/{config['architecture']}" == name
        assert (config["config"]["User"], config["config"]["Entrypoint"]) == ("99:99", ["/hello"])


def test_it_holds_the_release_and_three_files(image):
    files = {str(path.relative_to(image)) for path in image.rglob("*") if path.is_file()}
    assert files == {"hello", "etc/passwd", "etc/group", oci.CERTIFICATES}
    data = (image / "hello").read_bytes()
    assert data[18:20] == b"\xb7\x00", "EM_AARCH64 (elf(5))"
    assert "LAYOUT" in os.environ or data == hello.binary("arm64/release").read_bytes()


# ---- what the host asks ----------------------------------------------------------------------


@pytest.mark.parametrize("case", rfc_cases.CASES, ids=lambda case: case.name)
def test_case(machine, case):
    outcome = rfc.run(machine.ports[HTTP], case, CASE_SECONDS)
    assert outcome.passed, f"RFC {case.section}, {case.level}: {outcome.said}"


@pytest.mark.parametrize("groups, key", [("X25519:P-256", "X25519"), ("P-256", "ECDH, prime256v1")])
@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_tls(machine, version, groups, key):
    """A client that offers one version. P-256 is always offered: in TLS 1.2 for the certificate's key (RFC 8422, 5.1.1)."""
    done = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{machine.ports[HTTPS]}", f"-tls{version}", "-groups", groups, "-ign_eof"],
        input=b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        capture_output=True, timeout=DEADLINE_S,
    )
    said = done.stdout.decode(errors="replace")
    assert f"Server Temp Key: {key}" in said and "HTTP/1.1 200 OK" in said, said + done.stderr.decode()
    assert f"Protocol  : TLSv{version.replace('_', '.')}" in said or f"New, TLSv{version.replace('_', '.')}" in said, said


def test_it_is_the_release_for_arm64(machine):
    with hello.Connection(machine.ports[HTTP]) as connection:
        version = json.loads(connection.ask("/version").body)
    assert version["hello"] and version["mbedtls"], version


# ---- from here on the service has ended ------------------------------------------------------


@pytest.fixture(scope="module")
def drained(machine):
    """init may not listen yet: then the connection is refused in the machine, after qemu accepted it."""
    def has_drained():
        machine.exchange(DRAIN)
        return "arm64: drained" in machine.text()

    hello.wait_until(has_drained, DEADLINE_S)
    return machine


def test_it_drains_as_pid_1(drained):
    assert drained.wait_for(r"drained (\d+)") == ["0"]


def test_no_system_call_was_refused(drained):
    assert drained.wait_for(r"kills (\d+)")[0] == "0", "seccomp's kills in the kernel's log"


@pytest.fixture(scope="module")
def reports(drained, tmp_path_factory):
    drained.wait_for("reporting")
    data = b""

    def has_come():
        nonlocal data
        data = drained.exchange(REPORT)
        return data != b""

    hello.wait_until(has_come, DEADLINE_S)
    directory = tmp_path_factory.mktemp("reports")
    tarfile.open(fileobj=io.BytesIO(data)).extractall(directory)
    return directory


@pytest.mark.parametrize("name, least", [("unit", 500), ("p256", 5)])
def test_unit_tests_pass(reports, name, least):
    """Among them s2n-bignum's assembly for arm64 beside mbedTLS's own arithmetic (test_curves.c)."""
    text = (reports / name).read_text(errors="replace")
    found = re.findall(r"^100%: Checks: (\d+), Failures: 0, Errors: 0$", text, re.M)
    assert found and int(found[0]) >= least, text[-4000:]


@pytest.mark.parametrize("name, least", [("sandbox", 50), ("limits", 10)])
def test_black_box_tests_pass(reports, name, least):
    text = (reports / name).read_text(errors="replace")
    (suite,) = ElementTree.parse(reports / f"{name}.xml").getroot().iter("testsuite")
    print(re.findall(r"^(?:SKIPPED.*|\d+ passed.*)$", text, re.M))
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0"), text[-8000:]
    assert int(suite.get("tests")) - int(suite.get("skipped")) >= least, text[-2000:]


def test_a_kill_would_have_been_seen(drained, reports):
    """The tests of the sandbox make the kernel kill: so the log says that."""
    assert int(drained.wait_for(r"kills (\d+)", 2)[1]) > 0
