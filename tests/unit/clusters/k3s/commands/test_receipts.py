"""Every verb has its rule on live stands."""

from typing import get_args

from clusters.commands import ClearFault, Command, FaultCommand
from clusters.k3s.commands.receipts import RULES
from clusters.k3s.faults.rules import FAULTS


def test_every_verb_has_a_rule_and_every_fault_is_kept_in_the_ledger() -> None:
    assert set(RULES) == set(get_args(Command))
    assert set(FAULTS) == set(get_args(FaultCommand)) - {ClearFault}
    assert {kind for kind, rule in RULES.items() if rule.lasts} == set(FAULTS)
