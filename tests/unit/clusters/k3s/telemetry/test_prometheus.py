"""Whatever is wrong with a Prometheus, one sentence names the cluster, the address and the fix."""

from typing import Any

import pytest

from clusters.k3s.telemetry.prometheus import Prometheus, PrometheusError
from tests.plane import free_port
from tests.unit.clusters.k3s.telemetry.servers import answering


def asked(url: str) -> list[Any]:
    prometheus = Prometheus(url, cluster="north")
    try:
        return prometheus.range("up", 0.0, 10.0, 10.0)
    finally:
        prometheus.close()


def test_nobody_listens() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PrometheusError, match=rf"cluster north at {url} does not answer .* prometheus_url"):
        asked(url)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, "<html>a login page</html>", "answers 200 and no JSON; check that its address is right"),
        (502, "bad gateway", "answers 502 and no JSON"),
        (400, {"status": "error", "error": "parse error"}, r"refused a query \(400: parse error\): up"),
        (404, {"status": "no"}, "refused a query"),
        (200, ["a list"], "refused a query"),
    ],
)
def test_what_answers_is_no_prometheus_or_refuses(status: int, body: Any, words: str) -> None:
    with (
        answering(lambda path: (status, body)) as url,
        pytest.raises(PrometheusError, match=f"cluster north .*{words}"),
    ):
        asked(url)


def test_an_empty_answer_is_no_error_and_numbers_are_read_as_numbers() -> None:
    result: list[Any] = []
    with answering(lambda path: (200, {"status": "success", "data": {"result": result}})) as url:
        assert asked(url) == []
        result.append({"metric": {"a": "b"}, "values": [[1.5, "NaN"], [2.5, "+Inf"]]})
        (series,) = asked(url)
    assert series.labels == {"a": "b"}
    assert repr(series.samples) == "[(1.5, nan), (2.5, inf)]"
