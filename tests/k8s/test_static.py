"""The files of k8s/, without a cluster: they render, are valid, and hold what the checklists demand."""

import copy
import json
import re
import subprocess

import hello
import pytest
import render
import yaml
from rules import RULES, Objects, findings

# What the overlay for one machine gives up, and nothing else.
EXEMPT = {
    "local": {
        "scaled_by_an_autoscaler": "one pod",
        "disruption_budget_allows_one": "one pod: a budget would block every drain",
        "spread_over_nodes": "one pod",
        "service_inside_the_cluster": "a NodePort, as the article had it",
        "pull_policy_always": "the image was loaded by hand",
    },
    # Podman runs the pod and knows nothing of what surrounds it.
    "podman": {
        "scaled_by_an_autoscaler": "not in Podman",
        "disruption_budget_allows_one": "not in Podman",
        "spread_over_nodes": "one machine",
        "isolated_by_a_network_policy": "not in Podman",
        "service_reaches_a_pod": "no Service",
        "a_service_account_of_its_own": "no accounts",
        "in_the_namespace": "no namespaces",
        "three_probes": "one health check",
        "no_host_port": "the port is the machine's",
        "grace_period_above_the_drain": "no drain: nothing sends requests after the stop",
        "pull_policy_always": "the image was loaded by hand",
    },
}


@pytest.fixture(scope="module")
def rendered():
    return {"base": render.objects(render.K8S / "base")} | {
        name: render.objects(render.K8S / "overlays" / name) for name in render.OVERLAYS
    }


def test_the_overlays():
    assert render.OVERLAYS == ["alpine", "distroless", "gateway", "local", "metrics", "podman", "tls"]
    assert render.COMPONENTS == ["alpine", "distroless", "gateway", "metrics", "tls"]


schemas = pytest.mark.skipif(
    not (render.TOOLS / "k8s-schemas/node_modules/.package-lock.json").exists(),
    reason="npm did not install Kubernetes' schemas (ci/setup k8s)",
)


@schemas
def test_schemas_accept_each_object(rendered):
    every = [each for objects in rendered.values() for each in objects]
    assert len(every) > 40
    bad = {f"{each['kind']}/{each['metadata']['name']}": found for each, found in zip(every, render.schema_findings(every)) if found}
    assert bad == {}


@schemas
def test_schemas_refuse_what_is_wrong(rendered):
    """Names, types, values, required fields, versions and kinds: so an empty list of findings says something."""
    base = rendered["base"]

    def broken(kind, change):
        each = copy.deepcopy(base.one(kind))
        change(each)
        return each

    container = lambda d: d["spec"]["template"]["spec"]["containers"][0]  # noqa: E731
    twins = [
        broken("Deployment", lambda d: container(d).update(livnessProbe={})),
        broken("Deployment", lambda d: container(d)["livenessProbe"]["httpGet"].pop("port")),
        broken("Deployment", lambda d: container(d)["resources"]["limits"].update(memory="64Mb")),
        broken("Deployment", lambda d: d["spec"].update(minReadySeconds="5")),
        broken("Deployment", lambda d: container(d).update(imagePullPolicy="always")),
        broken("PodDisruptionBudget", lambda d: d["spec"].update(unhealthyPodEvictionPolicies="AlwaysAllow")),
        broken("HorizontalPodAutoscaler", lambda d: d["spec"].pop("maxReplicas")),
        broken("NetworkPolicy", lambda d: d["spec"].update(policyTypes="Ingress")),
        broken("Service", lambda d: d.update(apiVersion="v2")),
        broken("Service", lambda d: d.update(kind="Servce")),
        {**rendered["gateway"].one("HTTPRoute"), "spec": {"parentRefs": [{"nam": "x"}]}},
        {**rendered["metrics"].one("ServiceMonitor"), "spec": {"endpoints": []}},
    ]
    for twin, found in zip(twins, render.schema_findings(twins)):
        assert found, twin


