"""The admin API under `/sandbox`, to inspect and change the simulator. It has no rate limit."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from aiohttp import web

from sandbox.simulator.changes import BadBehavior
from sandbox.simulator.magic import MAGIC
from sandbox.simulator.organization import Organization


class _Listed(Protocol):
    def as_json(self) -> dict[str, object]: ...


class AdminApi:
    """The admin API of one organization."""

    def __init__(self, organization: Organization) -> None:
        self._organization = organization

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sandbox/calls", self._calls),
            web.get("/sandbox/requests", self._requests),
            web.get("/sandbox/stats", self._stats),
            web.get("/sandbox/magic", self._magic),
            web.get("/sandbox/behavior", self._behavior),
            web.patch("/sandbox/behavior", _refusing_bad_input(self._change)),
            web.post("/sandbox/reset", self._reset),
            web.post("/sandbox/tokens/revoke", self._revoke_all),
            web.post("/sandbox/sockets/close", self._close_sockets),
            web.post("/sandbox/stranger", _refusing_bad_input(self._stranger)),
        ]

    async def _calls(self, request: web.Request) -> web.Response:
        """Return the call log, oldest first; `?after=N&limit=M` for a page."""
        calls = self._organization.calls
        return _page("calls", calls.after(*_bounds(request)), len(calls))

    async def _requests(self, request: web.Request) -> web.Response:
        """Return the API requests with arrival times, oldest first; `?after=N&limit=M` for a page."""
        traffic = self._organization.traffic
        return _page("requests", traffic.after(*_bounds(request)), traffic.total)

    async def _stats(self, _request: web.Request) -> web.Response:
        organization = self._organization
        per_number = organization.calls.most_per_number()
        traffic = organization.traffic
        windows: Counter[str] = Counter()
        for (client, _), used in organization.windows.counts().items():
            windows[client] += used
        return web.json_response(
            {
                "calls": len(organization.calls),
                "calls_put_on_hold": organization.calls.put_on_hold,
                "numbers": len(per_number),
                "numbers_called_twice": sum(count > 1 for count in per_number.values()),
                "requests": traffic.total,
                "answers": traffic.counts(),
                "in_flight": traffic.in_flight,
                "max_in_flight": traffic.max_in_flight,
                "tokens_issued": organization.tokens.issued,
                "tokens_alive": organization.tokens.alive(),
                "windows": windows,
                "channels": len(organization.channels),
            }
        )

    async def _magic(self, _request: web.Request) -> web.Response:
        rows = {number: {"sees": magic.sees, "rings": magic.rings} for number, magic in MAGIC.items()}
        return web.json_response(rows)

    async def _behavior(self, _request: web.Request) -> web.Response:
        return web.json_response(self._organization.behavior.as_json())

    async def _change(self, request: web.Request) -> web.Response:
        changes = await request.json()
        if not isinstance(changes, dict):
            raise BadBehavior("expected a JSON object")
        self._organization.change(changes)
        return web.json_response(self._organization.behavior.as_json())

    async def _reset(self, _request: web.Request) -> web.Response:
        self._organization.reset()
        return web.json_response({})

    async def _revoke_all(self, _request: web.Request) -> web.Response:
        return web.json_response({"revoked": self._organization.tokens.revoke_all()})

    async def _close_sockets(self, _request: web.Request) -> web.Response:
        return web.json_response({"closed": self._organization.channels.close_sockets()})

    async def _stranger(self, request: web.Request) -> web.Response:
        """Act as another program that uses the client's newest token: `{"client_id": …, "requests": N}`."""
        organization, behavior = self._organization, self._organization.behavior
        wanted = await request.json()
        client, requests = str(wanted["client_id"]), int(wanted["requests"])
        token = organization.tokens.newest(client)
        if requests < 0 or token is None:
            raise ValueError("expected 0 or more requests, and a client that has a token")
        admitted = 0
        for _ in range(requests):
            status = organization.windows.spend(
                (client, token), allowed=behavior.rate_limit, window_s=behavior.rate_window_s
            )
            admitted += status.admitted
        return web.json_response({"admitted": admitted, "refused": requests - admitted})


def _bounds(request: web.Request) -> tuple[int, int | None]:
    try:
        after, limit = int(request.query.get("after", 0)), request.query.get("limit")
        return max(after, 0), None if limit is None else max(int(limit), 0)
    except ValueError:
        raise web.HTTPBadRequest(text="after and limit are whole numbers\n") from None


def _page(name: str, entries: Sequence[_Listed], total: int) -> web.Response:
    return web.json_response({"total": total, name: [entry.as_json() for entry in entries]})


def _refusing_bad_input(
    handler: Callable[[web.Request], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Reply 400 with one sentence if the request's JSON is not what the handler needs."""

    async def refusing(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except (BadBehavior, ValueError, TypeError) as e:
            return web.json_response({"error": str(e)}, status=400)
        except KeyError as e:
            return web.json_response({"error": f"missing field {e}"}, status=400)

    return refusing
