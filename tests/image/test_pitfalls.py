"""The pitfall matrix, and the images that are broken on purpose.

The probes of compare/pitfalls run against each broken image, where they must fail, and
against its fixed one, where they must work: so a probe that can't fail is found, too.
"""

import json
import pathlib
import re
import subprocess
import time
import uuid

import hello
import pytest
from engine import docker

# One process probes the matrix for all tests that read it.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("pitfalls")]
COMPARE = hello.ROOT / "compare"
LESSON = hello.ROOT / "lessons/08-scratch"
LIST = json.loads((LESSON / "pitfalls.json").read_text())
IDS = [pitfall["id"] for pitfall in LIST]

# Of docker cp: newer clients pass on the engine's words, older ones have their own.
NO_FILE = r"Could not find the file /etc/|No such container:path: \S+:/etc/"
# What the broken image's failure looks like, in the words of whoever reports it.
FAILURE = {
    "dynamic-binary": r"no such file or directory",
    "ca-certificates": NO_FILE,
    "tmp": r"/tmp/probe': No such file or directory",
    "user-names": NO_FILE,
    "numeric-user": r"^$",
    "arbitrary-uid": r"permission denied",
    "time-zone": r"T(\d\d):\S+ \S+ \1:",
    "signals": r"^$",
    "zombies": r"State:\s+Z \(zombie\)",
    "healthcheck": r'exec: "/bin/sh".*no such file[\s\S]*is unhealthy',
    "exec-shell": r'exec: "sh": executable file not found in \$PATH',
    "read-only-root": r"Read-only file system",
    "no-ipv6": r"can't listen: Address not available",
    "workdir": r"/cwd/probe': Permission denied",
}
# Tried by tests of their own below: the matrix asks these of an image without its entry point,
# or of the network that it runs in.
OWN_TEST = {"shell-form", "name-resolution"}


def dockerfile(pitfall):
    return LESSON / f"{pitfall}.Dockerfile"


