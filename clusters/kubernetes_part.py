"""What Kubernetes needs to know of a service beyond what it does: image, names of ports, environment, files, sidecars.

Everything else of its manifests (replicas, limits, labels, probes' ports, Service) is derived from the service itself.
The values are those of the upstream chart; a test compares what is built from them with what the chart renders.
"""

from dataclasses import dataclass
from enum import StrEnum


class FlagDelivery(StrEnum):
    """How a flag's value reaches the services."""

    FLAGD = "flagd"
    """They ask the application's flag server, by name, whenever it matters."""
    ENVIRONMENT = "environment"
    """It is a version of the owner's configuration, so that a change is a rollout with a revision."""


class ReadinessProbe(StrEnum):
    """How the upstream image of a service is asked whether it is ready."""

    TCP = "tcp"
    """Its first port takes connections."""
    GRPC = "grpc"
    """Its first port answers the gRPC health check."""
    BROKER = "broker"
    """It has no port: it holds a connection to the broker whose port this application's queue has."""


@dataclass(frozen=True, kw_only=True)
class NamedPort:
    """A port of a container and of the Service before it."""

    name: str
    port: int


@dataclass(frozen=True, kw_only=True)
class MountedFile:
    """A file of ours in a container, by way of a ConfigMap."""

    config_map: str
    source: str
    """Its name in `clusters/applications/files/`, and the key in the ConfigMap."""
    path: str
    """Absolute, in the container."""


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """A further container of the pod, with a port of its own that the Service has too."""

    name: str
    image: str
    port: int
    cpu_limit_millicores: float
    memory_limit_bytes: float
    environment: tuple[str, ...] = ()
    """As `KubernetesPart.environment`."""


@dataclass(frozen=True, kw_only=True)
class KubernetesPart:
    """One service's upstream image and what it wants."""

    image: str
    """With its tag: pinned."""
    ports: tuple[NamedPort, ...] = ()
    """Empty: the service's one port, called `service` in the container and `tcp-service` in the Service."""
    environment: tuple[str, ...] = ()
    """`NAME=value`, in this order: a value may refer to earlier ones as `$(NAME)`. `OTEL_COLLECTOR_NAME` is the host
    of the telemetry plane, and every exporter's address is to be made of it."""
    command: tuple[str, ...] = ()
    """Empty: the image's own."""
    waits_for: tuple[str, ...] = ()
    """`service:port` that must take connections before the container starts."""
    files: tuple[MountedFile, ...] = ()
    sidecars: tuple[Sidecar, ...] = ()
    user: int | None = None
    """That the container runs as, never root; None: the image's own."""
    group: int | None = None
    probe: ReadinessProbe = ReadinessProbe.TCP
    reports_telemetry: bool = True
    """False: a database or cache that knows nothing of OpenTelemetry."""
