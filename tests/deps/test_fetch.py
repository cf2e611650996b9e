"""Sources are pinned: a wrong sum is refused by name, and nothing is built from it."""

import os
import subprocess

import hello
import pytest


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


def test_each_pin_is_whole():
    pins = lock()
    assert [pin[0] for pin in pins] == ["musl", "libmicrohttpd", "mbedtls", "check", "rust-aws-lc-sys"]
    for _name, version, file, sha256, url in pins:
        assert version in file
        assert len(sha256) == 64 and int(sha256, 16)
        assert url.startswith("https://")


def test_libmicrohttpd_is_new_enough():
    version = next(pin[1] for pin in lock() if pin[0] == "libmicrohttpd")
    assert tuple(int(part) for part in version.split(".")) >= (1, 0, 10)


@pytest.mark.parametrize("pin", lock(), ids=lambda pin: pin[0])
def test_a_wrong_sum_is_refused_by_name(tmp_path, pin):
    name, version, file, sha256, _url = pin
    forged = tmp_path / file
    forged.write_bytes(b"not what was pinned")
    fetched = run(["fetch", name], tmp_path)
    assert fetched.returncode == 1
    assert f"{name} {version}" in fetched.stderr and sha256 in fetched.stderr
    built = run(["build", name, str(tmp_path / "prefix")], tmp_path, CC="false", CFLAGS="")
    assert built.returncode == 1
    assert name in built.stderr and sha256 in built.stderr
    assert not (tmp_path / "prefix/lib").exists()
    assert forged.read_bytes() == b"not what was pinned", "nothing of the user's is removed"


def test_an_unknown_name_is_wrong_usage(tmp_path):
    done = run(["fetch", "libnothing"], tmp_path)
    assert done.returncode == 2
    assert "libnothing" in done.stderr and "libmicrohttpd" in done.stderr
