"""Candidates of every type of action, for menus that hold faults which the core types cannot answer."""

import numpy as np

from clusters.topology import ConfigFlag
from envs.actions.catalogue import ActionCatalogue
from envs.kernels.picks import NONE
from envs.random_columns import Ints, RandomColumns
from envs.scenarios.candidates import NUM_PER_GROUP, CandidateDraws, PickedServices, Suspects
from envs.scenarios.picks import kept, some_positions

NUM_RELEASES = 2
RELEASE_VERBS = ("canary:{}:10%", "canary:{}:50%", "promote:{}")
"""Stop at a share, or go all the way."""
SERVICE_VERBS = {"set_memory_limit:{}:x2": 0.5, "restart_pod:{}": 0.4, "autoscaler:{}:70%": 0.3}
"""Actions on a service, and the share of the sets that hold them."""
WHOLE_VERBS = {"shape:all:75%": 0.3, "shape:all:50%": 0.2, "escalate_to_human": 0.3}
"""Actions on the stand as a whole, and the share of the sets that hold them."""
GROUP_SHARE = 0.5
STEER_SHARE = 0.5
"""Share of the sets that steer a release beside taking it back."""


class WideCandidateDraws(CandidateDraws):
    """The core types, and beside them releases, groups of services, memory, autoscalers, single pods and appeals.

    A draw has `do_nothing` and eight to twenty-four others.
    """

    def __init__(self, catalogue: ActionCatalogue) -> None:
        super().__init__(catalogue)
        releases = [release.name for release in catalogue.application.releases]
        groups = [group.name for group in catalogue.application.optional_groups]
        self._may_go_out = np.ones(len(releases), dtype=np.bool_)
        self._may_be_disabled = np.ones(len(groups), dtype=np.bool_)
        self._take_back = self._table("take_back:{}", releases)
        self._steer = np.stack([self._table(verb, releases) for verb in RELEASE_VERBS])
        self._disable = self._table("disable:{}", groups)
        self._service_verbs = [(self._on_services(verb), share) for verb, share in SERVICE_VERBS.items()]
        self._whole = self._table("{}", tuple(WHOLE_VERBS))[:-1]
        self._whole_shares = np.array(tuple(WHOLE_VERBS.values()))

    def _is_suspicious(self, flag: ConfigFlag) -> bool:
        return True

    def _parts(self, suspects: Suspects, services: PickedServices, rng: RandomColumns) -> list[Ints]:
        return [
            *super()._parts(suspects, services, rng),
            *self._on_releases(suspects.release, rng),
            *(kept(verbs[services.anyone], rng.uniform() < share) for verbs, share in self._service_verbs),
            kept(self._disable[some_positions(self._may_be_disabled, NUM_PER_GROUP, rng)], rng.uniform() < GROUP_SHARE),
            np.where(rng.uniforms(len(self._whole)) < self._whole_shares, self._whole, NONE),
        ]

    def _on_releases(self, guilty: Ints, rng: RandomColumns) -> list[Ints]:
        """[K, NUM_RELEASES] what takes releases back, and what else is done to them in some of the sets."""
        releases = some_positions(self._may_go_out, NUM_RELEASES, rng, besides=guilty)
        verb = rng.index(len(RELEASE_VERBS))
        steered = self._steer[verb[:, None], releases]
        return [self._take_back[releases], kept(steered, rng.uniform() < STEER_SHARE)]
