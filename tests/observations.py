"""Observations from plain numbers, for tests of what a policy does with them."""

from dataclasses import dataclass, field

import numpy as np

from clusters.applications import load_application
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, signal_index
from envs.actions.catalogue import ActionCatalogue
from envs.time_scales import TimeScales
from rollouts.policies.policy import Observation, PolicyContext

APPLICATION = load_application("small-core")
CATALOGUE = ActionCatalogue(APPLICATION)
NUM_BUCKETS = TimeScales().buckets_per_window


def context(seed: int = 0) -> PolicyContext:
    """What a policy is built with."""
    return PolicyContext(application=APPLICATION, catalogue=CATALOGUE, time_scales=TimeScales(), seed=seed)


@dataclass
class Dashboard:
    """A healthy stand at 40 % CPU; tests turn single knobs."""

    nodes: np.ndarray = field(init=False)
    edges: np.ndarray = field(init=False)
    journeys: np.ndarray = field(init=False)
    mask: np.ndarray = field(default_factory=lambda: np.ones(len(CATALOGUE), dtype=np.int8))

    def __post_init__(self) -> None:
        self.nodes = np.zeros((NUM_BUCKETS, len(APPLICATION.services), len(NODE_SIGNALS)), dtype=np.float32)
        self.edges = np.zeros((NUM_BUCKETS, len(APPLICATION.edges), len(EDGE_SIGNALS)), dtype=np.float32)
        self.journeys = np.zeros((NUM_BUCKETS, len(APPLICATION.journeys), len(JOURNEY_SIGNALS)), dtype=np.float32)
        for service in APPLICATION.services:
            self.node(service.name, "replicas_ready", service.replicas)
            self.node(service.name, "replicas_desired", service.replicas)
            self.node(service.name, "cpu_limit_millicores", service.cpu_limit_millicores)
            self.node(service.name, "memory_limit_bytes", service.memory_limit_bytes)
            self.node(service.name, "memory_bytes", 0.3 * service.memory_limit_bytes * service.replicas)
            self.node(service.name, "request_rate_rps", 10.0)
            self.node(service.name, "latency_mean_milliseconds", 20.0)
            self.utilisation(service.name, 0.4)
        self.edges[..., signal_index(EDGE_SIGNALS, "request_rate_rps")] = 1.0

    def node(self, service: str, signal: str, value: float, last: int = NUM_BUCKETS) -> None:
        """Set a signal of a service in the latest `last` buckets."""
        position = APPLICATION.service_names.index(service)
        self.nodes[-last:, position, signal_index(NODE_SIGNALS, signal)] = value

    def edge(self, source: str, target: str, signal: str, value: float) -> None:
        """Set a signal of an edge."""
        position = [(edge.source, edge.target) for edge in APPLICATION.edges].index((source, target))
        self.edges[:, position, signal_index(EDGE_SIGNALS, signal)] = value

    def journey_errors(self, share: float, bucket: int) -> None:
        """Set the share of every journey's requests that failed in a bucket; -1 is the latest."""
        self.journeys[bucket, :, signal_index(JOURNEY_SIGNALS, "error_ratio")] = share

    def utilisation(self, service: str, share: float) -> None:
        """Set the CPU use to a share of the ready replicas' limits."""
        row = self.nodes[:, APPLICATION.service_names.index(service)]
        limit = row[:, signal_index(NODE_SIGNALS, "cpu_limit_millicores")]
        ready = row[:, signal_index(NODE_SIGNALS, "replicas_ready")]
        row[:, signal_index(NODE_SIGNALS, "cpu_usage_millicores")] = share * limit * ready

    def scaled(self, service: str, desired: int, ready: int) -> None:
        """Set the replica counts."""
        self.node(service, "replicas_desired", desired)
        self.node(service, "replicas_ready", ready)

    def forbid(self, *names: str) -> None:
        """Mask actions."""
        self.mask[[CATALOGUE.index(name) for name in names]] = 0

    def observation(self) -> Observation:
        """As an environment gives it."""
        return {
            "nodes": self.nodes.copy(),
            "edges": self.edges.copy(),
            "journeys": self.journeys.copy(),
            "stand": np.zeros((NUM_BUCKETS, len(STAND_SIGNALS)), dtype=np.float32),
            "action_mask": self.mask.copy(),
        }
