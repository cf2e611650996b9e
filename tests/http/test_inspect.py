"""What `hello inspect` tells about this machine, against what find and stat tell."""

import json
import os
import stat
import subprocess

import hello
import pytest

# The command walks the whole tree, and a developer's machine may have millions of files.
SECONDS = 300


def inspect(flavour, root=None, uid=None):
    """Runs `hello inspect -json`, as another user or with another root if wanted."""

    def enter():
        if root is not None:
            os.chroot(root)
            os.chdir("/")
        if uid is not None:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)

    done = subprocess.run(
        [hello.binary(flavour) if root is None else "/hello", "inspect", "-json"],
        env=hello.clean_environment(),
        capture_output=True,
        timeout=SECONDS,
        preexec_fn=enter,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return json.loads(done.stdout)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="chroot(2) and setuid(2) need root")


@pytest.fixture
def image(tmp_path):
    """A root directory with the static binary and a few files of all kinds."""
    tmp_path.chmod(0o755)
    binary = tmp_path / "hello"
    binary.write_bytes(hello.binary("release").read_bytes())
    binary.chmod(0o755)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("appuser:x:99:99::/:\n")
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp").chmod(0o1777)
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "open/su").write_text("x")
    (tmp_path / "open/su").chmod(0o4755)
    os.link(binary, tmp_path / "open/hello")
    os.symlink("/hello", tmp_path / "link")
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut/secret").write_text("xx")
    (tmp_path / "shut").chmod(0o700)
    return tmp_path


@needs_root
def test_a_static_binary_alone_in_its_root(image):
    told = inspect("release", root=image)
    found = subprocess.run(
        ["find", image, "-xdev", "-printf", "%y %m %s %i\\n"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.splitlines()
    entries = [line.split() for line in found]
    files = [(int(mode, 8), int(size), inode) for kind, mode, size, inode in entries if kind == "f"]
    directories = [int(mode, 8) for kind, mode, _, _ in entries if kind == "d"]
    assert told["complete"] is True
    assert told["files"] == len(files)
    assert told["directories"] == len(directories)
    assert told["symlinks"] == 1
    assert told["size_bytes"] == sum({inode: size for _, size, inode in files}.values())
    assert told["executables"] == sum(1 for mode, _, _ in files if mode & 0o111)
    assert told["setuid_files"] == sum(1 for mode, _, _ in files if mode & stat.S_ISUID)
    assert told["setgid_files"] == sum(1 for mode, _, _ in files if mode & stat.S_ISGID)
    assert told["world_writable_dirs"] == sum(1 for mode in directories if mode & 0o002)
    assert told["world_writable_sticky_dirs"] == 1
    assert told["world_writable_dirs_without_sticky"] == ["/open"]
    assert told["privileged_files"] == [{"path": "/open/su", "mode": "setuid"}]
    assert (told["has_shell"], told["shells"]) == (False, [])
    assert (told["libc"], told["package_database"], told["os_packages"]) == ("none", "none", 0)
    assert (told["ca_bundle"], told["ca_certificates"]) == ("none", 0)
    assert (told["uid"], told["uid_has_name"], told["user_name"]) == (0, False, None)
    # No /proc in there: unknown, never 0.
    for key in ["cap_effective_bits", "seccomp", "no_new_privs", "cgroup_version"]:
        assert told[key] is None
        assert told["not_measured"][key].endswith("not there")


@needs_root
def test_a_user_who_may_not_read_all_of_it(image):
    told = inspect("release", root=image, uid=99)
    assert (told["uid"], told["user_name"]) == (99, "appuser")
    assert told["complete"] is False
    assert told["unreadable_total"] == 1
    assert told["unreadable"] == [{"path": "/shut", "reason": "Permission denied"}]
    assert told["tmp_writable"] is True


def test_the_kernel_agrees(flavour):
    told = inspect(flavour)
    status = dict(
        line.split(":\t", 1) for line in open("/proc/self/status", encoding="ascii") if ":\t" in line
    )
    assert told["kernel"] == os.uname().release
    assert told["machine"] == os.uname().machine
    assert (told["uid"], told["gid"]) == (os.geteuid(), os.getegid())
    assert told["cap_effective_hex"] == status["CapEff"].strip()
    assert told["cap_bounding_bits"] == bin(int(status["CapBnd"], 16)).count("1")
    assert told["no_new_privs"] is (status["NoNewPrivs"].strip() == "1")
    assert told["tmp_writable"] is os.access("/tmp", os.W_OK)


def test_text_for_people(flavour):
    done = hello.run(flavour, "inspect", timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    assert f"  release                   {os.uname().release}" in done.stdout.splitlines()
    assert all(line[-1] != "" or line == [""] for line in lines), "a label without a value"


@pytest.mark.parametrize("args", [["extra"], ["-json", "extra"], ["-xml"]])
def test_wrong_usage_is_one_line_and_2(flavour, args):
    done = hello.run(flavour, "inspect", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f'hello: inspect "{args[-1]}": unexpected argument; want -json or nothing\n'
    )


def test_it_is_served_only_when_asked_for(start):
    assert start().ask("/inspect").body == b"howdy\n"
    answer = start("-inspect").ask("/inspect")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    told = json.loads(answer.body)
    assert told["kernel"] == os.uname().release
    # A tree this large may not be walked in time; then it says so.
    reasons = {part["reason"] for part in told["unreadable"]}
    assert told["complete"] or reasons
