"""Putting off the search for garbage."""

import gc

import pytest

from envs.collecting import collecting_later


@pytest.fixture(autouse=True)
def restored():
    yield
    gc.enable()


def test_the_search_is_off_meanwhile_and_comes_back_even_after_an_error():
    with pytest.raises(ValueError, match="broken"), collecting_later():
        assert not gc.isenabled()
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_search_that_was_off_stays_off():
    gc.disable()
    with collecting_later():
        pass
    assert not gc.isenabled()
