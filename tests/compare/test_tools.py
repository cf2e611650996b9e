"""
A jq or hyperfine that fails ends the step that called it, with the tool's own message. Each of the
calls fails once. And the versions of both that Debian has from bookworm to sid give the same figures.
"""

import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile

import hello
import pytest
from reports import SAMPLE, write

MESSAGE = "broken on purpose"


def tool(path, text):
    path.write_text(text)
    path.chmod(0o755)


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def saved(compress=lambda layer: layer):
    """What `docker save` prints of an image of two layers."""
    layers = [tar({"a": b"1" * 5000}), tar({"a": b"2", "b": b"3" * 700})]
    config = {
        "rootfs": {"diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]},
        "history": [{"created_by": "COPY a"}, {"created_by": "ENV", "empty_layer": True}, {"created_by": "COPY b"}],
    }
    files = {f"blobs/{index}": compress(layer) for index, layer in enumerate(layers)}
    manifest = [{"Config": "config.json", "Layers": list(files)}]
    return tar({"manifest.json": json.dumps(manifest).encode(), "config.json": json.dumps(config).encode(), **files})


class Bench:
    """Tools in a folder that comes first in PATH: a docker that pretends, a jq and a hyperfine that can fail."""

    def __init__(self, tmp):
        self.tmp, self.tools, self.out = tmp, tmp / "tools", tmp / "out"
        self.tools.mkdir()
        (self.out / "logs").mkdir(parents=True)
        (self.out / "scanner.json").write_text('{"tool": null, "why": "none is here"}')
        (self.out / "sbom.cdx.json").write_text('{"metadata": {"component": {"version": "1"}}, "components": [{"name": "musl"}]}')
        # A copy, whose build/ has what a run of ci/images leaves.
        self.root = tmp / "root"
        for name in ("compare", "bench", "ci", "deps/deps.lock", "lessons/08-scratch/pitfalls.json"):
            self.root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (hello.ROOT / name).is_dir() else shutil.copy
            copy(hello.ROOT / name, self.root / name)
        (self.root / "build/images").mkdir(parents=True)
        (self.root / "build/images/bases.json").write_text(json.dumps(SAMPLE["bases"]))
        self.docker(saved())
        tool(self.tools / "hyperfine", '#!/bin/sh\nexport_json=\nwhile [ $# -gt 0 ]; do [ "$1" != --export-json ] ||'
             f' export_json=$2; command=$1; shift; done\ncp {tmp}/times "$export_json"\n'
             # The log of the command that it pretends to run.
             f"""case $command in "compare/stamped "*) log=${{command#*\\'}}; cp {tmp}/cold "${{log%%\\'*}}" ;; esac\n""")
        self.times([0.25, 0.75])
        (tmp / "cold").write_text(LEGACY)
        # Of all calls of jq, the one with this number fails.
        tool(self.tools / "jq", f'#!/bin/sh\necho x >>{tmp}/calls\n'
             f'if [ "$(wc -l <{tmp}/calls)" = "${{FAIL_AT:-0}}" ]; then echo "jq: {MESSAGE}" >&2; exit "${{FAIL_AS:-5}}"; fi\n'
             'exec /usr/bin/jq "$@"\n')

    def times(self, seconds, version=1):
        first = {"results": [{"times": seconds, "median": seconds[0] if seconds else None}]}
        values = [{"time_wall_clock": {"value": value, "unit": "second"}, "exit_code": 0} for value in seconds]
        second = {"schema_version": 2, "results": [{"measurements": values}]}
        (self.tmp / "times").write_text(json.dumps(first if version == 1 else second))

    def docker(self, image, inspect={}):
        (self.tmp / "image").write_bytes(image)
        inspected = {"Id": "sha256:1", "Size": 4711, "Config": {"User": "99:99"}, **inspect}
        (self.tmp / "inspected").write_text(json.dumps([inspected]))
        tool(self.tools / "docker", f"""#!/bin/sh
case "$1 $2" in
"save "*) cat {self.tmp}/image ;;
"image inspect") case $3 in -f) echo stub ;; *) cat {self.tmp}/inspected ;; esac ;;
"build "*) echo "Step 1/1 : FROM scratch" ;;
"version "*) echo true ;;
"run "*) case $* in *sha256sum*) echo 0123 /hello ;; *) cat {self.tmp}/json ;; esac ;;
"info "*) echo '{{"Driver": "overlay2"}}' ;;
esac
""")
        (self.tmp / "json").write_text('{"hello": "1", "files": 1, "executables": 1, "setuid_files": 0, "has_shell": false,'
                                       ' "not_measured": {"os_packages": "none"}}')

    def run(self, *command, **environment):
        (self.tmp / "calls").unlink(missing_ok=True)
        for path in self.out.glob("*.jsonl"):
            path.unlink()
        if command[0] in ("render", "html"):
            write(self.out, SAMPLE)
        path = f"{self.tools}:/usr/bin:/bin"
        return subprocess.run(
            [str(self.root / "compare" / command[0]), *command[1:]], capture_output=True, text=True, timeout=120,
            env={**os.environ, "PATH": path, "OUT": str(self.out), "RUNS": "2", "MARK": "test", "VARIANTS": "scratch",
                 **environment},
        )

    def calls(self):
        path = self.tmp / "calls"
        return len(path.read_text().split()) if path.exists() else 0

    def samples(self, key):
        lines = (self.out / "samples.jsonl").read_text().splitlines()
        return [sample[key] for sample in map(json.loads, lines) if key in sample]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


STEPS = [
    ("build", "naive", "plain"),
    ("build", "scratch", "compress"),
    ("engine",),
    ("size", "scratch"),
    ("attestations", "scratch"),
    ("surface", "scratch"),
    ("scanner",),
    ("vulnerabilities", "grype", "{scans}/grype.json"),
    ("sbom", "{out}/sbom.json"),
    ("transfer-or-reason",),
    ("render",),
    ("html",),
    ("host",),
    ("diff", "{out}/report.json", "{out}/report.json"),
    ("pitfalls", "numeric-user"),
]


@pytest.mark.parametrize("step", STEPS, ids=" ".join)
def test_each_call_of_jq_can_fail(bench, step):
    write(bench.out, SAMPLE)
    step = [word.format(out=bench.out, scans=hello.ROOT / "tests/compare/scans") for word in step]
    # The transfers' reason comes without an engine.
    environment = {"ENGINE": "podman"} if step[0] == "transfer-or-reason" else {}

    def run(**more):
        write(bench.out, SAMPLE)
        done = bench.run(*step, **environment, **more)
        return done

    whole = run()
    assert whole.returncode == 0, whole.stderr
    count = bench.calls()
    assert count > 0 or step[0] == "host"
    for number in range(1, count + 1):
        done = run(FAIL_AT=str(number))
        assert done.returncode != 0, f"call {number} of {count} failed, and the step did not"
        assert MESSAGE in done.stderr or step[0] == "diff", f"call {number}: {done.stderr}"


# What the builders print, with the seconds since the start as compare/stamped writes them.
LEGACY = """\
0.1 Sending build context to Docker daemon  2.1MB
1.0 Step 1/9 : ARG DEBIAN=debian:trixie-slim
1.5 Step 2/9 : FROM ${DEBIAN}
2.0 Step 3/9 : RUN apt-get update && apt-get install -y build-essential
2.1  ---> Running in 0123456789ab
20.0 Step 4/9 : WORKDIR /src
21.0 Step 5/9 : RUN make -j"$(nproc)" build/release/hello && cp build/release/hello /hello
22.0   CC  build/tools/pack-relocations
22.5   CC  build/musl/deps/musl/env/environ.o
25.0   AR  build/musl/deps/musl/libc.a
26.0   CC  build/release/src/main.o
27.0   CC  build/release/deps/mbedtls/aes.o
29.0   LD  build/release/hello
30.0 Step 6/9 : USER 99:99
31.0 Successfully built 0123456789ab
"""
BUILDKIT = """\
0.1 #1 [internal] load build definition from Dockerfile.builder
0.2 #5 [toolchain 1/2] FROM docker.io/library/debian:trixie-slim
0.3 #5 DONE 0.0s
1.0 #6 [toolchain 2/3] RUN apt-get update  && apt-get install -y gcc
1.1 #6 0.101 Get:1 trixie InRelease
16.0 #6 DONE 15.0s
16.5 #7 [sources 3/3] RUN deps/fetch
17.5 #7 DONE 1.0s
18.0 #8 [libraries 4/4] RUN make -j"$(nproc)" libraries
18.1 #8 0.2   CC  build/musl/deps/musl/libc.a
18.2 #9 [stage-6 2/2] COPY images/x /x
18.3 #9 DONE 0.1s
23.0 #8 DONE 5.0s
23.5 #10 [build 2/2] RUN make -j"$(nproc)" build/release/hello build/minimal/hello
23.5 #10 0.1   CC  build/release/src/main.o
25.5 #10 DONE 2.0s
26.0 #11 exporting to image
"""
# One instruction does all. Its shell prints what it runs.
TIDIED = """\
1.0 #7 [stage-0 6/6] RUN set -eux; apt-get update; make -j"$(nproc)" build/release/hello; cp build/release/hello /hello; apt-get purge -y
1.1 #7 0.1 + apt-get update
11.0 #7 10.0 + make -j2 build/release/hello
12.0 #7 11.0   CC  build/musl/deps/musl/env/environ.o
15.0 #7 14.0   CC  build/release/src/main.o
18.0 #7 17.0 + cp build/release/hello /hello
18.5 #7 17.5 + apt-get purge -y
23.0 #7 DONE 22.0s
"""


@pytest.mark.parametrize("log, parts", [
    (LEGACY, {"build_apt_s": 18, "build_libraries_s": 6.5, "build_hello_s": 2.5}),
    (BUILDKIT, {"build_apt_s": 15, "build_libraries_s": 6, "build_hello_s": 2}),
    (TIDIED, {"build_apt_s": 15, "build_libraries_s": 4, "build_hello_s": 3}),
    (re.sub(r"#7 [0-9.]+ ", "", TIDIED).replace("#7 [stage-0 6/6] RUN", "Step 6/9 : RUN").replace("#7 DONE 22.0s", "Step 7/9 : USER 99:99"),
        {"build_apt_s": 15, "build_libraries_s": 4, "build_hello_s": 3}),
    ("0.1 Step 1/2 : FROM scratch\n0.2 Step 2/2 : COPY hello /hello\n", {}),
    ("", {}),
], ids=["legacy", "BuildKit", "tidied", "tidied-legacy", "a copy", "empty"])
def test_the_parts_of_a_cold_build(tmp_path, log, parts):
    (tmp_path / "log").write_text(log)
    done = subprocess.run([hello.ROOT / "compare/parts", tmp_path / "log"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == pytest.approx(parts)


def test_stamped_lines_have_their_time_and_the_status_stays(tmp_path):
    script = "echo first; sleep 0.3; printf 'last, without an end' >&2; exit 7"
    done = subprocess.run([hello.ROOT / "compare/stamped", tmp_path / "log", "sh", "-c", script],
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (7, "first\nlast, without an end\n")
    first, last = (line.split(" ", 1) for line in (tmp_path / "log").read_text().splitlines())
    assert (first[1], last[1]) == ("first", "last, without an end")
    assert 0 <= float(first[0]) and 0.25 < float(last[0]) - float(first[0]) < 30


def test_a_hyperfine_that_fails_ends_the_step(bench):
    tool(bench.tools / "hyperfine", f'#!/bin/sh\necho "hyperfine: {MESSAGE}" >&2\nexit 1\n')
    for step in (("build", "scratch", "plain"), ("measure", "scratch")):
        done = bench.run(*step)
        assert done.returncode != 0
        assert MESSAGE in done.stderr


@pytest.mark.parametrize("text", ["", "{}", '{"results": [{"times": []}]}', '{"results": [{"measurements": [{}]}]}'])
def test_an_unknown_form_of_hyperfine_ends_the_step(bench, text):
    (bench.tmp / "times").write_text(text)
    done = bench.run("build", "scratch", "plain")
    assert done.returncode != 0
    assert not (bench.out / "samples.jsonl").exists() or not bench.samples("build_cold_s")


@pytest.mark.parametrize("version", [1, 2])
def test_both_versions_of_hyperfine_are_read(bench, version):
    bench.times([0.2501, 0.75], version)
    done = bench.run("build", "scratch", "plain")
    assert done.returncode == 0, done.stderr
    assert bench.samples("build_cold_s") == [0.25, 0.75]
    # One warm build, and as it was quick, the rest of the runs.
    assert bench.samples("build_warm_s") == [0.25, 0.75, 0.25, 0.75]


@pytest.mark.parametrize("compress", [lambda layer: layer, gzip.compress], ids=["plain", "gzip"])
def test_sizes_do_not_depend_on_the_engines_store(bench, compress):
    bench.docker(saved(compress))
    done = bench.run("size", "scratch")
    assert done.returncode == 0, done.stderr
    layers = bench.samples("layer")
    assert [layer["size_bytes"] for layer in layers] == [10240, 10240]
    assert [layer["instruction"] for layer in layers] == ["COPY a", "COPY b"]
    assert bench.samples("compressed_bytes") == [sum(layer["compressed_bytes"] for layer in layers)]
    assert bench.samples("wasted_bytes") == [5001]
    assert bench.samples("engine_size_bytes") == [4711]
    # This docker does not say where the files are.
    assert "does not say where" in bench.samples("not_measured")[0]["disk_bytes"]
    assert bench.samples("size_bytes") == [20480] and bench.samples("layers") == [2]


def test_a_changed_layer_is_noticed(bench, tmp_path):
    bench.docker(saved(lambda layer: layer[:-512] + b"x" * 512))
    done = bench.run("layers", "hello:scratch", str(tmp_path / "layers"))
    assert done.returncode == 1
    assert "configuration says sha256:" in done.stderr


def scripts():
    names = subprocess.run(["git", "ls-files"], cwd=hello.ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.splitlines():
        path = hello.ROOT / name
        if path.is_file() and path.read_bytes()[:2] == b"#!" and b"sh" in path.read_bytes().split(b"\n")[0]:
            yield name, path.read_text()


def test_no_script_reads_a_process_substitution():
    """bash does not report the exit status of its command, so a failure would be an empty list."""
    found = [name for name, text in scripts() if re.search(r"<\((?!\()", re.sub(r"(?m)#.*$", "", text))]
    assert found == []
