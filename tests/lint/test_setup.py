"""ci/setup, ci/engine and ci/bases with a docker that pretends: what a user is told, and which image is taken for a base."""

import json
import os
import shutil
import subprocess

import hello
import pytest

DENIED = "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock"


def tool(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path):
    """A PATH of what the scripts need, less docker and what makes stand-ins; a user who is not root."""
    directory = tmp_path / "tools"
    directory.mkdir()
    names = "sh bash cat dirname mktemp rm sed grep sort tr jq curl mkdir date sleep tail timeout wc head chmod uname sha256sum mv"
    for name in names.split():
        (directory / name).symlink_to(shutil.which(name))
    tool(directory / "id", 'case $1 in -u) echo "${AS:-1000}" ;; *) echo alice ;; esac')
    return directory


def run(tools, *command, **environment):
    return subprocess.run(
        [hello.ROOT / "ci" / command[0], *command[1:]], capture_output=True, text=True, timeout=60,
        env={"PATH": str(tools), "HOME": "/", **environment},
    )


@pytest.mark.parametrize("command", [("setup", "images"), ("setup", "compare"), ("engine", "run", "true"), ("engine", "start")],
                         ids=" ".join)
def test_a_user_outside_the_group_reads_which_permission_is_missing(tools, command):
    tool(tools / "docker", f'echo "{DENIED}" >&2; exit 1')
    done = run(tools, *command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1, done.stderr
    assert "user alice may not use its engine" in done.stderr
    assert "usermod -aG docker alice" in done.stderr and "ENGINE=podman" in done.stderr
    assert "missing" not in done.stderr


def test_a_user_of_an_engine_needs_no_tool_for_stand_ins(tools):
    tool(tools / "docker", "exit 0")
    done = run(tools, "setup", "images")
    assert (done.returncode, done.stderr) == (0, "")
    done = run(tools, "setup", "stand-in")
    assert done.returncode == 1
    assert "mmdebstrap" in done.stderr


def test_a_user_without_an_engine_reads_what_to_install(tools):
    done = run(tools, "setup", "images")
    assert done.returncode == 1
    assert "docker.io" in done.stderr and "mmdebstrap" not in done.stderr


@pytest.mark.parametrize("version, wanted", [("4.3.1", False), ("5.4.2", True)])
def test_only_podman_5_needs_nftables(tools, version, wanted):
    tool(tools / "podman", f'[ "$1" != --version ] || echo "podman version {version}"')
    done = run(tools, "setup", "images", ENGINE="podman")
    assert ("nftables" in done.stderr) == wanted


OFFICIAL = {"RepoTags": ["{}"], "RepoDigests": ["x@sha256:12"], "Config": {"Labels": None}}


@pytest.mark.parametrize(
    "engine, found, source",
    [
        ("docker", {}, "present"),
        ("podman", {"RepoTags": ["docker.io/library/{}"]}, "present"),
        # podman finds these by the last part of the name.
        ("podman", {"RepoTags": ["localhost/hello-base/{}"]}, "pulled"),
        ("podman", {"RepoTags": ["registry.example/other/{}"]}, "pulled"),
        ("docker", {"Config": {"Labels": {"hello.stand-in": "{}"}}}, "pulled"),
        ("docker", {"RepoTags": []}, "pulled"),
    ],
)
def test_only_the_official_image_is_taken_for_it(tools, tmp_path, engine, found, source):
    root = tmp_path / "root"
    for name in ("ci", "compare"):
        shutil.copytree(hello.ROOT / name, root / name)
    text = json.dumps([{**OFFICIAL, **found}])
    # `pull` is recorded; layers are not what is tested here.
    tool(tools / "docker", f"""
        for last; do :; done
        case "$1 $2" in
        "image inspect") cat <<-END | sed "s|{{}}|$last|"
{text}
END
        ;;
        "pull "*) echo "$last" >>{tmp_path}/pulled ;;
        esac""")
    tool(root / "compare/layers", "mkdir -p $2; echo '[{\"size_bytes\": 3}]' >$2/layers.json")
    done = subprocess.run([root / "ci/bases"], capture_output=True, text=True, timeout=60,
                          env={"PATH": str(tools), "ENGINE": engine})
    assert done.returncode == 0, done.stderr
    bases = json.loads((root / "build/images/bases.json").read_text())
    assert {base["source"] for base in bases.values()} == {source}
    assert {base["digest"] for base in bases.values()} == {"sha256:12"}
    if source == "pulled":
        names = (tmp_path / "pulled").read_text().split()
        prefix = "docker.io/library/" if engine == "podman" else ""
        assert names == [f"{prefix}debian:trixie-slim", f"{prefix}alpine:3.22", "gcr.io/distroless/static-debian13:nonroot"]


def test_a_stand_ins_name_ends_in_no_images_name():
    text = (hello.ROOT / "ci/bases").read_text()
    names = [line.split()[3] for line in text.splitlines() if line.startswith("provide ")]
    assert len(names) == 3
    for name in names:
        assert name.rpartition("/")[2].startswith("stand-in-for-")


def test_a_running_engine_is_reused_by_any_user(tools):
    tool(tools / "docker", "exit 0")
    assert run(tools, "engine", "run", "true").returncode == 0
    assert run(tools, "engine", "start").returncode == 0


def test_the_state_of_roots_engine_is_in_run():
    text = (hello.ROOT / "ci/engine").read_text()
    assert "state=/run/" in text and "/tmp" not in text


def test_no_line_ends_are_changed():
    done = subprocess.run(["git", "check-attr", "text", "ci/image", "src/main.c"], cwd=hello.ROOT,
                          capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.count("text: unset") == 2


@pytest.mark.parametrize("privileged", [True, False])
def test_the_toolbox_gets_what_measuring_takes(tools, tmp_path, privileged):
    tool(tools / "docker", f"""
        case "$*" in
        "run --rm --privileged hello-toolbox true") exit {0 if privileged else 1} ;;
        "run "*) printf '%s\\n' "$@" >{tmp_path}/arguments ;;
        "info -f"*) echo "Some Linux 1" ;;
        esac""")
    root = tmp_path / "root"
    shutil.copytree(hello.ROOT / "compare/toolbox", root / "compare/toolbox")
    done = subprocess.run([root / "compare/toolbox/run", "ci/images"], capture_output=True, text=True, timeout=60,
                          env={"PATH": str(tools), "DOCKER_HOST": "unix:///run/user/1/docker.sock"}, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    words = (tmp_path / "arguments").read_text().splitlines()
    assert ("--privileged" in words) == privileged
    assert [word for word in words if word.isupper() and "_" in word and word.split("_")[0] in ("SYS", "NET")] == (
        [] if privileged else ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "NET_RAW"])
    assert "/run/user/1/docker.sock:/var/run/docker.sock" in words
    assert f"{root}:{root}" in words and "HOST_SYSTEM=Some Linux 1" in words
    assert words[words.index("hello-toolbox") + 1] == "sh" and words[-1] == "ci/images"
    assert words[-2] == "1000:alice"
    assert ("the engine refuses --privileged" in done.stderr) == (not privileged)


@pytest.mark.parametrize("responds", [True, False])
def test_missing_tools_are_the_toolboxs_where_an_engine_responds(tools, tmp_path, responds):
    tool(tools / "docker", f"exit {0 if responds else 1}")
    (tools / "jq").unlink()
    root = tmp_path / "root"
    (root / "compare/toolbox").mkdir(parents=True)
    shutil.copytree(hello.ROOT / "ci", root / "ci")
    tool(root / "compare/toolbox/run", 'echo "toolbox $*"')
    done = subprocess.run([root / "ci/with-tools", "images", "ci/images"], capture_output=True, text=True, timeout=60,
                          env={"PATH": str(tools)})
    assert "setup: missing:" in done.stderr and " jq" in done.stderr
    assert (done.returncode, done.stdout) == ((0, "toolbox ci/images\n") if responds else (1, ""))


def test_tools_that_are_there_are_used(tools, tmp_path):
    tool(tools / "docker", "exit 0")
    done = run(tools, "with-tools", "images", "echo", "here")
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr
