"""Findings of a Coroot, through its HTTP API (v1.24): a check of an application that changed its status is one.

overview of the project's applications -> reports of those that are not well, or were not -> changes of their checks
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from clusters.stand import StandError
from clusters.streams import Finding
from clusters.topology import Application

_TIMEOUT_SECONDS = 15.0
_SEVERITIES: Mapping[str, str] = {"warning": "warning", "critical": "critical"}
"""Coroot's other words (`unknown`, `ok`, `info`) mean that nothing is wrong."""
_OK = "ok"
_MS_NS = 10**6

Check = tuple[str, str]
"""Application id and id of the check."""


class Coroot:
    """Safe to share between threads. Its role for anonymous users must be Viewer or more.

    Args:
        url: its address.
        project: name or id of the cluster's project.
        cluster: for messages.
    """

    def __init__(self, url: str, project: str, *, cluster: str) -> None:
        self._url, self._project, self._cluster = url.rstrip("/"), project, cluster
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self._project_id = ""
        self._severities: dict[Check, str] = {}

    def told(self, application: Application, namespace: str, start_ns: int, end_ns: int) -> tuple[Finding, ...]:
        """What changed in a stand's checks over a time, as Coroot sees it at its end.

        Raises:
            StandError: Coroot cannot be asked.
        """
        span = {"from": str(start_ns // _MS_NS), "to": str(end_ns // _MS_NS)}
        with self._lock:
            findings: list[Finding] = []
            for app_id, status in self._applications(namespace, span):
                service = app_id.rsplit(":", 1)[-1]
                if service not in application.service_names:
                    continue
                was_well = all(level == _OK for (app, _), level in self._severities.items() if app == app_id)
                if _severity(status) == _OK and was_well:
                    continue
                findings += self._changes(app_id, service, application, span, end_ns - 1)
        return tuple(findings)

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _applications(self, namespace: str, span: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """(id, status) of a namespace's."""
        overview = self._get("overview/applications", span)
        for item in overview.get("applications") or []:
            # cluster:namespace:kind:name; older servers leave the cluster out.
            if item["id"].split(":")[-3] == namespace:
                yield item["id"], item.get("status", "")

    def _changes(
        self, app_id: str, service: str, application: Application, span: Mapping[str, str], time_ns: int
    ) -> Iterator[Finding]:
        document = self._get(f"app/{quote(app_id, safe='')}", span)
        edges = tuple(_bad_edges(document.get("app_map") or {}, service, application))
        for report in document.get("reports") or []:
            for check in report.get("checks") or []:
                severity = _severity(check.get("status", ""))
                if severity == self._severities.get((app_id, check["id"]), _OK):
                    continue
                self._severities[app_id, check["id"]] = severity
                of_edges = edges if report.get("name") == "Net" else ()
                yield Finding(
                    time_ns=time_ns,
                    affected_services=(service, *(target for _, target in of_edges)),
                    affected_edges=of_edges,
                    symptom_class=check["id"],
                    severity=severity,
                    explanation=f"{service}: {check.get('message') or check.get('title') or check['id']}",
                    # Coroot's analysis of root causes needs its cloud.
                    suggested_root_cause=None,
                )

    def _get(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        if not self._project_id:
            self._project_id = self._find_project()
        return self._data(f"api/project/{self._project_id}/{path}", parameters)

    def _find_project(self) -> str:
        projects = self._answer("api/user", {}).get("projects") or []
        for project in projects:
            if self._project in (project["id"], project["name"]):
                return str(project["id"])
        known = ", ".join(project["name"] for project in projects) or "none that it shows to anonymous users"
        raise self._error(f"has no project {self._project!r}: it has {known}; correct coroot_project")

    def _data(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        return self._answer(path, parameters).get("data") or {}

    def _answer(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        try:
            response = self._client.get(f"{self._url}/{path}", params=dict(parameters))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._error(f"does not answer ({error}); check that it runs and that coroot_url is right") from error
        if response.status_code in (401, 403):
            raise self._error("asks for a login; set authAnonymousRole to Viewer")
        try:
            document = response.json()
        except ValueError:
            document = None
        if response.status_code >= 400 or not isinstance(document, dict):
            raise self._error(f"answers {response.status_code} to /{path}; check its version (1.24 is known)")
        return document

    def _error(self, what: str) -> StandError:
        return StandError(f"Coroot of cluster {self._cluster} at {self._url} {what}")


def _severity(status: str) -> str:
    return _SEVERITIES.get(status, _OK)


def _bad_edges(app_map: Mapping[str, Any], service: str, application: Application) -> Iterable[tuple[str, str]]:
    """Calls of the service whose link is not well."""
    known = {(edge.source, edge.target) for edge in application.edges}
    for dependency in app_map.get("dependencies") or []:
        edge = service, str(dependency["id"]).rsplit(":", 1)[-1]
        if edge in known and _severity(dependency.get("link_status", "")) != _OK:
            yield edge
