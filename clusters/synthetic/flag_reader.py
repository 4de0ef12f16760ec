"""Which of the flag server's flags are in effect, through OpenFeature, asked for again every few seconds."""

import asyncio
from typing import Any, Final

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.flag_evaluation import FlagEvaluationDetails

from clusters.synthetic.plan import PlannedFlag
from clusters.synthetic.reporting import Reporting

_PERIOD_SECONDS: Final = 3.0
_TIMEOUT_SECONDS: Final = 2.0


class FlagReader:
    """Keeps the last known variants; while the flag server does not answer, they hold."""

    def __init__(self, server: str, flags: tuple[PlannedFlag, ...], reporting: Reporting) -> None:
        self._flags = flags
        self._reporting = reporting
        self._in_effect: frozenset[str] = frozenset()
        api.set_provider(OFREPProvider(f"http://{server}", timeout=_TIMEOUT_SECONDS))
        self._client = api.get_client()

    @property
    def in_effect(self) -> frozenset[str]:
        """Names of the flags whose variant is not the good one."""
        return self._in_effect

    async def run(self) -> None:
        """Ask until cancelled."""
        was_answered = True
        while True:
            is_answered = await asyncio.to_thread(self._ask)
            if was_answered and not is_answered:
                self._reporting.log("WARN", "the flag server does not answer: flags stay as they were")
            was_answered = is_answered
            await asyncio.sleep(_PERIOD_SECONDS)

    def _ask(self) -> bool:
        in_effect = set()
        for flag in self._flags:
            if isinstance(flag.good_value, bool):
                details: FlagEvaluationDetails[Any] = self._client.get_boolean_details(flag.name, flag.good_value)
            else:
                details = self._client.get_float_details(flag.name, flag.good_value)
            if details.error_code is not None:
                return False
            if details.variant != flag.good_variant:
                in_effect.add(flag.name)
        self._in_effect = frozenset(in_effect)
        return True
