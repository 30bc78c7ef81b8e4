"""Asks Genesys Cloud what became of calls, by the best source that the OAuth client may use.

| source | calls a request | permission | tells why nobody answered |
| --- | --- | --- | --- |
| `GET /analytics/conversations/details?id=…` | 50 | analytics:conversationDetail:view | yes |
| `GET /conversations/{id}` | 1 | conversation:communication:view | yes |
| `GET /conversations/calls/{id}` | 1 | none is documented | no |

Sources: the published SDK's documentation of the three endpoints. A GET changes nothing, so it may be sent again.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from tasks.genesys.answers import Answer
from tasks.genesys.headers import retry_after_s
from tasks.genesys.legs import CallLeg, conversation_id_of, read_legs

#: The platform's documentation gives no limit of the multi-get; 50 ids are a URL of some 2,000 characters.
MOST_AT_ONCE: Final = 50


class LookUpSource(NamedTuple):
    path: Callable[[Sequence[str]], str]
    most: int
    #: The permission that it needs, or "".
    permission: str


SOURCES: Final = (
    LookUpSource(
        lambda ids: f"/api/v2/analytics/conversations/details?{urlencode({'id': ','.join(ids)})}",
        MOST_AT_ONCE,
        "analytics:conversationDetail:view",
    ),
    LookUpSource(lambda ids: f"/api/v2/conversations/{quote(ids[0], safe='')}", 1, "conversation:communication:view"),
    LookUpSource(lambda ids: f"/api/v2/conversations/calls/{quote(ids[0], safe='')}", 1, ""),
)


class NoNews(Exception):
    """The look-up got no useful answer; nothing is known of the calls, and they are looked at again later."""

    def __init__(self, status: int | None, message: str, *, retry_after_s: float | None = None) -> None:
        #: None if Genesys Cloud gave no answer.
        self.status = status
        self.retry_after_s = retry_after_s
        super().__init__(message)


def read_look_up(answer: Answer) -> dict[str, list[CallLeg]]:
    """Return the legs of each conversation that the answer shows; raises NoNews.

    A conversation that is not known, or not yet, is left out.
    """
    body = answer.json()
    if answer.is_success and answer.has_json:
        several: Any = body.get("conversations")
        shown = [each for each in several if isinstance(each, dict)] if isinstance(several, list) else [body]
        return {found: read_legs(each) for each in shown if (found := conversation_id_of(each))}
    if answer.status == HTTPStatus.NOT_FOUND and answer.is_by_the_api:
        return {}
    raise no_news(answer, "a look-up of calls")


def no_news(answer: Answer, question: str) -> NoNews:
    """Return the error for an answer that tells nothing; `question` says in words what was asked."""
    if not answer.is_by_the_api:
        return NoNews(None, f"A proxy, not Genesys Cloud, answered {answer.status} to {question}.")
    message = f"Genesys Cloud answered {answer.status} to {question}, with nothing that can be read."
    return NoNews(answer.status, message, retry_after_s=retry_after_s(answer.headers, ""))
