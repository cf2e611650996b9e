"""
The README's commands on other engines than this machine's: each in a root file system and a network of its
own, which tests/engines/run makes. `make test-engines` runs them on all engines, or on ENGINES=name,...;
by itself a run has one engine and the commands that take seconds there.

A test that passed adds a row to build/engines/results.jsonl; tests/engines/publish writes docs/hosts.md's
table of them.
"""

import datetime
import json
import os
import re
import subprocess

import hello
import pytest

EVERY = ["docker-28-containerd", "docker-28", "docker-28-rootless", "docker-26", "docker-20",
         "podman-5", "podman-5-rootless", "podman-4", "podman-4-rootless"]
CHOICE = os.environ.get("ENGINES", "")
# What takes minutes runs on request.
ALL = CHOICE != ""
ENGINES = EVERY if CHOICE == "all" else (CHOICE or EVERY[0]).replace(",", " ").split()
DOCKER = [name for name in ENGINES if name.startswith("docker")]
BUILDX = [name for name in DOCKER if name != "docker-20"]
# Compose 2.35 or later builds one service from another.
COMPOSE = [name for name in ENGINES if name.startswith("docker-28")]
# naive takes minutes, so bake and Compose build it on two engines. `make images` builds it on all.
NAIVE = ("docker-28", "docker-26") if ALL else ()
ROOTLESS = [name for name in ENGINES if name.endswith("-rootless")]
BASES = 'export DEBIAN=$(jq -r .debian.image build/images/bases.json) ALPINE=$(jq -r .alpine.image build/images/bases.json) DISTROLESS=$(jq -r .distroless.image build/images/bases.json)\n'

STAND_INS = " ".join(f"hello-base/stand-in-for-{base}:trixie" for base in ("debian", "alpine", "distroless"))
# The first engine makes the stand-ins for bases that can't be pulled, the others load them.
LOAD = 'export PATH="${ENGINE:+$PWD/ci/$ENGINE:}$PATH"; [ ! -e /shared/bases.tar ] || docker load -qi /shared/bases.tar; '
SAVE = (f"; [ -e /shared/bases.tar ] || [ ! -w /shared ] || ! docker image inspect {STAND_INS} >/dev/null || "
        f"{{ docker save -o /shared/bases.tar {STAND_INS}; chmod 644 /shared/bases.tar; }}")

on_request = pytest.mark.skipif(not ALL, reason="make test-engines runs it")


def project(name):
    return hello.ROOT / "build/engines" / name / "project"


def run(name, script, check=True, seconds=2400):
    if os.geteuid() != 0:
        pytest.skip("namespaces and other root file systems take root")
    done = subprocess.run([hello.ROOT / "tests/engines/run", name, "sh", "-euc", script],
                          capture_output=True, text=True, timeout=seconds)
    print(f"--- {name}: {script}\n{done.stdout}{done.stderr}")
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


VERSION = """if [ "${ENGINE:-}" = podman ]; then podman version -f 'podman {{.Client.Version}}'
    else docker version -f 'Docker {{.Server.Version}}'; fi | sed 's/[+~].*//'"""
KINDS = {"docker-28-containerd": ", containerd's image store", "docker-28": ", overlay2", "docker-28-rootless": ", rootless",
         "podman-5-rootless": ", rootless", "podman-4-rootless": ", rootless"}


@pytest.fixture(scope="module")
def passed():
    """Writes down a command that was run on an engine, and what came of it."""
    versions = {}

    def add(name, command, result, user=None, host=None):
        if host is None:
            if name not in versions:
                versions[name] = run(name, VERSION).stdout.strip() + KINDS.get(name, "")
            host = versions[name] + (f", {user}" if user else "")
        row = {"date": f"{datetime.date.today():%Y-%m-%d}", "test": os.environ["PYTEST_CURRENT_TEST"], "engine": name, "host": host,
               "command": command, "result": result}
        with open(hello.ROOT / "build/engines/results.jsonl", "a") as file:
            print(json.dumps(row), file=file)

    return add


COMPARE = "make compare ONLY=scratch,alpine RUNS=1"


