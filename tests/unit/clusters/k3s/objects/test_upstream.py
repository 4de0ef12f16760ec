"""The demo's objects as we build them are those of its chart: names, ports, labels, environment, images, and the rest.

Every deliberate difference stands in `DIFFERENCES` with its reason. One that is not there fails, and so does one there
that no longer occurs.
"""

import json
import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.applications import APPLICATIONS, load_application
from clusters.k3s.inventory import ClusterSpec, ImageKind, ImageSpec, TelemetrySpec
from clusters.k3s.objects import stand_objects

MANIFESTS = "GYM_DEMO_MANIFESTS"
NAMESPACE = "gym-upstream"
GATEWAY = "gateway.telemetry"
Document = dict[str, Any]
Facts = dict[str, Any]
"""Path such as `Deployment cart containers cart env CART_PORT` -> value."""

DIFFERENCES: dict[str, str] = {
    # Labels and names
    "* * labels helm.sh/chart": "Helm did not make it",
    "* * labels app.kubernetes.io/managed-by": "Helm does not manage it, we do",
    "* * labels app.kubernetes.io/part-of": "two stands of different applications are not parts of one thing",
    "* * labels otel-control-gym.io/*": "whose stand it is: prune, watch and clean-up select by it",
    "ConfigMap * labels app.kubernetes.io/*": "a ConfigMap belongs to the stand, not to a component",
    "Deployment * template labels otel-control-gym.io/stand": "one watch reads the pods of all stands",
    "Deployment * template annotations otel-control-gym.io/config": "a change of a mounted file must be a rollout",
    "Deployment * template annotations *opentelemetry*": "hints for a collector on each node; ours is a gateway",
    # Files
    "ConfigMap product-catalog*": "our own configuration of the same reporting, under a name that is not doubled",
    "ConfigMap product-catalog* labels *": "as above",
    "ConfigMap product-catalog* files *": "as above",
    "Deployment product-catalog volumes *": "as above",
    "Deployment product-catalog containers product-catalog mounts product-catalog-otel-config": (
        "the chart mounts it as /otel-config.yml, but OTEL_CONFIG_FILE names /otel-config.yaml"
    ),
    "ConfigMap postgresql-init": "the chart's is not among what was rendered; schema and ids are the demo's",
    "ConfigMap postgresql-init files *": "as above",
    "Deployment postgresql containers postgresql mounts postgresql-init": "one file, at its own path",
    # Who reports what to whom
    "Deployment * containers * env OTEL_COLLECTOR_NAME": "the inventory's gateway, not a collector of the stand",
    "Deployment * containers * env OTEL_RESOURCE_ATTRIBUTES": "telemetry of all stands is in one place: whose is it",
    "Deployment * containers * env POD_NAME": "part of OTEL_RESOURCE_ATTRIBUTES",
    # Load
    "ConfigMap synthetic*": "the plan of our load generator",
    "ConfigMap synthetic* labels *": "as above",
    "ConfigMap synthetic* files *": "as above",
    "Deployment load-generator containers load-generator *": (
        "our image with our Locust, whose rates change at run time, and which reports journeys"
    ),
    "Deployment load-generator containers load-generator * *": "as above",
    "Deployment load-generator volumes *": "as above",
    # What the chart lacks
    "Deployment * containers * probe": "the chart has none, so that Ready would only mean started",
    "Deployment * containers * limits cpu": "without them a CPU fault would take the whole node",
    "Deployment * containers * requests *": "what a pod reserves is part of the application",
    "Deployment llm containers llm limits memory": "the chart has none, which a quota on limits refuses",
    "Deployment * containers readiness *": "a consumer has no port to ask: it is ready when it talks to its broker",
    "Deployment * containers readiness * *": "as above",
    "Deployment * init * limits *": "a quota on limits refuses pods without them",
    "Deployment * init * requests *": "a quota on limits refuses pods without them",
    # Versions, rights, capacity and times
    "Deployment * init * image": "pinned, and not pulled anew at each start",
    "Deployment * init * pull": "pinned, and not pulled anew at each start",
    "Deployment * account": "nothing in a pod talks to Kubernetes; the account has no token",
    "Deployment * grace_seconds": "nobody's requests are lost with a stand's pod",
    "Deployment * deadline_seconds": "a rollout that cannot succeed is told within an episode",
    "Deployment * replicas": "an application's own capacity, which its load is meant for",
    # Flags
    "ConfigMap flagd-config flags * description": "ours says what misbehaves",
    "ConfigMap flagd-config flags * variants": "the two variants that the application knows",
    "ConfigMap flagd-config flags *": "flags of the demo that change nothing in this application",
    "ConfigMap flagd-config flags * state": "as above",
    "ConfigMap flagd-config flags * defaultVariant": "as above",
}
"""Pattern of paths, word by word -> why it is so."""


