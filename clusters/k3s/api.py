"""Kubernetes objects as plain documents, over the official client: one place for paths, time-outs and sentences."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException

from clusters.k3s.kinds import SERVICE, Document, Kind, kind_of
from clusters.stand import StandError

FIELD_MANAGER = "otel-control-gym"
"""Owner of every field that this package writes by server-side apply."""
MANAGED_LABEL = "otel-control-gym.io/managed"
"""On every namespace of ours, with the value `true`. What lacks it is never deleted."""
STAND_LABEL = "otel-control-gym.io/stand"
"""Name of the stand; equals its namespace."""
_TIMEOUT_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
"""Until a TCP connection must stand: what is not there is not worth the time of a request that works."""
_PAGE = 500


class KubeError(StandError):
    """The API server refused a request, or could not be asked. The message names cluster, object and reason."""

    def __init__(self, message: str, *, status: int, reason: str) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status; 0: no answer."""
        self.reason = reason
        """Kubernetes' word for it, such as `NotFound`, `AlreadyExists`, `Conflict`, `Forbidden` or `Invalid`."""


class KubeApi:
    """One cluster as one identity sees it. Safe to share between threads."""

    def __init__(self, client: ApiClient, *, cluster: str) -> None:
        self._client = client
        self.cluster = cluster
        """Name in messages."""
        self._ahead_seconds = 0.0

    def server_time(self) -> datetime:
        """The API server's clock (UTC), by the `Date` of its last answer: what all who share a cluster agree on."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead_seconds)

    def get(self, kind: Kind, name: str, namespace: str = "") -> Document:
        """One object."""
        return self._object("GET", kind.path(namespace, name))

    def find(self, kind: Kind, name: str, namespace: str = "") -> Document | None:
        """One object, or None if it is not there."""
        try:
            return self.get(kind, name, namespace)
        except KubeError as error:
            if error.status == 404:
                return None
            raise

    def list(self, kind: Kind, namespace: str = "", *, label_selector: str = "") -> list[Document]:
        """Objects of a kind, in a namespace or in all; items carry no `apiVersion` and `kind`, as the API has it."""
        items: list[Document] = []
        query = {"limit": str(_PAGE)} | ({"labelSelector": label_selector} if label_selector else {})
        while True:
            page = self._json("GET", kind.path(namespace), query=query)
            items += page["items"]
            if not page["metadata"].get("continue"):
                return items
            query["continue"] = page["metadata"]["continue"]

    def create(
        self,
        document: Document,
        namespace: str = "",
        *,
        kind: Kind | None = None,
        name: str = "",
        subresource: str = "",
        dry_run: bool = False,
    ) -> Document:
        """Create an object, or post `document` to the `subresource` of the object of `kind` called `name`.

        With `dry_run` the server answers as if, admission webhooks included, and keeps nothing.
        """
        path = (kind or kind_of(document)).path(namespace, name, subresource)
        query = {"fieldManager": FIELD_MANAGER} | ({"dryRun": "All"} if dry_run else {})
        return self._object("POST", path, body=document, query=query)

    def apply(
        self, document: Document, namespace: str = "", *, force: bool = False, manager: str = FIELD_MANAGER
    ) -> Document:
        """Server-side apply: afterwards `manager` owns exactly the fields that `document` has.

        Raises:
            KubeError: among others 409 `Conflict`, if another manager owns a field that differs and not `force`.
        """
        return self._object(
            "PATCH",
            kind_of(document).path(namespace, document["metadata"]["name"]),
            body=document,
            query={"fieldManager": manager, "force": "true" if force else "false"},
            content_type="application/apply-patch+yaml",
        )

    def patch(self, kind: Kind, name: str, namespace: str, document: Document, *, subresource: str = "") -> Document:
        """JSON merge patch of one object."""
        return self._object(
            "PATCH",
            kind.path(namespace, name, subresource),
            body=document,
            query={"fieldManager": FIELD_MANAGER},
            content_type="application/merge-patch+json",
        )

    def replace(self, document: Document, namespace: str = "", *, kind: Kind | None = None) -> Document:
        """Put a whole object, by default of the kind that it names; with a `resourceVersion` a stale one is a 409."""
        path = (kind or kind_of(document)).path(namespace, document["metadata"]["name"])
        return self._object("PUT", path, body=document, query={"fieldManager": FIELD_MANAGER})

    def delete(
        self, kind: Kind, name: str, namespace: str = "", *, grace_seconds: int | None = None, uid: str = ""
    ) -> bool:
        """Ask for deletion in the background; False if there is no such object.

        With a `uid`, only the object that was seen is deleted: another one of the same name is a 409.
        """
        body: Document = {"propagationPolicy": "Background"}
        if uid:
            body["preconditions"] = {"uid": uid}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        try:
            self._json("DELETE", kind.path(namespace, name), body=body)
        except KubeError as error:
            if error.status == 404:
                return False
            raise
        return True

    def proxy(
        self,
        method: str,
        namespace: str,
        name: str,
        port: int,
        path: str,
        *,
        body: Any = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
        kind: Kind = SERVICE,
    ) -> Any:
        """A JSON request to the port of a service, or of a pod, carried by the API server: from outside too."""
        return self._json(
            method,
            f"/api/v1/namespaces/{namespace}/{kind.plural}/http:{name}:{port}/proxy{path}",
            body=body,
            timeout_seconds=timeout_seconds,
        )

    def watch(
        self,
        kind: Kind,
        namespace: str = "",
        *,
        label_selector: str = "",
        resource_version: str = "",
        timeout_seconds: int = 300,
    ) -> Iterator[tuple[str, Document]]:
        """(`ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`, object) until the server ends the watch."""
        query = {"watch": "true", "allowWatchBookmarks": "true", "timeoutSeconds": str(timeout_seconds)}
        query |= {"labelSelector": label_selector} if label_selector else {}
        query |= {"resourceVersion": resource_version} if resource_version else {}
        response = self.stream(kind.path(namespace), query=query, timeout_seconds=timeout_seconds + _TIMEOUT_SECONDS)
        try:
            rest = b""
            for chunk in response.stream(amt=65536, decode_content=True):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.strip():
                        event = json.loads(line)
                        yield event["type"], event["object"]
        finally:
            response.close()

    def stream(self, path: str, *, query: Mapping[str, str], timeout_seconds: float) -> urllib3.HTTPResponse:
        """The raw answer to a GET, not read yet: a watch, or a log that is followed. The caller closes it."""
        return self._request("GET", path, None, query, "application/json", timeout_seconds)

    def raw(self, path: str, *, query: Mapping[str, str] | None = None) -> str:
        """The text that a GET answers with: `/readyz`, `/metrics`, a pod's log."""
        response = self._request("GET", path, None, query or {}, "application/json", _TIMEOUT_SECONDS)
        try:
            return response.read().decode(errors="replace")
        finally:
            response.release_conn()

    def _object(self, method: str, path: str, **options: Any) -> Document:
        document: Document = self._json(method, path, **options)
        return document

    def _json(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> Any:
        response = self._request(method, path, body, query or {}, content_type, timeout_seconds)
        try:
            data = response.read()
        finally:
            response.release_conn()
        try:
            return json.loads(data) if data else {}
        except ValueError:
            return data.decode(errors="replace")

    def _request(
        self, method: str, path: str, body: Any, query: Mapping[str, str], content_type: str, timeout_seconds: float
    ) -> urllib3.HTTPResponse:
        headers = {"Accept": "application/json, */*", "Content-Type": content_type}
        try:
            serialised = self._client.param_serialize(
                method=method,
                resource_path=path,
                query_params=list(query.items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            timeouts = (min(_CONNECT_SECONDS, timeout_seconds), timeout_seconds)
            response: urllib3.HTTPResponse = self._client.call_api(*serialised, timeouts).response
        except (ApiException, urllib3.exceptions.HTTPError) as error:
            raise KubeError(
                f"cluster {self.cluster} does not answer ({method} {path}): {error}; check that its API server runs "
                "and that the address and certificates of the kubeconfig are right",
                status=0,
                reason="Unreachable",
            ) from error
        if "Date" in response.headers:
            self._ahead_seconds = parsedate_to_datetime(response.headers["Date"]).timestamp() - time.time()
        if response.status >= 400:
            raise _refused(response, f"{method} {path}", self.cluster)
        return response


def _refused(response: urllib3.HTTPResponse, what: str, cluster: str) -> KubeError:
    try:
        text = response.data.decode(errors="replace")
    finally:
        response.release_conn()
    reason, message = str(response.reason or ""), text.strip()
    try:
        status = json.loads(text)
        reason, message = status.get("reason") or reason, status.get("message") or message
    except (ValueError, AttributeError):
        pass  # a proxied service answers in words of its own
    if response.status == 401:
        message = f"{message or reason}; its credentials are expired or wrong: renew those of the kubeconfig"
    return KubeError(
        f"cluster {cluster} refused {what}: {message or reason}", status=int(response.status), reason=reason
    )
