"""How services and calls fare: failing, slower than usual, short of CPU. Legend: X services or edges."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import EDGE_SIGNALS, NODE_SIGNALS, Signal, TelemetryWindow, signal_index

AFFECTED_ERROR_RATIO = 0.02
AFFECTED_SLOWDOWN = 1.8
AFFECTED_CPU_SHARE = 0.9
"""A service or an edge is highlighted beyond any of these; slowdown is against what is usual for it."""

_DEEP_RED_ERROR_RATIO, _DEEP_AMBER_SLOWDOWN, _AMBER_FROM_CPU_SHARE = 0.3, 5.0, 0.5
_SHORTEST_USUAL_MILLISECONDS = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Readings:
    """[..., X] of services or edges; zeros, and a slowdown of 1, where nothing is known."""

    rate_rps: Floats
    error_ratio: Floats
    slowdown: Floats
    """Mean latency over the usual one."""
    cpu_share: Floats
    """CPU used over the limits of all ready replicas; 0 for edges."""

    @property
    def is_affected(self) -> NDArray[np.bool_]:
        """[..., X] beyond one of the thresholds."""
        return (
            (self.error_ratio > AFFECTED_ERROR_RATIO)
            | (self.slowdown > AFFECTED_SLOWDOWN)
            | (self.cpu_share > AFFECTED_CPU_SHARE)
        )

    @property
    def red(self) -> Floats:
        """[..., X] 0 to 1: how much of it fails."""
        return np.minimum(self.error_ratio / _DEEP_RED_ERROR_RATIO, 1.0)

    @property
    def amber(self) -> Floats:
        """[..., X] 0 to 1: how slow or loaded it is."""
        slow = np.clip((self.slowdown - 1.0) / (_DEEP_AMBER_SLOWDOWN - 1.0), 0.0, 1.0)
        loaded = np.clip((self.cpu_share - _AMBER_FROM_CPU_SHARE) / (1.0 - _AMBER_FROM_CPU_SHARE), 0.0, 1.0)
        return np.maximum(slow, loaded)

    def trouble(self, *at: int) -> str:
        """What is wrong with one of them, in words; empty: nothing."""
        error_ratio, slowdown = float(self.error_ratio[at]), float(self.slowdown[at])
        parts = [f"{error_ratio:.{0 if error_ratio >= 0.01 else 1}%} fail"] if error_ratio > 0.001 else []
        if slowdown > 1.3:
            factor = f"{slowdown:.{0 if slowdown >= 10 else 1}f}" if slowdown < 100 else ">100"
            parts.append(f"{factor}x slower")
        return ", ".join(parts)

    def load(self, *at: int) -> str:
        """How busy one of them is, in words."""
        rate, cpu_share = float(self.rate_rps[at]), float(self.cpu_share[at])
        parts = [f"{rate:.{0 if rate >= 10 else 1}f}/s"] if rate > 0 else []
        return ", ".join(parts + ([f"CPU {cpu_share:.0%}"] if cpu_share > 0 else []))


def service_readings(nodes: NDArray[np.float32], usual_milliseconds: Floats) -> Readings:
    """Readings of services from [..., S, F] telemetry and [S] the usual mean latency."""
    usage, limit, replicas = (
        _signal(nodes, NODE_SIGNALS, name)
        for name in ("cpu_usage_millicores", "cpu_limit_millicores", "replicas_ready")
    )
    available = limit * np.maximum(replicas, 1.0)
    return Readings(
        rate_rps=np.nan_to_num(_signal(nodes, NODE_SIGNALS, "request_rate_rps")),
        error_ratio=np.nan_to_num(_signal(nodes, NODE_SIGNALS, "error_ratio")),
        slowdown=_slowdown(_signal(nodes, NODE_SIGNALS, "latency_mean_milliseconds"), usual_milliseconds),
        cpu_share=np.nan_to_num(usage / np.maximum(available, 1e-9)),
    )


def edge_readings(edges: NDArray[np.float32], usual_milliseconds: Floats) -> Readings:
    """Readings of edges from [..., E, F] telemetry and [E] the usual mean latency."""
    rate = np.nan_to_num(_signal(edges, EDGE_SIGNALS, "request_rate_rps"))
    return Readings(
        rate_rps=rate,
        error_ratio=np.nan_to_num(_signal(edges, EDGE_SIGNALS, "error_ratio")),
        slowdown=_slowdown(_signal(edges, EDGE_SIGNALS, "latency_mean_milliseconds"), usual_milliseconds),
        cpu_share=np.zeros_like(rate),
    )


def last_minute(window: TelemetryWindow) -> tuple[Readings, Readings]:
    """([S] services, [E] edges) over the last minute of a window [T, ...]; its first quarter is what is usual."""
    quarter = max(1, window.num_buckets // 4)
    recent = max(1, round(60.0 / window.bucket_seconds))
    nodes, edges = known_mean(window.nodes[-recent:]), known_mean(window.edges[-recent:])
    return (
        service_readings(nodes, usual_latency(window.nodes[:quarter], NODE_SIGNALS)),
        edge_readings(edges, usual_latency(window.edges[:quarter], EDGE_SIGNALS)),
    )


def usual_latency(values: NDArray[np.float32], signals: tuple[Signal, ...]) -> Floats:
    """[X] mean latency over the buckets of a healthy time, [T, X, F]; NaN where nothing was measured."""
    return known_mean(values)[..., signal_index(signals, "latency_mean_milliseconds")].astype(np.float64)


def known_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan).astype(np.float32)


def _slowdown(milliseconds: Floats, usual_milliseconds: Floats) -> Floats:
    return np.nan_to_num(milliseconds / np.maximum(usual_milliseconds, _SHORTEST_USUAL_MILLISECONDS), nan=1.0)


def _signal(values: NDArray[np.float32], signals: tuple[Signal, ...], name: str) -> Floats:
    return values[..., signal_index(signals, name)].astype(np.float64)