def _folder() -> Path:
    value = os.environ.get(MANIFESTS, "")
    if not value:
        pytest.skip(f"needs the demo's rendered manifests: set {MANIFESTS} to their folder")
    return Path(value)


@cache
def _rendered(folder: Path) -> tuple[Document, ...]:
    texts = [(folder / f"rendered-{name}.yaml").read_text(encoding="utf-8") for name in ("components", "flagd-config")]
    return tuple(document for text in texts for document in yaml.safe_load_all(text) if document)


def _upstream(folder: Path, application: str) -> Facts:
    """What the chart renders with the application's overlay."""
    overlay = yaml.safe_load((folder / f"values-{application}.yaml").read_text(encoding="utf-8"))
    components: dict[str, Document] = overlay["components"]
    facts: Facts = {}
    for document in _rendered(folder):
        name = document["metadata"]["name"]
        owner = {"flagd-config": "flagd", "product-catalog-product-catalog-otel-config": "product-catalog"}
        component = components.get(owner.get(name, name), {"enabled": True})
        # The overlay of small-core has no load generator, because there it was to be another one.
        if component["enabled"] or name == "load-generator":
            facts |= _facts(_overlaid(document, component, overlay["default"]["envOverrides"]))
    return facts


def _overlaid(document: Document, component: Document, every: list[Document]) -> Document:
    if document["kind"] != "Deployment":
        return document
    changed: Document = json.loads(json.dumps(document))
    pod = changed["spec"]["template"]["spec"]
    if "initContainers" in component:
        pod["initContainers"] = component["initContainers"]
    for container in pod["containers"]:
        variables = {variable["name"]: variable for variable in container["env"] or ()}
        is_instrumented = "OTEL_SERVICE_NAME" in variables
        for variable in (*(every if is_instrumented else ()), *component.get("envOverrides", ())):
            variables[variable["name"]] = variable
        container["env"] = list(variables.values())
    return changed


def _built(application: str) -> Facts:
    cluster = ClusterSpec(
        name="upstream",
        telemetry=TelemetrySpec(prometheus_url="http://prometheus", otlp_endpoint=f"http://{GATEWAY}:4318"),
        images=ImageSpec(kind=ImageKind.DEMO),
    )
    documents = stand_objects(load_application(application), namespace=NAMESPACE, cluster=cluster)
    return {path: value for document in documents for path, value in _facts(document).items()}


def _facts(document: Document) -> Facts:
    """Everything compared of one object, by path."""
    root = f"{document['kind']} {document['metadata']['name']}"
    facts: Facts = {root: "there"}
    facts |= {f"{root} labels {key}": value for key, value in document["metadata"]["labels"].items()}
    match document["kind"]:
        case "ConfigMap":
            for name, text in document["data"].items():
                facts |= dict(_file_facts(f"{root}", name, text))
        case "Service":
            spec = document["spec"]
            facts[f"{root} type"], facts[f"{root} selector"] = spec["type"], spec["selector"]
            facts |= {f"{root} ports {it['name']}": (it["port"], it["targetPort"]) for it in spec["ports"]}
        case "Deployment":
            facts |= _deployment_facts(root, document["spec"])
    return facts


def _file_facts(root: str, name: str, text: str) -> Iterator[tuple[str, Any]]:
    if not name.endswith(".flagd.json"):
        yield f"{root} files {name}", text
        return
    for flag, content in json.loads(text)["flags"].items():
        yield f"{root} flags {flag}", "there"
        yield from ((f"{root} flags {flag} {key}", value) for key, value in content.items())


