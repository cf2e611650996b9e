"""
What the comparison reads of a vulnerability scanner. scans/ has both tools' JSON in the form that they document; the
vulnerabilities in it are made up.
"""

import json
import os
import pathlib
import subprocess

import hello
import pytest

SCANS = pathlib.Path(__file__).resolve().parent / "scans"
READ = {
    ("trivy", "trivy.json"): (4, "CRITICAL 1, HIGH 1, LOW 1, UNKNOWN 1", 3),
    ("trivy", "trivy-empty.json"): (0, "none", 0),
    ("grype", "grype.json"): (3, "HIGH 1, NEGLIGIBLE 1, UNKNOWN 1", None),
    ("grype", "grype-empty.json"): (0, "none", None),
}


def read(tool, path):
    command = [hello.ROOT / "compare/vulnerabilities", tool, path]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("scan", READ, ids="-".join)
def test_a_scan_is_read(scan):
    done = read(scan[0], SCANS / scan[1])
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["cves"], found["by_severity"], found["packages"]) == READ[scan]


def test_grype_names_itself_in_both_forms_of_its_database():
    names = [json.loads(read("grype", SCANS / name).stdout)["scanner"] for name in ("grype.json", "grype-empty.json")]
    assert names == ["grype 0.104.0, database of 2026-02-03T00:00:00Z", "grype 0.79.0, database of 2024-07-01T01:31:43Z"]


@pytest.mark.parametrize("tool", ["trivy", "grype"])
@pytest.mark.parametrize("text", ["", " ", "null", "{}", "[]", "FATAL database error", '{"Results": 1, "matches": 1}',
                                  '{"SchemaVersion": 2, "Results": {}, "matches": {}}',
                                  '{"SchemaVersion": 2, "Results": [{"Vulnerabilities": [{}]}], "matches": [{"vulnerability": {}}]}'])
def test_what_is_no_scan_is_not_a_scan_without_findings(tmp_path, tool, text):
    (tmp_path / "scan").write_text(text)
    done = read(tool, tmp_path / "scan")
    assert done.returncode != 0 and done.stdout == "" and done.stderr


@pytest.mark.parametrize("scan", [scan for scan in READ if "empty" not in scan[1]], ids="-".join)
def test_a_scan_that_was_cut_off_fails(tmp_path, scan):
    text = (SCANS / scan[1]).read_text()
    for length in range(len(text) // 20, len(text) - 2, len(text) // 10):
        (tmp_path / "scan").write_text(text[:length])
        done = read(scan[0], tmp_path / "scan")
        assert done.returncode != 0 and done.stdout == "", length


def test_another_tool_is_wrong_usage():
    assert read("snyk", SCANS / "trivy.json").returncode == 2


# ---- the steps around it, with tools that print what was recorded


INSPECTED = {"files": 9, "executables": 1, "setuid_files": 0, "os_packages": 6, "has_shell": False, "not_measured": {}}


class Machine:
    """Has the tools that are put on it, and a docker that runs the image's binary, or trivy's image."""

    def __init__(self, tmp):
        self.tmp, self.tools, self.out = tmp, tmp / "tools", tmp / "out"
        self.tools.mkdir()
        (self.out / "logs").mkdir(parents=True)
        components = [{"name": name} for name in ("musl", "libmicrohttpd", "mbedtls", "rust-aws-lc-sys")]
        (self.out / "sbom.cdx.json").write_text(json.dumps({"components": components}))
        (tmp / "inspected").write_text(json.dumps(INSPECTED))
        (tmp / "versions").write_text(json.dumps({"hello": "2", "musl": "1", "libmicrohttpd": "1", "mbedtls": None}))
        self.docker("false", "false")

    def tool(self, name, text):
        path = self.tools / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def docker(self, has, can_pull):
        self.tool("docker", f"""case "$*" in
*"inspect -json") cat {self.tmp}/inspected ;;
*"version -json") cat {self.tmp}/versions ;;
"run "*trivy*) while [ "$1" != made-up/trivy:1 ]; do shift; done; shift; exec {self.tmp}/trivy "$@" ;;
"image inspect made-up/trivy:1") {has} ;;
"pull "*) {can_pull} ;;
*) echo stub ;;
esac""")

    def scanner(self, tool, path, scans=None):
        """Puts a tool there that prints scans[0] for the image and scans[1] for the bill of materials."""
        image, sbom = scans or (f"{tool}.json", f"{tool}-empty.json")
        text = f"""#!/bin/sh
echo "$*" >>{self.tmp}/calls
case "$*" in
version*) echo '{{"Version": "0.66.0", "VulnerabilityDB": {{"UpdatedAt": "2026-02-03T00:00:00Z"}}}}' ;;
*sbom*) cat {SCANS / sbom} ;;
*) cat {SCANS / image} ;;
esac
"""
        path.write_text(text)
        path.chmod(0o755)

    def run(self):
        environment = {**os.environ, "PATH": f"{self.tools}:/usr/bin:/bin", "OUT": str(self.out), "MARK": "test",
                       "TRIVY_IMAGE": "made-up/trivy:1"}
        for step in (["scanner"], ["surface", "naive"]):
            done = subprocess.run([hello.ROOT / "compare" / step[0], *step[1:]], env=environment, capture_output=True,
                                  text=True, timeout=300)
            assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in (self.out / "samples.jsonl").read_text().splitlines()]
        values, reasons = {}, {}
        for line in lines:
            reasons.update(line.pop("not_measured", {}))
            values.update(line)
        return values, reasons


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_without_a_scanner_packages_are_counted(machine):
    values, reasons = machine.run()
    assert values["scanner_packages"] == 6, "those that have a record"
    assert values["sbom_packages"] == 2, "those that the binary says it has"
    assert set(reasons) == {"cves", "cves_by_severity", "cves_of_sbom", "cve_scanner"}
    assert "the image made-up/trivy:1 can not be pulled" in reasons["cves"]


