"""What the objects of k8s/ must hold: the demands of Pod Security's level `restricted`, kube-score, kube-linter and polaris.

Each rule is a generator of findings about a list of objects, and has twins: changes to the base that it must find.
checklists.json maps every check of those lists to a rule here, or to the reason why none is needed.
"""

import dataclasses
import re
import typing

RULES = {}
# What Pod Security's levels allow without a word, from Kubernetes' documentation of its standards.
SAFE_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
NAMESPACED_ELSEWHERE = {"Namespace"}
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


@dataclasses.dataclass
class Rule:
    name: str
    find: typing.Callable
    twins: list


def rule(*twins):
    """A twin is a function that breaks the objects of the base in place."""

    def register(function):
        RULES[function.__name__] = Rule(function.__name__, function, list(twins))
        return function

    return register


# ---- parts of objects ---------------------------------------------------------------------


class Objects(list):
    """The objects of a rendered kustomization."""

    def of(self, *kinds):
        return [each for each in self if each["kind"] in kinds]

    def one(self, kind):
        (found,) = self.of(kind)
        return found

    def pod(self):
        """The base's one pod template, for twins."""
        return self.one("Deployment")["spec"]["template"]

    def container(self):
        return self.pod()["spec"]["containers"][0]


def pods(objects):
    """(name, pod template) of everything that runs."""
    for each in objects.of("Deployment", "StatefulSet", "DaemonSet", "Job"):
        yield f"{each['kind']}/{each['metadata']['name']}", each["spec"]["template"]


def containers(objects):
    """(name, container, its pod's spec), with init and ephemeral containers."""
    for name, template in pods(objects):
        spec = template["spec"]
        for key in ("initContainers", "containers", "ephemeralContainers"):
            for container in spec.get(key, []):
                yield f"{name}/{container['name']}", container, spec


def context(container, spec, key):
    """A setting that a container inherits from its pod unless it has one itself."""
    own = container.get("securityContext", {})
    return own[key] if key in own else spec.get("securityContext", {}).get(key)


def probes(container):
    return [(key, container[key]) for key in PROBES if key in container]


def matches(selector, labels):
    wanted = (selector or {}).get("matchLabels", {})
    return bool(wanted) and wanted.items() <= labels.items()


def remove(mapping, *path):
    for key in path[:-1]:
        mapping = mapping[key]
    del mapping[path[-1]]


def of_kind(kind):
    """A twin: an object of a kind is missing."""
    return lambda o: o.remove(o.one(kind))


# ---- Pod Security restricted --------------------------------------------------------------


@rule(lambda o: o.pod()["spec"].update(hostNetwork=True), lambda o: o.pod()["spec"].update(hostPID=True),
      lambda o: o.pod()["spec"].update(hostIPC=True))
def no_host_namespace(objects):
    for name, template in pods(objects):
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if template["spec"].get(key):
                yield f"{name}: {key}"


@rule(lambda o: o.container()["ports"][0].update(hostPort=80))
def no_host_port(objects):
    for name, container, _ in containers(objects):
        for port in container.get("ports", []):
            if port.get("hostPort"):
                yield f"{name}: hostPort {port['hostPort']}"


@rule(lambda o: o.container()["livenessProbe"]["httpGet"].update(host="10.0.0.1"),
      lambda o: o.container().update(lifecycle={"preStop": {"httpGet": {"host": "10.0.0.1", "port": 1}}}))
def no_probe_of_another_host(objects):
    for name, container, _ in containers(objects):
        handlers = [probe for _, probe in probes(container)] + list(container.get("lifecycle", {}).values())
        for handler in handlers:
            if any(handler.get(key, {}).get("host") for key in ("httpGet", "tcpSocket")):
                yield f"{name}: {handler}"


@rule(lambda o: o.pod()["spec"].update(volumes=[{"name": "v", "hostPath": {"path": "/var/run/docker.sock"}}]),
      lambda o: o.pod()["spec"].update(volumes=[{"name": "v", "nfs": {"server": "a", "path": "/"}}]))
def only_restricted_volumes(objects):
    for name, template in pods(objects):
        for volume in template["spec"].get("volumes", []):
            if not (volume.keys() - {"name"}) <= VOLUMES:
                yield f"{name}: volume {volume}"


