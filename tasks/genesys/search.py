"""Searches Genesys Cloud for calls whose answer was lost, and asks which users have a call.

| question | permission | note |
| --- | --- | --- |
| `POST /conversations/participants/attributes/search` | conversation:participant:attributesview | by time only |
| `POST /analytics/conversations/details/query` | analytics:conversationDetail:view | shows no attributes |
| `GET /conversations/{id}` | conversation:communication:view | attributes of one conversation |
| `GET /conversations/calls/{id}` | none is documented | the same, if the one before is refused |
| `GET /users?expand=conversationSummary,presence` | none is documented | counts calls; tells who is there |

The search for attributes cannot search for attributes: its only criterion is a time range, and the attributes are in
its rows. Sources: the models of the published SDK (ConversationParticipantSearchRequest, ConversationQuery,
UserEntityListing), and reports from real organizations for what the search accepts. These requests change nothing, so
they may be sent again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote, urlencode

from tasks.genesys.answers import Answer
from tasks.genesys.look_up import no_news
from tasks.genesys.seen import SeenCall, read_conversation, read_details, read_row

T = TypeVar("T")

SEARCH_PERMISSION: Final = "conversation:participant:attributesview"
QUERY_PERMISSION: Final = "analytics:conversationDetail:view"
VIEW_PERMISSION: Final = "conversation:communication:view"
#: How many users one request may name, and calls of one user one answer of analytics has; both are at most 100 by the
#: published documentation, or more.
MOST_USERS: Final = 100
_QUERIED: Final = 100
_CALLS: Final = "/api/v2/conversations"


@dataclass(frozen=True, kw_only=True)
class Inquiry(Generic[T]):
    """A request that changes nothing; repr shows no phone number."""

    #: What is asked, for messages.
    name: str
    path: str
    #: The permission that it needs, or "".
    permission: str = ""
    #: None for a GET.
    body: Mapping[str, object] | None = field(default=None, repr=False)
    #: Returns what the answer tells; raises NoNews.
    read: Callable[[Answer], T] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class RowPage:
    """A page of the search; `cursor` is that of the next page, or ""."""

    calls: list[SeenCall] = field(repr=False)
    cursor: str


@dataclass(frozen=True, kw_only=True)
class UserCalls:
    """Calls of one user, without their attributes. Nothing is missing only in an answer that is complete."""

    calls: list[SeenCall] = field(repr=False)
    is_complete: bool


def search_page(start_s: float, end_s: float, cursor: str = "") -> Inquiry[RowPage]:
    """Ask for conversations with attributes that started within this time, in epoch seconds, at most 24 hours."""
    window = {"type": "DATE_RANGE", "fields": ["startTime"], "startValue": _iso(start_s), "endValue": _iso(end_s)}
    body = {"query": [window], **({"cursor": cursor} if cursor else {})}
    name, path = "a search for calls", f"{_CALLS}/participants/attributes/search"
    return Inquiry(
        name=name, path=path, permission=SEARCH_PERMISSION, body=body, read=lambda answer: _read_page(answer, name)
    )


def calls_of_user(user_id: str, start_s: float, end_s: float, *, to: str = "") -> Inquiry[UserCalls]:
    """Ask analytics for the user's calls around this time, to one number (E.164) or to all, the newest first.

    The answer may have calls of the same day outside of the time. How analytics writes the number is not documented.
    """
    filters = [_any_of("userId", [user_id]), *([_any_of("dnis", [f"tel:{to}", to])] if to else [])]
    body = {
        "interval": f"{_iso(start_s)}/{_iso(end_s)}",
        "segmentFilters": filters,
        "order": "desc",
        "orderBy": "conversationStart",
        "paging": {"pageSize": _QUERIED, "pageNumber": 1},
    }
    name, path = "a query for calls", "/api/v2/analytics/conversations/details/query"
    return Inquiry(
        name=name, path=path, permission=QUERY_PERMISSION, body=body, read=lambda answer: _read_details(answer, name)
    )


def conversation(conversation_id: str, *, flat: bool = False) -> Inquiry[SeenCall | None]:
    """Ask for the attributes of one conversation; None if it does not exist. `flat` needs no permission."""
    name, path = "a look at a conversation", f"{_CALLS}/{'calls/' if flat else ''}{quote(conversation_id, safe='')}"
    permission = "" if flat else VIEW_PERMISSION
    return Inquiry(name=name, path=path, permission=permission, read=lambda answer: _read_one(answer, name))


def running_calls(user_ids: Sequence[str]) -> Inquiry[dict[str, int]]:
    """Ask how many calls each of these users has now, at most `MOST_USERS`; one that is not shown is left out."""
    return _look_at_users(user_ids, _running)


def presences(user_ids: Sequence[str]) -> Inquiry[dict[str, str]]:
    """Ask for the system presence of each user, such as `Available`; one that is not shown is left out."""
    return _look_at_users(user_ids, _presence)


def _look_at_users(user_ids: Sequence[str], read: Callable[[Any], T | None]) -> Inquiry[dict[str, T]]:
    """Ask for users, and return what `read` finds of each; None is left out."""
    asked = [("id", user_id) for user_id in user_ids]
    query = urlencode([*asked, ("expand", "conversationSummary,presence"), ("pageSize", str(MOST_USERS))])
    name = "a look at users"

    def read_all(answer: Answer) -> dict[str, T]:
        users = _object(answer, name).get("entities")
        shown = [(user, read(user)) for user in (users if isinstance(users, list) else [])]
        return {str(user.get("id")): found for user, found in shown if found is not None}

    return Inquiry(name=name, path=f"/api/v2/users?{query}", read=read_all)


def _any_of(dimension: str, values: Sequence[str]) -> dict[str, object]:
    predicates = [{"type": "dimension", "dimension": dimension, "operator": "matches", "value": v} for v in values]
    return {"type": "or", "predicates": predicates}


def _read_page(answer: Answer, name: str) -> RowPage:
    body = _object(answer, name)
    rows, cursor = body.get("results"), body.get("cursor")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise no_news(answer, name)
    return RowPage(calls=[read_row(row) for row in rows], cursor=cursor if isinstance(cursor, str) else "")


def _read_details(answer: Answer, name: str) -> UserCalls:
    found = _object(answer, name).get("conversations", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise no_news(answer, name)
    return UserCalls(calls=[read_details(each) for each in found], is_complete=len(found) < _QUERIED)


def _read_one(answer: Answer, name: str) -> SeenCall | None:
    if answer.status == HTTPStatus.NOT_FOUND and answer.is_by_the_api:
        return None
    return read_conversation(_object(answer, name))


def _running(user: Any) -> int | None:
    """Return the sum of the user's running calls; None unless each kind is told."""
    try:
        call = user["conversationSummary"]["call"]
        kinds = [call[kind]["active"] for kind in ("contactCenter", "enterprise")]
    except (LookupError, TypeError):
        return None
    return sum(kinds) if all(type(count) is int for count in kinds) else None


def _presence(user: Any) -> str | None:
    try:
        return str(user["presence"]["presenceDefinition"]["systemPresence"])
    except (LookupError, TypeError):
        return None


def _object(answer: Answer, name: str) -> dict[str, Any]:
    if answer.is_success and answer.has_json:
        return answer.json()
    raise no_news(answer, name)


def _iso(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
