"""ci/lint finds what it is there for: each check is red on a copy of the tree with one defect."""

import os
import shutil
import subprocess

import hello
import pytest


def run(script, *args):
    return subprocess.run(
        [hello.ROOT / "ci" / script, *map(str, args)], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def tree(tmp_path):
    """A small src/ that has no finding."""
    for name, text in {
        "main.c": '#include "server/server.h"\n\nint main(void)\n{\n\treturn server_run();\n}\n',
        "server/server.h": "int server_run(void);\n",
        "server/server.c": '#include "server/server.h"\n\n#include "http/url.h"\n\n#include <microhttpd.h>\n\n'
        "int server_run(void)\n{\n\treturn url_parse();\n}\n",
        "http/url.h": "int url_parse(void);\n",
        "http/url.c": '#include "http/url.h"\n\nint url_parse(void)\n{\n\treturn 0;\n}\n',
        "tls/tls.c": "#include <gnutls/gnutls.h>\n#include <mbedtls/ssl.h>\n#include <psa/crypto.h>\n",
        "tls/gnutls/gnutls.h": "int gnutls_init(void);\n",
    }.items():
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def insert(tree, name, line, text):
    path = tree / "src" / name
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[: line - 1], text + "\n", *lines[line - 1 :]]))


def test_a_tree_without_a_finding(tree):
    done = run("layers", tree)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_order_of_the_layers_is_that_of_the_folders():
    folders = {path.name for path in (hello.ROOT / "src").iterdir() if path.is_dir()}
    order = "server client inspect sandbox config tls http base"
    assert folders == set(order.split())
    assert f'"main.c {order}"' in (hello.ROOT / "ci/layers").read_text()


@pytest.mark.parametrize(
    "name, line, include, expect",
    [
        ("http/url.c", 2, '#include "server/server.h"', '"server/server.h" is above http/'),
        ("http/url.h", 1, '#  include "tls/tls.h"', '"tls/tls.h": there is no src/tls/tls.h'),
        ("http/url.c", 3, '#include "main.c"', '"main.c" is without its folder'),
        ("http/url.c", 1, '#include "url.h"', '"url.h" is without its folder'),
        ("server/server.c", 1, '#include "../http/url.h"', '"../http/url.h" is without its folder'),
        ("server/server.c", 2, '#include "http/mux.h"', '"http/mux.h": there is no src/http/mux.h'),
        ("server/server.c", 1, "#include <http/url.h>", "<http/url.h> is a header of src/"),
        ("main.c", 1, "#include <microhttpd.h>", "<microhttpd.h> is included in main.c: only src/server/"),
        ("server/server.c", 1, "#include <mbedtls/ssl.h>", "<mbedtls/ssl.h> is included in server: only src/tls/"),
        ("http/url.c", 1, "#include <psa/crypto.h>", "<psa/crypto.h> is included in http: only src/tls/"),
        ("server/server.h", 1, "#include <gnutls/gnutls.h>", "<gnutls/gnutls.h> is included in server"),
    ],
)
def test_an_include_that_breaks_the_layers(tree, name, line, include, expect):
    insert(tree, name, line, include)
    done = run("layers", tree)
    assert done.returncode == 1
    assert done.stdout.startswith(f"src/{name}:{line}: {expect}")
    assert done.stdout.count("\n") == 1 and done.stderr == ""


def test_an_include_of_the_real_tree_turned_round(tmp_path):
    shutil.copytree(hello.ROOT / "src", tmp_path / "src")
    before = run("layers", tmp_path).stdout
    insert(tmp_path, "base/strbuf.c", 1, '#include "http/url.h"')
    done = run("layers", tmp_path)
    assert done.returncode == 1
    found = set(done.stdout.splitlines()) - set(before.splitlines())
    assert len(found) == 1
    assert found.pop().startswith('src/base/strbuf.c:1: "http/url.h" is above base/: ')


def test_a_folder_without_a_layer(tree):
    (tree / "src/common").mkdir()
    (tree / "src/common/all.c").write_text("")
    done = run("layers", tree)
    assert done.returncode == 1
    assert done.stdout.startswith("src/common/all.c:1: src/common is in no layer")


def test_a_long_file(tree):
    (tree / "src/http/url.c").write_text("\n" * 450)
    assert run("layers", tree).returncode == 0
    (tree / "src/http/url.c").write_text("\n" * 451)
    done = run("layers", tree)
    assert done.returncode == 1
    assert done.stdout.startswith("src/http/url.c:451: the file has 451 lines")


