import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clusters.commands import ClearFault, Command, DelayEdge, Scale, SetFlag, SetRateLimit
from clusters.scenario import Scenario, ScheduledFault, Split, WorkloadTrace
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.dataset.documents import VERBS, command_from_json, dump, to_document
from rollouts.dataset.metadata import SIMULATED_DEPLOYMENT, build_metadata, decode_metadata, encode_metadata
from rollouts.episode import PolicySpec
from tests.episodes import CATALOGUE, make_episode

floats = st.floats(allow_nan=False, allow_infinity=False)
seconds = st.floats(0, 1e6)
texts = st.text(max_size=12)
commands: st.SearchStrategy[Command] = st.one_of(*(st.from_type(kind) for kind in VERBS.values())).filter(
    lambda command: all(math.isfinite(value) for value in vars(command).values() if isinstance(value, float))
)
faults = st.builds(
    ScheduledFault,
    start_seconds=seconds,
    end_seconds=st.none() | seconds,
    expected_symptoms=st.lists(texts, max_size=2).map(tuple),
    injections=st.lists(st.tuples(floats, commands), max_size=3).map(tuple),
    clearance=st.none() | commands,
)
scenarios = st.builds(
    Scenario,
    split=st.sampled_from(Split),
    seed=st.integers(0, 2**63),
    workload=st.builds(
        WorkloadTrace,
        step_seconds=floats,
        rates_rps=st.lists(floats, max_size=4).map(tuple),
        mix=st.lists(floats, max_size=4).map(tuple),
    ),
    faults=st.lists(faults, max_size=2).map(tuple),
    candidates=st.lists(texts, max_size=3).map(tuple),
    decision_seconds=floats,
    warmup_seconds=seconds,
    horizon_seconds=floats,
)
policies = st.builds(
    PolicySpec,
    name=texts,
    parameters=st.dictionaries(texts, st.one_of(floats, st.integers(), texts, st.booleans()), max_size=4),
)


@given(command=commands)
def test_a_command_comes_back_as_itself(command: Command) -> None:
    assert command_from_json(dump(to_document(command)).decode()) == command


@settings(deadline=None, max_examples=60)
@given(scenario=scenarios, policy=policies, step=st.integers(1, 6))
def test_metadata_comes_back_as_itself(scenario: Scenario, policy: PolicySpec, step: int) -> None:
    scales = TimeScales(control_step_seconds=10.0 * step)
    episode = dataclasses.replace(make_episode(num_steps=1), scenario=scenario, policy=policy, time_scales=scales)
    metadata = build_metadata(episode, CATALOGUE.actions, SIMULATED_DEPLOYMENT)
    decoded = decode_metadata(encode_metadata(metadata))
    assert decoded == metadata
    types = [type(value) for value in decoded.policy.parameters.values()]
    assert types == [type(value) for value in policy.parameters.values()]


@pytest.mark.parametrize(
    "command",
    [
        Scale(service="cart", replicas=3),
        SetFlag(flag="a", variant="on"),
        SetRateLimit(limit_rps=None),
        ClearFault(fault_id="x"),
        DelayEdge(fault_id="x", source="a", target="b", latency_milliseconds=0.1),
    ],
)
def test_a_command_is_written_with_its_verb(command: Command) -> None:
    assert to_document(command)["verb"] == type(command).__name__


@pytest.mark.parametrize("text", ['{"verb": "Explode"}', '{"verb": "Scale"}', "[]", "7"])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        command_from_json(text)


def test_metadata_of_another_contract_is_refused_with_its_version() -> None:
    metadata = build_metadata(make_episode(), CATALOGUE.actions, SIMULATED_DEPLOYMENT)
    data = encode_metadata(dataclasses.replace(metadata, contract_version="9.4"))
    with pytest.raises(UserError, match=r"contract_version 9\.4"):
        decode_metadata(data)


def test_an_unknown_key_in_metadata_is_named() -> None:
    data = encode_metadata(build_metadata(make_episode(), CATALOGUE.actions, SIMULATED_DEPLOYMENT))
    with pytest.raises(UserError, match=r"scenario\.Scenario\.colour|scenario\.colour"):
        decode_metadata(data.replace(b'"family":', b'"colour": 1, "family":'))
