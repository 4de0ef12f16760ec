"""The conformance suite is no test module of its own: its assertions are to explain themselves all the same."""

import pytest

pytest.register_assert_rewrite("tests.contract.stand_conformance")