@rule(lambda o: o.container()["securityContext"].update(privileged=True))
def not_privileged(objects):
    for name, container, _ in containers(objects):
        if container.get("securityContext", {}).get("privileged"):
            yield name


@rule(lambda o: remove(o.container(), "securityContext", "allowPrivilegeEscalation"),
      lambda o: o.container()["securityContext"].update(allowPrivilegeEscalation=True))
def no_privilege_escalation(objects):
    for name, container, _ in containers(objects):
        if container.get("securityContext", {}).get("allowPrivilegeEscalation") is not False:
            yield name


@rule(lambda o: remove(o.container(), "securityContext", "capabilities"),
      lambda o: o.container()["securityContext"].update(capabilities={"drop": ["NET_RAW"]}),
      lambda o: o.container()["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["SYS_ADMIN"]}))
def no_capabilities(objects):
    for name, container, _ in containers(objects):
        capabilities = container.get("securityContext", {}).get("capabilities", {})
        if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
            yield f"{name}: {capabilities}"


@rule(lambda o: remove(o.pod(), "spec", "securityContext", "seccompProfile"),
      lambda o: o.container()["securityContext"].update(seccompProfile={"type": "Unconfined"}))
def seccomp_profile(objects):
    for name, container, spec in containers(objects):
        profile = context(container, spec, "seccompProfile") or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{name}: {profile}"


@rule(lambda o: remove(o.pod(), "spec", "securityContext", "runAsNonRoot"),
      lambda o: o.container()["securityContext"].update(runAsNonRoot=False))
def not_root(objects):
    for name, container, spec in containers(objects):
        if context(container, spec, "runAsNonRoot") is not True:
            yield name


@rule(lambda o: remove(o.pod(), "spec", "securityContext", "runAsUser"),
      lambda o: o.pod()["spec"]["securityContext"].update(runAsUser=0),
      lambda o: o.container()["securityContext"].update(runAsGroup=99))
def ids_of_nobody_on_the_node(objects):
    for name, container, spec in containers(objects):
        for key in ("runAsUser", "runAsGroup"):
            if (context(container, spec, key) or 0) < 10000:
                yield f"{name}: {key} {context(container, spec, key)}"


@rule(lambda o: o.container()["securityContext"].update(procMount="Unmasked"))
def default_proc(objects):
    for name, container, _ in containers(objects):
        if container.get("securityContext", {}).get("procMount", "Default") != "Default":
            yield name


@rule(lambda o: o.pod()["spec"]["securityContext"].update(seLinuxOptions={"type": "spc_t"}),
      lambda o: o.container()["securityContext"].update(seLinuxOptions={"user": "root"}))
def no_selinux_escape(objects):
    for name, container, spec in containers(objects):
        options = context(container, spec, "seLinuxOptions") or {}
        if options.get("type", "") not in SELINUX_TYPES or options.get("user") or options.get("role"):
            yield f"{name}: {options}"


@rule(lambda o: o.container()["securityContext"].update(appArmorProfile={"type": "Unconfined"}),
      lambda o: o.pod()["metadata"].update(annotations={"container.apparmor.security.beta.kubernetes.io/hello": "unconfined"}))
def no_apparmor_escape(objects):
    for name, container, spec in containers(objects):
        if (context(container, spec, "appArmorProfile") or {}).get("type") == "Unconfined":
            yield name
    for name, template in pods(objects):
        for key, value in template["metadata"].get("annotations", {}).items():
            if key.startswith("container.apparmor.security.beta.kubernetes.io/") and value == "unconfined":
                yield name


@rule(lambda o: o.pod()["spec"]["securityContext"].update(sysctls=[{"name": "kernel.msgmax", "value": "1"}]))
def safe_sysctls(objects):
    for name, template in pods(objects):
        for sysctl in template["spec"].get("securityContext", {}).get("sysctls", []):
            if sysctl["name"] not in SAFE_SYSCTLS:
                yield f"{name}: {sysctl['name']}"


@rule(lambda o: o.pod()["spec"]["securityContext"].update(windowsOptions={"hostProcess": True}))
def no_host_process(objects):
    for name, container, spec in containers(objects):
        if (context(container, spec, "windowsOptions") or {}).get("hostProcess"):
            yield name


@rule(lambda o: remove(o.one("Namespace"), "metadata", "labels", "pod-security.kubernetes.io/enforce"))
def namespace_enforces_restricted(objects):
    for namespace in objects.of("Namespace"):
        if namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce") != "restricted":
            yield namespace["metadata"]["name"]


# ---- the container ------------------------------------------------------------------------


@rule(lambda o: remove(o.container(), "securityContext", "readOnlyRootFilesystem"))
def read_only_root(objects):
    for name, container, _ in containers(objects):
        if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
            yield name


@rule(*[lambda o, a=amount, r=resource: remove(o.container(), "resources", a, r)
        for amount in ("requests", "limits") for resource in ("cpu", "memory", "ephemeral-storage")])
def requests_and_limits(objects):
    for name, container, _ in containers(objects):
        for amount in ("requests", "limits"):
            for resource in ("cpu", "memory", "ephemeral-storage"):
                if resource not in container.get("resources", {}).get(amount, {}):
                    yield f"{name}: {amount}.{resource}"


@rule(lambda o: o.container().update(image="hello"), lambda o: o.container().update(image="hello:latest"),
      lambda o: o.container().update(image="localhost:5000/hello"))
def image_has_a_tag(objects):
    for name, container, _ in containers(objects):
        if not re.search(r"@sha256:[0-9a-f]{64}$|:(?!latest$)[\w.-]+$", container["image"]):
            yield f"{name}: {container['image']}"


@rule(lambda o: o.container().update(imagePullPolicy="IfNotPresent"), lambda o: remove(o.container(), "imagePullPolicy"))
def pull_policy_always(objects):
    for name, container, _ in containers(objects):
        if container.get("imagePullPolicy") != "Always":
            yield name


@rule(*[lambda o, p=probe: remove(o.container(), p) for probe in PROBES])
def three_probes(objects):
    """Of the first container; a sidecar without a port has nothing to probe."""
    for name, template in pods(objects):
        for probe in PROBES:
            if probe not in template["spec"]["containers"][0]:
                yield f"{name}: {probe}"


@rule(lambda o: o.container().update(readinessProbe=o.container()["livenessProbe"]),
      lambda o: o.container()["readinessProbe"]["httpGet"].update(path="/healthz"))
def probes_differ(objects):
    for name, container, _ in containers(objects):
        asked = [probe.get("httpGet") for key, probe in probes(container) if key != "startupProbe"]
        if len(asked) == 2 and asked[0] == asked[1]:
            yield name


@rule(lambda o: o.container()["livenessProbe"]["httpGet"].update(port=8080),
      lambda o: o.container()["startupProbe"]["httpGet"].update(port="https"))
def probes_of_listed_ports(objects):
    for name, container, _ in containers(objects):
        ports = {value for port in container.get("ports", []) for value in (port["name"], port["containerPort"])}
        for key, probe in probes(container):
            if "httpGet" in probe and probe["httpGet"]["port"] not in ports:
                yield f"{name}: {key}"


@rule(lambda o: o.container()["ports"].append({"name": "ssh", "containerPort": 22}),
      lambda o: o.container()["ports"].append({"name": "low", "containerPort": 443}))
def no_privileged_port(objects):
    for name, container, _ in containers(objects):
        for port in container.get("ports", []):
            if port["containerPort"] < 1024:
                yield f"{name}: {port['containerPort']}"


@rule(lambda o: o.container()["ports"].append({"containerPort": 4321}),
      lambda o: o.container()["ports"].append({"name": "http", "containerPort": 4321}),
      lambda o: o.container()["ports"][0].update(name="a-name-that-is-too-long"))
def ports_have_good_names(objects):
    for name, container, _ in containers(objects):
        names = [port.get("name", "") for port in container.get("ports", [])]
        bad = [each for each in names if not re.fullmatch(r"(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?", each)]
        if bad or len(set(names)) < len(names):
            yield f"{name}: {names}"


@rule(lambda o: o.container().update(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]))
def no_duplicate_variable(objects):
    for name, container, _ in containers(objects):
        names = [each["name"] for each in container.get("env", [])]
        if len(set(names)) < len(names):
            yield name


@rule(lambda o: o.container().update(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]),
      lambda o: o.container().update(envFrom=[{"secretRef": {"name": "s"}}]),
      lambda o: o.container().update(env=[{"name": "DB_PASSWORD", "value": "hunter2"}]))
