"""
The README's commands on other engines than this machine's: each in a root file system and a network of its
own, which tests/engines/run makes. `make test-engines` runs them on all engines; by itself a run has one.
"""

import json
import os
import subprocess

import hello
import pytest

ALL = os.environ.get("ENGINES", "") == "all"
ENGINES = ["docker-28-containerd", "docker-28", "docker-26", "docker-20", "podman-5"] if ALL else ["docker-28-containerd"]
BUILDX = [name for name in ENGINES if name.startswith("docker-2") and name != "docker-20"]
# compose.yaml's builds name another service, which Debian 13's Compose 2.26 does not know.
COMPOSE = [name for name in ENGINES if name.startswith("docker-28")]
BASES = 'export DEBIAN=$(jq -r .debian.image build/images/bases.json) ALPINE=$(jq -r .alpine.image build/images/bases.json) DISTROLESS=$(jq -r .distroless.image build/images/bases.json)\n'


STAND_INS = "hello-base/stand-in-for-debian:trixie hello-base/stand-in-for-alpine:trixie hello-base/stand-in-for-distroless:trixie"
# The first engine makes the stand-ins for bases that can't be pulled, the others load them.
LOAD = 'export PATH="${ENGINE:+$PWD/ci/$ENGINE:}$PATH"; [ ! -e /shared/bases.tar ] || docker load -qi /shared/bases.tar; '
SAVE = f"; [ -e /shared/bases.tar ] || ! docker image inspect {STAND_INS} >/dev/null || docker save -o /shared/bases.tar {STAND_INS}"


def project(name):
    return hello.ROOT / "build/engines" / name / "project"


def run(name, script, check=True, seconds=1800):
    if os.geteuid() != 0:
        pytest.skip("namespaces and other root file systems take root")
    done = subprocess.run([hello.ROOT / "tests/engines/run", name, "sh", "-euc", script],
                          capture_output=True, text=True, timeout=seconds)
    print(f"--- {name}: {script}\n{done.stdout}{done.stderr}")
    assert not check or done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def reports():
    """The report of each engine's comparison, made when the first test asks for it."""
    made = {}
    bases = hello.ROOT / "build/engines/shared/bases.tar"
    if not bases.exists():
        bases.parent.mkdir(parents=True, exist_ok=True)
        # This machine's engine may have them.
        subprocess.run(["docker", "save", "-o", bases, *STAND_INS.split()], capture_output=True)

    def report(name):
        if name not in made:
            run(name, LOAD + "make compare ONLY=scratch,alpine RUNS=1" + SAVE)
            made[name] = json.loads((project(name) / "build/compare/report.json").read_text())
        return made[name]

    return report


@pytest.mark.parametrize("name", ENGINES)
def test_the_comparison_has_its_figures(reports, name):
    for image in reports(name)["images"]:
        for key in ("size_bytes", "compressed_bytes", "engine_size_bytes", "build_cold_s", "first_response_ms",
                    "stop_ms", "files", "min_memory_bytes", "requests_per_s"):
            assert image[key] is not None, f"{key}: {image['not_measured']}"
        assert image["exit_code"] == 0
        assert all("jq" not in reason for reason in image["not_measured"].values())
        if name.startswith("docker"):
            assert image["push_s"] is not None and image["pull_s"] is not None, image["not_measured"]
        assert (image["attestation_bytes"] is not None) == (name == "docker-28-containerd")


@pytest.mark.parametrize("name", ENGINES)
def test_a_stand_in_is_not_taken_for_the_official_image(reports, name):
    reports(name)
    run(name, "ci/bases")
    bases = json.loads((project(name) / "build/images/bases.json").read_text())
    for base in bases.values():
        assert (base["source"] == "stand-in") == ("stand-in-for-" in base["image"])
        assert (base["digest"] is None) == (base["source"] == "stand-in")


@pytest.mark.parametrize("name", BUILDX)
def test_bake_builds_them_from_one_compile_stage(reports, name):
    reports(name)
    targets = "builder alpine distroless scratch scratch-minimal" + (" naive" if ALL else "")
    run(name, f"""rm -rf build/bin build/images/bin
        {BASES} docker buildx bake {targets}
        for image in builder alpine distroless scratch scratch-minimal; do docker run --rm hello:$image version; done
        for image in builder alpine distroless scratch; do
            docker create --name bake-$image hello:$image >/dev/null
            docker cp -q bake-$image:/hello - | tar -xO | sha256sum
            docker rm bake-$image >/dev/null
        done | sort -u | wc -l | grep -x 1""")


