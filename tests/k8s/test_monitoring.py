"""The alert rules and the dashboard of k8s/components/metrics, with Prometheus' own promtool and hello's own metrics."""

import json
import re
import subprocess

import pytest
import render
import yaml

METRICS = render.K8S / "components/metrics"
# Made by Prometheus itself for each target.
OF_PROMETHEUS = {"up"}


def promtool(*args, cwd=None):
    tool = render.TOOLS / "promtool"
    done = subprocess.run([tool if tool.exists() else "promtool", *args], cwd=cwd, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def rule_file():
    """The rule file for a Prometheus without the operator, made as prometheusrule.yaml says."""
    text = (METRICS / "prometheusrule.yaml").read_text()
    command = re.search(r"^#   (sed .*) prometheusrule.yaml >hello.rules.yaml$", text, re.M)[1]
    return subprocess.run(["sh", "-c", f"{command} prometheusrule.yaml"], cwd=METRICS, capture_output=True, text=True, check=True).stdout


def rules():
    (group,) = yaml.safe_load(rule_file())["groups"]
    return {each["alert"]: each for each in group["rules"]}


def dashboard():
    return json.loads((METRICS / "dashboard.json").read_text())


def dashboard_expressions():
    """(panel, PromQL) with Grafana's variables replaced, as Grafana does it."""
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "2m")
            expression = re.sub(r"\$(namespace|instance)\b", ".*", expression)
            assert "$" not in expression, expression
            yield panel["title"], expression


def metrics_in(expression):
    """Names of metrics in PromQL: what is neither a function, a keyword nor a label."""
    expression = re.sub(r'"[^"]*"', '""', expression)
    expression = re.sub(r"\b(by|on|without|group_left)\s*\([^)]*\)", "", expression)
    expression = re.sub(r"\{[^}]*\}", "", expression)
    names = re.findall(r"\b[a-z][a-z0-9_]*\b(?!\s*\()", re.sub(r"\[[^]]*\]", "", expression))
    return set(names)


@pytest.fixture
def published(start):
    """The names and labels that hello publishes after a request."""
    server = start("-max-conns-per-ip", "100")
    server.ask("/")
    text = server.ask("/metrics").body.decode()
    samples = re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", text, re.M)
    return {name: set(re.findall(r'(\w+)="', labels)) for name, labels in samples}


def test_promtool_accepts_the_rules(tmp_path):
    (tmp_path / "hello.rules.yaml").write_text(rule_file())
    status, output = promtool("check", "rules", "--lint=all", "--lint-fatal", "hello.rules.yaml", cwd=tmp_path)
    assert status == 0, output
    assert f"{len(rules())} rules found" in output
    (tmp_path / "hello.rules.yaml").write_text(rule_file().replace("absent(", "absnt("))
    assert promtool("check", "rules", "hello.rules.yaml", cwd=tmp_path)[0] != 0


def test_promtool_accepts_the_dashboard(tmp_path):
    """Each expression as a recording rule."""
    group = {"name": "dashboard", "rules": [
        {"record": f"panel:{i}", "expr": expression} for i, (_, expression) in enumerate(dashboard_expressions())
    ]}
    (tmp_path / "dashboard.yaml").write_text(yaml.safe_dump({"groups": [group]}))
    status, output = promtool("check", "rules", "dashboard.yaml", cwd=tmp_path)
    assert status == 0, output


@pytest.mark.parametrize("flavour", ["release"], indirect=True)
def test_each_metric_is_one_of_hellos(published):
    used = {name for rule in rules().values() for name in metrics_in(rule["expr"])}
    used |= {name for _, expression in dashboard_expressions() for name in metrics_in(expression)}
    assert len(used) > 10
    assert used - OF_PROMETHEUS <= set(published), "not in /metrics"
    # And each of hello's is in the dashboard.
    bare = {re.sub(r"_(bucket|sum|count)$", "", name) for name in published}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for _, e in dashboard_expressions() for name in metrics_in(e)}
    assert bare == shown


@pytest.mark.parametrize("flavour", ["release"], indirect=True)
def test_each_label_is_one_of_hellos(published):
    labels = {"namespace", "instance", "job"} | set().union(*published.values())
    for expression in [rule["expr"] for rule in rules().values()] + [each for _, each in dashboard_expressions()]:
        used = set(re.findall(r"(\w+)\s*=~?\s*\"", expression))
        for clause in re.findall(r"\bby\s*\(([^)]*)\)", expression):
            used |= {label.strip() for label in clause.split(",")}
        assert used <= labels, expression


def test_the_dashboard_has_a_place_for_each_panel():
    board = dashboard()
    taken = {}
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert [target["refId"] for target in panel["targets"]] == list("ABCD")[: len(panel["targets"])]
    ids = [panel["id"] for panel in board["panels"]]
    assert len(set(ids)) == len(ids)
    assert [each["name"] for each in board["templating"]["list"]] == ["datasource", "namespace", "instance"]
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in board["panels"])


# ---- when the alerts fire -----------------------------------------------------------------

INFO = ('hello_build_info{namespace="a", instance="1", version="1"}', "1x200")


def requests(code, values, instance=1):
    return (f'hello_http_requests_total{{namespace="a", instance="{instance}", code="{code}"}}', values)


def buckets(fast, all_of_them):
    name = 'hello_http_request_duration_seconds_bucket{namespace="a", instance="1", le="%s"}'
    return [(name % "0.025", fast), (name % "0.1", fast), (name % "0.5", all_of_them), (name % "+Inf", all_of_them)]


def counter(name, values):
    return [(f'{name}{{namespace="a", instance="1", job="hello"}}', values)]


