"""Pods made as good as new: deleted if they are worn, else told to forget what they hold."""

from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from clusters.k3s.api import STAND_LABEL, KubeApi, KubeError
from clusters.k3s.inventory import ImageKind
from clusters.k3s.kinds import POD, Document
from clusters.k3s.objects.names import COMPONENT_LABEL
from clusters.k3s.objects.resources import keeps_state, pod_kind
from clusters.k3s.pod_health import is_leaving, is_ready, restarts
from clusters.synthetic.plan import HEALTH_PORT
from clusters.topology import LOAD_GENERATOR, Application

_THREADS = 8
_FORGET_TIMEOUT_SECONDS = 5.0
_STARTING_SECONDS = 60.0
"""A pod that is younger and not ready may just be starting."""


def replace_worn_pods(
    api: KubeApi, application: Application, namespace: str, kind: ImageKind, *, rolling: Collection[str]
) -> frozenset[str]:
    """Delete pods that crashed before or do not get ready, and of images that cannot forget those that hold something.

    Pods of services that are `rolling` out, and young ones, need not be ready. Returns the services of which pods went.

    Raises:
        KubeError: the cluster refuses, or does not answer.
    """

    def is_worn(pod: Document) -> bool:
        service = _service(pod)
        holds = kind is ImageKind.DEMO and keeps_state(application.service(service))
        is_stuck = not is_ready(pod) and (now - _created(pod)).total_seconds() > _STARTING_SECONDS
        return restarts(pod) > 0 or (service not in rolling and (holds or is_stuck))

    now = datetime.now(UTC)

    worn = [pod for pod in _pods(api, namespace) if is_worn(pod)]
    _delete(api, namespace, worn)
    return frozenset(map(_service, worn))


def empty_pods(
    api: KubeApi, application: Application, namespace: str, kind: ImageKind
) -> tuple[frozenset[str], frozenset[str]]:
    """Let every pod of our image forget its cache, messages, load and leaked memory; (those that did, the others).

    Both are services; pods that did not answer were deleted.

    Raises:
        KubeError: the cluster refuses, or does not answer.
    """
    # The load generator ends its load, which would fill the others again.
    pods = sorted(_pods(api, namespace), key=lambda pod: _service(pod) != LOAD_GENERATOR)
    pods = [pod for pod in pods if pod_kind(application.service(_service(pod)), kind) is ImageKind.SYNTHETIC]
    first = [pod for pod in pods if _service(pod) == LOAD_GENERATOR]
    rest = pods[len(first) :]
    forgot = [_forgets(api, namespace, pod) for pod in first]
    forgot += _each(lambda pod: _forgets(api, namespace, pod), rest)
    stubborn = [pod for pod, has_forgotten in zip(pods, forgot, strict=True) if not has_forgotten]
    _delete(api, namespace, stubborn)
    deleted = frozenset(map(_service, stubborn))
    return frozenset(map(_service, pods)) - deleted, deleted


def _forgets(api: KubeApi, namespace: str, pod: Document) -> bool:
    name, timeout = pod["metadata"]["name"], _FORGET_TIMEOUT_SECONDS
    try:
        api.proxy("POST", namespace, name, HEALTH_PORT, "/reset", kind=POD, timeout_seconds=timeout)
    except KubeError:
        return False
    return True


def _pods(api: KubeApi, namespace: str) -> list[Document]:
    pods = api.list(POD, namespace, label_selector=f"{STAND_LABEL}={namespace}")
    return [pod for pod in pods if not is_leaving(pod)]


def _delete(api: KubeApi, namespace: str, pods: Iterable[Document]) -> None:
    _each(lambda pod: api.delete(POD, pod["metadata"]["name"], namespace, grace_seconds=0), pods)


def _each(act: Callable[[Document], bool], pods: Iterable[Document]) -> list[bool]:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="pods") as threads:
        return list(threads.map(act, pods))


def _created(pod: Document) -> datetime:
    return datetime.fromisoformat(pod["metadata"]["creationTimestamp"])


def _service(pod: Document) -> str:
    return str(pod["metadata"]["labels"][COMPONENT_LABEL])
