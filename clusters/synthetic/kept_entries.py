"""What a cache keeps: an entry per user, the least recently used one going first. It is empty after a restart."""

from collections import OrderedDict
from typing import Final

from opentelemetry.metrics import Meter

_MAX_ENTRIES: Final = 4096
_ENTRY_BYTES: Final = 1024


class KeptEntries:
    """Counts lookups as `gym.cache.lookups`, by outcome `hit` or `miss`; a miss is filled."""

    def __init__(self, meter: Meter) -> None:
        self._entries: OrderedDict[str, bytes] = OrderedDict()
        self._lookups = meter.create_counter("gym.cache.lookups", unit="{lookup}")

    def look_up(self, key: str) -> bool:
        """Whether the entry was there; now it is."""
        is_hit = key in self._entries
        if not is_hit:
            self._entries[key] = bytes(_ENTRY_BYTES)
            if len(self._entries) > _MAX_ENTRIES:
                self._entries.popitem(last=False)
        self._entries.move_to_end(key)
        self._lookups.add(1, {"outcome": "hit" if is_hit else "miss"})
        return is_hit

    def forget(self) -> int:
        """Drop all entries; returns how many."""
        num_entries = len(self._entries)
        self._entries.clear()
        return num_entries