def no_secret_in_the_environment(objects):
    for name, container, _ in containers(objects):
        for each in container.get("env", []):
            secret = "secretKeyRef" in each.get("valueFrom", {})
            if secret or re.search(r"pass|secret|token|key", each["name"], re.I):
                yield f"{name}: {each['name']}"
        for each in container.get("envFrom", []):
            if "secretRef" in each:
                yield f"{name}: {each}"


@rule(lambda o: o.container()["args"].remove("-drain-delay=10s"),
      lambda o: o.pod()["spec"].update(terminationGracePeriodSeconds=20))
def grace_period_above_the_drain(objects):
    """hello's own flags: it must be allowed to end by itself."""
    for name, template in pods(objects):
        flags = dict(flag.split("=", 1) for flag in template["spec"]["containers"][0].get("args", []))
        seconds = [int(flags.get(flag, "0s").removesuffix("s")) for flag in ("-drain-delay", "-shutdown-timeout")]
        if min(seconds) < 5 or sum(seconds) >= template["spec"].get("terminationGracePeriodSeconds", 30):
            yield f"{name}: {seconds}"


# ---- the pod ------------------------------------------------------------------------------


@rule(lambda o: o.pod()["spec"].update(serviceAccountName="default"), lambda o: remove(o.pod(), "spec", "serviceAccountName"),
      lambda o: o.pod()["spec"].update(serviceAccount="hello"), of_kind("ServiceAccount"))
