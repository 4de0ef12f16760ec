import numpy as np
import pytest

from clusters.incident.charts import TimeAxis, draw_chart, latency_scale, linear_scale, quantity

AXIS = TimeAxis(start=-20.0, end=30.0, bucket_seconds=10.0)
NAN = np.nan


def values(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def test_a_line_is_broken_where_nothing_is_known() -> None:
    chart = draw_chart("x", values((1, 2, NAN, 4, NAN)), AXIS, linear_scale("", least=8.0))
    assert chart.line.count("M") == 2
    assert chart.line.count("L") == 2, "one step, and a dash for the lone bucket"
    assert chart.values == ("1", "2", "no data", "4", "no data")


def test_the_mean_is_drawn_with_the_range_of_the_replicates() -> None:
    scale = linear_scale("", least=10.0)
    chart = draw_chart("x", values((1, 2, 3, 4, 5), (3, 4, 5, 6, NAN)), AXIS, scale)
    assert chart.values == ("2", "3", "4", "5", "5")
    assert chart.band.count("L") == 9
    assert draw_chart("x", values((1, 2, 3, 4, 5)), AXIS, scale).band == ""


def test_the_objective_stands_where_its_value_would() -> None:
    latencies = values((50, 80, 2000, 90, 70))
    scale = latency_scale(latencies, values((400,)))
    chart = draw_chart("p95", latencies, AXIS, scale, limit=400.0)
    assert chart.limit == pytest.approx(float(scale.y(np.array(400.0))))
    assert float(scale.y(np.array(2000.0))) < chart.limit < float(scale.y(np.array(90.0)))


@pytest.mark.parametrize("high", [0.03, 1.0, 7.3, 100.0, 129.0, 2600.0])
def test_a_chart_has_few_ticks_all_of_them_inside(high: float) -> None:
    scale = linear_scale("", values((0.0, high)), least=0.0)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 3
    assert all(0 <= height < 100 for height, _ in ticks)


def test_time_ticks_stand_at_their_times() -> None:
    assert AXIS.ticks()[0] == (40.0, "0 s")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.0, "ms", "1.23 s"),
        (56.7, "ms", "56.7 ms"),
        (3e-12, "%", "0%"),
        (12.34, "%", "12.3%"),
        (NAN, "ms", "no data"),
    ],
)
def test_quantities_are_short(value: float, unit: str, text: str) -> None:
    assert quantity(value, unit) == text