def _deployment_facts(root: str, spec: Document) -> Facts:
    template, pod = spec["template"], spec["template"]["spec"]
    facts: Facts = {
        f"{root} replicas": spec["replicas"],
        f"{root} revisions": spec["revisionHistoryLimit"],
        f"{root} deadline_seconds": spec.get("progressDeadlineSeconds"),
        f"{root} selector": spec["selector"]["matchLabels"],
        f"{root} account": pod.get("serviceAccountName"),
        f"{root} grace_seconds": pod.get("terminationGracePeriodSeconds"),
        f"{root} waits": [it["name"] for it in pod.get("initContainers") or () if it["name"].startswith("wait-for")],
    }
    for key in ("labels", "annotations"):
        facts |= {f"{root} template {key} {name}": text for name, text in template["metadata"].get(key, {}).items()}
    for volume in pod.get("volumes") or ():
        facts[f"{root} volumes {volume['name']}"] = {key: value for key, value in volume.items() if key != "name"}
    for container in pod["containers"]:
        facts |= _container_facts(f"{root} containers {container['name']}", container)
    for container in pod.get("initContainers") or ():
        facts |= _container_facts(f"{root} init {container['name']}", container)
    return facts


def _container_facts(root: str, container: Document) -> Facts:
    resources = container.get("resources") or {}
    facts: Facts = {
        f"{root} image": container["image"],
        f"{root} pull": container.get("imagePullPolicy"),
        f"{root} command": container.get("command"),
        f"{root} user": container.get("securityContext"),
        f"{root} probe": container.get("readinessProbe"),
    }
    facts |= {
        f"{root} env {it['name']}": it.get("value", it.get("valueFrom")) or "" for it in container.get("env") or ()
    }
    facts |= {f"{root} ports {it['name']}": it["containerPort"] for it in container.get("ports") or ()}
    facts |= {f"{root} mounts {it['name']}": _mount(it) for it in container.get("volumeMounts") or ()}
    facts |= {
        f"{root} {part} {resource}": amount for part, of in resources.items() for resource, amount in (of or {}).items()
    }
    return facts


def _mount(mount: Document) -> tuple[str, str]:
    return mount["mountPath"], mount.get("subPath", "")


def _different(built: Facts, upstream: Facts) -> Iterator[str]:
    for path in sorted(built.keys() | upstream.keys()):
        if _normal(built.get(path)) != _normal(upstream.get(path)):
            yield path


def _normal(value: Any) -> Any:
    """A waiting script may be broken into lines anywhere."""
    if isinstance(value, list):
        return [" ".join(str(item).split()) for item in value]
    return value


def _matches(path: str, pattern: str) -> bool:
    words, patterns = path.split(" "), pattern.split(" ")
    return len(words) == len(patterns) and all(map(fnmatchcase, words, patterns))


@pytest.mark.parametrize("application", APPLICATIONS)
def test_what_differs_from_the_chart_is_meant(application: str) -> None:
    built, upstream = _built(application), _upstream(_folder(), application)
    assert {path for path in built if path.count(" ") == 1} >= {f"Deployment {application_entry(application)}"}
    unmeant = [
        f"{path}: {built.get(path)!r}, in the chart {upstream.get(path)!r}"
        for path in _different(built, upstream)
        if not any(_matches(path, pattern) for pattern in DIFFERENCES)
    ]
    assert not unmeant, "\n".join(unmeant)


def test_every_meant_difference_occurs() -> None:
    folder = _folder()
    found = {path for name in APPLICATIONS for path in _different(_built(name), _upstream(folder, name))}
    assert not [pattern for pattern in DIFFERENCES if not any(_matches(path, pattern) for path in found)]


def application_entry(application: str) -> str:
    """The service that users reach."""
    return load_application(application).request_types[0].operation.split(".")[0]


def test_variants_have_the_values_that_the_demo_gives_them() -> None:
    document = next(it for it in _rendered(_folder()) if it["metadata"]["name"] == "flagd-config")
    theirs = json.loads(document["data"]["demo.flagd.json"])["flags"]
    for application in APPLICATIONS:
        for path, variants in _built(application).items():
            if path.startswith("ConfigMap flagd-config flags ") and path.endswith(" variants"):
                assert variants.items() <= theirs[path.split(" ")[3]]["variants"].items(), path
