"""The binaries have the same bytes whoever builds them, when, where and how; another toolchain is named."""

import os
import pathlib
import platform
import shutil
import stat
import subprocess
import tempfile

import hello
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = ["build/release/hello", "build/minimal/hello"]
NOBODY = 65534


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


@pytest.fixture
def elsewhere():
    """A long path that every user may enter; pytest's own directory is closed to others."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="hello-reproducible-"))
    os.chmod(top, 0o755)
    directory = top / "a-directory-with-another-and-a-much-longer-name" / "and spaces".replace(" ", "-")
    directory.mkdir(parents=True)
    yield directory
    shutil.rmtree(top)


def explain(ours, theirs):
    """What differs between two files, by diffoscope."""
    if not shutil.which("diffoscope"):
        return f"{ours} and {theirs} differ; diffoscope would say where"
    return run("diffoscope", "--max-report-size", "20000", ours, theirs).stdout


def is_the_same_elsewhere(elsewhere, binaries, *options):
    """The first build is this tree's own: by this user, here, now, on all processors."""
    run("make", *options, *binaries, cwd=ROOT, check=True)
    hello.copy_sources(elsewhere, "Makefile", "deps", "src")
    shutil.copytree(ROOT / "deps/cache", elsewhere / "deps/cache")
    other = []
    if os.geteuid() == 0:
        run("chown", "-R", f"{NOBODY}:{NOBODY}", elsewhere, check=True)
        other = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # `@` lets the clock go on from there: make compares times.
    then = [*other, "faketime", "-f", "@2041-05-06 07:08:09"]
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"}
    environment |= {"HOME": "/nonexistent", "COLUMNS": "40"}
    # The kernel's own clock, which dates files, is the real one.
    assert run(*then, "date", "+%Y", env=environment, check=True).stdout == "2041\n"
    built = run(*then, "make", "-j1", *options, *binaries, cwd=elsewhere, env=environment, preexec_fn=lambda: os.umask(0o077))
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-4000:]
    for name in binaries:
        made = (elsewhere / name).stat()
        assert stat.S_IMODE(made.st_mode) & 0o077 == 0, "the mask was not another one"
        assert not other or made.st_uid == NOBODY
        assert (ROOT / name).read_bytes() == (elsewhere / name).read_bytes(), explain(ROOT / name, elsewhere / name)


@pytest.mark.long
def test_another_directory_time_user_mask_locale_and_number_of_jobs(elsewhere):
    is_the_same_elsewhere(elsewhere, BINARIES)


@pytest.mark.long
def test_the_binary_for_the_other_platform(elsewhere):
    """Cross-compiled. The one without TLS, because it takes a quarter of the time; make test-engines compiles all."""
    if platform.machine() != "x86_64" or not shutil.which("aarch64-linux-gnu-gcc"):
        pytest.skip("no cross compiler for arm64: ci/setup test")
    is_the_same_elsewhere(elsewhere, ["build/arm64/minimal/hello"], "ARCH=arm64")


@pytest.mark.parametrize("name", BINARIES)
def test_no_path_of_this_machine_is_inside(name):
    assert str(ROOT).encode() not in (ROOT / name).read_bytes()


def test_archives_are_the_same_at_any_time():
    """Members of an archive have no time, owner or mask."""
    for archive in (ROOT / "build/release/deps/lib").glob("*.a"):
        for line in run("ar", "tv", archive, check=True).stdout.splitlines():
            assert line.split()[:2] == ["rw-r--r--", "0/0"] and " 1970 " in line, f"{archive.name}: {line}"


def test_the_toolchain_is_told():
    parts = dict(line.split(" ", 1) for line in run(ROOT / BINARIES[0], "version").stdout.splitlines())
    assert parts["compiler"] == run("gcc", "-dumpfullversion").stdout.strip()
    assert parts["binutils"] == run("ld", "-v").stdout.split()[-1]


def test_a_source_archive_names_its_commit(tmp_path):
    commit, seconds = run("git", "log", "-1", "--format=%H %ct", cwd=ROOT, check=True).stdout.split()
    archive = subprocess.run(["git", "archive", "HEAD", "src/revision"], cwd=ROOT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", tmp_path], input=archive.stdout, check=True)
    assert (tmp_path / "src/revision").read_text() == f"{commit} {seconds}\n"
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "deps", tmp_path / "deps", ignore=shutil.ignore_patterns("cache"))
    shutil.copytree(ROOT / "src", tmp_path / "src", dirs_exist_ok=True, ignore=shutil.ignore_patterns("revision"))
    shown = run("make", "-n", "build/release/src/server/version.o", cwd=tmp_path).stdout
    assert f"-DHELLO_REVISION='\"{commit}\"'" in shown


def test_a_work_tree_names_no_commit():
    parts = dict(line.split(" ", 1) for line in run(ROOT / BINARIES[0], "version").stdout.splitlines())
    # An unpacked source archive is no work tree.
    assert ("commit" in parts) == ("$" not in (ROOT / "src/revision").read_text())


def toolchain_with(tmp_path, lock, path=None):
    """release/toolchain -check beside another lock, with other programs before the machine's."""
    shutil.copy(ROOT / "release/toolchain", tmp_path / "toolchain")
    (tmp_path / "toolchain.lock").write_text(lock)
    environment = {**os.environ, "PATH": f"{path}:{os.environ['PATH']}" if path else os.environ["PATH"]}
    return run(tmp_path / "toolchain", "-check", "amd64", "arm64", env=environment)


def test_another_compiler_is_named(tmp_path):
    lock = run(ROOT / "release/toolchain", "amd64", "arm64", check=True).stdout
    assert toolchain_with(tmp_path, lock).returncode == 0
    # A compiler that is the same but for its version.
    programs = tmp_path / "bin"
    programs.mkdir()
    other = programs / "gcc"
    other.write_text(f'#!/bin/sh\n[ "$1" != -dumpfullversion ] || {{ echo 99.1.0; exit; }}\nexec {shutil.which("gcc")} "$@"\n')
    other.chmod(0o755)
    done = toolchain_with(tmp_path, lock, programs)
    version = run("gcc", "-dumpfullversion").stdout.strip()
    assert (done.returncode, done.stderr) == (1, f"toolchain: gcc-reports is 99.1.0; {version} is pinned\n")


def test_another_package_is_named(tmp_path):
    found = run(ROOT / "release/toolchain", "amd64", "arm64", check=True).stdout.splitlines()
    binutils = next(line for line in found if line.startswith("binutils-x86-64"))
    name, version = binutils.split()
    lock = "\n".join(line for line in found if line != binutils) + f"\n{name} 0.1\n"
    done = toolchain_with(tmp_path, lock)
    assert (done.returncode, done.stderr) == (1, f"toolchain: {name} is {version}; 0.1 is pinned\n")


def test_the_pins_are_those_of_one_distribution():
    """Every package that a release needs is in the lock, once, with a version."""
    rows = [line.split() for line in (ROOT / "release/toolchain.lock").read_text().splitlines() if line[0] != "#"]
    names = [name for name, _ in rows]
    assert len(set(names)) == len(names)
    for needed in ("cpp-", "libgcc-", "binutils-", "linux-libc-dev"):
        assert sum(name.startswith(needed) for name in names) == 2, needed
