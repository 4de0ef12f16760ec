"""Whether Chaos Mesh is installed, and whether its controllers answer."""

from collections.abc import Iterable

from clusters.k3s.api import KubeError
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.kinds import CHAOS_KINDS, CHAOS_VERSION, DEFINITION, POD_CHAOS

_INSTALL = (
    "helm install chaos-mesh chaos-mesh/chaos-mesh -n chaos-mesh --create-namespace --version 2.8.3 "
    "--set chaosDaemon.runtime=containerd --set chaosDaemon.socketPath=/run/k3s/containerd/containerd.sock"
)
_NO_DURATION = "no duration"
"""Chaos Mesh's own webhook refuses it; the definition's schema does not."""


def chaos(examination: Examination) -> Iterable[Point]:
    """Definitions by asking for them, controllers by an experiment that they must refuse; nothing is created."""
    group = CHAOS_VERSION.split("/")[0]
    names = [f"{kind.plural}.{group}" for kind in CHAOS_KINDS]
    absent = [name for name in names if examination.api.find(DEFINITION, name) is None]
    if absent:
        finding = f"{len(absent)} of {len(names)} definitions are not there: {', '.join(absent)}"
        yield Point(topic="Chaos Mesh", status=Status.MISSING, finding=finding, fix=_INSTALL)
        return
    yield Point(topic="Chaos Mesh", status=Status.OK, finding=f"all {len(names)} definitions")
    yield _controllers(examination)


def _controllers(examination: Examination) -> Point:
    experiment = {
        "apiVersion": POD_CHAOS.api_version,
        "kind": POD_CHAOS.name,
        "metadata": {"name": "otel-control-gym-doctor"},
        "spec": {
            "action": "pod-failure",
            "mode": "one",
            "duration": _NO_DURATION,
            "selector": {"namespaces": ["default"], "labelSelectors": {"otel-control-gym.io/none": "true"}},
        },
    }
    topic = "Chaos Mesh controllers"
    try:
        examination.api.create(experiment, "default", dry_run=True)
    except KubeError as error:
        if "failed calling webhook" in str(error):
            return Point(
                topic=topic,
                status=Status.MISSING,
                finding=f"they do not answer: {error}",
                fix="look at the pods in the namespace chaos-mesh, or install again: " + _INSTALL,
            )
        if "admission webhook" in str(error):
            return Point(topic=topic, status=Status.OK, finding="they answer; daemons show at the first fault only")
        return Point(topic=topic, status=Status.UNKNOWN, finding=str(error), fix="see the point permissions")
    return Point(
        topic=topic,
        status=Status.MISSING,
        finding="nobody checks experiments: the definitions are there without the controllers",
        fix=_INSTALL,
    )
