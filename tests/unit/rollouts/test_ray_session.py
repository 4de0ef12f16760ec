import pytest

from ray_configs.errors import UserError
from rollouts.ray_session import PROJECT_ROOT, ray_session


def test_the_project_root_holds_the_packages() -> None:
    assert (PROJECT_ROOT / "clusters" / "__init__.py").is_file()


def test_a_cluster_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:9")
    with pytest.raises(UserError, match=r"RAY_ADDRESS=127\.0\.0\.1:9"), ray_session():
        pass