@pytest.mark.parametrize("name", ["base", *render.OVERLAYS])
def test_rules_hold(rendered, name):
    found = findings(rendered[name])
    assert set(found) == set(EXEMPT.get(name, {})), found


@pytest.mark.parametrize("components", [("tls", "metrics"), ("metrics", "gateway", "alpine"), ("distroless", "tls", "metrics")], ids="+".join)
def test_components_combine(tmp_path, components):
    objects = render.objects(render.combine(tmp_path, *components))
    assert findings(objects) == {}
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name,number", [(name, i) for name, each in RULES.items() for i in range(len(each.twins))])
def test_a_broken_twin_fails(rendered, name, number):
    twin = Objects(copy.deepcopy(rendered["base"]))
    assert not list(RULES[name].find(twin))
    RULES[name].twins[number](twin)
    assert list(RULES[name].find(twin)), "the rule does not see it"


def test_every_check_of_the_checklists_has_a_rule_or_a_reason():
    lists = json.loads((hello.ROOT / "tests/k8s/checklists.json").read_text())
    assert set(lists) == {"Pod Security restricted", "kube-score", "kube-linter", "polaris"}
    used = set()
    for each in lists.values():
        for check, answer in each["checks"].items():
            if isinstance(answer, dict):
                assert answer["why_not"].endswith("."), check
            else:
                assert answer in RULES, check
                used.add(answer)
    # What is left is ours.
    assert set(RULES) - used == {
        "namespace_enforces_restricted", "grace_period_above_the_drain", "no_secret_in_the_files",
    }


def test_the_reasons_of_the_deployment():
    """A comment stands before each setting that is not plain identification."""
    lines = [line.strip() for line in (render.K8S / "base/deployment.yaml").read_text().splitlines()]
    fields = """revisionHistoryLimit minReadySeconds progressDeadlineSeconds maxUnavailable maxSurge selector
        automountServiceAccountToken enableServiceLinks terminationGracePeriodSeconds runAsNonRoot runAsUser fsGroup seccompProfile
        topologySpreadConstraints affinity image imagePullPolicy args startupProbe livenessProbe readinessProbe requests limits
        allowPrivilegeEscalation readOnlyRootFilesystem capabilities""".split()
    for start in [*(f"{field}:" for field in fields), *(f"- -{flag}=" for flag in ("log", "drain-delay", "shutdown-timeout"))]:
        at = next(i for i, line in enumerate(lines) if line.startswith(start))
        assert lines[at - 1].startswith("#"), start


def test_the_drain_outlasts_the_probes(rendered):
    """A readiness probe must fail, and be seen to fail, within the drain."""
    container = rendered["base"].container()
    probe = container["readinessProbe"]
    assert probe["httpGet"]["path"] == "/readyz"
    drain = next(int(flag.split("=")[1].removesuffix("s")) for flag in container["args"] if flag.startswith("-drain-delay"))
    assert probe["periodSeconds"] * probe["failureThreshold"] < drain


@pytest.mark.parametrize("name", ["base", *render.OVERLAYS])
def test_the_flags_are_hellos(rendered, name):
    """`-h` after them prints the usage: a flag that hello does not have is an error instead."""
    container = rendered[name].container()
    done = hello.run("release", *container["args"], "-h")
    assert done.returncode == 0, done.stderr
    bad = hello.run("release", *container["args"], "-no-such-flag", "-h")
    assert bad.returncode == 2


def test_images(rendered):
    """One name for hello's image everywhere; the overlays differ in the tag."""
    tags = {name: objects.container()["image"] for name, objects in rendered.items()}
    assert tags == {
        "base": "hello:scratch", "tls": "hello:scratch", "metrics": "hello:scratch", "gateway": "hello:scratch",
        "local": "hello:scratch", "podman": "hello:scratch", "alpine": "hello:alpine", "distroless": "hello:distroless",
    }


