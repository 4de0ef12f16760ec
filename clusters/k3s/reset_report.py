"""What a reset found and did, and how it knows that the stand is at its baseline."""

from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class ResetReport:
    """What a reset found, what it did, and how it knows that the stand is at its baseline."""

    is_new: bool
    """There was no stand yet."""
    differed: tuple[str, ...]
    """What was not as it should be, as `Kind name: path: found -> wanted`."""
    removed: tuple[str, ...]
    """Objects that do not belong to the baseline, as `Kind name`."""
    restarted: tuple[str, ...]
    """Services of which pods were replaced."""
    emptied: tuple[str, ...]
    """Services whose pods forgot what they held, without a restart."""
    evidence: str
    """What was looked at, after all was ready."""
    seconds: float

    @property
    def text(self) -> str:
        """One line."""
        if self.is_new:
            return f"new in {self.seconds:.1f} s: {self.evidence}"
        parts = (
            f"{len(self.differed)} differences{_listed(self.differed)}",
            f"removed{_listed(self.removed) or ' nothing'}",
            f"restarted{_listed(self.restarted) or ' nothing'}",
            f"emptied {len(self.emptied)} services",
        )
        return f"back in {self.seconds:.1f} s: {'; '.join(parts)}; {self.evidence}"


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:_SHOWN])
    return f" ({shown}{', ...' if len(items) > _SHOWN else ''})" if items else ""
