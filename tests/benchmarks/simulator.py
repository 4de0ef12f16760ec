"""`make bench-simulator`: the bars of the simulator, each beside its anchor; writes bench/simulator.json.

Ratios come from both sides run in turn in one process, by CPU time of the thread, so that a busy machine hits both.
"""

import os
import sys

# A processor that is named to OpenBLAS slows a current numpy; one thread, because two fight on a small machine.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)
os.environ["OMP_NUM_THREADS"] = "1"

from tests.benchmarks.bars import report  # noqa: E402  # after the environment is set
from tests.benchmarks.environments import environment_bars  # noqa: E402
from tests.benchmarks.fidelity import fidelity_bars  # noqa: E402
from tests.benchmarks.speed import branching_bar, memory_bar, speed_bars  # noqa: E402


def main() -> int:
    """Measure, print and write everything; 1 if a bar does not hold."""
    bars = [*speed_bars(), *environment_bars(), *fidelity_bars(), branching_bar(), memory_bar()]
    return report(bars, "simulator.json")


if __name__ == "__main__":
    sys.exit(main())