@pytest.fixture(scope="module")
def reports():
    """The report of each engine's comparison, made when the first test asks for it."""
    made = {}
    bases = hello.ROOT / "build/engines/shared/bases.tar"
    if not bases.exists():
        bases.parent.mkdir(parents=True, exist_ok=True)
        # This machine's engine may have them.
        subprocess.run(["docker", "save", "-o", bases, *STAND_INS.split()], capture_output=True)
        if bases.exists():
            bases.chmod(0o644)

    def report(name):
        if name not in made:
            run(name, LOAD + COMPARE + SAVE)
            made[name] = json.loads((project(name) / "build/compare/report.json").read_text())
        return made[name]

    return report


# A user sees neither the processes nor the disk of containers. These machines' rootless engines have no cgroup.
NOT_ROOTLESS = ["idle_memory_bytes", "requests_per_s", "cpu_us_per_request"]


@pytest.mark.parametrize("name", ENGINES)
def test_the_comparison_has_its_figures(reports, passed, name):
    rootless = name in ROOTLESS
    for image in reports(name)["images"]:
        missing = dict(image["not_measured"])
        for key in ("size_bytes", "compressed_bytes", "engine_size_bytes", "build_cold_s", "first_response_ms",
                    "stop_ms", "files"):
            assert image[key] is not None, f"{key}: {missing}"
        assert image["exit_code"] == 0
        assert all(reason and "jq" not in reason for reason in missing.values())
        for key in NOT_ROOTLESS + ["min_memory_bytes"]:
            if not rootless:
                assert image[key] is not None, f"{key}: {missing}"
            elif image[key] is None:
                assert key in missing
        assert (image["push_s"] is not None) == (name in DOCKER and not rootless), missing
        assert (image["pull_s"] is not None) == (name in DOCKER and not rootless), missing
        assert (image["attestation_bytes"] is not None) == (name == "docker-28-containerd")
    sizes = ", ".join(f"{image['name']} {image['size_bytes']:,} bytes" for image in reports(name)["images"])
    null = sorted({key for image in reports(name)["images"] for key, why in image["not_measured"].items()
                   if not key.startswith("cve") and key not in ("scanner_packages",)})
    command = COMPARE if name in DOCKER else f"ENGINE=podman {COMPARE}"
    passed(name, command, f"{sizes}; without a figure, and with the reason: {', '.join(null) or 'none'}")


@pytest.mark.parametrize("name", ENGINES)
def test_budgets_hold(reports, name):
    reports(name)
    run(name, "OUT=build/compare compare/budget")


@pytest.mark.parametrize("name", ENGINES)
def test_a_stand_in_is_not_taken_for_the_official_image(reports, name):
    reports(name)
    run(name, "ci/engine run ci/bases")
    bases = json.loads((project(name) / "build/images/bases.json").read_text())
    for base in bases.values():
        assert (base["source"] == "stand-in") == ("stand-in-for-" in base["image"])
        assert (base["digest"] is None) == (base["source"] == "stand-in")


@pytest.mark.parametrize("name", BUILDX)
def test_bake_builds_them_from_one_compile_stage(reports, passed, name):
    reports(name)
    targets = "builder alpine distroless scratch scratch-minimal" + (" naive" if name in NAIVE else "")
    run(name, f"""rm -rf build/bin build/images/bin
        {BASES} docker buildx bake {targets}
        for image in {targets}; do docker run --rm hello:$image version; done
        for image in builder alpine distroless scratch; do
            docker create --name bake-$image hello:$image >/dev/null
            docker cp -q bake-$image:/hello - | tar -xO | sha256sum
            docker rm bake-$image >/dev/null
        done | sort -u | wc -l | grep -x 1""")
    passed(name, f"docker buildx bake {targets}", "each image runs; all but naive and scratch-minimal have the same `/hello`")


@pytest.mark.parametrize("name", BUILDX)
def test_no_image_holds_another_platforms_binary(passed, name):
    # The stand-ins have one platform; scratch has all.
    for options in ("-f Dockerfile.scratch --target minimal", "-f Dockerfile.scratch --target binary",
                    "-f Dockerfile.alpine --build-arg ALPINE=scratch", "-f Dockerfile.distroless --build-arg DISTROLESS=scratch"):
        done = run(name, f"""mkdir -p build/bin/amd64
            echo binary | tee build/bin/hello build/bin/hello-minimal build/bin/amd64/hello >build/bin/amd64/hello-minimal
            trap 'rm -rf build/bin' EXIT
            docker buildx build --platform linux/arm64 {options} . 2>&1""", check=False)
        assert done.returncode != 0
        assert "/build/bin/arm64/hello" in done.stdout and "made-by-make-or-docker-buildx-bake" in done.stdout
    passed(name, "docker buildx build --platform linux/arm64 -f Dockerfile.scratch --target minimal .",
           "with an amd64 binary alone: refused, `build/bin/arm64/hello-minimal` is not found")


