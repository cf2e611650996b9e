"""k8s/ on a real Kubernetes: tests/cluster/run gives these tests a cluster of two nodes (`make k8s-test`).

The cluster is Kubernetes 1.20, the newest that Debian has the sources of. What is newer in the objects is taken back, and
nothing else: policy/v1, autoscaling/v2, unhealthyPodEvictionPolicy, matchLabelKeys. Images are in the nodes' stores, so they are
not pulled.
"""

import copy
import json
import os
import pathlib
import re
import ssl
import subprocess
import sys
import time

import hello
import pytest

sys.path.insert(0, str(hello.ROOT / "tests/k8s"))
import render  # noqa: E402
from load import clients  # noqa: E402

SECONDS = 300

pytestmark = pytest.mark.skipif("CLUSTER_STATE" not in os.environ, reason="make k8s-test starts the cluster")


def kubectl(*args, check=True, objects=None):
    done = subprocess.run(
        ["kubectl", *args], capture_output=True, text=True, timeout=SECONDS + 60,
        input=None if objects is None else json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}),
    )
    assert not check or done.returncode == 0, f"kubectl {args}: {done.stderr}"
    return done


def get(*args):
    return json.loads(kubectl("get", "-n", "hello", "-o", "json", *args).stdout)


def for_this_version(objects, tag):
    """Objects for Kubernetes 1.20, with images that its nodes have."""
    objects = copy.deepcopy(objects)
    for each in objects:
        if each["kind"] == "PodDisruptionBudget":
            each["apiVersion"] = "policy/v1beta1"
            del each["spec"]["unhealthyPodEvictionPolicy"]
        if each["kind"] == "HorizontalPodAutoscaler":
            each["apiVersion"] = "autoscaling/v2beta2"
    for constraint in objects.pod()["spec"]["topologySpreadConstraints"]:
        del constraint["matchLabelKeys"]
    for container in objects.pod()["spec"]["containers"]:
        container["imagePullPolicy"] = "Never"
        container["image"] = f"hello:{tag}" if container["name"] == "hello" else "hello:alpine"
    return objects


def apply(overlay, tag, change=lambda objects: None):
    objects = for_this_version(render.objects(render.K8S / overlay), tag)
    change(objects)
    namespaces = [each for each in objects if each["kind"] == "Namespace"]
    kubectl("apply", "-f", "-", objects=namespaces)
    kubectl("apply", "-f", "-", objects=objects)


def rollout():
    kubectl("rollout", "status", "-n", "hello", "deployment/hello", f"--timeout={SECONDS}s")


def pods():
    """Those that are not being deleted."""
    return [each for each in get("pods")["items"] if "deletionTimestamp" not in each["metadata"]]


def is_ready(pod):
    return any(each["type"] == "Ready" and each["status"] == "True" for each in pod["status"].get("conditions", []))


def address():
    return get("service", "hello")["spec"]["clusterIP"]


def processes():
    """The service's processes: the nodes share this process namespace."""
    found = subprocess.run(["pgrep", "-x", "hello"], capture_output=True, text=True).stdout.split()
    return [pathlib.Path("/proc", pid) for pid in found]


def load(port, *args):
    """Clients outside of the nodes, which know the Service's address alone."""
    return clients(address(), str(port), *args)


@pytest.fixture
def report(capsys):
    def print_line(text):
        with capsys.disabled():
            print(f"\ncluster: {text}")

    return print_line


def describe(what, result):
    return f"{what}: {result['requests']} requests in {result['seconds']} s, {len(result['lost'])} lost, slowest {result['slowest']} s"


# These run in this order, on one Deployment.


def test_probes_turn_ready(report):
    began = time.monotonic()
    apply("base", "builder")
    # One at first: a Deployment without `replicas` has one until the autoscaler looks at it, within 15 seconds.
    hello.wait_until(lambda: sum(map(is_ready, pods())) == 3, SECONDS)
    report(f"three pods ready {time.monotonic() - began:.1f} s after kubectl apply")
    rollout()
    assert len(pods()) == 3 and all(is_ready(pod) for pod in pods())
    assert {pod["spec"]["nodeName"] for pod in pods()} == {"node1", "node2"}
    assert hello.Connection(80, host=address()).ask("/").body == b"howdy\n"
    assert len(get("endpoints", "hello")["subsets"][0]["addresses"]) == 3


