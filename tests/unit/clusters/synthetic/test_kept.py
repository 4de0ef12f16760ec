from pathlib import Path

from opentelemetry.metrics import NoOpMeter

from clusters.synthetic.held_memory import HeldMemory, touched
from clusters.synthetic.kept_entries import KeptEntries
from clusters.synthetic.token_bucket import TokenBucket


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_held_memory_is_really_there() -> None:
    before = resident_bytes()
    block = touched(64 * 2**20)
    assert resident_bytes() - before > 60 * 2**20
    assert len(block) == 64 * 2**20


def test_leaks_stay_until_they_are_forgotten() -> None:
    memory = HeldMemory(0.0, 100.0)
    for _ in range(3):
        with memory.request(leaked_bytes=50.0):
            pass
    assert memory.forget() == 150
    assert memory.forget() == 0


def test_an_entry_is_missed_once_and_found_until_forgotten() -> None:
    entries = KeptEntries(NoOpMeter("test"))
    assert [entries.look_up(key) for key in ("a", "b", "a")] == [False, False, True]
    assert entries.forget() == 2
    assert not entries.look_up("a")


def test_the_least_recently_used_entry_goes_first() -> None:
    entries = KeptEntries(NoOpMeter("test"))
    for number in range(4096):
        entries.look_up(str(number))
    entries.look_up("0")
    entries.look_up("one more")
    assert entries.look_up("0")
    assert not entries.look_up("1")


def test_a_bucket_admits_its_rate_and_a_second_of_burst() -> None:
    bucket = TokenBucket(5.0, 0.0)
    admitted = sum(bucket.admits(number / 1000.0) for number in range(10_000))
    assert 53 <= admitted <= 55


def test_a_bucket_slower_than_one_a_second_still_admits() -> None:
    bucket = TokenBucket(0.1, 0.0)
    assert [bucket.admits(seconds) for seconds in (0.0, 5.0, 11.0)] == [True, False, True]
