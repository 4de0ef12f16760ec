"""A stand brought to its baseline: a new one started, a used one made indistinguishable from it, and how that is known.

objects applied exactly, the rest pruned -> worn pods replaced, the others emptied -> flags reset
-> all ready -> looked at once more

Only what differs is restarted: a Deployment whose pods were to be others rolls by itself; a pod that crashed or is not
ready is deleted. What pods hold (a cache, a queue's messages, leaked memory) is forgotten in place where the image can
do that, else with the pod.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from clusters.k3s.api import STAND_LABEL, KubeApi, KubeError
from clusters.k3s.applying import AppliedObject, AppliedObjects, apply_objects, stand_contents
from clusters.k3s.flag_values import read_variants, write_variants
from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import CHAOS_KINDS, DEPLOYMENT, POD, Document
from clusters.k3s.object_changes import changes, differs_in_pods
from clusters.k3s.objects import stand_objects
from clusters.k3s.objects.names import COMPONENT_LABEL
from clusters.k3s.objects.resources import keeps_state
from clusters.k3s.pod_health import is_leaving, is_ready, restarts
from clusters.k3s.readiness import wait_ready
from clusters.kubernetes_part import FlagDelivery
from clusters.stand import StandError
from clusters.synthetic.plan import HEALTH_PORT
from clusters.topology import LOAD_GENERATOR, Application

_THREADS = 8
_FORGET_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class ResetReport:
    """What a reset found, what it did, and how it knows that the stand is at its baseline."""

    is_new: bool
    """There was no stand yet."""
    differed: tuple[str, ...]
    """What was not as it should be, as `Kind name: path: found -> wanted`."""
    removed: tuple[str, ...]
    """Objects that do not belong to the baseline, as `Kind name`."""
    restarted: tuple[str, ...]
    """Services of which pods were replaced."""
    emptied: tuple[str, ...]
    """Services whose pods forgot what they held, without a restart."""
    evidence: str
    """What was looked at, after all was ready."""
    seconds: float

    @property
    def text(self) -> str:
        """One line."""
        if self.is_new:
            return f"new in {self.seconds:.1f} s: {self.evidence}"
        parts = (
            f"{len(self.differed)} differences{_listed(self.differed)}",
            f"removed{_listed(self.removed) or ' nothing'}",
            f"restarted{_listed(self.restarted) or ' nothing'}",
            f"emptied {len(self.emptied)} services",
        )
        return f"back in {self.seconds:.1f} s: {'; '.join(parts)}; {self.evidence}"


def restore_baseline(
    api: KubeApi, application: Application, *, namespace: str, cluster: ClusterSpec, ready_timeout_seconds: float
) -> ResetReport:
    """Start the stand, or bring it back to its baseline. Faults by Chaos Mesh are to be lifted before.

    Raises:
        StandError: it is not ready in time, or does not stay at its baseline; the message says what is wrong.
            KubeError, one of these: the cluster refuses something, or does not answer.
    """
    started = time.monotonic()
    stand = _Stand(api=api, application=application, namespace=namespace, cluster=cluster)
    documents = stand_objects(application, namespace=namespace, cluster=cluster)
    applied = apply_objects(api, namespace, documents, force=True, is_exact=True)
    deployments = applied.of(DEPLOYMENT)
    is_new = all(deployment.before is None for deployment in deployments)
    rolled = {it.name for it in deployments if it.before is not None and differs_in_pods(it.before, it.after)}
    replaced, emptied = (frozenset[str](), frozenset[str]()) if is_new else _renew_pods(stand, rolled)
    wait_ready(api, namespace, [it.name for it in deployments], timeout_seconds=ready_timeout_seconds, is_whole=True)
    flags = () if is_new else _reset_flags(stand)
    evidence = _evidence(stand, applied)
    return ResetReport(
        is_new=is_new,
        differed=tuple(_differences(applied.objects)) + flags,
        removed=applied.pruned,
        restarted=tuple(sorted(rolled | replaced)),
        emptied=tuple(sorted(emptied)),
        evidence=evidence,
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True, kw_only=True)
class _Stand:
    api: KubeApi
    application: Application
    namespace: str
    cluster: ClusterSpec


def _differences(objects: Sequence[AppliedObject]) -> list[str]:
    """What was found otherwise; an object that was missing counts too, where others were there."""
    is_new = all(applied.before is None for applied in objects)
    missing = [f"{it.kind.name} {it.name}: missing" for it in objects if it.before is None and not is_new]
    return missing + [f"{it.kind.name} {it.name}: {change}" for it in objects for change in it.changes]


def _renew_pods(stand: _Stand, rolled: set[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Replace worn pods and empty the others, of services that do not roll; (services replaced, services emptied)."""
    pods = stand.api.list(POD, stand.namespace, label_selector=f"{STAND_LABEL}={stand.namespace}")
    pods = [pod for pod in pods if not is_leaving(pod) and _service(pod) not in rolled]
    pods.sort(key=lambda pod: _service(pod) != LOAD_GENERATOR)
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="renew") as threads:
        kept = list(threads.map(lambda pod: _renew_pod(stand, pod), pods))
    replaced = frozenset(_service(pod) for pod, is_kept in zip(pods, kept, strict=True) if not is_kept)
    return replaced, frozenset(map(_service, pods)) - replaced


