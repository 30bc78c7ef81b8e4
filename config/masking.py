"""What no log may show, replaced by asterisks: phone numbers, credentials, and texts known to be secret."""

import re

from config.known_secrets import HIDDEN, hide_secrets

# Between the digits of a number: what phonenumbers accepts there, and what repr() or JSON makes of it.
_GAP = (
    r"(?:[ \t()\[\]./~*\-\xa0\xad\u2000-\u2015\u2028-\u202f\u2053\u2060-\u206f\u2212\u223c\u3000\u30fc"
    r"\uff08\uff09\uff0d-\uff0f\uff3b\uff3d\uff5e]|\\x[0-9a-f]{2}|\\u(?!ff1[0-9])[0-9a-f]{4}|\\t){0,8}"
)
_DIGIT = r"(?:\d|\\uff1[0-9])"  # \d matches the digits of every script; JSON escapes the full-width ones

_UUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![0-9a-z])"
_HASH = r"(?=[0-9]*[a-f])[0-9a-f]{32,64}(?![0-9a-z])"
_TIME = (
    r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?|(?![0-9\-./]))"
)
_DECIMAL = rf"(?:[0-9]{{1,10}}\.[0-9]+(?=m?s\b)|0\.[0-9]+(?!{_GAP}{_DIGIT}))"  # 12.345s, 0.12345
_IP = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?=:[0-9]{1,5}\b)"
_EC2_HOST = r"(?<=\bip-)(?:[0-9]{1,3}-){3}[0-9]{1,3}(?![0-9-])"

_NUMBER = re.compile(
    rf"(?P<keep>(?<![0-9a-z+])(?:{_UUID}|{_HASH}|{_TIME})|(?<![0-9+.\-)/])(?:{_DECIMAL}|{_IP})|{_EC2_HOST})"
    rf"|(?P<sign>(?:tel:{_GAP})?(?:[+\uff0b]|\\uff0b){_GAP}|tel:{_GAP})?"
    # A time or an id after a space begins something new, and is not swallowed by a number before it.
    rf"{_DIGIT}(?:{_GAP}(?!(?<=\s)(?:{_UUID}|{_TIME})){_DIGIT})*",
    re.IGNORECASE,
)
_TOKEN = re.compile(rf"(?P<digit>{_DIGIT})|\\x[0-9a-f]{{2}}|\\u[0-9a-f]{{4}}", re.IGNORECASE)
_FEWEST_DIGITS = 8
_FEWEST_DIGITS_SIGNED = 5  # after a plus or tel:, nothing else can be meant
_SHOWN_DIGITS = 2

_SENSITIVE = r"(?:access_token|refresh_token|client_secret|password|passwd|authorization)"
_CREDENTIAL = re.compile(
    r"(?P<scheme>\b(?:bearer|basic)\s+)[a-z0-9._~+/=\-]+"
    rf"|(?P<name>{_SENSITIVE}(?:\\*[\"'])?\s*[=:]\s*|{_SENSITIVE}\\*[\"'],\s*)"
    r"(?:b?(?P<quote>\\*[\"'])(?:(?!(?P=quote)).){0,8192}(?P=quote)|(?:(?:bearer|basic)\s+)?[^\s&,;}\])]+)"
    r"|(?P<user>://[^\s:/@]{0,256}:)[^\s'\"]{0,1024}@",
    re.IGNORECASE | re.DOTALL,
)
_SENSITIVE_NAME = re.compile(_SENSITIVE, re.IGNORECASE)


def mask(text: str) -> str:
    """Give the text without secrets, and with each phone number cut to its last two digits.

    Leaves UUIDs, ISO 8601 times, durations in s or ms and numbers of fewer than eight digits as they are. A longer
    bare number is masked even if it counts something: nothing tells it from a phone number.
    """
    return _NUMBER.sub(_hide_number, _CREDENTIAL.sub(_hide_credential, hide_secrets(text)))


def mask_number(e164: str) -> str:
    """Give a number in E.164 with all but its last two digits hidden: `+*********34`."""
    sign, digits = ("+", e164[1:]) if e164.startswith("+") else ("", e164)
    shown = digits[-_SHOWN_DIGITS:] if len(digits) >= _FEWEST_DIGITS_SIGNED else ""
    return sign + "*" * (len(digits) - len(shown)) + shown


def mask_job_id(job_id: str) -> str:
    """Give a job id as it stands, for people search for it, unless it is nothing but a phone number."""
    match = _NUMBER.fullmatch(job_id.strip(" \t()"))
    return mask(job_id) if match else hide_secrets(job_id)


def is_sensitive(name: str) -> bool:
    """Whether a field of this name holds a credential, whatever its value looks like."""
    return bool(_SENSITIVE_NAME.search(name))


def _hide_credential(match: re.Match[str]) -> str:
    if match["user"]:
        return f"{match['user']}{HIDDEN}@"
    quoted = match["quote"] or ""
    return f"{match['scheme'] or match['name']}{quoted}{HIDDEN}{quoted}"


def _hide_number(match: re.Match[str]) -> str:
    text = match[0]
    digits = sum(1 for token in _TOKEN.finditer(text) if token["digit"])
    if match["keep"] is not None or digits < (_FEWEST_DIGITS_SIGNED if match["sign"] else _FEWEST_DIGITS):
        return text
    left = digits - _SHOWN_DIGITS

    def hide(token: re.Match[str]) -> str:
        nonlocal left
        if token["digit"] is None:
            return token[0]
        left -= 1
        return "*" if left >= 0 else token[0]

    return _TOKEN.sub(hide, text)
