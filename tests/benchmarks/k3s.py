"""`make bench-k3s`: the bars of live stands, each beside its anchor; writes bench/k3s.json.

It runs on the cluster of GYM_KUBECONFIG, with the same variables as the tests on a cluster (README). Both sides of a
ratio are timed in turn in one run, so that a busy machine hits both.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping

from tests.benchmarks.bars import Bar, report, write
from tests.benchmarks.k3s_fill import fill_bars
from tests.benchmarks.k3s_kills import kill_bars
from tests.benchmarks.k3s_reading import query_bars, reading_bars
from tests.benchmarks.k3s_resets import ready_bars, step_bars, warm_bars
from tests.benchmarks.k3s_scale import scale_bars
from tests.benchmarks.k3s_synthetic import synthetic_bars

PARTS: Mapping[str, Callable[[], list[Bar]]] = {
    "synthetic": synthetic_bars,
    "ready": ready_bars,
    "warm": warm_bars,
    "step": step_bars,
    "reading": reading_bars,
    "queries": query_bars,
    "scale": scale_bars,
    "fill": fill_bars,
    "kills": kill_bars,
}
FILE_NAME = "k3s.json"
NEEDED = (
    "GYM_KUBECONFIG",
    "GYM_SYNTHETIC_IMAGE",
    "GYM_PROMETHEUS",
    "GYM_OTELCOL",
    "GYM_HOST_ADDRESS",
    "GYM_EMULATED_KUBECONFIG",
)


def main() -> int:
    """Measure, print and write what is asked for; 1 if a bar does not hold, 2 if there is no cluster."""
    parser = argparse.ArgumentParser(description="The bars of live stands.")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone; may be repeated")
    chosen = parser.parse_args().only or list(PARTS)
    if missing := [name for name in NEEDED if not os.environ.get(name)]:
        print(f"live stands need a cluster: set {', '.join(missing)}", file=sys.stderr)
        return 2
    bars: list[Bar] = []
    for name in chosen:
        bars += PARTS[name]()
        write(bars, FILE_NAME)  # the parts take long: what an interruption ends keeps what was measured
    return report(bars, FILE_NAME)


if __name__ == "__main__":
    sys.exit(main())
