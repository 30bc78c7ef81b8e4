"""How many requests a minute the organization allows one token: the request's path, and what its answer says.

Sources: the published SDK, which documents no permission for the request; the name of the limit is from Genesys
Cloud's page of limits. A limit that cannot be read is no fault: the headers of each answer tell it as well.
"""

from typing import Final

from tasks.genesys.answers import Answer, error_words

PATH: Final = "/api/v2/organizations/limits/namespaces/platform.api"
#: The limit of each token that an OAuth client gets with its own credentials.
KEY: Final = "client.credentials.token.rate.per.minute"


class LimitUnknownError(Exception):
    """The limit could not be read; the message says why, on one line."""


def read_limit(answer: Answer) -> int:
    """Return the requests a minute that a token may send; raises LimitUnknownError."""
    if not answer.is_success:
        _, message = error_words(answer.json())
        raise LimitUnknownError(f"Genesys Cloud answered {answer.status}: {message or 'no readable message'}")
    listed = answer.json().get("entities")
    for limit in listed if isinstance(listed, list) else []:
        if isinstance(limit, dict) and limit.get("key") == KEY and _is_count(limit.get("value")):
            return int(limit["value"])
    raise LimitUnknownError(f"the answer does not name {KEY}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
