import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from ray_configs.errors import UserError
from ray_configs.loading import load, parse, resolve


@dataclass(frozen=True, kw_only=True)
class Workers:
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"count must be at least 0, not {self.count}; give a whole number of workers")


@dataclass(frozen=True, kw_only=True)
class Config:
    workers: Workers
    names: tuple[str, ...] = ()
    rate_rps: float = 1.0


def test_nested_yaml_becomes_the_plain_dataclass(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("workers: {count: 2}\nnames: [a, b]\nrate_rps: 3\n")
    config = load(path, Config)
    assert config == Config(workers=Workers(count=2), names=("a", "b"), rate_rps=3.0)
    assert type(config) is Config
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"workers": {}, "nmaes": []}, "unknown key 'nmaes'; remove it or correct its spelling (known here: workers"),
        ({"workers": {"cuont": 2}}, "unknown key 'workers.cuont'"),
        ({}, "key 'workers' is missing; add it"),
        ({"workers": {"count": "2"}}, "key 'workers.count' has the value '2'; input should be a valid integer"),
        ({"workers": {"count": -2}}, "workers: count must be at least 0, not -2; give a whole number"),
        ({"workers": {}, "rate_rps": True}, "key 'rate_rps' has the value True"),
        (["workers"], "the file has the value"),
    ],
)
def test_bad_input_names_the_key_and_the_fix(document: object, said: str) -> None:
    with pytest.raises(UserError) as error:
        parse(document, Config, source="run.yaml")
    assert str(error.value).startswith("run.yaml: ")
    assert said in str(error.value)


def test_a_key_given_twice_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("workers: {}\nrate_rps: 1\nrate_rps: 2\n")
    with pytest.raises(UserError, match="line 3: key 'rate_rps' stands twice"):
        load(path, Config)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml: No such file"):
        load(tmp_path / "nowhere.yaml", Config)


def test_resolve_finds_and_explains() -> None:
    assert resolve("ray_configs.loading:load") is load
    with pytest.raises(UserError, match="did you mean 'load'"):
        resolve("ray_configs.loading:laod")
    with pytest.raises(UserError, match="no module"):
        resolve("ray_configs.nowhere:load")
    with pytest.raises(UserError, match="no entry point"):
        resolve("ray_configs.loading")
