"""A stand brought to its baseline: a new one started, a used one made indistinguishable from it, and how that is known.

objects applied exactly, the rest pruned -> worn pods replaced -> all ready -> flags reset, pods emptied -> evidence

Only what differs is restarted: a Deployment whose pods were to be others rolls by itself; a pod that crashed or is not
ready is deleted. What pods hold (a cache, a queue's messages, leaked memory) is forgotten in place where the image can
do that, else with the pod.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.applying import AppliedObject, AppliedObjects, apply_objects, stand_contents
from clusters.k3s.flag_values import read_variants, write_variants
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import CHAOS_KINDS, DEPLOYMENT
from clusters.k3s.object_changes import changes, differs_in_pods
from clusters.k3s.objects import stand_objects
from clusters.k3s.pod_renewal import empty_pods, replace_worn_pods
from clusters.k3s.readiness import wait_ready
from clusters.k3s.reset_report import ResetReport
from clusters.kubernetes_part import FlagDelivery
from clusters.stand import StandError
from clusters.topology import Application


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
    rolled = frozenset(it.name for it in deployments if it.before and differs_in_pods(it.before, it.after))
    renewal = _Renewal() if is_new else _replace_worn(stand, rolled)

    def wait() -> None:
        names = [deployment.name for deployment in deployments]
        left = started + ready_timeout_seconds - time.monotonic()
        wait_ready(api, namespace, names, timeout_seconds=left, is_whole=True)

    wait()
    if not is_new:
        renewal = _empty(stand, renewal)
        if renewal.must_start:
            wait()
    evidence = _evidence(stand, applied)
    return ResetReport(
        is_new=is_new,
        differed=tuple(_differences(applied.objects)) + renewal.flags,
        removed=applied.pruned,
        restarted=tuple(sorted(rolled | renewal.replaced)),
        emptied=tuple(sorted(renewal.emptied)),
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


@dataclass(frozen=True, kw_only=True)
class _Renewal:
    replaced: frozenset[str] = frozenset()
    emptied: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()
    must_start: bool = False
    """Pods were replaced since all were ready."""


def _replace_worn(stand: _Stand, rolled: frozenset[str]) -> _Renewal:
    kind = stand.cluster.images.kind
    return _Renewal(replaced=replace_worn_pods(stand.api, stand.application, stand.namespace, kind, rolling=rolled))


def _empty(stand: _Stand, renewal: _Renewal) -> _Renewal:
    """Flags first: a caller's may be felt for a while by those who are to forget it."""
    flags = _reset_flags(stand)
    emptied, replaced = empty_pods(stand.api, stand.application, stand.namespace, stand.cluster.images.kind)
    all_replaced = renewal.replaced | replaced
    return _Renewal(replaced=all_replaced, emptied=emptied, flags=flags, must_start=bool(replaced))


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
