"""One point of a doctor's report, and what the examinations share."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from clusters.k3s.api import KubeApi
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import Document
from clusters.topology import Application


class Status(StrEnum):
    """What is known of a point."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """It could not be found out; the point says why."""


@dataclass(frozen=True, kw_only=True)
class Point:
    """One thing that stands need, or would profit from."""

    topic: str
    status: Status
    finding: str
    fix: str = ""
    """How to install or mend it."""
    is_needed: bool = True
    """Whether stands cannot run without it."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """A cluster that answers, and what it is asked for."""

    cluster: ClusterSpec
    inventory: Inventory
    application: Application
    api: KubeApi
    nodes: Sequence[Document]
    is_in_use: bool
    """Whether somebody holds a stand there now: what stands report must then be there."""
    may_start_pods: bool
    """Whether examinations may bring up pods of their own for some seconds."""
