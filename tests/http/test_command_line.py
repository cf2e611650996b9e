"""The command line: what it says, where it says it, and the exit status."""

import json
import os
import re
import socket
import subprocess

import hello
import pytest


@pytest.mark.parametrize(
    "args, word",
    [
        (["-bogus"], '"-bogus"'),
        (["serve", "-bogus=1"], '"-bogus=1"'),
        (["bogus"], '"bogus"'),
        (["serve", "extra"], '"extra"'),
        (["-addr"], '"-addr"'),
        (["-addr", "nonsense"], '-addr "nonsense"'),
        (["-addr", ":70000"], '-addr ":70000"'),
        (["-addr", ""], "-addr"),
        (["-log", "xml"], '-log "xml"'),
        (["-idle-timeout", "5"], '-idle-timeout "5"'),
        (["-read-header-timeout", "1ns"], "from 1ms to 1h"),
        (["version", "extra"], '"extra"'),
        (["version", "-bogus"], '"-bogus"'),
        (["inspect", "-json=maybe"], '-json "maybe"'),
        (["help", "extra"], '"extra"'),
    ],
)
def test_wrong_usage_is_one_line_and_2(flavour, args, word):
    done = hello.run(flavour, *args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n")
    assert done.stderr.startswith("hello: ") and word in done.stderr
    assert "; " in done.stderr, "says what would be right"


def test_a_bad_variable_is_named(flavour):
    done = hello.run(flavour, env={"HELLO_DRAIN_DELAY": "soon"})
    assert done.returncode == 2
    assert done.stderr == (
        'hello: HELLO_DRAIN_DELAY "soon": invalid value; '
        "want a duration such as 300ms, 1.5s or 2m, from 0 to 1h\n"
    )


def test_control_characters_stay_visible(flavour):
    done = hello.run(flavour, "-bogus\n\x1b[31m")
    assert done.stderr == 'hello: "-bogus\\x0a\\x1b[31m": unknown flag; hello help lists them\n'


def test_a_port_in_use_is_one_line_and_1(flavour):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        addr = "127.0.0.1:%d" % taken.getsockname()[1]
        done = hello.run(flavour, "-addr", addr)
    assert done.returncode == 1
    assert done.stderr == (
        f'hello: -addr "{addr}": can\'t listen: '
        + ("Address in use" if flavour.endswith("release") else "Address already in use")
        + "; another process listens there; choose another port or 0 for a free one\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid"])
def test_a_host_that_is_not_ours_is_one_line_and_1(flavour, host):
    done = hello.run(flavour, "-addr", f"{host}:0", timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith(f'hello: -addr "{host}:0": ') and done.stderr.count("\n") == 1


COMMANDS = {
    "serve": ("hello [serve] [flags]", ["-addr", "-tls-addr", "-trust-proxy"]),
    "healthcheck": ("hello healthcheck [flags] [URL]", ["-timeout", "-ca"]),
    "get": ("hello get [flags] URL", ["-L", "-i", "-o", "-ca", "-idle-timeout", "-timeout"]),
    "inspect": ("hello inspect [-json]", ["-json"]),
    "version": ("hello version [-json]", ["-json"]),
    "help": ("hello help", []),
}
EVERY_FLAG = {flag for _, flags in COMMANDS.values() for flag in flags}


def printed_flags(text):
    return re.findall(r"^  (-\S+)", text, re.M)


@pytest.mark.parametrize("args", [["-h"], ["-help"], ["--help"], ["help"]])
def test_help_is_an_overview_on_standard_output(flavour, args):
    done = hello.run(flavour, *args)
    assert (done.returncode, done.stderr) == (0, "")
    assert "-addr HOST:PORT" in done.stdout
    assert set(printed_flags(done.stdout)) >= EVERY_FLAG
    for command, (synopsis, _) in COMMANDS.items():
        assert f"\n  {synopsis} " in done.stdout
    assert done.stdout.endswith("\n"), "not truncated"


@pytest.mark.parametrize("word", ["-h", "-help", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_prints_its_own_usage(flavour, command, word):
    synopsis, flags = COMMANDS[command]
    done = hello.run(flavour, command, word)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: {synopsis}\n")
    printed = set(printed_flags(done.stdout))
    assert printed >= set(flags)
    assert command == "serve" or printed == set(flags)
    assert not any(f"hello {other}" in done.stdout for other in COMMANDS if other != command)


def test_help_after_other_flags(flavour):
    done = hello.run(flavour, "-log", "off", "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: hello [serve] [flags]\n")
    done = hello.run(flavour, "version", "-json", "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: hello version")


def test_json_is_a_flag_like_the_others(flavour):
    assert json.loads(hello.run(flavour, "version", "--json").stdout)
    assert json.loads(hello.run(flavour, "version", "-json=true").stdout)
    text = hello.run(flavour, "version", "-json=false")
    assert text.returncode == 0 and not text.stdout.startswith("{")


def test_version(flavour):
    text = hello.run(flavour, "version")
    assert text.returncode == 0
    parts = dict(line.split(" ", 1) for line in text.stdout.splitlines())
    lock = {}
    for line in (hello.ROOT / "deps/deps.lock").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split()[:2]
            lock[name] = version
    assert parts["libmicrohttpd"] == lock["libmicrohttpd"]
    assert parts["musl" if flavour.endswith("release") else "glibc"][0].isdigit()
    assert parts["compiler"][0].isdigit() or "lang" in parts["compiler"]
    assert re.fullmatch(r"[0-9.]+", parts["binutils"])
    assert json.loads(hello.run(flavour, "version", "-json").stdout) == parts


@pytest.mark.parametrize("args", [["version"], ["help"], ["get", "-h"], ["-h"]], ids=" ".join)
def test_output_that_gets_lost_is_an_error(flavour, args):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*hello.emulator(flavour), hello.binary(flavour), *args], stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=hello.DEADLINE_S,
        )
    error = "No space left on device"
    assert (done.returncode, done.stderr) == (1, f"hello: standard output: can't write: {error}\n")
    done = hello.run(flavour, *args, preexec_fn=lambda: os.close(1))
    error = "Bad file descriptor"
    assert (done.returncode, done.stderr) == (1, f"hello: standard output: can't write: {error}\n")


def test_addr_from_the_environment(start):
    assert start(addr=None, env={"HELLO_ADDR": "127.0.0.1:0"}).ask("/").status == 200
    assert start(addr=None, env={"PORT": "0"}).ask("/").status == 200


def test_dual_stack(start):
    server = start(addr=":0")
    assert server.ask("/").body == b"howdy\n"
    with server.connect(host="::1") as connection:
        assert connection.ask("/").body == b"howdy\n"
    server.log_lines(r"request from 127\.0\.0\.1:\d+$", 1)
    server.log_lines(r"request from \[::1\]:\d+$", 1)
