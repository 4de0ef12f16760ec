import json
import re
from html.parser import HTMLParser

import pytest

from clusters.commands import Scale, SetRateLimit
from clusters.incident.page import render
from clusters.incident.playing import OperatorEvent, PlayedIncident, play
from tests.stands import scenario
from tests.unit.clusters.incident.test_playing import GOOD, broken_at

ACTS = (
    OperatorEvent(seconds=90.0, command=Scale(service="checkout", replicas=-1)),
    OperatorEvent(seconds=90.0, command=SetRateLimit(limit_rps=400.0)),
    OperatorEvent(seconds=120.0, command=GOOD),
)


class Balance(HTMLParser):
    """Open elements; a stray end tag is a test's failure."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):  # type: ignore[no-untyped-def]
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):  # type: ignore[no-untyped-def]
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def played() -> PlayedIncident:
    return play(broken_at(60.0), 3, ACTS, num_replicates=2)


@pytest.fixture(scope="module")
def page(played: PlayedIncident) -> str:
    return render(played, "python -m clusters simulate x")


def test_it_is_one_well_formed_file_that_loads_nothing(page: str) -> None:
    balance = Balance()
    balance.feed(page)
    assert balance.open == []
    assert not re.search(r"https?://|<link|src=|@import|url\(", page)
    assert "NaN" not in page
    assert "nan," not in page


def test_every_service_and_journey_is_there(played: PlayedIncident, page: str) -> None:
    for name in (*played.application.service_names, *played.application.journey_names):
        assert name in page


def test_the_script_has_a_frame_for_every_bucket_box_and_wire(played: PlayedIncident, page: str) -> None:
    frames = json.loads(re.search(r'id="frames">(.*?)</script>', page, re.S).group(1))  # type: ignore[union-attr]
    num_buckets = played.window.num_buckets
    assert len(frames["times"]) == num_buckets
    assert frames["times"][0] == -played.shown_warmup_seconds
    assert {len(boxes) for boxes in frames["boxes"]} == {len(played.application.services)}
    assert {len(wires) for wires in frames["wires"]} == {len(played.application.edges)}
    assert all(len(json.loads(text)) == num_buckets for text in re.findall(r"data-values='(.*?)'", page))


def test_what_was_done_stands_in_the_table_with_what_became_of_it(page: str) -> None:
    table = page[page.index("<h2>What was done") :]
    rows = [re.sub(r"<[^>]+>|\s+", " ", row) for row in re.findall(r"<tr class=.*?</tr>", table, re.S)]
    assert len(rows) == 4
    assert "scenario, fault-0" in rows[0]
    assert "rejected" in rows[1]
    assert "limit rps 400.0" in rows[2]
    assert "SetFlag" in rows[3]


def test_the_verdict_tells_the_violation_and_what_doing_something_changed(page: str) -> None:
    verdict = re.search(r"<strong>(.*?)</strong>", page).group(1)  # type: ignore[union-attr]
    assert "missed its objectives for" in verdict
    before, after = re.search(r"from (\d+) to (\d+) s", verdict).groups()  # type: ignore[union-attr]
    assert int(after) < int(before)


def test_a_healthy_course_is_called_healthy() -> None:
    page = render(play(scenario(60.0), 1, (), 1), "x")
    assert "Every journey met its objectives all the time." in page
    assert "no fault" in page
    assert "had nothing been done" not in page
