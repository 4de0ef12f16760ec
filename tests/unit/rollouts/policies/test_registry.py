import pytest

from ray_configs.errors import UserError
from rollouts.episode import PolicySpec
from rollouts.policies import POLICIES, build_policy
from rollouts.policies.do_nothing import DoNothing
from tests.observations import context


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UserError) as caught:
        build_policy(PolicySpec(name="hpq"), context())
    assert all(name in str(caught.value) for name in ("hpq", *POLICIES))


def test_an_entry_point_builds_a_policy_from_anywhere() -> None:
    spec = PolicySpec(name="rollouts.policies.do_nothing:DoNothing")
    assert isinstance(build_policy(spec, context()), DoNothing)


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("random", {"act_probabilty": 0.1}, "act_probability"),
        ("random", {"act_probability": -0.1}, "act_probability"),
        ("random", {"candidate_share": 1.5}, "candidate_share"),
        ("hpa", {"target_utilisation": 0.0}, "target_utilisation"),
        ("hpa", {"tolerance": -1.0}, "tolerance"),
        ("threshold", {"cool_down_seconds": -1.0}, "cool_down_seconds"),
        ("threshold", {"low_cpu_utilisation": 0.9}, "low_cpu_utilisation"),
        ("do_nothing", {"x": 1}, "none"),
    ],
)
def test_a_wrong_parameter_is_named(name: str, parameters: dict[str, float], named: str) -> None:
    with pytest.raises(UserError, match=named):
        build_policy(PolicySpec(name=name, parameters=parameters), context())
