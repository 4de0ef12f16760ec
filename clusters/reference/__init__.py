"""The reference: every single request of the model that `clusters.simulated` describes, as a discrete-event simulation.

It is what the simulator's accuracy is measured against, and the source of whole traces. Read a stand's parameters with
`read_parameters`, play them with `simulate`; a fault or an action is a `Change` of parameters. Replicas do not live a
life of their own here: what they add up to is among the parameters.

The loop is compiled by numba. Its first call in a fresh checkout takes some seconds; the machine code is kept on disk.
"""

from pathlib import Path

from clusters.compiled import forget_stale_code

forget_stale_code(Path(__file__).parent)
