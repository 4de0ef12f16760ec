"""The arithmetic of a tick, compiled: loops over rows of the graph, inside them loops over stands that become vectors.

A kernel reads and writes arrays [rows, N] that it is given, makes none, and treats every stand alike and alone, so that
a stand's bits depend neither on the batch's size nor on its place in it. Legend: the package's docstring above.
"""

from pathlib import Path

from clusters.compiled import forget_stale_code

forget_stale_code(Path(__file__).parent)
