"""Ways into a container without a shell: docs/debugging.md as it stands, and ci/debug."""

import json
import os
import pathlib
import pty
import select
import subprocess
import time
import uuid

import document
import hello
import pytest
from engine import docker

DEBUG = hello.ROOT / "ci/debug"
READY = hello.ROOT / "compare/ready"
HARDENED = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"]
DOCUMENT = hello.ROOT / "docs/debugging.md"


def can_enter(name):
    """None, or why this process can't enter the container's namespaces."""
    pid = docker("inspect", "-f", "{{.State.Pid}}", name).stdout.strip()
    if os.geteuid() != 0:
        return "nsenter takes root"
    if not os.path.exists(f"/proc/{pid}/ns/net"):
        return "the engine's processes are not on this machine"
    command = ["nsenter", "--target", pid, "--net", "true"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else None


def debug(*args, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([DEBUG, *args], capture_output=True, text=True, timeout=60, **kwargs)


def in_terminal(command, keys=b"", seconds=30):
    """Runs a command on a terminal of its own; returns its status and what it printed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    os.write(terminal, keys)
    printed = b""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(terminal, 4096)
        except OSError:  # Linux reports the end of a terminal as EIO
            data = b""
        if not data:
            break
        printed += data
    else:
        os.kill(pid, 9)
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), printed.decode()


@pytest.fixture
def serving(container):
    def run(*args, **kwargs):
        name = container(*args, **kwargs)
        subprocess.run([READY, name], check=True, capture_output=True)
        return name

    return run


def test_every_block_of_the_document():
    name = f"hello-test-{uuid.uuid4().hex[:12]}"
    env = {**hello.clean_environment(), "NAME": name}
    env.pop("TOOLBOX", None)
    try:
        conditions = {"host": lambda: can_enter(name)}
        ran, skipped = document.run(DOCUMENT.read_text(), env, hello.ROOT, conditions)
        left = docker("ps", "-aq", "--filter", f"name={name}").stdout
        assert left == "", "the document's own clean-up leaves something"
    finally:
        docker("rm", "-fv", name, f"{name}-plain", f"{name}-distroless", check=False)
    assert ran > 15
    if skipped:
        pytest.skip(f"{len(skipped)} blocks of {ran + len(skipped)} not run: {set(skipped.values())}")


@pytest.mark.parametrize("options", [[], HARDENED], ids=["plain", "hardened"])
def test_the_article_s_failing_case(serving, options):
    """docker exec -it NAME sh, on a terminal as the article's team had one."""
    name = serving("hello:scratch", *options)
    status, printed = in_terminal(["docker", "exec", "-it", name, "sh"])
    assert status != 0
    assert 'exec: "sh": executable file not found in $PATH' in printed


def test_debug_on_a_terminal_is_a_shell(serving):
    """... and what stands in for it."""
    name = serving("hello:scratch", *HARDENED)
    keys = b"tty && cat /proc/1/root/etc/passwd; exit 7\n"
    status, printed = in_terminal([str(DEBUG), name], keys)
    assert status == 7, printed
    assert "/dev/pts/" in printed
    assert "appuser:x:99:99" in printed


@pytest.mark.parametrize("user", ["99:99", "12345:54321", "0:0"])
def test_debug_sees_every_image(variant, serving, user):
    name = serving(f"hello:{variant}", *HARDENED, "--user", user)
    script = "readlink /proc/1/exe; test -s /proc/1/root/hello; exec 3<>/dev/tcp/localhost/1234"
    done = debug(name, "bash", "-ec", script)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "/hello\n"


def test_debug_adds_nothing_and_leaves_nothing(serving):
    name = serving("hello:scratch")
    before = docker("inspect", "-f", "{{.Image}} {{.State.StartedAt}} {{.RestartCount}}", name).stdout
    assert debug(name, "true").returncode == 0
    assert docker("diff", name).stdout == ""
    assert docker("inspect", "-f", "{{.Image}} {{.State.StartedAt}} {{.RestartCount}}", name).stdout == before
    # Other containers come and go meanwhile: whose processes do those that are there share?
    container_id = docker("inspect", "-f", "{{.Id}}", name).stdout.strip()
    for other in docker("ps", "-aq").stdout.split():
        mode = docker("inspect", "-f", "{{.HostConfig.PidMode}}", other, check=False).stdout.strip()
        assert mode not in (f"container:{container_id}", f"container:{name}"), other


def test_debug_is_a_filter_with_the_command_s_status(serving):
    name = serving("hello:scratch")
    done = subprocess.run([DEBUG, name, "tr", "a-z", "A-Z"], input=b"through\na\r\0pipe",
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"THROUGH\nA\r\0PIPE")
    assert debug(name, "sh", "-c", "exit 42").returncode == 42


def test_debug_takes_another_toolbox(serving):
    name = serving("hello:scratch", *HARDENED)
    image = json.loads((hello.ROOT / "build/images/bases.json").read_text())["alpine"]["image"]
    done = debug(name, "wget", "-qO-", "http://localhost:1234/magazine/vogue",
                 env={**hello.clean_environment(), "TOOLBOX": image})
    assert (done.returncode, done.stdout) == (0, "vogue has 130 pages.\n"), done.stderr


def test_debug_works_from_anywhere(serving, tmp_path):
    assert debug(serving("hello:scratch"), "true", cwd=tmp_path).returncode == 0


def test_debug_names_what_is_wrong(serving, tmp_path):
    done = debug()
    assert done.returncode == 2 and done.stderr.startswith("usage: ci/debug NAME")
    done = debug("hello-no-such-container")
    assert done.returncode == 1 and 'no such container "hello-no-such-container"' in done.stderr
    name = serving("hello:scratch")
    docker("stop", name)
    done = debug(name)
    assert done.returncode == 1 and f'"{name}" is not running (exited)' in done.stderr
    nowhere = {**hello.clean_environment(), "DOCKER_HOST": f"unix://{pathlib.Path(tmp_path) / 'no'}"}
    done = debug(name, env=nowhere)
    assert done.returncode == 1 and "no docker engine responds" in done.stderr
