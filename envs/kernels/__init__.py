"""What a step does to every stand alike, compiled: loops over stands on arrays that they are given.

A kernel treats every stand alike and alone, so that a stand's bits do not depend on how many others it is stepped with.
"""

from pathlib import Path

from clusters.compiled import forget_stale_code

forget_stale_code(Path(__file__).parent)
