"""One line of `dialer check`: what was looked at, and whether it will do."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`message` says what is so, or what is wrong and how to mend it."""

    check: str
    verdict: Verdict = Verdict.OK
    message: str

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "verdict": self.verdict, "message": self.message}
