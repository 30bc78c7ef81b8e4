"""Replaces what no log may show by asterisks: phone numbers, credentials, and texts known to be secret."""

import re

from config.known_secrets import HIDDEN, hide_secrets

# The patterns are verbose (re.VERBOSE): white space is ignored, and each alternative has an example beside it.
# Each fragment ends with a line break, so that its last comment ends before the pattern that it is put into goes on.

_DIGIT = r"""
    (?: \d            # 7 ٣ ７: a digit of any script
      | \\uff1[0-9]   # \uff17: a full-width digit in JSON
    )
"""
# Between the digits of a number: what phonenumbers accepts there, and what repr() or JSON makes of it.
_GAP = r"""
    (?: (?: [ \t\xa0\u3000]                           # 212 555: spaces, also no-break and full-width
          | [()\[\]./~*]                              # (212) 555  [212]555  212.555  212/555  2~5  2*5
          | [\-\u2010-\u2015\u2212\u30fc]             # 212-555: hyphens, dashes, minus, long vowel mark
          | [\xad\u2000-\u200f]                       # soft hyphen, typographic and zero-width spaces
          | [\u2028-\u202f\u2060-\u206f]              # line ends, direction marks, word joiner
          | [\u2053\u223c\uff5e]                      # 212～555: swung dash and tildes
          | [\uff08\uff09\uff0d-\uff0f\uff3b\uff3d]   # （２１２）－: full-width brackets, hyphen, point, slash
        )
      | \\x[0-9a-f]{2}                                # 212\xa0555: repr()
      | \\u (?!ff1[0-9]) [0-9a-f]{4}                  # 212\u2011555: repr() or JSON, but no full-width digit
      | \\t                                           # 212\t555: repr() or JSON
    ){0,8}
"""

_UUID = r"""
    [0-9a-f]{8} - (?:[0-9a-f]{4}-){3} [0-9a-f]{12} (?![0-9a-z])   # 12345678-1234-1234-1234-123456789012
"""
_HASH = r"""
    (?=[0-9]*[a-f]) [0-9a-f]{32,64} (?![0-9a-z])   # 4bf92f3577b34da6a3ce929d0e0e4736: one letter at least
"""
_TIME = r"""
    (?:19|20)[0-9]{2} - (?:0[1-9]|1[0-2]) - (?:0[1-9]|[12][0-9]|3[01])     # 2026-11-23
    (?: [T ] [0-9]{2} : [0-9]{2} (?: : [0-9]{2} (?:[.,][0-9]{1,9})? )?     # T10:00  T10:00:00  T10:00:00.123
        (?: Z | [+-][0-9]{2}:?[0-9]{2} )?                                  # Z  +01:00
      | (?![0-9\-./])                                                      # a date alone, not 2026-11-2355
    )
"""
_DECIMAL = rf"""
    (?: [0-9]{{1,10}} \. [0-9]+ (?=m?s\b)     # 12.3456789s  1500.12345ms: a duration
      | 0\.[0-9]+ (?! {_GAP} {_DIGIT} )       # 0.123456789: a fraction, not 0.12 3456789
    )
"""
_IP = r"""
    (?:[0-9]{1,3}\.){3} [0-9]{1,3} (?=:[0-9]{1,5}\b)   # 192.168.100.200:6379, only with a port
"""
_REDIRECT = rf"""
    \b (?:MOVED|ASK) [ ] [0-9]{{1,5}} [ ] {_IP}   # MOVED 3999 127.0.0.1:6381: a Redis cluster names another server
"""
_EC2_HOST = r"""
    (?<=\bip-) (?:[0-9]{1,3}-){3} [0-9]{1,3} (?![0-9-])   # ip-172-31-100-200
"""

