"""What the Makefile compiles with, on a machine of either platform."""

import re
import subprocess

import hello
import pytest


def variables(machine, tmp_path, *args):
    """Make's variables on a machine whose uname says so."""
    uname = tmp_path / "uname"
    uname.write_text(f"#!/bin/sh\necho {machine}\n")
    uname.chmod(0o755)
    done = subprocess.run(["make", "-pn", *args, "help"], cwd=hello.ROOT, capture_output=True, text=True, timeout=60,
                          env={**hello.clean_environment(), "PATH": f"{tmp_path}:/usr/bin:/bin", "ARCH": "from-outside"})
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r"^(?:override )?(ARCH|BUILD|CROSS|machine) := ?(.*)$", done.stdout, re.M))
    return tuple(found[name].strip() for name in ("ARCH", "BUILD", "CROSS", "machine"))


@pytest.mark.parametrize("uname, args, want", [
    ("x86_64", [], ("amd64", "build", "", "x86_64")),
    ("x86_64", ["ARCH="], ("amd64", "build", "", "x86_64")),
    ("x86_64", ["ARCH=amd64"], ("amd64", "build", "", "x86_64")),
    ("x86_64", ["ARCH=arm64"], ("arm64", "build/arm64", "aarch64-linux-gnu-", "aarch64")),
    ("aarch64", [], ("arm64", "build", "", "aarch64")),
    ("aarch64", ["ARCH=arm64"], ("arm64", "build", "", "aarch64")),
    ("aarch64", ["ARCH=amd64"], ("amd64", "build/amd64", "x86_64-linux-gnu-", "x86_64")),
    # As macOS names it.
    ("arm64", [], ("arm64", "build", "", "aarch64")),
])
def test_the_compiler_is_that_of_the_platform(uname, args, want, tmp_path):
    assert variables(uname, tmp_path, *args) == want
