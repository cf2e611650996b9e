"""/metrics counts what happened, in a form that Prometheus' own tool accepts."""

import os
import shutil
import subprocess
import threading
import time

import hello


def test_promtool_has_nothing_to_say(server):
    server.ask("/")
    response = server.ask("/metrics")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    promtool = shutil.which("promtool") or str(hello.ROOT / "build/tools/promtool")
    assert os.path.exists(promtool), "promtool is missing; `make setup` brings it"
    done = subprocess.run(
        [promtool, "check", "metrics"], input=response.body, capture_output=True, timeout=hello.DEADLINE_S
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def settled(server, name, value):
    """A request is counted once its response is out, which its client may see first."""
    deadline = time.monotonic() + hello.DEADLINE_S
    while server.metrics()[name] != value:
        assert time.monotonic() < deadline, server.metrics()
        time.sleep(0.01)


def test_requests_by_class(server):
    for target, times in [("/", 3), ("/magazine", 2), ("/%zz", 1)]:
        for _ in range(times):
            server.ask(target)
    settled(server, 'hello_http_requests_total{code="3xx"}', 2)
    settled(server, 'hello_http_requests_total{code="4xx"}', 1)
    assert server.metrics()['hello_http_requests_total{code="2xx"}'] >= 3
    assert server.metrics()['hello_http_requests_total{code="5xx"}'] == 0


def test_bytes_connections_and_latency(server):
    with server.connect() as connection:
        connection.ask("/", "POST", body=b"x" * 1234)
        connection.ask("/", "HEAD")
        settled(server, "hello_connections_open", 2)
    settled(server, "hello_connections_open", 1)
    seen = server.metrics()
    assert seen["hello_http_request_body_bytes_total"] == 1234
    assert seen["hello_connections_accepted_total"] >= 3
    assert seen["hello_connections_refused_total"] == 0
    count = seen["hello_http_request_duration_seconds_count"]
    assert count == seen['hello_http_request_duration_seconds_bucket{le="+Inf"}'] >= 2
    assert 0 < seen["hello_http_request_duration_seconds_sum"] < 60
    counts = [v for k, v in seen.items() if "_bucket" in k]
    assert counts == sorted(counts)


def test_what_and_since_when(server):
    seen = server.metrics()
    assert abs(seen["process_start_time_seconds"] - time.time()) < 60
    info = [name for name in seen if name.startswith("hello_build_info{")]
    assert len(info) == 1 and seen[info[0]] == 1
    assert 'libmicrohttpd="1.' in info[0]


def test_response_bytes_are_bodies_alone(server):
    for _ in range(10):
        server.ask("/")
    settled(server, 'hello_http_requests_total{code="4xx"}', 0)
    assert server.metrics()["hello_http_response_body_bytes_total"] >= 10 * len("howdy\n")


def test_nothing_is_lost_under_load(server):
    """Each event loop counts for itself, while others read what it counts."""
    clients, requests = 8, 40
    failures = []

    def ask(number):
        try:
            with server.connect() as connection:
                for i in range(requests):
                    target = "/metrics" if (number + i) % 4 == 0 else "/magazine/vogue"
                    assert connection.ask(target).status == 200
        except Exception as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(hello.DEADLINE_S)
    assert failures == []
    before = 'hello_http_requests_total{code="2xx"}'
    scrapes = 0
    deadline = time.monotonic() + hello.DEADLINE_S
    while (seen := server.metrics()[before]) != clients * requests + scrapes:
        assert seen < clients * requests + scrapes and time.monotonic() < deadline, (seen, scrapes)
        scrapes += 1
    assert server.metrics()["hello_connections_refused_total"] == 0