# Docker 20.10 has both builders.
@on_request
@pytest.mark.parametrize("name, kit", [(name, "1") for name in DOCKER] + [(name, "0") for name in DOCKER if name == "docker-20"])
def test_a_build_without_a_binary_says_who_makes_it(passed, name, kit):
    # No step but that of the binary can fail: BuildKit stops at the first that does.
    for options in ("alpine --build-arg ALPINE=scratch", "distroless --build-arg DISTROLESS=scratch", "scratch --target minimal"):
        done = run(name, f"""rm -rf build/bin
            DOCKER_BUILDKIT={kit} docker build -f Dockerfile.{options} . 2>&1""", check=False)
        assert done.returncode != 0
        assert "made-by-make-or-docker-buildx-bake" in done.stdout
    passed(name, f"DOCKER_BUILDKIT={kit} docker build -f Dockerfile.alpine .",
           "without a binary: fails, and names `make` and `docker buildx bake`")


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_builds_what_is_missing(reports, passed, name):
    reports(name)
    services = "builder alpine distroless scratch" + (" naive" if name in NAIVE else "")
    ports = "1232 1233 1234 1235" + (" 1231" if name in NAIVE else "")
    run(name, f"""rm -rf build/bin build/images/bin
        docker rmi -f hello:builder hello:alpine hello:distroless hello:scratch hello:naive >/dev/null
        {BASES} docker compose up -d {services}
        trap 'docker compose down' EXIT
        for port in {ports}; do curl -fsS --retry 20 --retry-connrefused --retry-delay 1 localhost:$port/; done""")
    passed(name, f"docker compose up -d {services}", "builds and runs them; each responds on its port")


@on_request
@pytest.mark.parametrize("name", [name for name in DOCKER if name not in COMPOSE])
def test_an_older_compose_runs_what_is_there(passed, name):
    """Compose 2.26 builds no service from another, and Compose 1 refuses a file with that."""
    ask = """for port in 1231 1232 1233 1234 1235; do curl -fsS --retry 20 --retry-connrefused --retry-delay 1 localhost:$port/; done"""
    if name == "docker-20":
        done = run(name, "docker-compose up -d 2>&1", check=False)
        assert done.returncode != 0
        assert "additional_contexts" in done.stdout
        passed(name, "docker-compose up", "Compose 1.29: refused; it names the option `additional_contexts` that it lacks")
        command = "sed '/ build:/d' compose.yaml | docker-compose -f - up -d"
        run(name, f"{LOAD} make images; {command}; trap 'docker-compose -f compose.yaml down || docker rm -f $(docker ps -q)' EXIT; {ask}")
    else:
        command = "docker compose up -d"
        run(name, f"{LOAD} make images; {command}; trap 'docker compose down' EXIT; {ask}")
    passed(name, f"make images; {command}", "runs the images that are there; each responds on its port")


# Copies of the tree for two users, of whom one may use the engine.
USERS = """
for user in member other; do
    id $user >/dev/null 2>&1 || useradd -m $user
    rm -rf /home/$user/copy && mkdir /home/$user/copy
    tar -C /project --exclude=./build -cf - . | tar -xC /home/$user/copy
    chown -R $user: /home/$user/copy
done
usermod -aG docker member
"""


@pytest.mark.parametrize("name", [name for name in COMPOSE + ["docker-20"] if name in ENGINES and name not in ROOTLESS])
def test_a_member_of_the_group_builds_and_another_user_reads_why_not(reports, passed, name):
    reports(name)
    command = "make images" if ALL else 'ci/setup images && ci/bases && ci/image binary && ci/image alpine && ci/image distroless && ci/image scratch'
    done = run(name, USERS + f"""
        mv /usr/bin/mmdebstrap /usr/bin/mmdebstrap.away
        trap 'mv /usr/bin/mmdebstrap.away /usr/bin/mmdebstrap' EXIT
        su member -c 'cd ~/copy && {command}'
        ! su other -c 'cd ~/copy && make images' 2>/tmp/words
        grep -c . /tmp/words
        cat /tmp/words""")
    # The line, and make's own.
    assert "\n2\nengine: docker is installed, but user other may not use its engine" in done.stdout
    passed(name, command, "without mmdebstrap: builds all", "user in the group `docker`")
    passed(name, "make images", "one line names the permission, and how to get it", "user outside the group")


