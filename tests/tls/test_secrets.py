"""The private key: never in a log, a response, a core dump, nor as its file's text in memory."""

import base64
import contextlib
import os
import re
import resource
import signal
import subprocess

import hello
import pytest


def lines_of(path):
    """The base64 lines of a PEM file, and the bytes that they stand for."""
    lines = [line for line in path.read_bytes().splitlines() if b"-----" not in line]
    return [line for line in lines if len(line) > 20], base64.b64decode(b"".join(lines))


def memory(pid):
    """All that the process can write to, as root sees it."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if rights.startswith("rw"):
                mem.seek(int(start, 16))
                # Another thread may have unmapped it since: then it is no memory of the process.
                with contextlib.suppress(OSError):
                    yield mem.read(int(end, 16) - int(start, 16))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads the memory of what is not dumpable")
@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_a_keys_text_is_wiped(start, flavour, pki, kind):
    server = start(*pki.pair(f"{kind}.chain"))
    server.send_signal(1)
    server.log_lines("reloaded|Reloaded|certificate", 1)
    assert server.ask("/").status == 200
    lines, der = lines_of(pki.path(f"{kind}.key"))
    found = b"\0".join(memory(server.process.pid))
    # What is looked for would be found: the certificate is there, and the text of its flag.
    _, public = lines_of(pki.path(f"{kind}.pem"))
    assert public[-32:] in found and str(pki.path(f"{kind}.key")).encode() in found
    assert not [line for line in lines if line in found]
    assert der[:48] not in found


def test_a_bad_key_is_not_quoted(start, pki, tmp_path):
    """What is wrong with a file is said without its text: a key in the certificate's place, too."""
    cert, key = tmp_path / "cert", tmp_path / "key"
    chain, good = (pki.path(f"rsa2048.{name}").read_bytes() for name in ("chain.pem", "key"))
    at = len(good) // 2
    bad = [(good, chain), (chain, good[:at] + good[at + 1 :]), (chain, good[:at]), (good, good)]
    cert.write_bytes(chain)
    key.write_bytes(good)
    server = start("-tls-cert", cert, "-tls-key", key)
    for count, (as_cert, as_key) in enumerate(bad, 1):
        cert.write_bytes(as_cert)
        key.write_bytes(as_key)
        server.send_signal(1)
        server.log_lines("The certificate is unchanged", count)
    lines, _ = lines_of(pki.path("rsa2048.key"))
    assert not [line for line in lines if line[:16].decode() in server.log()]
    assert server.ask("/").status == 200


@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_no_output_contains_it(start, pki, kind):
    server = start(*pki.pair(f"{kind}.chain"))
    responses = [server.ask(path).body.decode() for path in ("/", "/whoami", "/metrics", "/version")]
    lines, _ = lines_of(pki.path(f"{kind}.key"))
    assert not [line for line in lines if line.decode() in server.log() + "".join(responses)]


@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("tls", [True, False])
def test_the_kernel_makes_no_core_dump(start, flavour, tls, tmp_path):
    """
    Without HTTPS it makes one: so the limit, the pattern of its name and the directory allow it.
    Without the sandbox, because Landlock would deny writing the file.
    """
    def allow_cores():
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    server = start("-sandbox", "off", tls=tls, cwd=tmp_path, preexec_fn=allow_cores)
    server.send_signal(signal.SIGSEGV)
    # Python's own Popen.wait() drops the flag.
    _, status = os.waitpid(server.process.pid, 0)
    server.process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGSEGV
    if not tls and not os.WCOREDUMP(status):
        pytest.skip("this system makes no core dumps (RLIMIT_CORE, core_pattern)")
    assert os.WCOREDUMP(status) is not tls


@pytest.mark.skipif(os.geteuid() != 0, reason="another user is needed")
@pytest.mark.parametrize("flavour", ["release"])
@pytest.mark.parametrize("tls", [True, False])
def test_processes_of_the_same_user_cannot_read_it(start, flavour, tls, tmp_path, monkeypatch):
    copy = hello.copy_for_others(flavour, tmp_path)
    monkeypatch.setattr(hello, "binary", lambda _: copy)
    server = start(tls=tls, user=65534, group=65534, extra_groups=[])
    command = ["head", "-c1", f"/proc/{server.process.pid}/maps"]
    done = subprocess.run(command, user=65534, group=65534, extra_groups=[], capture_output=True)
    assert (done.returncode == 0, bool(done.stdout)) == (not tls, not tls), done.stderr
