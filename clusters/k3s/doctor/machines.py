"""The API server's version, room on the nodes for the stands asked, and images that are there already."""

import json
from collections.abc import Iterable, Sequence

from clusters.k3s.api import MANAGED_LABEL
from clusters.k3s.capacity import cluster_memory_bytes, quantity, stand_need
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.inventory import ImageKind
from clusters.k3s.kinds import NAMESPACE, POD, Document
from clusters.k3s.objects.resources import resources
from clusters.topology import Application

_OLDEST = (1, 25)
"""The first without beta versions of what is used here; the tests run on 1.36."""
_GIB = 2.0**30
_LISTED_IMAGES = 50
"""A kubelet reports so many images of a node unless told otherwise (`nodeStatusMaxImages`)."""


def version(examination: Examination) -> Iterable[Point]:
    """Of the API server."""
    told = json.loads(examination.api.raw("/version"))
    numbers = tuple(int("".join(filter(str.isdigit, told[key])) or 0) for key in ("major", "minor"))
    is_new_enough = numbers >= _OLDEST
    yield Point(
        topic="API server",
        status=Status.OK if is_new_enough else Status.MISSING,
        finding=told["gitVersion"],
        fix="" if is_new_enough else f"upgrade Kubernetes to {_OLDEST[0]}.{_OLDEST[1]} or later",
    )


def room(examination: Examination) -> Iterable[Point]:
    """Whether the nodes carry as many stands as the inventory offers, beside what others run there."""
    cluster, application = examination.cluster, examination.application
    ready = [node for node in examination.nodes if _is_usable(node)]
    have = {key: sum(quantity(node["status"]["allocatable"][key]) for node in ready) for key in _RESOURCES}
    taken = _taken_by_others(examination)
    need = _needs(application, cluster.images.kind)
    offered = (
        cluster_memory_bytes(examination.api, cluster) // stand_need(application, cluster.images.kind).reserved_bytes
    )
    fits = int(min(offered, *((have[key] - taken[key]) // need[key] for key in _RESOURCES)))
    finding = (
        f"{len(ready)} of {len(examination.nodes)} nodes ready, with {have['cpu']:g} cores, "
        f"{have['memory'] / _GIB:.1f} GiB and {have['pods']:.0f} pods, of which others reserve {taken['cpu']:.1f}, "
        f"{taken['memory'] / _GIB:.1f} and {taken['pods']:.0f}; a stand of {application.name} reserves "
        f"{need['cpu']:.1f}, {need['memory'] / _GIB:.1f} and {need['pods']:.0f}: {max(fits, 0)} fit, "
        f"{cluster.stands} are offered"
    )
    is_enough = fits >= cluster.stands
    yield Point(
        topic="capacity",
        status=Status.OK if is_enough else Status.MISSING,
        finding=finding,
        fix="" if is_enough else f"set stands to {max(fits, 1)} at most, raise memory_bytes, or add nodes",
    )


def images(examination: Examination) -> Iterable[Point]:
    """Whether the nodes have the images, so that a stand's first start need not wait for a registry."""
    wanted = _wanted_images(examination)
    lacking = {
        image: [node["metadata"]["name"] for node in examination.nodes if _is_usable(node) and not _has(node, image)]
        for image in wanted
    }
    absent = {image: nodes for image, nodes in lacking.items() if nodes}
    if not absent:
        yield Point(topic="images", status=Status.OK, finding=f"all {len(wanted)} on every node")
        return
    is_told_in_full = all(len(node["status"].get("images") or []) < _LISTED_IMAGES for node in examination.nodes)
    can_be_pulled = examination.cluster.images.pull_policy != "Never"
    image, nodes = next(iter(absent.items()))
    yield Point(
        topic="images",
        status=Status.MISSING if is_told_in_full and not can_be_pulled else Status.UNKNOWN,
        finding=(
            f"{len(absent)} of {len(wanted)} are not reported by every node: {image} is not by {nodes[0]}"
            f"{f' and {len(nodes) - 1} more' if len(nodes) > 1 else ''}"
            + ("; it would be pulled, if the registry can be reached" if can_be_pulled else "")
            + ("" if is_told_in_full else f"; but nodes report only {_LISTED_IMAGES} images")
        ),
        fix="put the image's tar, or a .txt with its name, into /var/lib/rancher/k3s/agent/images/ of every node",
    )


_RESOURCES = ("cpu", "memory", "pods")


def _is_usable(node: Document) -> bool:
    is_ready = any(c["type"] == "Ready" and c["status"] == "True" for c in node["status"].get("conditions") or [])
    return is_ready and not node["spec"].get("unschedulable")


def _needs(application: Application, kind: ImageKind) -> dict[str, float]:
    needs = dict.fromkeys(_RESOURCES, 0.0)
    for service in application.services:
        requests = resources(service, kind)["requests"]
        needs["pods"] += service.replicas
        for key in ("cpu", "memory"):
            needs[key] += service.replicas * quantity(requests[key])
    return needs


def _taken_by_others(examination: Examination) -> dict[str, float]:
    api = examination.api
    ours = {item["metadata"]["name"] for item in api.list(NAMESPACE, label_selector=f"{MANAGED_LABEL}=true")}
    taken = dict.fromkeys(_RESOURCES, 0.0)
    for pod in api.list(POD):
        if pod["metadata"]["namespace"] in ours or pod["status"].get("phase") in ("Succeeded", "Failed"):
            continue
        taken["pods"] += 1
        for container in pod["spec"]["containers"]:
            requests = (container.get("resources") or {}).get("requests") or {}
            for key in ("cpu", "memory"):
                taken[key] += quantity(requests.get(key, "0"))
    return taken


def _wanted_images(examination: Examination) -> Sequence[str]:
    if examination.cluster.images.kind is ImageKind.SYNTHETIC:
        return [examination.cluster.images.synthetic]
    parts = [service.kubernetes for service in examination.application.services if service.kubernetes is not None]
    return sorted({part.image for part in parts} | {sidecar.image for part in parts for sidecar in part.sidecars})


def _has(node: Document, image: str) -> bool:
    names = [name for entry in node["status"].get("images") or [] for name in entry.get("names") or []]
    return any(name == image or name.endswith(f"/{image}") for name in names)