# POSIX utilities, mktemp, make, and docker: what macOS and BSD have, too.
POSIX_TOOLS = """awk basename cat chmod cp cut date dirname env expr false find grep head id kill ln ls mkdir mktemp mv printf ps pwd
    rm sed sh sleep sort tail tee test touch tr true uname uniq wc xargs make docker"""


@on_request
@pytest.mark.parametrize("name", [name for name in ("docker-28-containerd", "docker-20") if name in ENGINES])
def test_make_uses_the_toolbox_where_tools_are_missing(reports, passed, name):
    reports(name)
    script = USERS + f"""
        {BASES}
        rm -rf /tools && mkdir /tools
        for tool in {' '.join(POSIX_TOOLS.split())}; do ln -s /usr/bin/$tool /tools/; done
        cd /home/member/copy
        for command in 'make images' 'make compare ONLY=scratch,alpine RUNS=1'; do
            setpriv --reuid=member --regid=member --init-groups env -i HOME=/home/member PATH=/tools \
                DEBIAN="$DEBIAN" ALPINE="$ALPINE" DISTROLESS="$DISTROLESS" $command
        done
        docker run --rm hello:naive version
        ! docker run --rm --privileged hello-toolbox true 2>/dev/null || echo engine-is-privileged
        docker image inspect -f 'toolbox-bytes {{{{.Size}}}}' hello-toolbox
        find build -user 0 | wc -l | sed 's/^/files-of-root /'
        rm -rf /project/build/toolbox && cp -R build/compare /project/build/toolbox"""
    done = run(name, script)
    assert done.stderr.count("using a container that has the tools") == 2
    assert "files-of-root 0\n" in done.stdout
    # This is the real thing: pushes and pulls take a second daemon with its mounts, and requests another's network.
    refused = "the container gets SYS_ADMIN, NET_ADMIN, SYS_PTRACE and NET_RAW" in done.stderr
    assert refused == ("engine-is-privileged" not in done.stdout)
    report = json.loads((project(name) / "build/toolbox/report.json").read_text())
    for key in ("size_bytes", "push_s", "pull_s", "idle_memory_bytes", "requests_per_s", "first_response_ms", "min_memory_bytes"):
        assert report["images"][0][key] is not None, report["images"][0]["not_measured"]
    assert "Debian" in report["host"]["system"]
    sizes = {image["name"]: image["size_bytes"] for image in report["images"]}
    assert sizes == {image["name"]: image["size_bytes"] for image in reports(name)["images"]}
    rights = "four capabilities, because `--privileged` is refused" if refused else "`--privileged`"
    passed(name, "make images; make compare ONLY=scratch,alpine RUNS=1",
           f"runs in the toolbox with {rights}; push, pull, memory and requests have figures",
           "user in the group `docker` with make and POSIX utilities alone")


@on_request
@pytest.mark.parametrize("name", ENGINES)
def test_the_images_are_built(passed, name):
    command = "make images" if name in DOCKER else "ENGINE=podman make images"
    run(name, LOAD + command)
    passed(name, command, "builds all six")


# This machine's BuildKit may lack what some lessons are about; these have it.
COURSE = [name for name in ("docker-28-containerd", "docker-28", "docker-26") if name in ENGINES]


@on_request
@pytest.mark.parametrize("name", COURSE)
def test_the_course_is_run(passed, name):
    command = "make lessons"
    done = run(name, LOAD + command, seconds=3600)
    counts = re.search(r"^test: (\d+) passed, 0 failed, (\d+) skipped$", done.stdout, re.M)
    skipped = re.findall(r"^skipped: .*blocks of \d+ not run: (.*)$", done.stdout, re.M)
    assert len(skipped) == int(counts[2])
    reasons = ["COPY --link takes containerd's image store"] if name != "docker-28-containerd" else []
    assert sorted(skipped) == reasons + ["no Kubernetes cluster responds"]
    passed(name, command, f"{counts[1]} tests pass; not run: {', '.join(skipped)}")