def test_one_more_pod(report):
    """How long a pod takes from nothing to ready, on a node that has the image."""
    times = []
    for _ in range(3):
        began = time.monotonic()
        kubectl("scale", "-n", "hello", "deployment/hello", "--replicas=4")
        hello.wait_until(lambda: sum(map(is_ready, pods())) == 4, SECONDS)
        times.append(time.monotonic() - began)
        kubectl("scale", "-n", "hello", "deployment/hello", "--replicas=3")
        hello.wait_until(lambda: len(get("pods")["items"]) == 3, SECONDS)
    report(f"one more pod is ready after {min(times):.1f} to {max(times):.1f} s, 3 samples")


def test_the_image_takes_little_of_a_node(report):
    """As the kubelet lists it: the layers in the node's store."""
    (node,) = [each for each in json.loads(kubectl("get", "nodes", "-o", "json").stdout)["items"] if each["metadata"]["name"] == "node1"]
    sizes = {name.removeprefix("docker.io/library/"): each["sizeBytes"] for each in node["status"]["images"] for name in each["names"]}
    report("images on a node: " + ", ".join(f"{tag} {sizes[f'hello:{tag}'] / 1e6:.2f} MB" for tag in ("builder", "alpine", "scratch")))
    assert sizes["hello:scratch"] < 1e6 and sizes["hello:scratch"] * 4 < sizes["hello:alpine"]


def test_a_rolling_update_loses_no_request(report):
    with load(80) as result:
        apply("base", "scratch")
        rollout()
        hello.wait_until(lambda: len(get("pods")["items"]) == 3, SECONDS)
    report(describe("rolling update from builder to scratch", result))
    assert {pod["spec"]["containers"][0]["image"] for pod in pods()} == {"hello:scratch"}
    assert result["lost"] == [] and result["requests"] > 1000


def test_a_drained_node_loses_no_request(report):
    with load(80) as result:
        began = time.monotonic()
        kubectl("drain", "node1", "--ignore-daemonsets", f"--timeout={SECONDS}s")
        seconds = time.monotonic() - began
        rollout()
        time.sleep(1)
    kubectl("uncordon", "node1")
    report(describe(f"drain of a node ({seconds:.0f} s)", result))
    assert {pod["spec"]["nodeName"] for pod in pods()} == {"node2"}
    assert result["lost"] == [] and result["requests"] > 1000


def test_a_broken_readiness_keeps_the_old_pods(report):
    before = {pod["metadata"]["uid"] for pod in pods()}

    def change(objects):
        objects.container()["readinessProbe"]["httpGet"]["port"] = 4321
        objects.one("Deployment")["spec"]["progressDeadlineSeconds"] = 15

    with load(80) as result:
        apply("base", "scratch", change)
        status = kubectl("rollout", "status", "-n", "hello", "deployment/hello", f"--timeout={SECONDS}s", check=False)
        assert status.returncode != 0 and "exceeded its progress deadline" in status.stderr
        ready = {pod["metadata"]["uid"] for pod in pods() if is_ready(pod)}
        assert ready == before and len(pods()) == 4
        kubectl("rollout", "undo", "-n", "hello", "deployment/hello")
        rollout()
    report(describe("update that never becomes ready, undone", result))
    assert {pod["metadata"]["uid"] for pod in pods()} == before
    assert result["lost"] == []


def test_the_pods_are_confined():
    # One that was deleted still drains.
    hello.wait_until(lambda: len(processes()) == 3)
    for process in processes():
        status = dict(re.findall(r"^(\w+):\t(.*)$", (process / "status").read_text(), re.M))
        assert status["Uid"].split() == ["10001"] * 4 and status["Gid"].split() == ["10001"] * 4
        assert status["Groups"].split() == ["10001"]
        assert status["CapEff"] == status["CapPrm"] == status["CapBnd"] == "0" * 16
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
        # containerd's RuntimeDefault and hello's own.
        assert int(status["Seccomp_filters"]) == 2
        (root,) = re.findall(r"^\S+ / \S+ (\S+)", (process / "mounts").read_text(), re.M)
        assert "ro" in root.split(",")
        assert not (process / "root/var/run/secrets").exists(), "no token"


