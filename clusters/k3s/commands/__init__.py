"""What becomes of a command on a live stand: refused and why, carried out through the Kubernetes API, checked again.

`receipts` is the way in; the `*_rules` modules hold the operators' rules by what they act on, `clusters.k3s.faults`
those of the faults. To add a verb: its dataclass in `clusters.commands`, the check of its values in
`clusters.command_checks.values`, its rule here, and one line in `receipts.RULES`.
"""

from clusters.k3s.commands.receipts import apply_command, verify_command
from clusters.k3s.faults.tending import clear_all, tend

__all__ = ["apply_command", "clear_all", "tend", "verify_command"]
