"""
How compare/host names a CPU. cpuinfo/ holds /proc/cpuinfo as Debian 12's arm64 kernel prints it on the
processors of qemu-system-aarch64 with these names.
"""

import json
import platform
import shutil
import subprocess

import hello
import pytest
from reports import HERE

PLATFORMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}


def host(*args, path=None):
    done = subprocess.run([hello.ROOT / "compare/host", *args], capture_output=True, text=True, timeout=30,
                          env={**hello.clean_environment(), **({"PATH": path} if path else {})})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def machine(tmp_path):
    """A root directory with what names the CPUs of a machine."""
    def make(cpuinfo):
        (tmp_path / "proc").mkdir()
        (tmp_path / "proc/cpuinfo").write_text(cpuinfo)
        cpus = tmp_path / "sys/devices/system/cpu"
        cpus.mkdir(parents=True)
        for name in ("possible", "present", "online"):
            (cpus / name).write_text("0-1\n")
        return tmp_path
    return make


@pytest.mark.parametrize("name, cpu", [
    ("neoverse-n1", "ARM Neoverse-N1"),
    ("cortex-a72", "ARM Cortex-A72"),
    # lscpu knows no name for it.
    ("max", "implementer 0x00, part 0x051"),
])
def test_an_arm64_cpu_has_a_name(machine, name, cpu):
    assert host(machine((HERE / "cpuinfo" / name).read_text()))["cpu"] == cpu


def test_two_kinds_of_cores_without_lscpu(machine, tmp_path):
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("bash", "jq", "sed", "awk", "uname", "nproc"):
        (tools / tool).symlink_to(shutil.which(tool))
    little = (HERE / "cpuinfo/cortex-a72").read_text().replace("0xd08", "0xd03").split("\n\n")[0]
    root = machine(little + "\n\n" + (HERE / "cpuinfo/cortex-a72").read_text())
    assert host(root, path=str(tools))["cpu"] == "implementer 0x41, part 0xd03, implementer 0x41, part 0xd08"


def test_this_machine():
    report = host()
    assert report["platform"] == PLATFORMS[platform.machine()]
    assert report["cpu"] and report["cpus"] >= 1 and report["memory_bytes"] > 0
