"""compare/surface, with a docker command that runs the binary or prints a prepared report."""

import json
import os
import subprocess

import hello

KEYS = ["files", "executables", "setuid_files", "os_packages", "has_shell"]


def surface(tmp_path, inspect):
    """Returns: the samples; inspect: what `docker run ... inspect -json` executes."""
    docker = tmp_path / "docker"
    docker.write_text(
        f"""#!/bin/sh\ncase "$*" in\n*"version -json") exec {hello.binary('release')} version -json ;;\n"""
        f"run*) {inspect} ;;\n*) echo stub ;;\nesac\n"
    )
    (tmp_path / "scanner.json").write_text('{"tool": null, "why": "none is here"}')
    (tmp_path / "sbom.cdx.json").write_text('{"components": [{"name": "musl"}, {"name": "mbedtls"}]}')
    docker.chmod(0o755)
    subprocess.run(
        [hello.ROOT / "compare/surface", "scratch"],
        env={**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin", "OUT": str(tmp_path), "MARK": "test"},
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [json.loads(line) for line in (tmp_path / "samples.jsonl").read_text().splitlines()]


def test_each_key_is_one_of_the_binary(tmp_path):
    samples = surface(tmp_path, f"exec {hello.binary('release')} inspect -json")
    found = {key: sample[key] for sample in samples for key in KEYS if key in sample}
    missing = {key for sample in samples for key in sample.get("not_measured", {}) if key in KEYS}
    assert missing <= {"os_packages"}, "this host's packages may be in an unsupported database"
    assert found.keys() | missing == set(KEYS)
    assert found["files"] >= found["executables"] > 0
    assert isinstance(found["has_shell"], bool)


def test_an_unknown_value_has_the_commands_reason(tmp_path):
    report = {key: 1 for key in KEYS} | {"os_packages": None}
    report["not_measured"] = {"os_packages": "/var/lib/rpm: unsupported database format"}
    (tmp_path / "report").write_text(json.dumps(report))
    samples = surface(tmp_path, f"cat {tmp_path}/report")
    reasons = [s["not_measured"]["os_packages"] for s in samples if "os_packages" in s.get("not_measured", {})]
    assert reasons == ["hello inspect: /var/lib/rpm: unsupported database format"]
    assert [s["files"] for s in samples if "files" in s] == [1]
