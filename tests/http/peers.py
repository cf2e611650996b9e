"""Other servers on the loopback, set up like hello: the same response, the same limits.

They are this machine's, or those in a directory of ci/peers.
"""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time

import hello
import rfc_cases
from test_like_net_http import build_reference

NGINX_CONF = """
daemon off;
worker_processes 1;
pid nginx.pid;
{user}
error_log stderr crit;
events {{}}
http {{
  access_log off;
  default_type text/plain;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size {body_limit};
  client_header_buffer_size 8k;
  large_client_header_buffers 1 8k;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      # To return is to respond before the body is read; to pass it on is to read it first.
      if ($request_method != POST) {{ return 200 "howdy\\n"; }}
      proxy_pass "http://unix:{prefix}/inner";
      proxy_ignore_client_abort on;
    }}
  }}
  server {{
    listen "unix:{prefix}/inner";
    location / {{ return 200 "howdy\\n"; }}
  }}
}}
"""


class NetHTTP:
    name = "Go net/http"

    def __init__(self, root=None):
        go = root / "usr/lib/go/bin/go" if root else None
        limits = ["-max-body", str(rfc_cases.BODY_LIMIT), "-max-header", "8192"]
        self.process = subprocess.Popen(
            [build_reference(go), *limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it reports what clients do wrong
        )
        self.port = int(self.process.stdout.readline())
        said = subprocess.run([go or "go", "version"], capture_output=True, text=True, check=True)
        self.version = re.search(r"go([\d.]+)", said.stdout)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(hello.DEADLINE_S)
        self.process.stdout.close()


def nginx_of(root):
    """The command of this machine's nginx, or of the one in a directory of ci/peers."""
    if root is None:
        binary = shutil.which("nginx") or str(hello.ROOT / "build/tools/nginx")
        assert os.path.exists(binary), "nginx is missing; `make setup` brings it"
        return [binary]
    # With the C library that it is linked to, which may be newer than this machine's.
    (loader,) = root.glob("usr/lib/*/ld-linux-*.so.*")
    return [loader, "--library-path", loader.parent, root / "usr/sbin/nginx"]


class Nginx:
    name = "nginx"

    def __init__(self, root=None):
        command = nginx_of(root)
        said = subprocess.run([*command, "-v"], capture_output=True, text=True, check=True)
        self.version = re.search(r"nginx/([\d.]+)", said.stderr)[1]
        self.prefix = tempfile.TemporaryDirectory(prefix="hello-nginx-")
        os.chmod(self.prefix.name, 0o755)  # its workers may be another user
        # It takes over a listening socket that is named so: no other process can get the port.
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
            self.port = listener.getsockname()[1]
            conf = NGINX_CONF.format(
                port=self.port, body_limit=rfc_cases.BODY_LIMIT, prefix=self.prefix.name,
                user="user root;" if os.getuid() == 0 else "",
            )
            (pathlib.Path(self.prefix.name) / "nginx.conf").write_text(conf)
            self.process = subprocess.Popen(
                [*command, "-p", self.prefix.name, "-c", "nginx.conf"],
                env=dict(os.environ, NGINX=f"{listener.fileno()};"),
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._wait_until_ready()

    def _wait_until_ready(self):
        deadline = time.monotonic() + hello.DEADLINE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"nginx ended with {self.process.returncode}"
            try:
                with hello.Connection(self.port) as connection:
                    assert connection.ask("/").body == b"howdy\n"
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("nginx does not respond")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(hello.DEADLINE_S)
        self.prefix.cleanup()
