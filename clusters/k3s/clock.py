"""A live stand's clock: the wall's, behind by as long as telemetry takes; buckets begin at one time for all stands."""

import time

from clusters.stand import StandError

_NS = 1_000_000_000


class StandClock:
    """UTC nanoseconds. Bucket bounds are multiples of the bucket since the epoch.

    What a stand's clock says is over has been collected. What happens now is therefore seen `lag_seconds` later than
    it would be on a simulated stand.
    """

    def __init__(self, *, lag_seconds: float, bucket_seconds: float) -> None:
        self._lag_ns = round(lag_seconds * _NS)
        self._bucket_ns = round(bucket_seconds * _NS)

    def now_ns(self) -> int:
        """What the clock says."""
        return time.time_ns() - self._lag_ns

    def next_bound_ns(self) -> int:
        """The first bucket bound that the wall's clock has not reached: what happens now is seen from before it on."""
        return (time.time_ns() // self._bucket_ns + 1) * self._bucket_ns

    def buckets(self, seconds: float) -> int:
        """How many buckets a time is.

        Raises:
            StandError: it is no positive multiple of the bucket.
        """
        number, rest = divmod(round(seconds * _NS), self._bucket_ns)
        if number < 1 or rest:
            raise StandError(f"{seconds:g} s is no positive multiple of the bucket of {self._bucket_ns / _NS:g} s")
        return number

    def wait_until(self, time_ns: int) -> None:
        """Sleep until the clock says so; return at once if it is later already."""
        left_ns = time_ns - self.now_ns()
        if left_ns > 0:
            time.sleep(left_ns / _NS)
