"""What `hello inspect` reports about this machine, compared with find, stat and /proc."""

import functools
import json
import os
import stat
import subprocess

import hello
import pytest

# The command walks the whole tree, and a developer's machine may have millions of files.
SECONDS = 300
# In one process, for there one walk is enough for all.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("inspect")]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="chroot(2) and setuid(2) need root")


def inspect(flavour, root=None, uid=None):
    """Runs `hello inspect -json`, optionally as another user or below another root."""

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


@functools.cache
def this_machine(flavour):
    """One walk for all tests that look at it."""
    return inspect(flavour)


@pytest.fixture
def image(tmp_path):
    """A root directory with the static binary and a few files of all kinds."""
    tmp_path.chmod(0o755)
    binary = tmp_path / "hello"
    binary.write_bytes(hello.binary("release").read_bytes())
    binary.chmod(0o755)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("appuser:x:99:99::/:\n")
    (tmp_path / "open").mkdir()
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
    report = inspect("release", root=image)
    modes = [
        int(mode, 8)
        for mode in subprocess.run(
            ["find", image, "-xdev", "-type", "f", "-printf", "%m\\n"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split()
    ]
    assert report["complete"] is True
    assert report["files"] == len(modes)
    assert report["executables"] == sum(1 for mode in modes if mode & 0o111)
    assert report["setuid_files"] == sum(1 for mode in modes if mode & stat.S_ISUID) == 1
    assert (report["has_shell"], report["os_packages"]) == (False, 0)
    assert (report["uid"], report["user_name"]) == (0, None)
    assert "user_name" not in report["not_measured"]
    # Below this root is no /proc: unknown, never 0.
    for key in ["cap_effective_hex", "seccomp", "no_new_privs"]:
        assert report[key] is None
        assert report["not_measured"][key] == "/proc/self/status: missing"
    for key in ["memory_limited", "memory_limit_bytes", "cpu_limited", "cpu_limit_millis"]:
        assert report[key] is None
        assert report["not_measured"][key] == "/proc/self/cgroup: missing"


@needs_root
def test_a_user_who_may_not_read_all_of_it(image):
    report = inspect("release", root=image, uid=99)
    assert (report["uid"], report["user_name"]) == (99, "appuser")
    assert report["complete"] is False
    assert report["unreadable_total"] == 1
    assert report["unreadable"] == [{"path": "/shut", "reason": "Permission denied"}]


def run_in(root, *args, **kwargs):
    kwargs = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **kwargs}
    return subprocess.run(["/hello", "inspect", *args], preexec_fn=lambda: os.chroot(root), cwd="/", timeout=SECONDS, **kwargs)


@needs_root
def test_json_is_a_flag_like_the_others(image):
    assert json.loads(run_in(image, "--json").stdout)["files"] > 0
    assert json.loads(run_in(image, "-json=true").stdout)["files"] > 0
    text = run_in(image, "-json=false")
    assert text.returncode == 0 and not text.stdout.startswith(b"{")


@needs_root
@pytest.mark.parametrize("args", [[], ["-json"]], ids=["text", "json"])
def test_output_that_gets_lost_is_an_error(image, args):
    with open("/dev/full", "w") as full:
        done = run_in(image, *args, stdout=full)
    error = b"hello: standard output: can't write: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, error)


def test_the_kernel_agrees(flavour):
    report = this_machine(flavour)
    status = dict(
        line.split(":\t", 1) for line in open("/proc/self/status", encoding="ascii") if ":\t" in line
    )
    assert report["uid"] == os.geteuid()
    assert report["cap_effective_hex"] == status["CapEff"].strip()
    assert report["no_new_privs"] is (status["NoNewPrivs"].strip() == "1")
    assert report["read_only_root"] is bool(os.statvfs("/").f_flag & os.ST_RDONLY)


def test_each_null_has_its_reason(flavour):
    report = this_machine(flavour)
    for key in {key for key, value in report.items() if value is None} - set(report["not_measured"]):
        limited = {"memory_limit_bytes": "memory_limited", "cpu_limit_millis": "cpu_limited"}
        assert key == "user_name" or report[limited[key]] is False
    assert all(report[key] is None and reason for key, reason in report["not_measured"].items())


def test_text(flavour):
    done = hello.run(flavour, "inspect", timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    assert any(line.startswith(f"  user id                   {os.geteuid()}") for line in done.stdout.splitlines())
    assert all(line[-1] != "" or line == [""] for line in lines), "a label without a value"


@pytest.mark.parametrize(
    "args, error",
    [
        (["extra"], '"extra": unexpected argument; hello help prints the usage'),
        (["-json", "extra"], '"extra": unexpected argument; hello help prints the usage'),
        (["-xml"], '"-xml": unknown flag; hello help lists them'),
    ],
)
def test_wrong_usage_is_one_line_and_2(flavour, args, error):
    done = hello.run(flavour, "inspect", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"hello: {error}\n"


def test_it_is_not_a_route(server):
    response = server.ask("/inspect")
    assert (response.status, response.body) == (200, b"howdy\n")
