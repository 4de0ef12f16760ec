"""`python -m clusters expose`: a simulated incident in a real Prometheus."""

import time

import numpy as np

from clusters.expose.arguments import ExposeArguments
from clusters.expose.otlp import push
from clusters.expose.stand_metrics import stand_metrics
from clusters.incident.inputs import find_scenario, operator_events
from clusters.incident.playing import BUCKET_SECONDS, play
from clusters.stand import StandError
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from ray_configs.errors import UserError


def expose_command(arguments: ExposeArguments) -> None:
    """Play a scenario and put its telemetry into a Prometheus, as if it had ended just now.

    Raises:
        UserError: the scenario or a command is none, or Prometheus does not take the metrics.
    """
    scenario = find_scenario(arguments.scenario, arguments.names)
    seed = scenario.seed if arguments.seed is None else arguments.seed
    try:
        incident = play(scenario, seed, operator_events(arguments.do, BUCKET_SECONDS), 1)
    except StandError as error:
        raise UserError(f"{arguments.scenario}: {error}") from error
    window = incident.window.of_stand(0)
    step_ns = round(BUCKET_SECONDS * 1e9)
    end_ns = time.time_ns() // step_ns * step_ns
    expose(incident.application, window, arguments.prometheus, namespace=arguments.namespace, end_ns=end_ns)
    minutes = window.num_buckets * BUCKET_SECONDS / 60.0
    print(
        f"{scenario.name} on {scenario.application} is in {arguments.prometheus} as namespace {arguments.namespace}, "
        f"the last {minutes:.0f} minutes"
    )


def expose(application: Application, window: TelemetryWindow, url: str, *, namespace: str, end_ns: int) -> None:
    """Put a stand's window into a Prometheus, moved in time so that it ends at `end_ns`.

    Raises:
        UserError: Prometheus does not take the metrics.
    """
    step_ns = round(window.bucket_seconds * 1e9)
    times_ns = end_ns - step_ns * np.arange(window.num_buckets, -1, -1, dtype=np.int64)
    push(url, stand_metrics(application, window, namespace), times_ns.tolist(), namespace)