_NUMBER = re.compile(
    rf"""
    (?P<keep>                                 # looks like a phone number but is not one
        (?<![0-9a-z+]) (?: {_UUID} | {_HASH} | {_TIME} )
      | (?<![0-9+.\-)/]) (?: {_DECIMAL} | {_IP} )
      | {_EC2_HOST}
      | {_REDIRECT}
    )
  | (?P<sign>
        (?: tel: {_GAP} )? (?: [+\uff0b]      # +1  tel:+1  ＋1
                             | \\uff0b        # \uff0b1: a full-width plus in JSON
                           ) {_GAP}
      | tel: {_GAP}                           # tel:1
    )?
    {_DIGIT}                                  # 12125551234  (212) 555-1234  030/1234567
    (?: {_GAP}
        # A time or an id after a space begins something new: attempt 2 2026-11-23T10:00:00Z
        (?! (?<=\s) (?: {_UUID} | {_TIME} ) )
        {_DIGIT}
    )*
    """,
    re.IGNORECASE | re.VERBOSE,
)
# The parts of a match of _NUMBER that count as a digit, or that only look like digits.
_TOKEN = re.compile(
    rf"""
    (?P<digit> {_DIGIT} )
  | \\x[0-9a-f]{{2}}   # \xa0: an escape, its digits are not part of the number
  | \\u[0-9a-f]{{4}}   # \u2011
    """,
    re.IGNORECASE | re.VERBOSE,
)
#: A bare number with fewer digits is no phone number.
FEWEST_DIGITS = 8
_FEWEST_DIGITS_SIGNED = 5  # after a plus or tel: it is a phone number for certain
_SHOWN_DIGITS = 2

_SENSITIVE = r"(?:access_token|refresh_token|client_secret|password|passwd|authorization)"
_CREDENTIAL = re.compile(
    rf"""
    (?P<scheme> \b(?:bearer|basic)\s+ ) [a-z0-9._~+/=\-]+   # Bearer abc.DEF-1_2  Basic Zm9vOmJhcg==
  | (?P<name>
        {_SENSITIVE} (?:\\*["'])? \s*[=:]\s*                # client_secret=  "password": \"password\":
      | {_SENSITIVE} \\*["'] ,\s*                           # ('client_secret', as a tuple of a repr
    )
    (?: b?                                                  # b'...' of a repr
        (?P<quote> \\*["'] )                                # "a b"  'a b'  \"a b\": up to the same quote
        (?: (?!(?P=quote)) . ){{0,8192}}
        (?P=quote)
      | (?: (?:bearer|basic)\s+ )? [^\s&,;}}\])]+           # client_secret=ab&x=1  Authorization: Bearer abc
    )
  | (?P<user> ://[^\s:/@]{{0,256}}: ) [^\s'"]{{0,1024}} @   # redis://user:p/w@host
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_SENSITIVE_NAME = re.compile(_SENSITIVE, re.IGNORECASE)


def mask(text: str) -> str:
    """Return the text without secrets, and with each phone number masked except for its last two digits.

    UUIDs, ISO 8601 times, durations in s or ms and numbers of fewer than eight digits stay as they are. A longer
    bare number is masked even if it counts something, because nothing distinguishes it from a phone number.
    """
    return _NUMBER.sub(_hide_number, _CREDENTIAL.sub(_hide_credential, hide_secrets(text)))


def mask_job_id(job_id: str) -> str:
    """Return a job id unchanged, because people search for it, unless the whole id is a phone number."""
    match = _NUMBER.fullmatch(job_id.strip(" \t()"))
    return mask(job_id) if match else hide_secrets(job_id)


def is_sensitive(name: str) -> bool:
    """Return whether a field of this name holds a credential, whatever its value looks like."""
    return bool(_SENSITIVE_NAME.search(name))


def _hide_credential(match: re.Match[str]) -> str:
    if match["user"]:
        return f"{match['user']}{HIDDEN}@"
    quoted = match["quote"] or ""
    return f"{match['scheme'] or match['name']}{quoted}{HIDDEN}{quoted}"


def _hide_number(match: re.Match[str]) -> str:
    text = match[0]
    digits = sum(1 for token in _TOKEN.finditer(text) if token["digit"])
    if match["keep"] is not None or digits < (_FEWEST_DIGITS_SIGNED if match["sign"] else FEWEST_DIGITS):
        return text
    left = digits - _SHOWN_DIGITS

    def hide(token: re.Match[str]) -> str:
        nonlocal left
        if token["digit"] is None:
            return token[0]
        left -= 1
        return "*" if left >= 0 else token[0]

    return _TOKEN.sub(hide, text)
