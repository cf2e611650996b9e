"""What two scanners that others trust find on the HTTPS port."""

import json
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

SUITES_12 = {
    "rsa2048": "ECDHE-RSA",
    "p256": "ECDHE-ECDSA",
}
CIPHERS = {"AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"}
SUITES_13 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
GROUPS = {"x25519", "secp256r1 (NIST P-256)", "secp384r1 (NIST P-384)"}

pytestmark = pytest.mark.parametrize("flavour", ["release"])


@pytest.fixture(params=["rsa2048", "p256"])
def kind(request):
    return request.param


@pytest.fixture
def server(start, flavour, pki, kind):
    return start(*pki.pair(f"{kind}.chain"))


def scan(command, seconds):
    assert shutil.which(command[0]), f"{command[0]} is missing; ci/setup test brings it"
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds)


def test_sslscan(server, kind, tmp_path):
    report = tmp_path / "report.xml"
    done = scan(["sslscan", f"--xml={report}", f"localhost:{server.port}"], 120)
    assert done.returncode == 0, done.stdout + done.stderr
    found = xml.etree.ElementTree.parse(report).find("ssltest")
    enabled = {
        p.get("type") + p.get("version") for p in found.findall("protocol") if p.get("enabled") == "1"
    }
    assert enabled == {"tls1.2", "tls1.3"}
    suites = {(c.get("sslversion"), c.get("cipher")) for c in found.findall("cipher")}
    assert suites == {("TLSv1.3", suite) for suite in SUITES_13} | {
        ("TLSv1.2", f"{SUITES_12[kind]}-{cipher}") for cipher in CIPHERS
    }
    groups = {(g.get("sslversion"), g.get("name")) for g in found.findall("group")}
    # In TLS 1.2 the client's groups must have the certificate's curve, too (RFC 8422, section 5.1).
    with_12 = GROUPS if kind == "rsa2048" else {"secp256r1 (NIST P-256)"}
    assert groups == {("TLSv1.3", name) for name in GROUPS} | {("TLSv1.2", name) for name in with_12}
    assert found.find("renegotiation").get("supported") == "0"
    assert {h.get("vulnerable") for h in found.findall("heartbleed")} == {"0"}


# What testssl.sh holds against a certificate of a test's own authority, and against this machine.
EXPECTED = {
    "cert_chain_of_trust": "the authority is the test's own",
    "cert_validityPeriod": "until 2049, longer than browsers take of public authorities",
    "cert_revocation": "the test's authority revokes nothing",
    "engine_problem": "the scanner's own OpenSSL has no GOST",
}


@pytest.mark.parametrize("kind", ["p256"])
@pytest.mark.long
def test_testssl(server, kind, tmp_path):
    report = tmp_path / "report.json"
    checks = ["-p", "-f", "-S", "-U", "-s"]  # protocols, forward secrecy, server, flaws, ciphers
    done = scan(
        ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip", "127.0.0.1", "--nodns", "none"]
        + ["--jsonfile", report, *checks, f"localhost:{server.port}"],
        900,
    )
    findings = json.loads(report.read_text())
    assert len(findings) > 40, done.stdout + done.stderr
    by_id = {finding["id"]: finding for finding in findings}
    bad = {
        finding["id"]: finding["finding"]
        for finding in findings
        if finding["severity"] not in ("OK", "INFO", "DEBUG", "LOW")
    }
    # Its client hangs up after the handshake, often before TLS 1.3's ticket has come;
    # test_resumption.py waits for them.
    if bad.get("sessionresumption_ticket") == "check failed because of connect problem":
        del bad["sessionresumption_ticket"]
    # The name that testssl.sh 3.2 has for the length of the validity.
    if "cert_extlifeSpan" in bad:
        bad["cert_validityPeriod"] = bad.pop("cert_extlifeSpan")
    assert set(bad) == set(EXPECTED), bad
    for protocol in ("SSLv2", "SSLv3", "TLS1", "TLS1_1"):
        assert by_id[protocol]["finding"].startswith("not offered"), protocol
    for protocol in ("TLS1_2", "TLS1_3"):
        assert by_id[protocol]["finding"].startswith("offered"), protocol
    for flaw in ("heartbleed", "CCS", "ticketbleed", "ROBOT", "CRIME_TLS", "POODLE_SSL", "SWEET32"):
        assert by_id[flaw]["severity"] == "OK", by_id[flaw]
    for flaw in ("FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4", "secure_renego"):
        assert by_id[flaw]["severity"] == "OK", by_id[flaw]
    assert by_id["secure_client_renego"]["severity"] == "OK"