@on_request
@pytest.mark.parametrize("command", ["make images && make compare RUNS=1 ONLY=scratch", "make check"])
def test_a_bare_debian_13_runs_it(passed, command):
    """It has make alone; the commands install the rest, the engine included."""
    done = run("bare-13", f"rm -rf build; {{ {command}; }} >/data/log 2>&1 || {{ tail -n 60 /data/log; exit 1; }}; tail -n 1 /data/log", seconds=3600)
    passed("bare-13", command, f"installs what is missing; {done.stdout.strip().splitlines()[-1] if 'check' in command else 'all figures'}",
           host="Debian 13, root, with make alone")


@on_request
@pytest.mark.parametrize("name", [name for name in ("docker-28",) if name in ENGINES])
def test_the_whole_comparison_runs(passed, name):
    """All images on one engine: the tables' widest form with Debian's newest jq and hyperfine."""
    command = "make compare"
    run(name, LOAD + command)
    report = json.loads((project(name) / "build/compare/report.json").read_text())
    plain = [image for image in report["images"] if image["flags"] == "plain"]
    assert [image["name"] for image in plain] == ["naive", "builder", "alpine", "distroless", "scratch", "scratch-minimal"]
    for image in plain:
        assert image["build_cold_s"] is not None and image["push_s"] is not None, image["not_measured"]
    naive = plain[0]["size_bytes"]
    passed(name, command, f"all images, push and pull included; naive has {naive:,} bytes")


@on_request
def test_sizes_are_the_same_on_every_engine(reports):
    sizes = {name: [image["size_bytes"] for image in reports(name)["images"] if image["name"] == "scratch"] for name in ENGINES}
    assert len({tuple(values) for values in sizes.values()}) == 1, sizes



TWICE = """
rm -rf /tmp/twice && mkdir -p /tmp/twice/base/etc/ssl/certs && cd /tmp/twice
# A base of this engine's own, whose files are younger than the images' time.
echo bundle >base/etc/ssl/certs/ca-certificates.crt
printf 'FROM scratch\\nCOPY etc /etc\\n' >base/Dockerfile
docker buildx build -q --provenance=false -t hello-test/base:twice base >/dev/null
layers() { # TAR: the digest of the image, and that of its first layer
    manifest=$(tar -xOf $1 index.json | jq -r '.manifests[0].digest')
    if tar -xOf $1 blobs/sha256/${manifest#*:} | jq -e .manifests >/dev/null; then
        manifest=$(tar -xOf $1 blobs/sha256/${manifest#*:} | jq -r '.manifests[0].digest')
    fi
    echo $manifest $(tar -xOf $1 blobs/sha256/${manifest#*:} | jq -r '.layers[0].digest')
}
docker save -o base.tar hello-test/base:twice
echo base - $(layers base.tar)
for directory in first second-with-a-longer-name; do
    mkdir -p $directory/build/bin
    cp -r /project/Dockerfile.* /project/images $directory
    for name in hello hello-minimal; do
        for arch in amd64 arm64; do
            mkdir -p $directory/build/bin/$arch
            echo "$name for $arch" >$directory/build/bin/$arch/$name
            chmod 755 $directory/build/bin/$arch/$name
        done
    done
    for image in scratch minimal alpine distroless; do
        case $image in minimal) options="-f $directory/Dockerfile.scratch --target minimal" ;; *) options="-f $directory/Dockerfile.$image" ;; esac
        docker buildx build -q --no-cache --provenance=false $options --build-arg SOURCE_DATE_EPOCH=1700000000 \
            --build-arg ALPINE=hello-test/base:twice --build-arg DISTROLESS=hello-test/base:twice \
            --output type=oci,dest=image.tar,rewrite-timestamp=true $directory >/dev/null 2>&1
        echo $directory $image $(layers image.tar)
    done
done
docker image rm -f hello-test/base:twice >/dev/null
"""


@pytest.mark.parametrize("name", [name for name in DOCKER if name == "docker-28-containerd"])
def test_an_image_has_the_same_digest_again(name):
    """BuildKit's rewrite-timestamp: another directory, another time; a base's layer stays as it is."""
    rows = [line.split() for line in run(name, TWICE).stdout.splitlines() if len(line.split()) == 4]
    found = {(directory, image): (digest, layer) for directory, image, digest, layer in rows}
    assert len(found) == 9, found
    for image in ("scratch", "minimal", "alpine", "distroless"):
        assert found["first", image] == found["second-with-a-longer-name", image], image
    for image in ("alpine", "distroless"):
        assert found["first", image][1] == found["base", "-"][1]
