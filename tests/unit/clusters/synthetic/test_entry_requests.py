import json
from dataclasses import replace

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.synthetic.entry_requests import entry_request
from clusters.synthetic.plan import PlannedRequest, service_plan


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_a_synthetic_entry_is_asked_for_the_operation(name: str) -> None:
    for request in service_plan(load_application(name), "load-generator").requests:
        sent = entry_request(request, 12345)
        assert (sent.method, sent.path, sent.user) == ("POST", f"/{request.operation}", "345")


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_the_demos_entry_gets_whole_requests_with_valid_json(name: str) -> None:
    for request in service_plan(load_application(name), "load-generator", speaks_demo=True).requests:
        sent = entry_request(request, 98765)
        assert "{" not in sent.path
        if sent.body:
            assert "{user}" not in sent.body.decode()
            json.loads(sent.body)


def test_users_and_products_vary_with_the_number() -> None:
    request = PlannedRequest(
        name="view",
        journey="browse",
        slo_latency_milliseconds=100.0,
        service="frontend",
        operation="View",
        method="GET",
        path="/p/{product}?u={user}",
        products=("a", "b"),
    )
    assert [entry_request(request, number).path for number in (7, 1008)] == ["/p/a?u=7", "/p/b?u=8"]


def test_a_request_type_that_the_demo_does_not_know_is_named() -> None:
    application = load_application("small-core")
    requests = tuple(replace(request, http=None) for request in application.request_types)
    with pytest.raises(ValueError, match="request type index has no http part"):
        service_plan(replace(application, request_types=requests), "load-generator", speaks_demo=True)
