"""Playing the load generator: Locust as a library, with its web application and routes of ours on it."""

# Locust patches the standard library on import, which must come before anything that uses sockets or threads.
from locust.env import Environment  # isort: skip

import json
import signal
from collections.abc import Callable
from typing import Any

import gevent
from gevent.event import Event
from gevent.pywsgi import WSGIServer

from clusters.synthetic.journeys import Journeys
from clusters.synthetic.load_routes import LoadRoutes
from clusters.synthetic.load_users import Sender, user_classes
from clusters.synthetic.plan import ServicePlan
from clusters.synthetic.reporting import start_reporting

_FOLLOW_SECONDS = 0.5


def run_load_generator(plan: ServicePlan) -> None:
    """Offer what the routes ask for until SIGTERM or SIGINT."""
    reporting = start_reporting(plan.service)
    journeys = Journeys(plan.requests, reporting.meter)
    sender = Sender(plan, reporting, journeys)
    users = user_classes(sender)
    environment = Environment(user_classes=list(users))
    environment.create_local_runner()
    web_ui = environment.create_web_ui("", plan.port, delayed_start=True)
    routes = LoadRoutes(environment, plan.requests, sender, journeys, users)
    routes.add_to(web_ui.app)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        gevent.signal_handler(number, ended.set)
    web_ui.start()
    probe = WSGIServer(("", plan.health_port), _probe(routes), log=None)
    probe.start()
    while not ended.wait(_FOLLOW_SECONDS):
        routes.follow()
    probe.stop()
    sender.workload = None
    reporting.close()


def _probe(routes: LoadRoutes) -> Callable[[dict[str, Any], Any], list[bytes]]:
    """The routes that every pod has beside its own: `/healthz` and `/reset`."""

    def answer(environment: dict[str, Any], start_response: Any) -> list[bytes]:
        path = environment["PATH_INFO"]
        forgotten = {"load": routes.forget()} if path == "/reset" else {}
        is_known = path in ("/healthz", "/reset")
        start_response("200 OK" if is_known else "404 Not Found", [("Content-Type", "application/json")])
        return [json.dumps({"forgotten": forgotten}).encode()]

    return answer
