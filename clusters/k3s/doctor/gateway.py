"""Whether the collector gateway takes what pods send, and whether Coroot can be read."""

from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

from clusters.k3s.api import KubeError
from clusters.k3s.doctor.point import Examination, Point, Status

_TIMEOUT_SECONDS = 10.0
_INSTALL = "python -m clusters install CONFIG"


def gateway(examination: Examination) -> Iterable[Point]:
    """Asked through the API server if the gateway is in the cluster, directly otherwise."""
    spec = examination.cluster.telemetry
    address = urlsplit(spec.otlp_endpoint)
    if not spec.namespace:
        yield _outside(spec.otlp_endpoint)
        return
    service = (address.hostname or "").split(".")[0]
    topic, fix = "collector", f"{_INSTALL} prints or applies one, or correct otlp_endpoint and namespace"
    try:
        # Collectors take POST only: 405 is the answer of one that listens.
        examination.api.proxy("GET", spec.namespace, service, address.port or 4318, "/v1/traces")
    except KubeError as error:
        if error.status not in (400, 405, 415):
            finding = f"{spec.otlp_endpoint} does not answer: {error}"
            yield Point(topic=topic, status=Status.MISSING, finding=finding, fix=fix)
            return
    yield Point(topic=topic, status=Status.OK, finding=f"{spec.otlp_endpoint} answers")


def _outside(endpoint: str) -> Point:
    topic = "collector"
    try:
        answer = httpx.post(
            f"{endpoint}/v1/traces", json={"resourceSpans": []}, timeout=_TIMEOUT_SECONDS, trust_env=False
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Point(
            topic=topic,
            status=Status.UNKNOWN,
            finding=f"{endpoint} is outside the cluster and does not answer here ({error}); pods may reach it",
            fix=f"start the collector there, or {_INSTALL} for one in the cluster",
        )
    if answer.is_success:
        return Point(topic=topic, status=Status.OK, finding=f"{endpoint} takes spans")
    return Point(
        topic=topic,
        status=Status.MISSING,
        finding=f"{endpoint} answers {answer.status_code} to spans",
        fix="point otlp_endpoint at a collector's OTLP/HTTP port, 4318 by default",
    )


def coroot(examination: Examination) -> Iterable[Point]:
    """Findings are optional: without Coroot there are none, and streams say so."""
    spec, topic = examination.cluster.telemetry, "Coroot"
    if not spec.coroot_url:
        finding = "none is configured: stands tell no findings"
        fix = "install coroot-operator and coroot-ce, and set coroot_url and coroot_project"
        yield Point(topic=topic, status=Status.UNKNOWN, finding=finding, fix=fix, is_needed=False)
        return
    try:
        answer = httpx.get(f"{spec.coroot_url.rstrip('/')}/api/user", timeout=_TIMEOUT_SECONDS, trust_env=False)
        projects = [project["name"] for project in answer.json().get("projects") or []] if answer.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError, KeyError) as error:
        finding = f"{spec.coroot_url} does not answer as Coroot does: {error}"
        yield Point(topic=topic, status=Status.MISSING, finding=finding, fix="correct coroot_url", is_needed=False)
        return
    if projects is None:
        status, finding, fix = Status.MISSING, f"it answers {answer.status_code}", "set authAnonymousRole to Viewer"
    elif spec.coroot_project not in projects:
        status, finding = (
            Status.MISSING,
            f"no project {spec.coroot_project!r}: there are {', '.join(projects) or 'none'}",
        )
        fix = "correct coroot_project"
    else:
        status, finding, fix = Status.OK, f"project {spec.coroot_project}", ""
    yield Point(topic=topic, status=status, finding=finding, fix=fix, is_needed=False)
