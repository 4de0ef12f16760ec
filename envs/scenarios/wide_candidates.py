"""Candidates of every type of action, for menus that hold faults which the core types cannot answer."""

from clusters.topology import Application
from envs.actions.catalogue import ActionCatalogue
from envs.random_stream import RandomStream
from envs.scenarios.candidates import NUM_PER_GROUP, CandidateDraws, Suspects

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
    """The core types, and beside them releases, groups of services, memory, autoscalers, single pods and appeals."""

    def __init__(self, catalogue: ActionCatalogue) -> None:
        super().__init__(catalogue)
        self._releases = tuple(release.name for release in catalogue.application.releases)
        self._groups = tuple(group.name for group in catalogue.application.optional_groups)

    def draw(self, suspects: Suspects, rng: RandomStream) -> tuple[str, ...]:
        """`do_nothing` and eight to twenty others, all of them allowed on an untouched stand."""
        services = self._services(suspects.services, rng)
        guilty = (suspects.release,) if suspects.release else ()
        names = self._core_names(services, suspects.flag, rng)
        releases = rng.some(self._releases, NUM_RELEASES, besides=guilty)
        names += [f"take_back:{name}" for name in releases]
        if rng.random() < STEER_SHARE:
            verb = rng.one(RELEASE_VERBS)
            names += [verb.format(name) for name in releases]
        for verb, share in SERVICE_VERBS.items():
            if rng.random() < share:
                names += [verb.format(name) for name in services[:NUM_PER_GROUP]]
        if rng.random() < GROUP_SHARE:
            names += [f"disable:{name}" for name in rng.some(self._groups, NUM_PER_GROUP)]
        names += [name for name, share in WHOLE_VERBS.items() if rng.random() < share]
        names = self._only_allowed(names)
        rng.shuffle(names)
        return tuple(names)

    def _flags_of(self, application: Application) -> tuple[str, ...]:
        return tuple(flag.name for flag in application.flags)
