"""Sources are pinned: a wrong sum is refused by name, and nothing is built from it."""

import os
import subprocess

import hello
import pytest

APT = "apt-helper"


def lock():
    lines = (hello.ROOT / "deps/deps.lock").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def run(command, cache, **env):
    return subprocess.run(
        [hello.ROOT / "deps" / command[0], *command[1:]],
        env={**os.environ, "DEPS_CACHE": str(cache), **env},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_each_pin_is_complete():
    pins = lock()
    assert [pin[0] for pin in pins] == ["musl", "libmicrohttpd", "mbedtls", "rust-aws-lc-sys"]
    for name, version, file, sha256, *addresses in pins:
        assert version in file
        assert len(sha256) == 64 and int(sha256, 16)
        assert f"debian:{name}" in addresses
        for address in addresses:
            assert address.startswith(("https://", "debian:"))
            assert "/debian/" not in address and "deb.debian" not in address, "a mirror's host"


def test_libmicrohttpd_is_new_enough():
    version = next(pin[1] for pin in lock() if pin[0] == "libmicrohttpd")
    assert tuple(int(part) for part in version.split(".")) >= (1, 0, 10)


@pytest.mark.parametrize("pin", lock(), ids=lambda pin: pin[0])
def test_a_wrong_sum_is_refused_by_name(tmp_path, pin):
    name, version, file, sha256, *_ = pin
    forged = tmp_path / file
    forged.write_bytes(b"not what was pinned")
    fetched = run(["fetch", name], tmp_path)
    assert fetched.returncode == 1
    assert f"{name} {version}" in fetched.stderr and sha256 in fetched.stderr
    unpacked = run(["unpack", name, version, str(tmp_path / "source")], tmp_path)
    assert unpacked.returncode == 1
    assert name in unpacked.stderr and sha256 in unpacked.stderr
    assert not (tmp_path / "source").exists()
    assert forged.read_bytes() == b"not what was pinned", "nothing of the user's is removed"


@pytest.mark.parametrize("pin", lock(), ids=lambda pin: pin[0])
def test_a_recipe_refuses_another_version(tmp_path, pin):
    """What it lists and configures is written for one version."""
    name, version, *_ = pin
    recipe = (hello.ROOT / f"deps/{name}.mk").read_text()
    assert f"\n{name}_VERSION := {version}\n" in recipe
    done = run(["unpack", name, "0.1", str(tmp_path / "source")], hello.ROOT / "deps/cache")
    assert done.returncode == 1
    assert f"{name} {version}" in done.stderr and "0.1" in done.stderr
    assert not (tmp_path / "source").exists()


def test_an_unknown_name_is_wrong_usage(tmp_path):
    done = run(["fetch", "libnothing"], tmp_path)
    assert done.returncode == 2
    assert "libnothing" in done.stderr and "libmicrohttpd" in done.stderr


@pytest.fixture
def network(tmp_path):
    """curl, apt-get and apt-helper that only write down how they were called, and what each one does."""
    tools = tmp_path / "tools"
    tools.mkdir()
    calls = tmp_path / "calls"
    calls.touch()

    def respond(**scripts):
        for name, script in scripts.items():
            tool = tools / name.replace("_", "-")
            tool.write_text(f'#!/bin/sh\necho "{tool.name} $*" >>{calls}\n{script}\n')
            tool.chmod(0o755)

    def fetch(*names):
        done = run(["fetch", *names], tmp_path / "cache", PATH=f"{tools}:{os.environ['PATH']}")
        return done, calls.read_text().splitlines()

    respond(
        curl="echo 'curl: (6) Could not resolve host' >&2; exit 6",
        apt_get=(
            '[ "$1" = indextargets ] || exit 1\n'
            ". /etc/os-release; echo \"$VERSION_CODENAME main http://pool.invalid/debian/\""
        ),
        apt_helper="exit 1",
    )
    fetch.respond = respond
    fetch.cache = tmp_path / "cache"
    return fetch


@pytest.fixture
def cached():
    """The file of one pin."""
    file = hello.ROOT / "deps/cache" / lock()[0][2]
    assert file.exists()
    return file


def test_upstream_is_tried_first(network, cached):
    network.respond(curl=f'for last; do :; done; while [ "$1" != -o ]; do shift; done; cp {cached} "$2"')
    done, calls = network("musl")
    assert done.returncode == 0, done.stderr
    assert len(calls) == 1 and lock()[0][4] in calls[0]
    assert (network.cache / cached.name).read_bytes() == cached.read_bytes()


def test_then_the_pool_of_the_machines_mirror_without_an_index(network, cached):
    network.respond(apt_helper=f'for last; do :; done; cp {cached} "$last"')
    done, calls = network("musl")
    assert done.returncode == 0, done.stderr
    assert [call.split()[0] for call in calls] == ["curl", "apt-get", APT]
    assert " http://pool.invalid/debian/pool/main/m/musl/musl_1.2.6.orig.tar.gz " in calls[-1]
    assert "debian:musl" in done.stderr


def test_without_a_resolver_nobody_is_waited_for_twice(network):
    done, calls = network()
    assert done.returncode == 1
    assert sum(call.startswith("curl ") for call in calls) == 1
    assert not any("update" in call.split() for call in calls), "an index was downloaded"
    for name, version, *_ in lock():
        assert f"{name} {version}" in done.stderr
    assert "could not be resolved" in done.stderr


def test_at_last_the_archives_by_hash(network):
    network.respond(curl="echo 'curl: (22) The requested URL returned error: 404' >&2; exit 22")
    done, calls = network("musl")
    assert done.returncode == 1
    urls = [call.split()[-1] for call in calls if call.startswith("curl ")]
    assert urls == [
        lock()[0][4],
        f"https://archive.softwareheritage.org/api/1/content/sha256:{lock()[0][3]}/raw/",
    ]


def test_a_wrong_file_is_refused_and_the_next_address_tried(network, cached):
    network.respond(
        curl='while [ "$1" != -o ]; do shift; done; echo forged >"$2"',
        apt_helper=f'for last; do :; done; cp {cached} "$last"',
    )
    done, _ = network("musl")
    assert done.returncode == 0, done.stderr
    assert (network.cache / cached.name).read_bytes() == cached.read_bytes()