def a_service_account_of_its_own(objects):
    accounts = {each["metadata"]["name"] for each in objects.of("ServiceAccount")}
    for name, template in pods(objects):
        if template["spec"].get("serviceAccountName", "default") not in accounts or "serviceAccount" in template["spec"]:
            yield name


@rule(lambda o: remove(o.pod(), "spec", "automountServiceAccountToken"),
      lambda o: o.one("ServiceAccount").update(automountServiceAccountToken=True))
def no_token(objects):
    for name, template in pods(objects):
        if template["spec"].get("automountServiceAccountToken") is not False:
            yield name
    for account in objects.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield account["metadata"]["name"]


@rule(lambda o: remove(o.pod(), "spec", "topologySpreadConstraints"),
      lambda o: o.pod()["spec"]["topologySpreadConstraints"].pop(0),
      lambda o: remove(o.pod(), "spec", "affinity"),
      lambda o: o.pod()["spec"]["topologySpreadConstraints"][0]["labelSelector"].update(matchLabels={"app": "x"}))
def spread_over_nodes(objects):
    for name, template in pods(objects):
        spec, labels = template["spec"], template["metadata"]["labels"]
        spread = {
            each["topologyKey"] for each in spec.get("topologySpreadConstraints", [])
            if matches(each["labelSelector"], labels)
        }
        if not {"kubernetes.io/hostname", "topology.kubernetes.io/zone"} <= spread:
            yield f"{name}: topologySpreadConstraints"
        anti = (spec.get("affinity") or {}).get("podAntiAffinity", {})
        terms = anti.get("requiredDuringSchedulingIgnoredDuringExecution", []) + [
            each["podAffinityTerm"] for each in anti.get("preferredDuringSchedulingIgnoredDuringExecution", [])
        ]
        if not any(term["topologyKey"] == "kubernetes.io/hostname" and matches(term["labelSelector"], labels) for term in terms):
            yield f"{name}: podAntiAffinity"


# ---- what surrounds it --------------------------------------------------------------------


