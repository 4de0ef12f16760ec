"""Courses of loads, and the rates that they come to."""

import numpy as np

from envs.kernels.loads import fill_waves, put_bursts, put_rates


def test_waves_are_sines_to_the_last_step_of_a_long_trace():
    rng = np.random.default_rng(2)
    step_angle, first_angle, amplitude = (
        rng.uniform(0.01, 3.0, 50),
        rng.uniform(0.0, 6.3, 50),
        rng.uniform(0.1, 1.0, 50),
    )
    shapes = np.empty((50, 2000))
    fill_waves(step_angle, first_angle, amplitude, shapes)
    angles = np.arange(2000) * step_angle[:, None] + first_angle[:, None]
    np.testing.assert_allclose(shapes, 1.0 + amplitude[:, None] * np.sin(angles), rtol=0.0, atol=1e-11)


def test_a_burst_covers_the_steps_that_begin_within_it():
    shapes, start = np.ones((4, 6)), np.array([0.0, 10.5, 20.0, 90.0])
    half = np.full(4, 0.5)
    put_bursts((half, half, half), (10.0, 30.0), (2.0, 4.0), (100.0, 300.0), 10.0, start, shapes)
    assert shapes.tolist() == [[3, 3, 1, 1, 1, 1], [1, 1, 3, 3, 1, 1], [1, 1, 3, 3, 1, 1], [1] * 6]
    assert start.tolist() == [220.0, 230.5, 240.0, 310.0]


def test_rates_are_rounded_as_numpy_rounds_and_end_with_the_trace():
    mean, shapes = np.array([10.0, 1.0, 3.0]), np.random.default_rng(3).uniform(0.5, 1.5, (3, 8))
    shapes[1] = np.arange(8) + 0.0005  # half-way between two places
    rates, num_steps = np.full((5, 9), -1.0), np.array([8, 8, 3])
    put_rates(np.array([4, 0, 2]), mean, num_steps, shapes, 1000.0, rates)
    expected = (mean[:, None] * shapes).round(3)
    np.testing.assert_array_equal(rates[[4, 0], :8], expected[:2])
    np.testing.assert_array_equal(rates[2, :3], expected[2, :3])
    assert (rates[[1, 3]] == -1.0).all()
    assert (rates[2, 3:] == -1.0).all()
    put_rates(np.array([1]), mean[2:], num_steps[2:], shapes[2:, :1], 1000.0, rates)
    assert rates[1].tolist() == [expected[2, 0]] * 3 + [-1.0] * 6