# An update of three idle pods, each probed 0.63 times a second and, as it drains, five times with 503; a
# sample each 30 seconds. The counters of the old pods end.
UPDATE = [series for pod in (1, 2, 3) for series in (
    requests("2xx", "0+19x40", pod), requests("5xx", f"0x{5 + pod} 5x3", pod), requests("2xx", "0+19x40", pod + 3), requests("5xx", "0x40", pod + 3),
)]

# (alert, series, minute, fires): samples come each 30 seconds.
CASES = [
    ("HelloAbsent", [], 1, False),
    ("HelloAbsent", [], 3, True),
    ("HelloAbsent", [INFO], 30, False),
    ("HelloInstanceDown", [('up{job="hello", instance="1"}', "1x10 0x40")], 9, False),
    ("HelloInstanceDown", [('up{job="hello", instance="1"}', "1x10 0x40")], 12, True),
    ("HelloInstanceDown", [('up{job="other", instance="1"}', "0x40")], 12, False),
    ("HelloErrors", [requests("2xx", "0+98x60"), requests("5xx", "0+2x60")], 8, False),
    ("HelloErrors", [requests("2xx", "0+98x60"), requests("5xx", "0+2x60")], 16, True),
    ("HelloErrors", [requests("2xx", "0+998x60"), requests("5xx", "0+2x60")], 16, False),
    *[("HelloErrors", UPDATE, minute, False) for minute in range(1, 20)],
    ("HelloAborted", [requests("2xx", "0+98x60"), requests("none", "0+2x60")], 16, True),
    ("HelloAborted", [requests("2xx", "0+998x60"), requests("none", "0+2x60")], 16, False),
    ("HelloSlow", buckets("0+90x60", "0+100x60"), 16, True),
    ("HelloSlow", buckets("0+999x60", "0+1000x60"), 16, False),
    ("HelloConnectionsEvicted", counter("hello_connections_evicted_total", "0+1x60"), 12, True),
    ("HelloConnectionsEvicted", counter("hello_connections_evicted_total", "7x60"), 12, False),
    ("HelloConnectionsRefused", counter("hello_connections_refused_total", "0+1x60"), 12, True),
    ("HelloConnectionsRefused", counter("hello_connections_refused_total", "7x60"), 12, False),
    ("HelloLogLinesLost", counter("hello_log_lines_lost_total", "0x10 3x60"), 12, True),
    ("HelloLogLinesLost", counter("hello_log_lines_lost_total", "3x60"), 12, False),
    ("HelloRestarts", counter("process_start_time_seconds", "100x5 200x5 300x5 400x20"), 10, True),
    ("HelloRestarts", counter("process_start_time_seconds", "100x5 200x30"), 10, False),
    ("HelloVersionsMixed", [INFO, ('hello_build_info{namespace="a", instance="2", version="2"}', "1x200")], 20, False),
    ("HelloVersionsMixed", [INFO, ('hello_build_info{namespace="a", instance="2", version="2"}', "1x200")], 40, True),
    ("HelloVersionsMixed", [INFO, ('hello_build_info{namespace="b", instance="2", version="2"}', "1x200")], 40, False),
]


def run_cases(directory, cases):
    (directory / "hello.rules.yaml").write_text(rule_file())
    tests = [
        {
            "name": f"{alert} at {minute} min",
            "interval": "30s",
            "input_series": [{"series": name, "values": values} for name, values in series],
            "promql_expr_test": [{
                "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": "{}", "value": int(fires)}],
            }],
        }
        for alert, series, minute, fires in cases
    ]
    text = {"rule_files": ["hello.rules.yaml"], "evaluation_interval": "30s", "tests": tests}
    (directory / "cases.yaml").write_text(yaml.safe_dump(text))
    return promtool("test", "rules", "cases.yaml", cwd=directory)


def test_alerts_fire_and_are_silent(tmp_path):
    for answer in (True, False):
        assert {alert for alert, _, _, fires in CASES if fires is answer} == set(rules()), "each alert has both cases"
    status, output = run_cases(tmp_path, CASES)
    assert status == 0, output


def test_promtool_sees_a_wrong_case(tmp_path):
    for alert, series, minute, fires in CASES[:3]:
        status, output = run_cases(tmp_path, [(alert, series, minute, not fires)])
        assert status != 0, output


def test_annotations_are_complete_sentences(tmp_path):
    for name, rule in rules().items():
        assert re.fullmatch(r"[A-Z{1].*\.", rule["annotations"]["summary"]), name
        assert rule["annotations"]["description"].endswith("."), name
        assert rule["labels"]["severity"] in ("info", "warning", "critical"), name
    text = {
        "rule_files": ["hello.rules.yaml"], "evaluation_interval": "30s",
        "tests": [{
            "interval": "30s",
            "input_series": [{"series": s, "values": v} for s, v in [requests("2xx", "0+98x60"), requests("5xx", "0+2x60")]],
            "alert_rule_test": [{
                "eval_time": "16m", "alertname": "HelloErrors",
                "exp_alerts": [{
                    "exp_labels": {"severity": "critical", "namespace": "a"},
                    "exp_annotations": {
                        "summary": "2% of the responses are server errors.",
                        "description": rules()["HelloErrors"]["annotations"]["description"],
                    },
                }],
            }],
        }],
    }
    (tmp_path / "hello.rules.yaml").write_text(rule_file())
    (tmp_path / "cases.yaml").write_text(yaml.safe_dump(text))
    status, output = promtool("test", "rules", "cases.yaml", cwd=tmp_path)
    assert status == 0, output
