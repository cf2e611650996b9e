"""The committed configuration of libmicrohttpd is what its ./configure finds today."""

import os
import re
import shutil
import subprocess

import hello
import pytest
from musl import variable

# Options of ./configure that MHD_config.h stands for.
OPTIONS = [
    "--disable-shared", "--enable-static", "--with-threads=posix", "--enable-epoll", "--disable-poll",
    "--enable-itc=eventfd", "--enable-https", "--disable-postprocessor", "--disable-cookie",
    "--disable-bauth", "--disable-dauth", "--disable-httpupgrade", "--disable-messages", "--disable-nls",
    "--disable-sendfile", "--disable-thread-names", "--disable-doc", "--disable-examples",
    "--disable-tools", "--disable-curl", "--disable-dependency-tracking",
]
SPECS = "build/musl/deps/lib/musl.specs"
TARGETS = {
    "glibc": ("gcc", "-O1", []),
    "musl": ("gcc", "-Os", []),
    "arm64": ("aarch64-linux-gnu-gcc", "-O1", ["--host=aarch64-linux-gnu"]),
}


@pytest.fixture(scope="module")
def sources():
    subprocess.run(["make", "-s", SPECS, "build/deps/include/complete"],
                   cwd=hello.ROOT, check=True)
    return [*variable("libmicrohttpd_SOURCES"), *variable("libmicrohttpd_TLS_SOURCES")]


def macros(compiler, header):
    """Name to value of what a header defines."""
    done = subprocess.run(
        [*compiler.split(), "-D_GNU_SOURCE", "-E", "-dM", "-x", "c", header], capture_output=True, text=True,
        check=True,
    )
    return dict(re.findall(r"^#define (\w+) ?(.*)$", done.stdout, re.M))


@pytest.fixture(scope="module", params=TARGETS)
def configured(request, sources, tmp_path_factory):
    """The compiler, its optimisation, and a source tree in which ./configure has run."""
    compiler, optimise, options = TARGETS[request.param]
    tmp_path = tmp_path_factory.mktemp(request.param)
    if not shutil.which(compiler.split()[0]):
        pytest.skip(f"{compiler} is not installed (on Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross)")
    if request.param == "musl":
        # configure's own programs call more than ours.
        compiler += f" -specs={request.getfixturevalue('whole')}/musl.specs"
    name = "libmicrohttpd-" + variable("libmicrohttpd_VERSION")[0]
    subprocess.run(["tar", "-xf", hello.ROOT / f"deps/cache/{name}.tar.gz", "-C", tmp_path], check=True)
    # configure wants to link one function of GnuTLS.
    shim = tmp_path / "shim"
    shutil.copytree(hello.ROOT / "src/tls/gnutls", shim / "include/gnutls")
    (shim / "lib").mkdir()
    (shim / "stub.c").write_text("const char *gnutls_check_version(const char *v) { return v; }\n")
    subprocess.run([*compiler.split(), "-c", "-o", shim / "stub.o", shim / "stub.c"], check=True)
    subprocess.run(["ar", "rc", shim / "lib/libgnutls.a", shim / "stub.o"], check=True)
    # It insists on a pkg-config, though it asks nothing of it.
    env = {**os.environ, "CC": compiler, "CFLAGS": optimise, "PKG_CONFIG": "true"}
    done = subprocess.run(["./configure", *options, *OPTIONS, f"--with-gnutls={shim}"],
                          cwd=tmp_path / name, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return compiler, optimise, tmp_path / name


def test_it_is_what_configure_finds(configured, sources):
    compiler, optimise, tree = configured
    known = set(re.findall(r"^#\s*undef (\w+)", (tree / "MHD_config.h.in").read_text(), re.M))
    files = [tree / f"src/microhttpd/{name}.c" for name in sources]
    files += [*(tree / "src/microhttpd").glob("*.h"), *(tree / "src/include").glob("*.h")]
    asked = set()
    for file in files:
        asked |= set(re.findall(r"\b[A-Za-z_]\w*\b", file.read_text(errors="replace")))
    asked &= known
    assert len(asked) > 100
    asked.remove("HTTPS_SUPPORT")  # the recipe's
    asked.remove("HAVE_RANDOM")  # no compiled file calls it, and the files of musl in use are without it
    command = f"{compiler} {optimise}"
    found = macros(command, tree / "MHD_config.h")
    ours = macros(command, hello.ROOT / "deps/libmicrohttpd/MHD_config.h")
    # sizeof() in one is a predefined macro in the other.
    ours = {name: ours.get(value, value) for name, value in ours.items()}
    assert {name: ours.get(name) for name in asked} == {name: found.get(name) for name in asked}


def test_the_recipe_compiles_the_same_files_with_the_same_flags(configured, sources):
    _, _, tree = configured
    done = subprocess.run(["make", "-n", "-C", "src/microhttpd", "libmicrohttpd.la"], cwd=tree,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    compiled = re.findall(r"libtool +--tag=CC +--mode=compile (.*) -c -o \S+ .*?(\w+)\.c$", done.stdout, re.M)
    assert [name for _, name in compiled] == sources
    flags = set(variable("call libmicrohttpd_flags,release"))
    wanted = {flag for flag in compiled[0][0].split() if flag.startswith(("-D", "-f", "-pthread"))}
    assert wanted <= flags | {"-DHAVE_CONFIG_H"}
    assert {f for f in flags if f.startswith(("-D", "-f"))} - wanted == {"-DHTTPS_SUPPORT=1"}
