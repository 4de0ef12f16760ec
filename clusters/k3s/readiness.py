"""Waiting until deployments are really ready: two lists a poll, however many there are."""

import time
from collections.abc import Collection

from tenacity import RetryError, Retrying, retry_if_exception, retry_if_result, stop_after_delay, wait_fixed

from clusters.k3s.api import STAND_LABEL, KubeApi, KubeError
from clusters.k3s.kinds import DEPLOYMENT, POD, Document
from clusters.k3s.pod_health import Cause, Unready, is_leaving, why_unready
from clusters.stand import StandError

_POLL_SECONDS = 0.5


def wait_ready(
    api: KubeApi, namespace: str, deployments: Collection[str], *, timeout_seconds: float, is_whole: bool = False
) -> float:
    """Wait until all these deployments of a stand are ready, and return how many seconds that took.

    Args:
        api: may list deployments and pods.
        namespace: the stand.
        deployments: their names.
        timeout_seconds: how long to wait.
        is_whole: these are all that the stand should have, so that pods of others must have gone too.

    Raises:
        StandError: some are not after `timeout_seconds`, or never will be; the message says which and why.
    """
    started = time.monotonic()
    poll = Retrying(
        stop=stop_after_delay(timeout_seconds),
        wait=wait_fixed(_POLL_SECONDS),
        retry=retry_if_result(_is_worth_waiting) | retry_if_exception(_is_passing),
    )
    try:
        unready = poll(find_unready, api, namespace, deployments, is_whole=is_whole)
    except RetryError as error:
        unready = error.last_attempt.result()
    if unready:
        seconds = time.monotonic() - started
        raise StandError(
            f"stand {namespace} on cluster {api.cluster} is not ready after {seconds:.0f} s: "
            f"{'; '.join(map(str, unready))}; {_FIX}"
        )
    return time.monotonic() - started


_FIX = "mend that, or raise ready_timeout_seconds in the inventory"


def find_unready(
    api: KubeApi, namespace: str, deployments: Collection[str], *, is_whole: bool = False
) -> tuple[Unready, ...]:
    """Which of these deployments are not ready now, and why: two requests. `is_whole` as for `wait_ready`.

    Raises:
        KubeError: the cluster does not answer.
        StandError: one of them does not exist.
    """
    pods: dict[str, list[Document]] = {}
    for pod in api.list(POD, namespace, label_selector=f"{STAND_LABEL}={namespace}"):
        pods.setdefault(_owner(pod), []).append(pod)
    found = {document["metadata"]["name"]: document for document in api.list(DEPLOYMENT, namespace)}
    missing = sorted(set(deployments) - found.keys())
    if missing:
        raise StandError(f"stand {namespace} on cluster {api.cluster} has no deployment {', '.join(missing)}; reset it")
    reasons = [why_unready(found[name], pods.get(name, ())) for name in deployments]
    if is_whole:
        leftover = (
            name for name, theirs in pods.items() if name not in deployments and not all(map(is_leaving, theirs))
        )
        reasons += [Unready(deployment=name, cause=Cause.UNWANTED, detail="") for name in leftover]
    return tuple(reason for reason in reasons if reason is not None)


def _owner(pod: Document) -> str:
    """Name of the deployment that a pod is of, from its ReplicaSet `<deployment>-<hash of the template>`."""
    owners = pod["metadata"].get("ownerReferences", ())
    replica_set = next((owner["name"] for owner in owners if owner["kind"] == "ReplicaSet"), "")
    return str(replica_set.removesuffix(f"-{pod['metadata'].get('labels', {}).get('pod-template-hash', '')}"))


def _is_worth_waiting(unready: tuple[Unready, ...]) -> bool:
    return bool(unready) and not any(reason.is_hopeless for reason in unready)


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, KubeError) and (error.status in (0, 429) or error.status >= 500)