@rule(lambda o: o.one("Deployment")["spec"].update(strategy={"type": "Recreate"}),
      lambda o: o.one("Deployment")["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1))
def rolling_update_without_a_gap(objects):
    for each in objects.of("Deployment"):
        strategy = each["spec"].get("strategy", {})
        if strategy.get("type") != "RollingUpdate" or strategy["rollingUpdate"].get("maxUnavailable") != 0:
            yield each["metadata"]["name"]


@rule(lambda o: o.one("Deployment")["spec"]["selector"]["matchLabels"].update(extra="1"),
      lambda o: o.one("Deployment")["spec"]["selector"].update(matchLabels={}))
def selector_matches_the_template(objects):
    for each in objects.of("Deployment", "StatefulSet", "DaemonSet"):
        if not matches(each["spec"]["selector"], each["spec"]["template"]["metadata"]["labels"]):
            yield each["metadata"]["name"]


@rule(of_kind("HorizontalPodAutoscaler"), lambda o: o.one("Deployment")["spec"].update(replicas=3),
      lambda o: o.one("HorizontalPodAutoscaler")["spec"].update(minReplicas=1),
      lambda o: o.one("HorizontalPodAutoscaler")["spec"].update(maxReplicas=3),
      lambda o: o.one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(name="other"))
def scaled_by_an_autoscaler(objects):
    """Three replicas at least, more at need, and no number that an apply would reset."""
    for each in objects.of("Deployment"):
        name = each["metadata"]["name"]
        scalers = [
            scaler["spec"] for scaler in objects.of("HorizontalPodAutoscaler")
            if (scaler["spec"]["scaleTargetRef"]["kind"], scaler["spec"]["scaleTargetRef"]["name"]) == ("Deployment", name)
        ]
        if len(scalers) != 1 or "replicas" in each["spec"]:
            yield name
        elif scalers[0]["minReplicas"] < 3 or scalers[0]["maxReplicas"] <= scalers[0]["minReplicas"]:
            yield name
    targets = {each["metadata"]["name"] for each in objects.of("Deployment")}
    for scaler in objects.of("HorizontalPodAutoscaler"):
        if scaler["spec"]["scaleTargetRef"]["name"] not in targets:
            yield f"HorizontalPodAutoscaler/{scaler['metadata']['name']}"


@rule(of_kind("PodDisruptionBudget"),
      lambda o: o.one("PodDisruptionBudget")["spec"].update(maxUnavailable=0),
      lambda o: remove(o.one("PodDisruptionBudget"), "spec", "maxUnavailable"),
      lambda o: remove(o.one("PodDisruptionBudget"), "spec", "unhealthyPodEvictionPolicy"),
      lambda o: o.one("PodDisruptionBudget")["spec"].update(minAvailable=3),
      lambda o: o.one("PodDisruptionBudget")["spec"]["selector"].update(matchLabels={"app": "x"}))
def disruption_budget_allows_one(objects):
    """maxUnavailable, because minAvailable blocks a drain when it reaches the number of replicas."""
    for name, template in pods(objects):
        budgets = [
            each["spec"] for each in objects.of("PodDisruptionBudget")
            if matches(each["spec"]["selector"], template["metadata"]["labels"])
        ]
        good = [
            each for each in budgets
            if each.get("maxUnavailable", 0) >= 1 and "minAvailable" not in each and each.get("unhealthyPodEvictionPolicy")
        ]
        if len(budgets) != 1 or good != budgets:
            yield name


@rule(of_kind("NetworkPolicy"), lambda o: o.one("NetworkPolicy")["spec"].update(policyTypes=["Ingress"]),
      lambda o: remove(o.one("NetworkPolicy"), "spec", "egress"), lambda o: remove(o.one("NetworkPolicy"), "spec", "ingress"),
      lambda o: o.one("NetworkPolicy")["spec"]["podSelector"].update(matchLabels={"app": "x"}),
      lambda o: o.one("NetworkPolicy")["spec"]["ingress"].append({}))
def isolated_by_a_network_policy(objects):
    """Both directions; ingress to listed ports alone."""
    labels = [(name, template["metadata"]["labels"], template["spec"]) for name, template in pods(objects)]
    for name, own, spec in labels:
        policies = [each["spec"] for each in objects.of("NetworkPolicy") if matches(each["spec"]["podSelector"], own)]
        if not policies:
            yield name
        ports = {port["name"] for container in spec["containers"] for port in container.get("ports", [])}
        for policy in policies:
            if set(policy["policyTypes"]) != {"Ingress", "Egress"} or "egress" not in policy or not policy.get("ingress"):
                yield f"{name}: {policy['policyTypes']}"
            elif any(not each.get("ports") or any(p["port"] not in ports for p in each["ports"]) for each in policy["ingress"]):
                yield f"{name}: {policy['ingress']}"
    for policy in objects.of("NetworkPolicy"):
        if not any(matches(policy["spec"]["podSelector"], own) for _, own, _ in labels):
            yield f"NetworkPolicy/{policy['metadata']['name']}"


@rule(lambda o: o.one("Service")["spec"].update(type="NodePort"), lambda o: o.one("Service")["spec"].update(type="LoadBalancer"),
      lambda o: o.one("Service")["spec"].update(externalIPs=["10.0.0.1"]))
def service_inside_the_cluster(objects):
    for service in objects.of("Service"):
        if service["spec"].get("type", "ClusterIP") != "ClusterIP" or service["spec"].get("externalIPs"):
            yield service["metadata"]["name"]


@rule(of_kind("Service"), lambda o: o.one("Service")["spec"].update(selector={"app": "x"}),
      lambda o: o.one("Service")["spec"]["ports"][0].update(targetPort="web"))
def service_reaches_a_pod(objects):
    if not objects.of("Service"):
        yield "no Service"
    for service in objects.of("Service"):
        reached = [template["spec"] for _, template in pods(objects)
                   if matches({"matchLabels": service["spec"]["selector"]}, template["metadata"]["labels"])]
        ports = {port["name"] for spec in reached for container in spec["containers"] for port in container.get("ports", [])}
        if not reached or any(port["targetPort"] not in ports for port in service["spec"]["ports"]):
            yield service["metadata"]["name"]


@rule(lambda o: o.append({"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {
    "name": "hello", "namespace": "hello", "labels": {"app.kubernetes.io/name": "hello", "app.kubernetes.io/instance": "hello"}},
    "spec": {"selector": {"matchLabels": {"app": "x"}}, "endpoints": [{"port": "metrics"}]}}))
def monitor_reaches_a_service(objects):
    for monitor in objects.of("ServiceMonitor"):
        found = [each for each in objects.of("Service") if matches(monitor["spec"]["selector"], each["metadata"]["labels"])]
        ports = {port["name"] for each in found for port in each["spec"]["ports"]}
        if any(each["port"] not in ports for each in monitor["spec"]["endpoints"]):
            yield monitor["metadata"]["name"]


@rule(lambda o: remove(o.one("Service"), "metadata", "namespace"), lambda o: o.one("Service")["metadata"].update(namespace="default"),
      of_kind("Namespace"))
def in_the_namespace(objects):
    namespaces = {each["metadata"]["name"] for each in objects.of("Namespace")} - {"default"}
    for each in objects:
        if each["kind"] not in NAMESPACED_ELSEWHERE and each["metadata"].get("namespace") not in namespaces:
            yield f"{each['kind']}/{each['metadata']['name']}"


@rule(lambda o: remove(o.one("Deployment"), "metadata", "labels"),
      lambda o: o.one("Deployment")["metadata"]["labels"].update({"app.kubernetes.io/instance": "other"}),
      lambda o: o.one("Service")["metadata"]["labels"].update({"app.kubernetes.io/name": "not a value"}))
def recommended_labels(objects):
    for each in objects:
        labels = each["metadata"].get("labels", {})
        if labels.get("app.kubernetes.io/name") != "hello" or labels.get("app.kubernetes.io/instance") != "hello":
            yield f"{each['kind']}/{each['metadata']['name']}: {labels}"
        if not all(re.fullmatch(r"([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?", str(value)) for value in labels.values()):
            yield f"{each['kind']}/{each['metadata']['name']}: {labels}"


@rule(lambda o: o.one("PodDisruptionBudget").update(apiVersion="policy/v1beta1"),
      lambda o: o.one("HorizontalPodAutoscaler").update(apiVersion="autoscaling/v2beta2"))
def stable_versions(objects):
    for each in objects:
        if not re.fullmatch(r"(.*/)?v\d+", each["apiVersion"]):
            yield f"{each['kind']}/{each['metadata']['name']}: {each['apiVersion']}"


@rule(lambda o: o.append({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {
    "name": "hello", "namespace": "hello", "labels": {}}}))
def no_rights_in_the_api(objects):
    """hello asks for none, so none can be too many."""
    for each in objects:
        if each["apiVersion"].startswith("rbac.authorization.k8s.io/"):
            yield f"{each['kind']}/{each['metadata']['name']}"


@rule(lambda o: o.append({"apiVersion": "v1", "kind": "Secret", "metadata": {
    "name": "hello-tls", "namespace": "hello", "labels": {}}, "stringData": {"tls.key": "x"}}))
def no_secret_in_the_files(objects):
    for each in objects.of("Secret"):
        yield each["metadata"]["name"]


def findings(objects):
    """{rule: findings} of the rules that find something."""
    found = {name: list(each.find(objects)) for name, each in RULES.items()}
    return {name: each for name, each in found.items() if each}
