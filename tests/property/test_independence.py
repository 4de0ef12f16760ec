"""A stand's course is its own, to the last bit: not its companions', nor of the strides in which time passes."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import Command
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from tests.property.random_commands import random_command
from tests.property.windows import assert_equal
from tests.stands import scenario

NUM_STANDS, NUM_STEPS, STEP_SECONDS, WARMUP_SECONDS = 5, 4, 30.0, 30.0
SECONDS = WARMUP_SECONDS + NUM_STEPS * STEP_SECONDS
Script = list[list[Command]]
"""The commands of each step."""

applications = st.sampled_from(sorted(APPLICATIONS))
seeds = st.integers(0, 2**31 - 1)


@settings(deadline=None, max_examples=8, derandomize=True)
@given(name=applications, seed=seeds)
def test_companions_and_strides_leave_no_trace(name: str, seed: int) -> None:
    application = load_application(name)
    rng = np.random.default_rng(seed)
    scripts: list[Script] = [
        [[random_command(rng, application) for _ in range(rng.poisson(1.5))] for _ in range(NUM_STEPS)]
        for _ in range(NUM_STANDS)
    ]
    together = play(application, scripts, range(NUM_STANDS), stride_seconds=STEP_SECONDS)
    backwards = play(application, scripts[::-1], range(NUM_STANDS)[::-1], stride_seconds=10.0)
    for stand, script in enumerate(scripts):
        alone = play(application, [script], [stand], stride_seconds=10.0)
        for other, place in ((together, stand), (backwards, NUM_STANDS - 1 - stand)):
            assert_equal(alone.of_stand(0), other.of_stand(place))


def play(
    application: Application, scripts: Sequence[Script], seeds: Sequence[int], *, stride_seconds: float
) -> TelemetryWindow:
    """Each script on a stand of its own: load and noise are those of its seed."""
    stands = SimulatedStands(application, len(scripts), history_seconds=SECONDS)
    scenarios = [
        scenario(
            (0.6 + 0.3 * seed) * application.nominal_rate_rps, application=application, warmup_seconds=WARMUP_SECONDS
        )
        for seed in seeds
    ]
    stands.reset(range(len(scripts)), scenarios, seeds)
    for step in range(NUM_STEPS):
        for stand, script in enumerate(scripts):
            for command in script[step]:
                stands.apply(stand, command)
        for _ in range(round(STEP_SECONDS / stride_seconds)):
            stands.advance(stride_seconds)
    return stands.observe(SECONDS, 10.0)
