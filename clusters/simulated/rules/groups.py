"""Which services are switched off with an optional group."""

from clusters.simulated.rules.rule import Column


def group_of_disabled(column: Column, service: str) -> str:
    """The first disabled group that a service belongs to; empty if it is on."""
    groups = column.graph.application.optional_groups
    for group, enabled in zip(groups, column.state.group_enabled[:, column.stand], strict=True):
        if not enabled and service in group.services:
            return group.name
    return ""
