"""musl as the Makefile compiles it, and all of it as its own configure and make do."""

import hashlib
import os
import shutil
import subprocess

import hello

LIBRARIES = hello.ROOT / "build/musl/deps/lib"
FILES = ("libc.a", "rcrt1.o", "crti.o", "crtn.o")


def variable(name):
    """A variable of the Makefile, as make expands it."""
    done = subprocess.run(
        ["make", "-s", "--no-print-directory", f"--eval=show-variable: ; @echo $({name})", "show-variable"],
        cwd=hello.ROOT, capture_output=True, text=True, check=True,
    )
    return done.stdout.split()


def build_whole(tmp, directory):
    """All files of musl by its configure and make; leaves FILES in the directory."""
    subprocess.run([hello.ROOT / "deps/unpack", "musl", variable("musl_VERSION")[0], tmp / "musl"], check=True)
    env = {**os.environ, "CC": variable("musl_CC")[0], "CFLAGS": " ".join(variable("musl_CFLAGS"))}
    for name_of_make in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        env.pop(name_of_make, None)
    jobs = f"-j{os.cpu_count()}"
    for command in (["./configure", "--disable-shared"], ["make", jobs, *(f"lib/{file}" for file in FILES)]):
        done = subprocess.run(command, cwd=tmp / "musl", env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    directory.mkdir(parents=True)
    for file in FILES:
        shutil.copy(tmp / "musl/lib" / file, directory)


def inputs():
    """All that the bytes of the whole libc depend on, as one sum."""
    compiler = subprocess.run([*variable("musl_CC"), "-v"], capture_output=True, check=True).stderr
    parts = [hello.ROOT.joinpath("deps/deps.lock").read_bytes(), compiler, repr(variable("musl_CFLAGS")).encode()]
    parts += [path.read_bytes() for path in sorted((hello.ROOT / "deps/patches/musl").glob("*.patch"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def whole(tmp):
    """A directory like build/musl/deps/lib, whose libc.a has every file, by musl's configure and make."""
    subprocess.run(["make", "-s", "build/release/hello"], cwd=hello.ROOT, check=True)
    # A minute of compiling: kept until an input changes.
    kept = hello.ROOT / "build/test/musl" / inputs()
    if not kept.exists():
        shutil.rmtree(kept.parent, ignore_errors=True)
        build_whole(tmp, kept.parent / "new")
        (kept.parent / "new").rename(kept)
    shutil.copytree(LIBRARIES, tmp / "lib")
    for file in FILES:
        shutil.copy(kept / file, tmp / "lib")
    specs = tmp / "lib/musl.specs"
    specs.write_text(specs.read_text().replace(str(LIBRARIES), str(tmp / "lib")))
    return tmp / "lib"