def test_trivy_on_the_machine(machine):
    machine.scanner("trivy", machine.tools / "trivy")
    values, reasons = machine.run()
    assert reasons == {}
    assert (values["cves"], values["cves_of_sbom"], values["scanner_packages"]) == (4, 0, 3)
    assert values["cves_by_severity"] == "CRITICAL 1, HIGH 1, LOW 1, UNKNOWN 1"
    assert values["cve_scanner"] == "trivy 0.66.0, database of 2026-02-03T00:00:00Z"
    calls = (machine.tmp / "calls").read_text().splitlines()
    assert calls[0].endswith(" hello:naive") and calls[1].endswith(f" {machine.out}/sbom.cdx.json")


def test_grype_on_the_machine(machine):
    machine.scanner("grype", machine.tools / "grype")
    values, reasons = machine.run()
    assert reasons == {}
    assert (values["cves"], values["cves_of_sbom"], values["scanner_packages"]) == (3, 0, 6)
    assert values["cve_scanner"].startswith("grype 0.104.0, ")
    calls = (machine.tmp / "calls").read_text().splitlines()
    assert calls == ["-q -o json docker:hello:naive", f"-q -o json sbom:{machine.out}/sbom.cdx.json"]


@pytest.mark.parametrize("has, can_pull", [("true", "false"), ("false", "true")])
def test_trivy_in_a_container(machine, has, can_pull):
    machine.docker(has, can_pull)
    machine.scanner("trivy", machine.tmp / "trivy")
    values, reasons = machine.run()
    assert reasons == {}
    assert values["cves"] == 4
    calls = (machine.tmp / "calls").read_text().splitlines()
    assert calls[1].endswith(" /out/sbom.cdx.json"), "as the container sees it"


@pytest.mark.parametrize("text", ["echo FATAL no database >&2; exit 1", "echo '{\"SchemaVersion\": 2, '", ":"])
def test_a_scanner_that_fails_is_a_reason(machine, text):
    machine.tool("trivy", text)
    values, reasons = machine.run()
    assert set(reasons) == {"cves", "cves_by_severity", "cves_of_sbom", "cve_scanner"}
    assert reasons["cves"].startswith("trivy failed: ")
    assert values["scanner_packages"] == 6 and "cves" not in values
