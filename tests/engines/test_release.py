"""
make release where the compiler is that of release/toolchain.lock: on a bare Debian 13, as the release's workflow runs it.
It compiles, so it takes minutes: make test-engines.
"""

import json
import re
import shutil
import sys

import hello
import oci
import pytest
from test_engines import on_request, passed, project, run  # noqa: F401 - passed is a fixture

sys.path.append(str(hello.ROOT / "tests/release"))
from making import VERSION, make_repository  # noqa: E402

NAME = "bare-13"
KEEP = "build/twice"
SITE = "https://example.org/hello"

TWICE = f"""
cd {KEEP}
here=$PWD
export DEBIAN_FRONTEND=noninteractive COSIGN_PASSWORD='only for tests' COSIGN_KEY=$here/key.key SOURCE={SITE}
export ALPINE=oci:$here/base:3 DISTROLESS=oci:$here/base:3 DEPS_CACHE=/project/deps/cache
{{ apt-get -q update && apt-get -qy install --no-install-recommends git faketime; }} >log 2>&1
cd $here/first
ci/setup release
(cd $here && $here/first/build/tools/sid/cosign generate-key-pair --output-key-prefix key)
begin=$(date +%s)
make release
echo seconds $(($(date +%s) - begin))
release/toolchain amd64 arm64
cd "$here/second-in-a-directory-with-a-longer-name"
ci/setup release
faketime -f '@2041-05-06 07:08:09' sh -c 'date +%Y && umask 077 && LC_ALL=C.UTF-8 TZ=Asia/Kathmandu make release'
cd $here
for directory in first 'second-in-a-directory-with-a-longer-name'; do
    rm -rf "release-$directory" && mv "$directory/build/release-{VERSION}" "release-$directory"
    first/release/verify "release-$directory" key.pub
done
"""


@pytest.fixture(scope="module")
def twice():
    """Two releases of one commit, and what making them printed."""
    directory = project(NAME) / KEEP
    shutil.rmtree(directory, ignore_errors=True)
    make_repository(directory / "first")
    shutil.copytree(directory / "first", directory / "second-in-a-directory-with-a-longer-name", symlinks=True)
    bundle = {oci.CERTIFICATES: open(f"/{oci.CERTIFICATES}", "rb").read()}
    oci.make_base(directory / "base", "3", [bundle])
    done = run(NAME, TWICE, seconds=3600)
    return directory / "release-first", directory / "release-second-in-a-directory-with-a-longer-name", done


@on_request
def test_make_release_gives_the_same_sums_again(twice, passed):  # noqa: F811
    first, second, done = twice
    assert "2041" in done.stdout.splitlines(), "the clock was not another one"
    assert first.joinpath("SHA256SUMS").read_text() == second.joinpath("SHA256SUMS").read_text()
    seconds = re.search(r"^seconds (\d+)$", done.stdout, re.M)[1]
    passed(NAME, "make release", f"in {seconds} s; again in another directory, with a clock in 2041: the same SHA256SUMS",
           host="Debian 13, root, with make alone")


@on_request
def test_the_toolchain_is_the_pinned_one(twice):
    provenance = json.loads((twice[0] / f"hello-{VERSION}.provenance.json").read_text())
    definition = provenance["predicate"]["buildDefinition"]
    assert definition["internalParameters"]["toolchainIsPinned"] is True
    lock = [line.split() for line in (hello.ROOT / "release/toolchain.lock").read_text().splitlines() if line[0] != "#"]
    named = {entry["uri"] for entry in definition["resolvedDependencies"] if entry.get("uri", "").startswith("pkg:deb/debian/")}
    assert {f"pkg:deb/debian/{name}@{version}" for name, version in lock if version != "any" and not name.endswith("-reports")} <= named


@on_request
def test_the_binaries_are_of_the_commit(twice):
    """Compiled here and not taken from elsewhere: the native one names the commit of the sources."""
    directory = twice[0]
    told = json.loads(run(NAME, f"'{KEEP}/release-first/hello-linux-amd64' version -json").stdout)
    revision = json.loads((directory / "images.json").read_text())["revision"]
    assert (told["hello"], told["commit"], told["compiler"]) == (VERSION, revision, "14.2.0")
    for name, machine in (("hello-linux-amd64", b"\x3e\x00"), ("hello-minimal-linux-amd64", b"\x3e\x00"),
                          ("hello-linux-arm64", b"\xb7\x00"), ("hello-minimal-linux-arm64", b"\xb7\x00")):
        assert (directory / name).read_bytes()[18:20] == machine, name
