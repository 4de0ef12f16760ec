"""Owners by name."""

import pytest

from clusters.applications import load_application
from clusters.k3s.telemetry.services import service_of


@pytest.mark.parametrize(
    ("name", "service"),
    [
        ("checkout-6d5f-abcde", "checkout"),
        ("checkout", "checkout"),
        ("frontend-proxy-6d5f-abcde", "frontend-proxy"),
        ("checkouts-6d5f", ""),
        ("gym-medium-1", ""),
    ],
)
def test_the_longest_name_that_fits_owns_it(name: str, service: str) -> None:
    assert service_of(load_application("medium-store"), name) == service