def test_debugging_without_a_shell(report):
    """What fails on scratch, and the two ways that work."""
    apply("base", "scratch")
    rollout()
    pod = pods()[0]["metadata"]["name"]
    # runc looks a name without a slash up in PATH, and a path in the image.
    for shell, reason in (("sh", "executable file not found"), ("/bin/sh", "no such file or directory")):
        done = kubectl("exec", "-n", "hello", pod, "--", shell, "-c", "true", check=False)
        assert done.returncode != 0 and reason in done.stderr, done.stderr
    # hello is its own client, and its own inspector.
    assert kubectl("exec", "-n", "hello", pod, "--", "/hello", "get", "http://localhost:1234/").stdout == "howdy\n"
    # An ephemeral container sees the service's processes and its network.
    script = "cat /proc/[0-9]*/comm; /hello get http://localhost:1234/; id -u"
    kubectl("debug", "-n", "hello", pod, "--image=hello:alpine", "--target=hello", "--container=shell", "--attach=false",
            "--", "/bin/sh", "-c", script)
    output = lambda: kubectl("logs", "-n", "hello", pod, "-c", "shell", check=False).stdout  # noqa: E731
    hello.wait_until(lambda: "10001" in output(), SECONDS)
    assert {"hello", "howdy"} <= set(output().split())
    # On the node: its tools in the pod's network.
    sockets = subprocess.run(
        ["nsenter", "--net", f"--target={processes()[0].name}", "ss", "-ltn"], capture_output=True, text=True, check=True
    )
    assert ":1234 " in sockets.stdout


def test_the_autoscalers_metric_is_there(report):
    """metrics-server reads it from each kubelet; without metrics-server the autoscaler has nothing to decide by."""
    with load(80):
        time.sleep(15)
        text = "".join(kubectl("get", "--raw", f"/api/v1/nodes/node{node}/proxy/metrics/resource").stdout for node in (1, 2))
    labels = r'\{[^}]*container="hello"[^}]*namespace="hello"[^}]*\} (\S+)'
    cpu = [float(value) for value in re.findall(rf"^container_cpu_usage_seconds_total{labels}", text, re.M)]
    memory = [int(float(value)) for value in re.findall(rf"^container_memory_working_set_bytes{labels}", text, re.M)]
    assert len(cpu) == len(memory) == 3 and min(cpu) > 0
    report(f"memory of a pod's container under load: {', '.join(f'{each / 1e6:.2f} MB' for each in memory)}")
    assert max(memory) < 16 * 2**20, "what it requests"
    scaler = get("hpa", "hello")
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 10)


def make_certificate(directory, name):
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "90", "-subj", f"/CN={name}"]
    subprocess.run(["openssl", "req", "-x509", *key, "-keyout", directory / "key.pem", "-out", directory / "cert.pem"],
                   check=True, capture_output=True)
    secret = kubectl("create", "secret", "tls", "hello-tls", "-n", "hello", "--dry-run=client", "-o", "json",
                     f"--cert={directory}/cert.pem", f"--key={directory}/key.pem").stdout
    kubectl("apply", "-f", "-", objects=[json.loads(secret)])
    return (directory / "cert.pem").read_text()


def served():
    """Certificates that the pods serve."""
    return {ssl.get_server_certificate((pod["status"]["podIP"], 1443)) for pod in pods()}


def test_a_rotated_certificate_is_served_without_a_restart(report, tmp_path):
    first = make_certificate(tmp_path, "first")
    apply("overlays/tls", "scratch")
    rollout()
    hello.wait_until(lambda: len(get("pods")["items"]) == 3, SECONDS)
    assert served() == {first}
    before = {pod["metadata"]["uid"] for pod in pods()}
    with load(443, "--tls") as result:
        began = time.monotonic()
        second = make_certificate(tmp_path, "second")
        hello.wait_until(lambda: served() == {second}, SECONDS)
        seconds = time.monotonic() - began
    report(describe(f"new certificate in all pods after {seconds:.0f} s", result))
    assert {pod["metadata"]["uid"] for pod in pods()} == before
    assert all(status["restartCount"] == 0 for pod in pods() for status in pod["status"]["containerStatuses"])
    assert result["lost"] == []
