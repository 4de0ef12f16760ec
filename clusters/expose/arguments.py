"""Arguments of `python -m clusters expose`."""

from dataclasses import dataclass

import tyro


@dataclass(frozen=True, kw_only=True)
class ExposeArguments:
    """What is played, and the Prometheus that gets its telemetry."""

    scenario: tyro.conf.Positional[str]
    """A YAML or JSON file that describes a scenario, or a name that `names` knows, such as checkout-latency."""
    prometheus: str = "http://127.0.0.1:9090"
    """Address of a Prometheus with its OTLP receiver on (`--web.enable-otlp-receiver`). The incident ends now, so that
    Prometheus' last minutes show it."""
    namespace: str = "gym-simulated"
    """The Kubernetes namespace that the stand claims to be."""
    seed: int | None = None
    """Draws the stand's parameters and its noise; by default the scenario's own."""
    do: tyro.conf.UseAppendAction[tuple[tuple[float, str], ...]] = ()
    """Seconds after the warm-up and an operator's command as JSON, such as
    120 '{"verb": "Scale", "service": "checkout", "replicas": 3}'."""
    names: str = "envs.scenarios.named:named_scenario"
    """Entry point of the function that finds a scenario by its name."""
