"""A live stand: place -> baseline -> load -> warm-up -> judge -> (apply -> advance -> observe)* -> give back."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from clusters.commands import Command, Receipt
from clusters.k3s.api import KubeError
from clusters.k3s.baseline import restore_baseline
from clusters.k3s.clock import StandClock
from clusters.k3s.commands import apply_command, clear_all, tend, verify_command
from clusters.k3s.context import StandContext
from clusters.k3s.health import judge
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import DEPLOYMENT
from clusters.k3s.load import LoadDriver
from clusters.k3s.placed_stand import PlacedStand
from clusters.k3s.placement import NoRoomError, place
from clusters.k3s.reset_report import ResetReport
from clusters.k3s.telemetry.source import TelemetrySource
from clusters.scenario import Scenario
from clusters.stand import StandError
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import LOAD_GENERATOR, Application

TRIES_PER_STAND = 3
"""Warm-ups that a stand may fail before it is quarantined."""
STANDS_PER_RESET = 2
"""Stands that a reset may use up: what two of them cannot do is not the stands' fault."""
WAITED_LEASES = 1.5
"""How long a reset waits for a free stand, in lengths of a lease."""
_LOG = logging.getLogger(__name__)


class UnfitStandError(StandError):
    """A stand that did not come back to its baseline, or whose users do not fare well at its warm-up's end."""


@dataclass(kw_only=True)
class _Held:
    """A stand that is ours now, and what belongs to it."""

    placed: PlacedStand
    context: StandContext
    clock: StandClock
    source: TelemetrySource


@dataclass(kw_only=True)
class _Episode:
    """Where the stand is in time; bucket bounds."""

    start_ns: int
    now_ns: int


