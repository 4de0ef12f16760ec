"""The flag server's ports: evaluation by OFREP, and reading and writing of the whole file."""

from typing import Any

from aiohttp import web

from clusters.synthetic.flag_file import checked, evaluation, flag_file
from clusters.synthetic.plan import ServicePlan
from clusters.synthetic.servers import Routes


class FlagServer:
    """Keeps the file in memory: a restart brings the good variants back, as it does in the demo."""

    def __init__(self, plan: ServicePlan) -> None:
        self._plan = plan
        self._file: dict[str, Any] = flag_file(plan.flags)

    def forget(self) -> int:
        """Serve the good variants again; returns how many flags served another."""
        served, self._file = self._file, flag_file(self._plan.flags)
        return sum(flag != served["flags"].get(name) for name, flag in self._file["flags"].items())

    @property
    def evaluation_routes(self) -> Routes:
        """OFREP."""
        return {("POST", "/ofrep/v1/evaluate/flags/{flag}"): self._evaluate}

    @property
    def file_routes(self) -> Routes:
        """The file's API."""
        return {("GET", "/api/read"): self._read, ("POST", "/api/write"): self._write}

    async def _evaluate(self, request: web.Request) -> web.Response:
        status, body = evaluation(self._file, request.match_info["flag"])
        return web.json_response(body, status=status)

    async def _read(self, _: web.Request) -> web.Response:
        return web.json_response(self._file)

    async def _write(self, request: web.Request) -> web.Response:
        try:
            self._file = checked(await request.json())
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})
