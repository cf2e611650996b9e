"""What a request and a drain may cost, in calls: counts are the same on every machine."""

import re
import signal
import subprocess
import time

import hello
import pytest

REQUESTS = 200


class Callgrind(hello.Server):
    """Under valgrind's callgrind, which counts the calls of each function."""

    def command(self, *args):
        self.counts = f"{self.reports.name}/callgrind.out"
        return [
            "valgrind",
            "--tool=callgrind",
            "--compress-strings=no",
            f"--callgrind-out-file={self.counts}",
            hello.binary("valgrind"),
            "serve",
            *args,
        ]

    def calls(self):
        """Calls by name of the function called."""
        total = {}
        name = None
        with open(self.counts, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith("cfn="):
                    name = line[4:].strip().split("'")[0]
                elif line.startswith("calls="):
                    total[name] = total.get(name, 0) + int(line[6:].split()[0])
        return total


@pytest.mark.parametrize("log", ["text", "json"])
def test_a_request_reads_its_header_once_and_the_clock_three_times(log):
    """At its start, when its response begins, and at its end."""
    server = Callgrind("valgrind", "-log", log, "-sandbox", "off")
    try:
        with server.connect() as connection:
            for _ in range(REQUESTS):
                headers = [("User-Agent", "test"), ("If-None-Match", "x")]
                assert connection.ask("/", headers=headers).status == 200
        assert server.stop(timeout=60) == 0
        calls = server.calls()
    finally:
        server.process.kill()
        server.process.wait()
        server.reports.cleanup()
    assert calls["request_on_part"] == 2 * REQUESTS
    assert calls["MHD_get_connection_values_n"] == REQUESTS
    assert calls.get("MHD_lookup_connection_value", 0) == 0
    # Beside them the ticks of the deadlines, twice a second, and of the drain.
    ticks = calls["conns_sweep"]
    assert calls["clock_monotonic_us"] <= 3 * REQUESTS + 3 * ticks + 10


def test_a_drain_asks_the_kernel_once_or_twice_for_each_connection(tmp_path):
    """However long it lasts: headers that have begun keep it waiting for -shutdown-timeout."""
    count = 20
    trace = tmp_path / "trace"
    server = hello.Server("release", "-sandbox", "off", "-shutdown-timeout", "1500ms")
    connections = [server.connect() for _ in range(count)]
    try:
        for connection in connections:
            connection.send(b"GET / HTTP/1.1\r\nHost: te")
        time.sleep(1.2)  # two sweeps, so that each header is known to have begun, or is not
        tracer = subprocess.Popen(
            ["strace", "-f", "-e", "trace=getsockopt", "-o", trace, "-p", str(server.process.pid)],
            stderr=subprocess.PIPE,
        )
        assert b"attached" in tracer.stderr.readline()
        server.send_signal(signal.SIGTERM)
        server.process.wait(30)
        tracer.wait(30)
        asked = len(re.findall(r"getsockopt\(\d+, SOL_TCP, TCP_INFO", trace.read_text()))
        assert 0 <= asked <= 2 * count
    finally:
        for connection in connections:
            connection.close()
        server.process.kill()
        server.process.wait()
        server.reports.cleanup()