class K3sStand:
    """One live stand: a `clusters.stand.StreamingStand`. It is placed at its first reset.

    Args:
        application: what runs on it.
        inventory: where it may be placed.
        sources: gives the reader of a cluster's telemetry.
        holder: who holds its lease, in words for `python -m clusters list`.
        bucket_seconds: the finest telemetry bucket; advances and observations are multiples of it.

    Raises:
        StandError: from any method after `close`, before the first reset, when the lease was lost, or when the cluster
            does not answer. After a lost lease the next `reset` places the stand anew.
    """

    def __init__(
        self,
        application: Application,
        inventory: Inventory,
        *,
        sources: Callable[[ClusterSpec], TelemetrySource],
        holder: str,
        bucket_seconds: float = 10.0,
    ) -> None:
        self._application = application
        self._inventory = inventory
        self._sources = sources
        self._holder = holder
        self._bucket_seconds = bucket_seconds
        self._held: _Held | None = None
        self._episode: _Episode | None = None
        self._is_closed = False
        self.baseline: ResetReport | None = None
        """How the last reset came to the baseline; None before the first."""
        self.evidence = ""
        """How the last reset knows that the stand was at its baseline and healthy."""

    @property
    def application(self) -> Application:
        """What runs on it."""
        self._require_open()
        return self._application

    @property
    def namespace(self) -> str:
        """Where it is; empty before the first reset."""
        return self._held.placed.namespace if self._held else ""

    @property
    def cluster(self) -> ClusterSpec:
        """The cluster that it is on."""
        return self._require_held().placed.cluster

    def kubernetes_version(self) -> str:
        """Of its cluster, such as `v1.36.2`.

        Raises:
            StandError: the cluster does not answer.
        """
        version: str = json.loads(self._require_held().placed.api.raw("/version"))["gitVersion"]
        return version

    def reset(self, scenario: Scenario, seed: int) -> TelemetryWindow:
        """Return to the baseline, play the workload, and wait for the warm-up; the telemetry of the warm-up.

        A stand that is not healthy at the end is tried once more, then quarantined and replaced by another.

        Raises:
            StandError: no stand is free, or none became healthy.
        """
        self._require_open()
        if scenario.application != self._application.name:
            raise StandError(
                f"scenario {scenario.name} is for {scenario.application}, this stand runs {self._application.name}"
            )
        failures: list[str] = []
        for _ in range(STANDS_PER_RESET):
            held = self._hold()
            for _ in range(TRIES_PER_STAND):
                try:
                    return self._warm_up(held, scenario, seed)
                except UnfitStandError as error:
                    failures.append(str(error))
                    _LOG.warning("stand %s: %s", held.placed.namespace, error)
            held.placed.quarantine(failures[-1])
            self._held = self._episode = None
        raise StandError(
            f"{self._application.name} did not become healthy on {STANDS_PER_RESET} stands, which are quarantined; "
            f"the last one: {failures[-1]}"
        )

    def apply(self, command: Command) -> Receipt:
        """Change the stand now; the receipt says what became of it."""
        held, _ = self._running()
        return apply_command(held.context, command)

    def verify(self, receipt: Receipt) -> Receipt:
        """The receipt with its postcheck brought up to date."""
        held, _ = self._running()
        return verify_command(held.context, receipt)

    def advance(self, seconds: float) -> None:
        """Wait until the stand's clock is so much further; `seconds` is a multiple of the bucket."""
        held, episode = self._running()
        self._advance(held, episode, held.clock.buckets(seconds))

    def observe(self, window_seconds: float, bucket_seconds: float) -> TelemetryWindow:
        """Telemetry of the last complete buckets, [T, ...]; missing before the reset."""
        held, episode = self._running()
        held.clock.buckets(bucket_seconds)
        window = held.source.window(
            self._application,
            held.placed.namespace,
            end_ns=episode.now_ns,
            window_seconds=window_seconds,
            bucket_seconds=bucket_seconds,
        )
        return _since(window, episode.start_ns)

    def streams(self, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """What the stand told beside its metrics from `start_ns` to before `end_ns`."""
        held, _ = self._running()
        return held.source.streams(self._application, held.placed.namespace, start_ns, end_ns, spec)

    def close(self) -> None:
        """Stop the load, lift the faults, and give the stand back; may be called again."""
        self._is_closed = True
        held, self._held, self._episode = self._held, None, None
        if held is None:
            return
        try:
            if not held.placed.lost:
                held.context.load.stop()
                clear_all(held.context)
        except StandError as error:
            # The next holder restores the baseline anyway; what matters is that the stand becomes free.
            _LOG.warning("stand %s was given back as it is: %s", held.placed.namespace, error)
        finally:
            held.placed.release()

    def _hold(self) -> _Held:
        """The stand held, or a newly placed one."""
        if self._held is not None and not self._held.placed.lost:
            return self._held
        placed = self._place()
        clock = StandClock(lag_seconds=placed.cluster.telemetry.lag_seconds, bucket_seconds=self._bucket_seconds)
        context = StandContext(
            application=self._application,
            api=placed.api,
            namespace=placed.namespace,
            cluster=placed.cluster,
            inventory=self._inventory,
            load=LoadDriver(placed.api, placed.namespace),
            now_ns=lambda: self._moment_ns(clock),
        )
        self._episode = None
        self._held = _Held(placed=placed, context=context, clock=clock, source=self._sources(placed.cluster))
        return self._held

    def _moment_ns(self, clock: StandClock) -> int:
        """The time of what is done now: within the bucket that the stand is in, also if doing it takes longer."""
        now_ns = clock.now_ns()
        if self._episode is None:
            return now_ns
        start_ns = self._episode.now_ns
        return min(max(now_ns, start_ns), start_ns + round(self._bucket_seconds * 1e9) - 1)

    def _place(self) -> PlacedStand:
        """A stand, waiting for as long as a lease of somebody who died may still stand."""
        waiting = Retrying(
            retry=retry_if_exception_type(NoRoomError),
            stop=stop_after_delay(WAITED_LEASES * self._inventory.lease_seconds),
            wait=wait_random(1.0, 5.0),
            reraise=True,
        )
        return waiting(place, self._inventory, self._application, holder=self._holder)

    def _warm_up(self, held: _Held, scenario: Scenario, seed: int) -> TelemetryWindow:
        self._episode = None
        try:
            _stop_load(held)
            clear_all(held.context)
            self.baseline = restore_baseline(
                held.placed.api,
                self._application,
                namespace=held.placed.namespace,
                cluster=held.placed.cluster,
                ready_timeout_seconds=self._inventory.ready_timeout_seconds,
            )
        except KubeError:
            raise
        except StandError as error:
            raise UnfitStandError(str(error)) from error
        held.context.load.begin(
            self._application, scenario.workload, rate_ratio=self._inventory.rate_ratio, seed=seed % 2**32
        )
        start_ns = held.clock.next_bound_ns()
        episode = _Episode(start_ns=start_ns, now_ns=start_ns)
        self._advance(held, episode, held.clock.buckets(scenario.warmup_seconds))
        self._episode = episode
        window = self.observe(scenario.warmup_seconds, self._bucket_seconds)
        seen, wrong = judge(window, self._application, latency_ratio=self._inventory.latency_ratio)
        if wrong:
            raise UnfitStandError(f"users do not fare well at the end of its warm-up, {wrong}")
        self._require_telemetry(held, window, scenario)
        self.evidence = f"{self.baseline.text}; users {seen}"
        _LOG.info("stand %s: %s", held.placed.namespace, self.evidence)
        return window

    def _require_telemetry(self, held: _Held, window: TelemetryWindow, scenario: Scenario) -> None:
        """A warm-up of which nothing was recorded says nothing about the stand, and an episode would be of no use."""
        if max(scenario.workload.rates_rps) > 0 and not np.isfinite(window.journeys).any():
            missing = "; ".join(
                f"{name}: {why}" for name, why in held.source.why_missing(held.placed.namespace).items()
            )
            raise StandError(
                f"cluster {held.placed.cluster.name} has no telemetry of the users of {held.placed.namespace} "
                f"({missing or 'no reason known'}); run python -m clusters doctor"
            )

    def _advance(self, held: _Held, episode: _Episode, num_buckets: int) -> None:
        bucket_ns = round(self._bucket_seconds * 1e9)
        for _ in range(num_buckets):
            episode.now_ns += bucket_ns
            held.clock.wait_until(episode.now_ns)
            _require_lease(held)
            tend(held.context)

    def _require_held(self) -> _Held:
        self._require_open()
        if self._held is None:
            raise StandError("this stand was never reset; call reset with a scenario first")
        return self._held

    def _running(self) -> tuple[_Held, _Episode]:
        held = self._require_held()
        if self._episode is None:
            raise StandError("the last reset of this stand failed; call reset with a scenario first")
        _require_lease(held)
        return held, self._episode

    def _require_open(self) -> None:
        if self._is_closed:
            raise StandError("this live stand is closed; make a new one")


def _stop_load(held: _Held) -> None:
    """End what users are sent still; a load generator that does not answer is replaced with the baseline."""
    if not held.context.api.find(DEPLOYMENT, LOAD_GENERATOR, held.placed.namespace):
        return
    try:
        held.context.load.stop()
    except StandError as error:
        _LOG.info("stand %s: %s", held.placed.namespace, error)


def _require_lease(held: _Held) -> None:
    if held.placed.lost:
        raise StandError(
            f"the lease of {held.placed.namespace} on cluster {held.placed.cluster.name} was lost: it was not renewed "
            "in time, or somebody else took it; reset places a new stand"
        )


def _since(window: TelemetryWindow, start_ns: int) -> TelemetryWindow:
    """The window, missing before a time."""
    before = window.times_ns < start_ns
    if not before.any():
        return window

    def masked(values: NDArray[np.float32]) -> NDArray[np.float32]:
        kept = values.copy()
        kept[before] = window.missing
        return kept

    return TelemetryWindow(
        bucket_seconds=window.bucket_seconds,
        times_ns=window.times_ns,
        nodes=masked(window.nodes),
        edges=masked(window.edges),
        journeys=masked(window.journeys),
        stand=masked(window.stand),
        missing=window.missing,
    )
