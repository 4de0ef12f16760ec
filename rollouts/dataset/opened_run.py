"""What the checks look at: the files of one run that opened and have the contract's schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollouts.dataset.graph import Graph
from rollouts.dataset.metadata import RunMetadata

Finding = tuple[str, str]
"""(file, reason)."""


@dataclass(frozen=True, kw_only=True)
class OpenedRun:
    """One run, as far as it could be opened."""

    path: Path
    metadata: RunMetadata
    graph: Graph
    tables: Mapping[str, Any]
    """Parquet file -> table; a file that is missing, damaged or of another schema is not in it."""
