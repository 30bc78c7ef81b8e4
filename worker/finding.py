"""One line of `dialer check`: what was checked, and the verdict."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`message` says what was found, or what is wrong and how to fix it."""

    check: str
    verdict: Verdict = Verdict.OK
    message: str

    def as_json(self) -> dict[str, str]:
        return {"check": self.check, "verdict": self.verdict, "message": self.message}