def stage(text, name):
    """The instructions of one stage, without its FROM; continued lines are joined."""
    body = re.split(rf"^FROM \S+ AS {name}$", text, flags=re.M)[1]
    body = re.split(r"^FROM ", body, flags=re.M)[0]
    body = re.sub(r"\\\n\s*", "", body)
    return [line for line in body.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def build():
    """Builds a target under a tag of its own, gone after the test."""
    bases = json.loads((hello.ROOT / "build/images/bases.json").read_text())
    tags, stages = [], []

    def build_target(pitfall, target):
        tag = f"test-{target}-{uuid.uuid4().hex[:12]}"
        text = dockerfile(pitfall).read_text()
        # An argument that a Dockerfile does not declare is warned about.
        arguments = [
            f"--build-arg={name}={bases[name.lower()]['image']}"
            for name in ("DEBIAN", "ALPINE")
            if f"ARG {name}=" in text
        ]
        done = subprocess.run(
            ["docker", "build", "-t", f"hello:{tag}", "--target", target, *arguments, "-"],
            input=text,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        tags.append(tag)
        # The legacy builder keeps what a stage made as an image without a name.
        step = r"^Step \S+ : RUN .*\n(?: ---> .*\n|Removing.*\n)* ---> (\w+)$"
        stages.extend(re.findall(step, done.stdout, flags=re.M))
        return tag

    yield build_target
    for tag in tags:
        docker("rmi", f"hello:{tag}")
    for stage_image in dict.fromkeys(stages):
        # Gone with its tag, or still in use: either is fine.
        docker("rmi", stage_image, check=False)


def probe(out, tags, *ids):
    """The lines that compare/pitfalls appends."""
    done = subprocess.run(
        [COMPARE / "pitfalls", *ids],
        env={**hello.clean_environment(), "OUT": str(out), "VARIANTS": " ".join(tags)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (out / "pitfalls.jsonl").read_text().splitlines()]


def test_the_list_is_complete():
    files = {path.name.removesuffix(".Dockerfile") for path in LESSON.glob("*.Dockerfile")}
    with_image = {p["id"] for p in LIST if p["broken"] == f"lessons/08-scratch/{p['id']}.Dockerfile"}
    assert files == with_image
    for pitfall in LIST:
        assert pitfall["id"] in with_image or (
            pitfall["broken"].startswith("docker run ") and pitfall["fix"]
        )
    readme = (LESSON / "README.md").read_text()
    assert set(re.findall(r"\]\((.*)\.Dockerfile\)", readme)) == files
    assert set(FAILURE) | OWN_TEST == set(IDS)


@pytest.mark.parametrize("pitfall", [i for i in IDS if i != "name-resolution"])
def test_the_fix_is_only_in_the_fixed_stage(pitfall):
    text = dockerfile(pitfall).read_text()
    (fix,) = re.findall(r"^# fix: (.*)$", text, flags=re.M)
    assert fix in stage(text, "fixed")
    assert fix not in stage(text, "broken")
    for word in ("# Question:", "# Breaks:"):
        assert word in text


@pytest.mark.parametrize("pitfall", list(FAILURE))
def test_broken_fails_and_fixed_works(pitfall, build, tmp_path):
    broken, fixed = build(pitfall, "broken"), build(pitfall, "fixed")
    before, after = probe(tmp_path, [broken, fixed], pitfall)
    assert before["state"] == "fails", before
    assert re.search(FAILURE[pitfall], before["output"]), before
    assert after["state"] == "works", after
    assert after["mend"] and after["mend"] in stage(dockerfile(pitfall).read_text(), "fixed")


def test_a_user_name_is_found_only_in_the_fixed_image(build):
    broken, fixed = build("user-names", "broken"), build("user-names", "fixed")
    failed = docker("run", "--rm", "--user", "appuser", f"hello:{broken}", "version", check=False)
    assert failed.returncode == 125
    assert "unable to find user appuser" in failed.stderr
    docker("run", "--rm", "--user", "appuser", f"hello:{fixed}", "version")


def test_without_exec_the_signal_is_lost(build, container):
    broken, fixed = build("signals", "broken"), build("signals", "fixed")
    for tag, status in ((broken, "137"), (fixed, "0")):
        name = container(f"hello:{tag}")
        subprocess.run([COMPARE / "ready", name], check=True, capture_output=True)
        docker("stop", "-t", "2", name)
        assert docker("inspect", "-f", "{{.State.ExitCode}}", name).stdout.strip() == status


# Some engines turn IPv6 off in a container by themselves.
@pytest.mark.parametrize(
    "pitfall, options",
    [
        ("arbitrary-uid", []),
        ("read-only-root", []),
        ("no-ipv6", ["--sysctl=net.ipv6.conf.all.disable_ipv6=0"]),
    ],
)
def test_broken_works_without_the_flag(pitfall, options, build, container):
    if pitfall == "no-ipv6" and not pathlib.Path("/proc/sys/net/ipv6").exists():
        pytest.skip("the kernel has no IPv6")
    name = container(f"hello:{build(pitfall, 'broken')}", *options)
    subprocess.run([COMPARE / "ready", name], check=True, capture_output=True)


def test_shell_form(build, container):
    failed = docker("run", "--rm", f"hello:{build('shell-form', 'broken')}", check=False)
    assert failed.returncode == 127
    assert re.search(r'exec: "/bin/sh".*no such file', failed.stderr), failed.stderr
    name = container(f"hello:{build('shell-form', 'fixed')}")
    subprocess.run([COMPARE / "ready", name], check=True, capture_output=True)


def test_name_resolution(container):
    """The commands of list.json, with a peer and a network in place of PEER and NET."""
    (pitfall,) = [p for p in LIST if p["id"] == "name-resolution"]
    network = f"hello-test-{uuid.uuid4().hex[:12]}"

    def run(key, peer):
        command = pitfall[key].replace("PEER", peer).replace("NET", network)
        assert command.startswith("docker run ")
        return docker(*command.split()[1:], check=False)

    peer = container("hello:scratch")
    subprocess.run([COMPARE / "ready", peer], check=True, capture_output=True)
    broken = run("broken", peer)
    assert broken.returncode == 1, broken
    assert peer in broken.stderr
    docker("network", "create", network)
    try:
        docker("network", "connect", network, peer)
        fixed = run("fix", peer)
        assert fixed.returncode == 0, fixed.stderr
    finally:
        docker("rm", "-f", peer)
        docker("network", "rm", network)


@pytest.fixture(scope="module")
def matrix(tmp_path_factory):
    """The whole matrix on alpine and scratch."""
    out = tmp_path_factory.mktemp("pitfalls")
    started = time.time()
    lines = probe(out, ["alpine", "scratch"])
    print(f"{len(lines)} probes in {time.time() - started:.0f} s")
    return out / "pitfalls.jsonl", lines


def test_every_probe_has_a_line(matrix):
    _, lines = matrix
    assert [(x["image"], x["id"]) for x in lines] == [(v, i) for v in ("alpine", "scratch") for i in IDS]
    for line in lines:
        assert line["state"] in ("works", "fails", "not applicable")
        assert line["why"] and line["broken"] and line["mend"]
        assert line["command"].startswith("docker ") or line["state"] == "not applicable"


def test_scratch_and_alpine_differ_where_the_lesson_says(matrix):
    _, lines = matrix
    state = {(x["image"], x["id"]): x["state"] for x in lines}
    for pitfall in ("exec-shell", "shell-form", "tmp"):
        assert state["alpine", pitfall] == "works"
        assert state["scratch", pitfall] == "fails"
    for pitfall in ("ca-certificates", "numeric-user", "arbitrary-uid", "name-resolution", "signals",
                    "zombies", "healthcheck", "read-only-root"):
        assert state["scratch", pitfall] == "works", pitfall


def test_distroless_has_data_and_no_shell(tmp_path):
    works = ["ca-certificates", "tmp", "user-names", "numeric-user", "time-zone", "workdir"]
    fails = ["exec-shell", "shell-form"]
    state = {line["id"]: line["state"] for line in probe(tmp_path, ["distroless"], *works, *fails)}
    assert state == {**dict.fromkeys(works, "works"), **dict.fromkeys(fails, "fails")}


def test_the_table_is_legible_without_colour(matrix):
    path, lines = matrix
    rendered = subprocess.run(
        ["jq", "-s", "-f", COMPARE / "pitfalls.jq", path], capture_output=True, text=True, check=True
    ).stdout
    array = json.loads(rendered)
    assert [x["id"] for x in array] == IDS
    for pitfall in array:
        assert list(pitfall) == ["id", "title", "broken", "mend", "results"]
        for image, result in pitfall["results"].items():
            (line,) = [x for x in lines if (x["image"], x["id"]) == (image, pitfall["id"])]
            assert result == {k: line[k] for k in ("state", "command", "output", "why")}
    table = subprocess.run(
        ["jq", "-r", "-f", COMPARE / "pitfalls-table.jq"],
        input=rendered, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    assert table[0].startswith("| pitfall | alpine | scratch |")
    assert len(table) == 2 + len(IDS)
    (shell,) = [row for row in table if "finds a shell" in row]
    assert "| works | FAILS |" in shell


def test_a_later_line_replaces_an_earlier_one(tmp_path):
    line = {"id": "x", "title": "x | y", "image": "scratch", "command": "a\nb", "output": "",
            "why": "", "broken": "x", "mend": "y"}
    text = "".join(json.dumps({**line, "state": state}) + "\n" for state in ("fails", "not applicable"))
    array = subprocess.run(["jq", "-s", "-f", COMPARE / "pitfalls.jq"], input=text,
                           capture_output=True, text=True, check=True).stdout
    assert json.loads(array)[0]["results"]["scratch"]["state"] == "not applicable"
    table = subprocess.run(["jq", "-r", "-f", COMPARE / "pitfalls-table.jq"], input=array,
                           capture_output=True, text=True, check=True).stdout
    assert table.splitlines()[2] == r"| x \| y | n/a | `x` | `y` |"


def test_an_unknown_id_is_wrong_usage(tmp_path):
    done = subprocess.run([COMPARE / "pitfalls", "nonsense"], capture_output=True, text=True,
                          env={**hello.clean_environment(), "OUT": str(tmp_path)})
    assert done.returncode == 2
    assert 'no pitfall "nonsense"' in done.stderr
