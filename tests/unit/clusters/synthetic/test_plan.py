import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import clusters.synthetic
from clusters.applications import APPLICATIONS, load_application
from clusters.kubernetes_part import FlagDelivery
from clusters.synthetic.plan import plan_document, read_plan, service_plan
from clusters.topology import Application, Service

OUTSIDE = {"__init__", "__main__", "context"}


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_a_plan_survives_json(name: str) -> None:
    application = load_application(name)
    for service in application.service_names:
        plan = service_plan(application, service)
        assert read_plan(json.loads(json.dumps(plan_document(plan)))) == plan


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_every_synchronous_callee_has_an_address_and_every_consumer_its_broker(name: str) -> None:
    application = load_application(name)
    for service in application.services:
        plan = service_plan(application, service.name)
        for call in (call for operation in plan.operations for call in operation.calls if not call.asynchronous):
            callee = application.service(call.service)
            assert plan.peer(call.service).address == f"{callee.name}:{callee.port}"
            assert plan.peer(call.service).protocol == callee.protocol
        if service.port is None:
            assert plan.broker is not None
            assert application.service(plan.broker.service).kind == "queue"


@pytest.mark.parametrize("name", sorted(APPLICATIONS))
def test_a_flag_of_the_environment_can_travel_from_its_owner_to_all_that_it_changes(name: str) -> None:
    application = load_application(name)
    for flag in application.flags:
        if flag.delivery is FlagDelivery.ENVIRONMENT:
            reached = set(_reached(application, flag.service))
            assert {effect.service for effect in flag.effects} <= reached, flag.name


def test_a_service_knows_the_flags_that_it_owns_or_that_change_it() -> None:
    application = load_application("small-core")
    cart = {flag.name: flag for flag in service_plan(application, "cart").flags}
    assert set(cart) == {"cartFailure", "checkoutCartClient"}
    assert cart["cartFailure"].is_served
    assert not cart["checkoutCartClient"].is_served
    assert [effect.cpu_factor for effect in cart["checkoutCartClient"].effects] == [2.2]


def test_the_flag_server_serves_exactly_the_flags_that_are_not_of_the_environment() -> None:
    application = load_application("async-store")
    served = {flag.name for flag in application.flags if flag.delivery is FlagDelivery.FLAGD}
    assert {flag.name for flag in service_plan(application, "flagd").flags} == served


def test_an_entry_that_speaks_another_protocol_is_refused() -> None:
    application = load_application("small-core")
    services = tuple(replace(s, protocol="grpc") if s.name == "frontend" else s for s in application.services)
    with pytest.raises(ValueError, match="frontend, which must speak http"):
        service_plan(replace(application, services=services), "load-generator")


def test_a_plan_of_another_version_is_no_plan() -> None:
    document = plan_document(service_plan(load_application("small-core"), "cart"))
    with pytest.raises(TypeError, match="colour"):
        read_plan(document | {"colour": "red"})


def test_what_runs_in_a_pod_needs_nothing_else_of_the_project() -> None:
    modules = [path.stem for path in Path(clusters.synthetic.__file__).parent.glob("*.py") if path.stem not in OUTSIDE]
    # Locust first: it patches the standard library, and says so where that comes late.
    ordered = sorted(modules, key=lambda module: not module.startswith("load_"))
    barred = ["pydantic", "numpy", "scipy", "yaml", "kubernetes", "ray", "ray_configs", "clusters.topology", "envs"]
    code = (
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({barred!r}))\n"
        f"for name in {ordered!r}: importlib.import_module('clusters.synthetic.' + name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _reached(application: Application, start: str) -> Iterator[str]:
    yield start
    service: Service = application.service(start)
    for callee in {call.operation.split(".")[0] for operation in service.operations for call in operation.calls}:
        yield from _reached(application, callee)