@pytest.mark.parametrize("name", BUILDX)
def test_no_image_holds_another_platforms_binary(name):
    # The stand-ins have one platform; scratch has all.
    for options in ("-f Dockerfile.scratch --target minimal", "-f Dockerfile.scratch --target binary",
                    "-f Dockerfile.alpine --build-arg ALPINE=scratch", "-f Dockerfile.distroless --build-arg DISTROLESS=scratch"):
        done = run(name, f"""mkdir -p build/bin/amd64
            echo binary | tee build/bin/hello build/bin/hello-minimal build/bin/amd64/hello >build/bin/amd64/hello-minimal
            docker buildx build --platform linux/arm64 {options} . 2>&1""", check=False)
        assert done.returncode != 0
        assert "/build/bin/arm64/hello" in done.stdout and "docker buildx bake" in done.stdout


@pytest.mark.parametrize("name", COMPOSE)
def test_compose_builds_what_is_missing(reports, name):
    reports(name)
    services = "builder alpine distroless scratch" + (" naive" if ALL else "")
    run(name, f"""rm -rf build/bin build/images/bin
        docker rmi -f hello:builder hello:alpine hello:distroless hello:scratch >/dev/null
        {BASES} docker compose up -d {services}
        trap 'docker compose down' EXIT
        for port in 1232 1233 1234 1235; do curl -fsS --retry 20 --retry-connrefused --retry-delay 1 localhost:$port/; done""")


USERS = """
for user in member other; do
    id $user >/dev/null 2>&1 || useradd -m $user
    rm -rf /home/$user/copy && mkdir /home/$user/copy
    tar -C /project --exclude=./build -cf - . | tar -xC /home/$user/copy
    chown -R $user: /home/$user/copy
done
usermod -aG docker member
su member -c 'cd ~/copy && ci/setup images && ci/engine run sh -euc "
    ci/bases; ci/image binary; ci/image alpine; ci/image distroless; ci/image scratch; ci/image scratch-minimal"'
! su other -c 'cd ~/copy && make images' 2>/tmp/words
grep -c . /tmp/words
cat /tmp/words
"""


@pytest.mark.parametrize("name", COMPOSE)
def test_a_member_of_the_group_builds_and_another_user_reads_why_not(reports, name):
    reports(name)
    done = run(name, USERS)
    # The line, and make's own.
    assert "\n2\nengine: docker is installed, but user other may not use its engine" in done.stdout


@pytest.mark.skipif(not ALL, reason="make test-engines runs it")
def test_the_toolbox_measures_what_the_host_measures(reports):
    name = "docker-28-containerd"
    reports(name)
    run(name, f"{BASES} ONLY=scratch RUNS=1 compare/toolbox/run")
    report = json.loads((project(name) / "build/compare/report.json").read_text())
    for key in ("size_bytes", "push_s", "pull_s", "idle_memory_bytes", "requests_per_s", "first_response_ms"):
        assert report["images"][0][key] is not None, report["images"][0]["not_measured"]
    assert "Debian" in report["host"]["system"]


@pytest.mark.skipif(not ALL, reason="make test-engines runs it")
@pytest.mark.parametrize("name", ENGINES)
def test_the_images_are_built(name):
    run(name, LOAD + "make images")


@pytest.mark.skipif(not ALL, reason="make test-engines runs it")
@pytest.mark.parametrize("command", ["make check", "make compare RUNS=1 ONLY=scratch"])
def test_a_bare_debian_13_runs_it(command):
    """It has make alone; the commands install the rest, the engine included."""
    run("bare-13", f"rm -rf build; {command}", seconds=3600)


@pytest.mark.skipif(not ALL, reason="make test-engines runs it")
def test_sizes_are_the_same_on_every_engine(reports):
    """scratch-minimal's layer has /hello alone, with the same bytes; its tar header has the time of the build."""
    sizes = {name: [image["size_bytes"] for image in reports(name)["images"] if image["name"] == "scratch"] for name in ENGINES}
    assert len({tuple(values) for values in sizes.values()}) == 1, sizes
