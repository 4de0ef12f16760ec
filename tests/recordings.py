"""Recorded buckets of one simulated stand, for tests of what is told from them."""

import numpy as np

from clusters.commands import Command
from clusters.simulated.randomness import seed_words
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.topology import Application
from tests.stands import APPLICATION, NOMINAL_RPS, scenario

SEED = 3


def recorded(
    *commands: Command,
    rate_rps: float = NOMINAL_RPS,
    num_buckets: int = 10,
    num_context: int = 0,
    seed: int = SEED,
    application: Application = APPLICATION,
) -> RecordedBuckets:
    """The last buckets of a stand to which the commands were given after its warm-up of two minutes."""
    stands = SimulatedStands(application, 1)
    stands.reset([0], [scenario(rate_rps, warmup_seconds=120.0, application=application)], [seed])
    for command in commands:
        receipt = stands.apply(0, command)
        assert receipt.is_in_force, receipt.message
    stands.advance(10.0 * num_buckets)
    return RecordedBuckets(
        application=application,
        window=stands.observe(10.0 * num_buckets, 10.0).of_stand(0).latest(num_buckets),
        seeds=np.repeat(seed_words([seed]), num_buckets),
        first_bucket=12,
        num_context=num_context,
    )


def part(whole: RecordedBuckets, first: int, last: int, *, num_context: int) -> RecordedBuckets:
    """The buckets from `first` to before `last`, with so many before them as context."""
    start = first - num_context
    window = whole.window
    return RecordedBuckets(
        application=whole.application,
        window=type(window)(
            bucket_seconds=window.bucket_seconds,
            times_ns=window.times_ns[start:last],
            nodes=window.nodes[start:last],
            edges=window.edges[start:last],
            journeys=window.journeys[start:last],
            stand=window.stand[start:last],
        ),
        seeds=whole.seeds[start:last],
        first_bucket=whole.first_bucket + start,
        num_context=num_context,
    )
