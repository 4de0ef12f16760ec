"""The shipped applications by name."""

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.topology import ServiceKind
from ray_configs.errors import UserError


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_shipped_application_is_valid_and_named_after_its_key(name: str) -> None:
    assert load_application(name).name == name


def test_an_unknown_application_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no application 'medium'.*async-store.*small-core"):
        load_application("medium")


@pytest.mark.parametrize("name", APPLICATIONS)
def test_only_stateless_services_scale(name: str) -> None:
    for service in load_application(name).services:
        assert service.is_scalable == (service.kind is ServiceKind.STATELESS)
        assert service.is_scalable or service.max_replicas == 1
