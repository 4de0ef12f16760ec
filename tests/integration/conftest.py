"""One Ray for all tests that need a real one."""

from collections.abc import Iterator

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes tens of seconds; deselect with -m 'not slow'")


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A local Ray of four logical CPUs; what the tests start with `ray_session` joins it."""
    from rollouts.ray_session import RaySettings, ray_session

    with ray_session(RaySettings(num_cpus=4, object_store_bytes=200_000_000)):
        yield
