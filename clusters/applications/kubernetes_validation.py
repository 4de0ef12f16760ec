"""Kubernetes parts of services, and how flags reach them: what a cluster would refuse, or would never become ready."""

import re
from collections.abc import Iterator
from pathlib import Path

from clusters.applications.service_validation import duplicates
from clusters.kubernetes_part import FlagDelivery, KubernetesPart, ReadinessProbe
from clusters.topology import Application, Service, ServiceKind

FILES = Path(__file__).parent / "files"
"""Where the files that services mount are."""
_GIVEN = ("OTEL_COLLECTOR_NAME", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "POD_NAME")
"""Variables that every container has before its own."""
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_REFERENCE = re.compile(r"\$\(([^)]+)\)")
_PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")


def kubernetes_problems(application: Application) -> Iterator[str]:
    """What is wrong with the Kubernetes parts of an application's services."""
    for service in application.services:
        if service.kubernetes is not None:
            where = f"service {service.name!r}, kubernetes:"
            yield from _image_problems(where, service.kubernetes)
            yield from _port_problems(where, service, service.kubernetes)
            yield from _environment_problems(where, service.kubernetes.environment)
            yield from _probe_problems(application, where, service, service.kubernetes)
            yield from _wait_problems(application, where, service.kubernetes)
            yield from _file_problems(where, service.kubernetes)
            yield from _sidecar_problems(where, service, service.kubernetes)


def delivery_problems(application: Application) -> Iterator[str]:
    """What is wrong with how flags reach the services."""
    has_server = any(service.kind is ServiceKind.FLAGS for service in application.services)
    for flag in application.flags:
        where = f"flag {flag.name!r}"
        if flag.delivery is FlagDelivery.FLAGD and not has_server:
            yield f"{where} is delivered by a flag server, but no service is of kind flags; write delivery: environment"
        if flag.good_value == flag.bad_value:
            yield f"{where} has the same good_value and bad_value {flag.good_value!r}; give it different ones"
        if flag.delivery is FlagDelivery.ENVIRONMENT and not _VARIABLE.fullmatch(flag.name):
            yield f"{where} cannot be part of a variable's name; use letters, digits, '-', '_' and '.'"


def _image_problems(where: str, part: KubernetesPart) -> Iterator[str]:
    tag = part.image.rpartition("/")[2].partition(":")[2]
    if tag in ("", "latest"):
        yield f"{where} image {part.image!r} is not pinned; name a version after a colon"
    if part.user is None and part.group is not None:
        yield f"{where} it has a group but no user; name the user too"
    if part.user == 0:
        yield f"{where} user is 0, which is root; name another, or leave it to the image"


def _port_problems(where: str, service: Service, part: KubernetesPart) -> Iterator[str]:
    yield from duplicates(f"{where} port", (port.name for port in part.ports))
    for port in part.ports:
        if not _PORT_NAME.fullmatch(port.name):
            yield f"{where} port name {port.name!r} is none; use at most 15 lower-case letters, digits and '-'"
    if part.ports and part.ports[0].port != service.port:
        yield f"{where} its first port is {part.ports[0].port}, but it is reached at {service.port}; put that one first"


def _environment_problems(where: str, environment: tuple[str, ...]) -> Iterator[str]:
    known = list(_GIVEN)
    for assignment in environment:
        name, equals, value = assignment.partition("=")
        if not equals or not _VARIABLE.fullmatch(name):
            yield f"{where} environment has {assignment!r}; write NAME=value"
        for reference in _REFERENCE.findall(value):
            if reference not in known:
                yield f"{where} {name} refers to $({reference}), which is not set before it; set it, or move it up"
        known.append(name)
    yield from duplicates(f"{where} variable", known)


def _probe_problems(application: Application, where: str, service: Service, part: KubernetesPart) -> Iterator[str]:
    if part.probe is ReadinessProbe.BROKER:
        if service.port is not None:
            yield f"{where} probe is broker, but it has a port; use tcp or grpc"
        if all(other.kind is not ServiceKind.QUEUE for other in application.services):
            yield f"{where} probe is broker, but the application has no queue; use tcp or grpc"
    elif service.port is None:
        yield f"{where} probe is {part.probe}, but it has no port; use broker"
    if part.probe is ReadinessProbe.GRPC and service.protocol != "grpc":
        yield f"{where} probe is grpc, but its protocol is {service.protocol}; use tcp"


def _wait_problems(application: Application, where: str, part: KubernetesPart) -> Iterator[str]:
    addresses = {f"{service.name}:{service.port}" for service in application.services if service.port is not None}
    for address in part.waits_for:
        if address not in addresses:
            yield f"{where} it waits for {address!r}, where nobody answers; use one of {', '.join(sorted(addresses))}"


def _file_problems(where: str, part: KubernetesPart) -> Iterator[str]:
    for file in part.files:
        if not (FILES / file.source).is_file():
            yield f"{where} there is no file {file.source!r} to mount; put it into {FILES}"
        if not file.path.startswith("/"):
            yield f"{where} file {file.source!r} is mounted at {file.path!r}; give an absolute path"


def _sidecar_problems(where: str, service: Service, part: KubernetesPart) -> Iterator[str]:
    yield from duplicates(f"{where} container", (service.name, *(sidecar.name for sidecar in part.sidecars)))
    for sidecar in part.sidecars:
        yield from _environment_problems(f"{where} sidecar {sidecar.name!r}:", sidecar.environment)
        if min(sidecar.port, sidecar.cpu_limit_millicores, sidecar.memory_limit_bytes) <= 0:
            yield f"{where} sidecar {sidecar.name!r} has a port or limit that is not positive; raise it"
