"""The engine's client, and what images there are."""

import subprocess

VARIANTS = ["naive", "builder", "alpine", "distroless", "scratch", "scratch-minimal"]


def docker(*args, check=True):
    done = subprocess.run(["docker", *args], capture_output=True, text=True, timeout=120)
    assert not check or done.returncode == 0, f"docker {args}: {done.stderr}"
    return done
