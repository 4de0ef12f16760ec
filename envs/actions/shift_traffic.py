"""Bring a release out in steps, make it the version, or take it back."""

import math
from collections import Counter
from collections.abc import Sequence

from clusters.commands import OperatorCommand, ShiftTraffic
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable
from envs.actions.controls import NO_RELEASE

CANARY_SHARES = (0.1, 0.5)
_STEPS = (*((f"canary:{{}}:{share:.0%}", share) for share in CANARY_SHARES), ("promote:{}", 1.0), ("take_back:{}", 0.0))
"""Name and share of each action on a release."""
_NUM_STEPS = len(_STEPS)


class ShiftRelease:
    """What would come beside another release of the service is masked, and so is a step of what is out wholly.

    Taking back is always allowed, as a roll-back is; a canary's present share is too, because saying it again holds a
    roll-out that others steer. Whether a release is good or its image exists is in no mask.
    """

    type = ActionType.SHIFT_TRAFFIC
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each step of each release. The k-th release of a service has the levels k - 1 + share, and -k to go back."""
        releases_seen: Counter[str] = Counter()
        actions = []
        for release in application.releases:
            releases_seen[release.service] += 1
            number = releases_seen[release.service]
            for name, share in _STEPS:
                actions.append(
                    Action(
                        name=name.format(release.name),
                        type=self.type,
                        target=release.service,
                        level=number - 1 + share if share else float(-number),
                        subject=release.name,
                    )
                )
        return actions

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The share of the service's requests that the release gets."""
        share = 0.0 if action.level < 0 else round(action.level - math.ceil(action.level) + 1.0, 6)
        return ShiftTraffic(service=action.target, release=action.subject, share=share)


@inlined
def may_shift(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether the release may come out further, or go back."""
    s, release = table.services[a], table.numbers[a] // _NUM_STEPS
    is_free = controls.canaries[n, s] == NO_RELEASE or controls.canaries[n, s] == release
    goes_on: bool = is_free and controls.replicas[n, s] > 0 and controls.versions[n, s] != release
    return goes_on or table.levels[a] < 0
