"""Whether the kubeconfig's account may do what placement, telemetry and clean-up do."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from clusters.k3s.api import KubeApi
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.isolation import RULES
from clusters.k3s.kinds import ACCESS_REVIEW

_APPLY = ("create", "patch")
"""Server-side apply of something that may not be there yet."""
_PLACEMENT: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("", ("namespaces",), ("get", "list", "delete", *_APPLY)),
    ("", ("nodes",), ("list",)),
    ("coordination.k8s.io", ("leases",), ("get", "list", "update", "delete", *_APPLY)),
    ("", ("resourcequotas", "limitranges"), _APPLY),
    ("networking.k8s.io", ("networkpolicies",), _APPLY),
    ("", ("serviceaccounts",), ("delete", *_APPLY)),
    ("", ("serviceaccounts/token",), ("create",)),
    ("rbac.authorization.k8s.io", ("roles", "rolebindings"), _APPLY),
)
_THREADS = 8

Right = tuple[str, str, str]
"""(verb, resource with its subresource, API group)."""


def rights(examination: Examination) -> Iterable[Point]:
    """Of the account that the examination itself acts by."""
    return rights_of(examination.api)


def rights_of(api: KubeApi) -> Iterable[Point]:
    """Asked of the API server itself (SelfSubjectAccessReview); who grants a role must hold what it grants.

    Raises:
        KubeError: the server cannot be asked.
    """
    if _may(api, ("*", "*", "*")):
        yield Point(topic="permissions", status=Status.OK, finding="the account may do everything")
        return
    asked = [
        (verb, resource, group)
        for group, resources, verbs in (*_PLACEMENT, *RULES)
        for resource in resources
        for verb in verbs
    ]
    with ThreadPoolExecutor(_THREADS) as pool:
        allowed = list(pool.map(lambda right: _may(api, right), asked))
    refused = [right for right, is_allowed in zip(asked, allowed, strict=True) if not is_allowed]
    if not refused:
        yield Point(topic="permissions", status=Status.OK, finding=f"all {len(asked)} rights that are needed")
        return
    names = ", ".join(f"{verb} {resource}{f'.{group}' if group else ''}" for verb, resource, group in refused[:6])
    yield Point(
        topic="permissions",
        status=Status.MISSING,
        finding=f"{len(refused)} of {len(asked)} rights are refused: {names}{', ...' if len(refused) > 6 else ''}",
        fix="bind the kubeconfig's account to a ClusterRole with these rights, or to cluster-admin",
    )


def _may(api: KubeApi, right: Right) -> bool:
    verb, resource, group = right
    name, _, subresource = resource.partition("/")
    attributes = {"verb": verb, "resource": name, "subresource": subresource, "group": group}
    review = api.create(
        {
            "apiVersion": ACCESS_REVIEW.api_version,
            "kind": ACCESS_REVIEW.name,
            "spec": {"resourceAttributes": attributes},
        }
    )
    return bool(review["status"]["allowed"])
