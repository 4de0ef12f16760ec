"""What one control step of N stands brings.

Legend: N stands, T buckets of one control step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Receipt
from clusters.telemetry import TelemetryWindow
from envs.fault_injection import FaultReceipt


@dataclass(frozen=True, kw_only=True)
class LoopStep:
    """What one control step brought. A stand that has ended does not move: its reward is 0, its end is repeated."""

    rewards: NDArray[np.float64]
    """[N]"""
    reward_terms: dict[str, NDArray[np.float64]]
    """[N] weighted; they sum to the rewards."""
    terminated: NDArray[np.bool_]
    """[N] goal, emergency or escalation."""
    truncated: NDArray[np.bool_]
    """[N] horizon."""
    end_reasons: NDArray[np.object_]
    """[N] words; empty while the episode runs."""
    action_times_ns: NDArray[np.int64]
    """[N] when each action was logged, before it was applied."""
    receipts: Mapping[int, Receipt]
    """By stand; only where a command was due."""
    fault_receipts: Sequence[FaultReceipt]
    """(stand, fault id, receipt) of the step's injections and clearances, a stand's in their order; if they were
    wanted."""
    window: TelemetryWindow
    """[N, T, ...] of this step only; valid until the next step."""

    def fault_receipts_of(self, stand: int) -> tuple[tuple[str, Receipt], ...]:
        """(fault id, receipt) of a stand's injections and clearances."""
        return tuple(self._by_stand.get(stand, ()))

    @cached_property
    def _by_stand(self) -> dict[int, list[tuple[str, Receipt]]]:
        receipts: dict[int, list[tuple[str, Receipt]]] = {}
        for stand, fault_id, receipt in self.fault_receipts:
            receipts.setdefault(stand, []).append((fault_id, receipt))
        return receipts
