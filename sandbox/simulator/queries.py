"""The query parameters of a request: lists as the published clients write them, and whole numbers."""

from aiohttp import web

from sandbox.simulator.replies import ApiError


def listed(request: web.Request, name: str) -> list[str]:
    """Return the values of a list, without repetitions: `?id=a,b` and `?id=a&id=b` are the same."""
    values = (value for text in request.query.getall(name, []) for value in text.split(","))
    return list(dict.fromkeys(value for value in values if value))


def whole_number(request: web.Request, name: str, *, default: int, most: int | None = None) -> int:
    """Return a number from 1 on. Raises ApiError (400)."""
    text = request.query.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1 or (most is not None and number > most):
        raise ApiError(400, "invalid.value", f"{name}: value [{text}] is not valid")
    return number
