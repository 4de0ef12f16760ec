"""Keeping faults up while they last, and a stand free of them before and after."""

import logging

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.context import StandContext
from clusters.k3s.faults.direct_faults import end_outage, mend_ports
from clusters.k3s.faults.experiments import lift
from clusters.k3s.faults.fault import keep_nothing
from clusters.k3s.faults.ledger import Experiment
from clusters.k3s.faults.rules import FAULTS
from clusters.k3s.kinds import CHAOS_KINDS, DEPLOYMENT, SERVICE
from clusters.k3s.rules.view import StandView
from clusters.stand import StandError

_LOG = logging.getLogger(__name__)


def tend(context: StandContext) -> None:
    """Let faults strike again, grow, and reach pods that came later; to be called about once a telemetry bucket.

    Without such a fault it asks nothing of the cluster. What fails now, because a pod just starts, say, is tried again
    the next time; `verify` of the fault's receipt tells what it lacks.
    """
    view = StandView(context)
    for fault_id, fault in tuple(context.ledger.active.items()):
        kind = FAULTS[type(fault.command)]
        if kind.keep_up is keep_nothing:
            continue
        try:
            kind.keep_up(view, fault)
        except StandError as error:
            _LOG.warning("stand %s: fault %s is not kept up for now: %s", context.namespace, fault_id, error)


def clear_all(context: StandContext) -> tuple[str, ...]:
    """Lift every fault on the stand, whoever injected it, and wait until it is gone; what was found, in words.

    It goes by the objects in the namespace, so it also finds what a holder left behind that is no more.

    Raises:
        StandError: something cannot be lifted.
    """
    api, namespace = context.api, context.namespace
    found = _clear_chaos(api, namespace)
    for deployment in api.list(DEPLOYMENT, namespace):
        if end_outage(api, namespace, deployment):
            found.append(f"{deployment['metadata']['name']} has its replicas back")
    for service in api.list(SERVICE, namespace):
        if mend_ports(api, namespace, service):
            found.append(f"{service['metadata']['name']} points at its pods again")
    context.ledger.active.clear()
    return tuple(found)


def _clear_chaos(api: KubeApi, namespace: str) -> list[str]:
    experiments = []
    for kind in CHAOS_KINDS:
        try:
            documents = api.list(kind, namespace)
        except KubeError as error:
            if error.status != 404:
                raise
            continue  # a cluster without Chaos Mesh has no such kind, so nothing of it is there
        experiments += [Experiment(kind=kind, name=document["metadata"]["name"]) for document in documents]
    remedy = lift(api, namespace, experiments)
    return [f"{experiment.kind.name} {experiment.name} is gone{remedy}" for experiment in experiments]
