"""One event loop for each usable CPU, and listening where IPv6 is turned off."""

import os
import shlex
import subprocess
import time

import hello
import pytest


def threads(server):
    return len(os.listdir(f"/proc/{server.process.pid}/task"))


def settled_threads(server, count):
    """A sanitizer's own thread may come and go."""
    deadline = time.monotonic() + 5
    while threads(server) != count:
        assert time.monotonic() < deadline, f"{threads(server)} threads, want {count}"
        time.sleep(0.01)


def test_one_thread_for_each_cpu_and_one_that_waits(start):
    settled_threads(start(), len(os.sched_getaffinity(0)) + 1)


def test_affinity_counts(start):
    one = min(os.sched_getaffinity(0))
    server = start(preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    settled_threads(server, 2)
    assert server.ask("/").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="mount(2) needs root")
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one CPU can't be reduced")
@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("quota", [50_000, 100_000, None])
def test_the_cgroups_quota_counts(flavour, tmp_path, quota):
    """In a mount namespace of its own it finds our files where the kernel mounts cgroups."""
    version_1 = tmp_path / "cpu"
    version_1.mkdir()
    (version_1 / "cpu.cfs_quota_us").write_text(f"{quota or -1}\n")
    (version_1 / "cpu.cfs_period_us").write_text("100000\n")
    for version_2 in (tmp_path, tmp_path / "unified"):
        version_2.mkdir(exist_ok=True)
        (version_2 / "cpu.max").write_text(f"{quota or 'max'} 100000\n")
    script = f"""
        mount --bind {tmp_path} /sys/fs/cgroup && exec {hello.binary(flavour)} serve -addr 127.0.0.1:0"""
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        env=hello.clean_environment(**hello.sandbox_of(flavour)),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "Server at" in process.stderr.readline()
        want = 1 if quota else len(os.sched_getaffinity(0))
        assert len(os.listdir(f"/proc/{process.pid}/task")) == want + 1
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_flag_beats_it(start, number):
    server = start("-threads", str(number))
    settled_threads(server, number + 1)
    for _ in range(3 * number):
        assert server.ask("/").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace takes root")
def test_it_listens_where_ipv6_is_turned_off(flavour):
    binary = shlex.join(map(str, [*hello.emulator(flavour), hello.binary(flavour)]))
    script = f"""
        sysctl -qw net.ipv6.conf.all.disable_ipv6=1 && ip link set lo up
        {binary} serve -addr :1234 2>/dev/null & pid=$!
        for try in $(seq 100); do
            {binary} healthcheck http://127.0.0.1:1234/healthz 2>/dev/null && break
            sleep 0.05
        done
        {binary} healthcheck && kill $pid && wait $pid"""
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", script],
        env=hello.clean_environment(**hello.sandbox_of(flavour)),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
