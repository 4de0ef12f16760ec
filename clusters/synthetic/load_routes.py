"""JSON routes of ours on Locust's web application: what to offer, the knobs, and the state."""

import time
import uuid
from collections.abc import Callable
from typing import Any, Final

from flask import jsonify, request

from clusters.synthetic.journeys import Journeys
from clusters.synthetic.load_users import ENTRY_TIMEOUT_SECONDS, Sender
from clusters.synthetic.plan import PlannedRequest
from clusters.synthetic.workload import OfferedLoad, Workload

_SPAWNED_PER_SECOND: Final = 100
"""Users that come or go; Locust warns of more."""


class LoadRoutes:
    """`/gym/begin`, `multiplier`, `limit`, `shape`, `stop` (POST) and `state` (GET); each answers with the state."""

    def __init__(
        self,
        environment: Any,
        requests: tuple[PlannedRequest, ...],
        sender: Sender,
        journeys: Journeys,
        users: tuple[type[Any], type[Any]],
    ) -> None:
        """`environment` is Locust's; `users` are its classes for an open and for a closed loop."""
        self._environment = environment
        self._requests = requests
        self._sender = sender
        self._journeys = journeys
        self._arrivals, self._thinking = users
        self._run = ""
        self._num_users = 0
        environment.stop_timeout = ENTRY_TIMEOUT_SECONDS

    def add_to(self, flask_application: Any) -> None:
        """Add the routes."""
        posts = {
            "begin": self._begin,
            "multiplier": lambda body: self._workload().set_multiplier(float(body["multiplier"])),
            "limit": self._limit,
            "shape": lambda body: self._workload().shape(body["request_type"], float(body["factor"])),
            "stop": lambda body: self._stop(),
        }
        for name, change in posts.items():
            flask_application.add_url_rule(f"/gym/{name}", f"gym_{name}", _answer(self, change), methods=["POST"])
        flask_application.add_url_rule("/gym/state", "gym_state", lambda: jsonify(self.state()))

    def state(self) -> dict[str, Any]:
        """What is offered now; without a load nothing, and `run` is empty."""
        workload, now = self._sender.workload, time.monotonic()
        if workload is None:
            nothing = {"rate_ratio": 1.0, "multiplier": 1.0, "rate_limit_rps": None, "offered_rps": 0.0, "users": 0}
            shape = {request.name: 1.0 for request in self._requests}
            return {"run": "", "shape": shape, "counts": self._journeys.counts, **nothing}
        return {
            "run": self._run,
            "rate_ratio": workload.load.rate_ratio,
            "multiplier": workload.multiplier,
            "rate_limit_rps": workload.rate_limit_rps,
            "shape": dict(workload.factors),
            "offered_rps": workload.rate_rps(now),
            "users": workload.num_users(now),
            "counts": self._journeys.counts,
        }

    def forget(self) -> str:
        """End the load with all that was turned at it; returns what it was called."""
        run, self._run = self._run, ""
        self._stop()
        self._journeys.begin()
        return run

    def follow(self) -> None:
        """Bring the number of a closed loop's users up to date."""
        workload = self._sender.workload
        if workload is None or workload.load.think_seconds is None:
            return
        wanted = workload.num_users(time.monotonic())
        if wanted != self._num_users:
            self._num_users = wanted
            self._environment.runner.start(wanted, _SPAWNED_PER_SECOND, user_classes=[self._thinking])

    def _begin(self, body: dict[str, Any]) -> None:
        load = OfferedLoad(
            step_seconds=float(body["step_seconds"]),
            rates_rps=tuple(float(rate) for rate in body["rates_rps"]),
            mix=tuple(float(share) for share in body["mix"]),
            think_seconds=None if body["think_seconds"] is None else float(body["think_seconds"]),
            rate_ratio=float(body["rate_ratio"]),
            seed=int(body["seed"]),
        )
        workload = Workload(load, self._requests, time.monotonic())
        self._stop()
        self._journeys.begin()
        self._environment.runner.stats.reset_all()
        self._sender.workload = workload
        self._run = uuid.uuid4().hex
        if load.think_seconds is None:
            self._environment.runner.start(1, 1, user_classes=[self._arrivals])
        else:
            self.follow()

    def _limit(self, body: dict[str, Any]) -> None:
        limit_rps = body["limit_rps"]
        self._workload().set_rate_limit(None if limit_rps is None else float(limit_rps), time.monotonic())
        self._journeys.show_limit(self._workload())

    def _stop(self) -> None:
        self._sender.workload = None
        self._num_users = 0
        self._journeys.show_limit(None)
        self._environment.runner.stop()

    def _workload(self) -> Workload:
        if self._sender.workload is None:
            raise ValueError("no load was begun")
        return self._sender.workload


def _answer(routes: LoadRoutes, change: Callable[[dict[str, Any]], None]) -> Callable[[], Any]:
    def answer() -> Any:
        try:
            change(request.get_json(force=True, silent=True) or {})
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            return jsonify({"message": reason}), 400
        return jsonify(routes.state())

    return answer