def _renew_pod(stand: _Stand, pod: Document) -> bool:
    """Make a pod as good as new; False: by deleting it."""
    name, service = pod["metadata"]["name"], stand.application.service(_service(pod))
    is_synthetic = stand.cluster.images.kind is ImageKind.SYNTHETIC
    if is_ready(pod) and not restarts(pod):
        if not is_synthetic and not keeps_state(service):
            return True
        if is_synthetic and _forgets(stand.api, stand.namespace, name):
            return True
    stand.api.delete(POD, name, stand.namespace, grace_seconds=0)
    return False


def _forgets(api: KubeApi, namespace: str, pod: str) -> bool:
    try:
        api.proxy("POST", namespace, pod, HEALTH_PORT, "/reset", kind=POD, timeout_seconds=_FORGET_TIMEOUT_SECONDS)
    except KubeError:
        return False  # the pod is replaced, which the report tells
    return True


def _reset_flags(stand: _Stand) -> tuple[str, ...]:
    """Set every flag to its good variant; what was otherwise."""
    flags = [flag for flag in stand.application.flags if flag.delivery is FlagDelivery.FLAGD]
    if not flags:
        return ()
    found = read_variants(stand.api, stand.application, stand.namespace)
    bad = {flag.name: flag.good_variant for flag in flags if found.get(flag.name) != flag.good_variant}
    if bad:
        write_variants(stand.api, stand.application, stand.namespace, bad)
    return tuple(f"flag {name}: {found.get(name)} -> {good}" for name, good in bad.items())


def _evidence(stand: _Stand, applied: AppliedObjects) -> str:
    """Look at the whole stand once more, and say what was seen.

    Raises:
        StandError: it is not at the baseline.
    """
    api, namespace = stand.api, stand.namespace
    live = stand_contents(api, namespace)
    wrong = [
        f"{kind.name} {name}: not wanted" for kind, name in live.keys() - {(it.kind, it.name) for it in applied.objects}
    ]
    for it in applied.objects:
        now = live.get((it.kind, it.name))
        wrong += (
            [f"{it.kind.name} {it.name}: {change}" for change in changes(it.after, now)]
            if now
            else [f"{it.name}: gone"]
        )
    wrong += [f"{kind}: still there" for kind in _chaos_left(stand)]
    if wrong:
        raise StandError(
            f"stand {namespace} on cluster {api.cluster} does not stay at its baseline: {'; '.join(sorted(wrong))}; "
            "find out who changes it, or remove it with `python -m clusters down`"
        )
    pods = sum(it.after["spec"]["replicas"] for it in applied.of(DEPLOYMENT))
    return (
        f"{len(applied.objects)} objects are as built from {stand.application.name} and no other is there, "
        f"{pods} pods of the present revisions are ready, no experiment is left"
    )


def _chaos_left(stand: _Stand) -> list[str]:
    left: list[str] = []
    for kind in CHAOS_KINDS:
        try:
            found = stand.api.list(kind, stand.namespace)
        except KubeError as error:
            if error.status != 404:
                raise
            continue  # the cluster has no Chaos Mesh
        left += [f"{kind.name} {document['metadata']['name']}" for document in found]
    return left


def _service(pod: Document) -> str:
    return str(pod["metadata"]["labels"][COMPONENT_LABEL])


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:5])
    return f" ({shown}{', ...' if len(items) > 5 else ''})" if items else ""