def test_tls_offers_nothing_unencrypted_to_clients(rendered):
    objects = rendered["tls"]
    assert [port["port"] for port in objects.one("Service")["spec"]["ports"]] == [443]
    assert objects.one("NetworkPolicy")["spec"]["ingress"] == [{"ports": [{"port": "https", "protocol": "TCP"}]}]
    mounts = [c["volumeMounts"] for c in objects.pod()["spec"]["containers"]]
    assert all(mount == [{"name": "tls", "mountPath": "/tls", "readOnly": True}] for mount in mounts)


def test_local_is_one_pod_behind_a_node_port(rendered):
    objects = rendered["local"]
    assert objects.one("Deployment")["spec"]["replicas"] == 1
    assert objects.one("Service")["spec"]["ports"][0]["nodePort"] == 31234
    assert not objects.of("HorizontalPodAutoscaler", "PodDisruptionBudget")


# ---- k8s/pin ------------------------------------------------------------------------------

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.fixture
def engine(tmp_path):
    """A docker that knows the digests of one image, in two registries."""
    path = tmp_path / "bin/docker"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\n[ "$1 $2" = "image inspect" ] || exit 1\n'
        'case $5 in\n*nothing*) ;;\n'
        f"*) echo other.example.org/hello@sha256:{'f' * 64}; echo registry.example.org:5000/team/hello@{DIGEST} ;;\nesac\n"
    )
    path.chmod(0o755)
    return {"PATH": f"{path.parent}:/usr/bin:/bin"}


def pin(engine, *args):
    return subprocess.run([render.K8S / "pin", *args], capture_output=True, text=True, env=engine, timeout=10)


@pytest.mark.parametrize("tag", ["", ":1.2", ":scratch"])
@pytest.mark.parametrize("components", [(), ("tls", "metrics"), ("alpine",)], ids=lambda c: "+".join(c) or "base")
def test_pin(tmp_path, engine, tag, components):
    done = pin(engine, tmp_path / "deploy/mine", f"registry.example.org:5000/team/hello{tag}", *components)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    objects = render.objects(tmp_path / "deploy/mine")
    assert findings(objects) == {}
    assert objects.container()["image"] == f"registry.example.org:5000/team/hello@{DIGEST}"
    others = [c["image"] for c in objects.pod()["spec"]["containers"][1:]]
    assert others == (["alpine:3.22"] if "tls" in components else [])


def test_pin_says_what_is_wrong(tmp_path, engine):
    done = pin(engine, tmp_path / "d", "nothing/hello:1")
    assert done.returncode == 1 and "push it first" in done.stderr
    done = pin(engine, tmp_path / "d", "hello:1", "tsl")
    assert done.returncode == 2 and "alpine distroless gateway metrics tls" in done.stderr
    assert pin(engine, tmp_path / "d").returncode == 2
    assert not (tmp_path / "d").exists()


# ---- k8s/stack.yaml -----------------------------------------------------------------------


def test_the_stack_is_as_strict_as_the_pod(rendered):
    service = yaml.safe_load((render.K8S / "stack.yaml").read_text())["services"]["hello"]
    pod = rendered["base"].pod()["spec"]
    assert service["user"] == f"{pod['securityContext']['runAsUser']}:{pod['securityContext']['runAsGroup']}"
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["deploy"]["replicas"] >= 3
    update = service["deploy"]["update_config"]
    assert (update["order"], update["failure_action"]) == ("start-first", "rollback")
    assert {"reservations", "limits"} <= service["deploy"]["resources"].keys()
    assert service["healthcheck"]["test"][:3] == ["CMD", "/hello", "healthcheck"]
    assert all(secret["mode"] == 0o400 for secret in service["secrets"])
    seconds = [int(flag.split("=")[1].removesuffix("s")) for flag in service["command"] if re.match("-(drain|shutdown)", flag)]
    assert len(seconds) == 2 and sum(seconds) < int(service["stop_grace_period"].removesuffix("s"))
    done = hello.run("release", *service["command"], "-h")
    assert done.returncode == 0, done.stderr
