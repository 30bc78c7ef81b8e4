"""The files that a deployment is made of, parsed as far as tests need it."""

import json
import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Instruction(NamedTuple):
    """One instruction of the Dockerfile; `stage` is the name after AS, or the image where there is none."""

    stage: str
    name: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its words: those of a JSON list, or split as a shell does."""
        words: list[str] = json.loads(self.text) if self.text.startswith("[") else shlex.split(self.text)
        return words


@cache
def dockerfile() -> list[Instruction]:
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    instructions, stage = [], ""
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, text = line.strip().partition(" ")
        if name == "FROM":
            stage = text.split()[-1]
        if name:
            instructions.append(Instruction(stage, name, text.strip()))
    return instructions


STAGES = [one.stage for one in dockerfile() if one.name == "FROM"]


def image_says(target: str, name: str) -> Instruction:
    """The last instruction `name` of the stage, or of the stages it is made from."""
    while True:
        found = [one for one in dockerfile() if (one.stage, one.name) == (target, name)]
        if found:
            return found[-1]
        target = next(one.words[0] for one in dockerfile() if one.name == "FROM" and one.stage == target)


def image_check(target: str) -> list[str]:
    """The words of the stage's health check."""
    _, words = image_says(target, "HEALTHCHECK").text.split("CMD ")
    return Instruction(target, "CMD", words).words


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


def made_secrets(directory: Path, client_secret: str) -> Path:
    """What deploy/make-secrets writes, in a directory of its own."""
    (directory / "deploy").mkdir(exist_ok=True)
    for name in ("make-secrets", "redis.conf", "users.acl"):
        shutil.copy(ROOT / "deploy" / name, directory / "deploy" / name)
    script = [directory / "deploy" / "make-secrets"]
    subprocess.run(script, input=client_secret, text=True, check=True, stdout=subprocess.DEVNULL)
    return directory / "secrets"


@cache
def tracked() -> frozenset[str]:
    """Every file of the project that git has, or takes with the next `git add`."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return frozenset(name for name in names if name and (ROOT / name).exists())


def kept_out(path: str) -> bool:
    """Whether .dockerignore keeps the path out of the build: the last pattern that fits it, or a parent, decides."""
    out = False
    parts = path.split("/")
    parents = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        form = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if any(re.fullmatch(form, parent) for parent in parents):
            out = not pattern.startswith("!")
    return out