# The words are put together here, since this file is checked, too.
@pytest.mark.parametrize(
    "text",
    ["@" + "@COST@@", "a TO" + "DO", "/* FIX" + "ME: later */", "XX" + "X", "Coming " + "soon.", "µs: TO" + "DO(me)"],
)
def test_a_placeholder(tmp_path, text):
    file = tmp_path / "page.md"
    file.write_text(f"A line.\nbefore {text} after\n")
    done = run("words", file)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{file}:2: a placeholder")


def test_only_the_added_lines_of_a_patch_are_ours(tmp_path):
    word = "TO" + "DO"
    file = tmp_path / "fix.patch"
    file.write_text(f"@@ -1,2 +1,2 @@\n /* {word}: theirs */\n-/* {word}: gone */\n+/* {word}: ours */\n")
    done = run("words", file)
    assert (done.returncode, done.stdout.count("\n")) == (1, 1)
    assert done.stdout.startswith(f"{file}:4: a placeholder")


@pytest.mark.parametrize(
    "host",
    [
        "https://deb" + ".debian.org/debian/pool/",
        "http://ftp.de" + ".debian.org/",
        "security" + ".debian.org",
        "https://snapshot" + ".debian.org/",
        "registry" + ".npmjs.org",
        "https://pypi" + ".org/simple",
        "files" + ".pythonhosted.org",
        "proxy" + ".golang.org",
        "http://dl-cdn" + ".alpinelinux.org/alpine",
        "archive" + ".ubuntu.com",
        "https://mir" + "ror.example.com/debian",
        "http://debian-mir" + "rors.example/x",
    ],
)
def test_the_host_of_a_mirror(tmp_path, host):
    file = tmp_path / "pins"
    file.write_text(f"a line\n\nname 1.0 {host}\n")
    done = run("words", file)
    assert done.returncode == 1
    assert done.stdout == (
        f"{file}:3: the host of a package mirror or registry: name the distribution and the package\n"
    )


def test_words_that_are_fine(tmp_path):
    file = tmp_path / "page"
    file.write_text(
        "mktemp /tmp/a.XXXXXX; methodology; @@ -1,2 +1,2 @@; FROM debian:trixie-slim\n"
        "docker.io/library/alpine gcr.io/distroless/static https://example.com/mirror\n"
        "https://www.debian.org/ https://docs.pypi.example/ a mirror.\n"
    )
    binary = tmp_path / "binary"
    binary.write_bytes(b"\0TO" + b"DO\n")
    done = run("words", file, binary)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def compiled_tree(tree):
    """The same with the libraries that ci/unused compiles and links against."""
    (tree / "build/release").mkdir(parents=True)
    (tree / "build/deps").symlink_to(hello.ROOT / "build/deps")
    (tree / "build/release/deps").symlink_to(hello.ROOT / "build/release/deps")
    shutil.rmtree(tree / "src/tls")
    (tree / "tests/unit").mkdir(parents=True)
    (tree / "tests/fuzz").mkdir()
    insert(tree, "server/server.c", 9, "\tif (MHD_get_version() == NULL)\n\t\treturn 1;")
    return tree


def test_what_is_unused(compiled_tree):
    done = run("unused", compiled_tree)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    insert(compiled_tree, "http/url.c", 2, "#include <errno.h>\n#include <string.h>")
    insert(compiled_tree, "http/url.h", 2, "int url_length(const char *text);\nint url_depth(int at);")
    with (compiled_tree / "src/http/url.c").open("a") as source:
        source.write("\nint url_length(const char *text)\n{\n\treturn (int)strlen(text);\n}\n")
        source.write("\nint url_depth(int at)\n{\n\treturn at == 0 ? 0 : url_depth(at - 1);\n}\n")
    done = run("unused", compiled_tree)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "src/http/url.c:15: url_depth has callers in this file alone: make it static",
        "src/http/url.c:10: url_length has no caller: remove it",
        "src/http/url.c:2: #include <errno.h> is unused: remove it",
    ]

    # A function that its own file and a unit test call stays external.
    (compiled_tree / "tests/unit/test_url.c").write_text("url_depth(1);\n")
    done = run("unused", compiled_tree)
    assert "url_depth" not in done.stdout and "url_length" in done.stdout


@pytest.mark.parametrize("script, args", [("layers", "1 2"), ("layers", os.devnull), ("words", ""), ("unused", "1 2")])
def test_wrong_usage(script, args):
    done = run(script, *args.split())
    assert done.returncode == 2
    assert done.stderr and done.stdout == ""
