"""What make runs to get its .venv: run for real, with Pythons that only keep a record."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.deploy_files import ROOT

#: Pretends to be Python {version}: answers the questions of deploy/make-venv and keeps a record of the rest.
PYTHON = """#!/bin/sh
case "$2" in
    *version_info*) exit {old} ;;
    *ensurepip*) exit {bare} ;;
esac
[ "$1" = --version ] && echo Python {version} && exit
echo "$(basename "$0") $*" >> {record}
if [ "$2" = venv ]; then
    mkdir -p .venv/bin && cp "$0" .venv/bin/python && echo "VIRTUAL_ENV=$PWD/.venv" > .venv/bin/activate
fi
"""


class Project:
    """A project directory, with a space in its name, that has only the scripts under test."""

    def __init__(self, path: Path) -> None:
        self.path = path / "a project"
        self.bin = path / "bin"
        self.record = path / "record"
        (self.path / "deploy").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("Makefile", "deploy/make-venv"):
            shutil.copy(ROOT / name, self.path / name)
        for name in ("requirements-dev.lock", "pyproject.toml"):
            (self.path / name).touch()
        for tool in ("awk", "basename", "cp", "dirname", "grep", "make", "mkdir", "sh", "touch"):
            (self.bin / tool).symlink_to(shutil.which(tool) or tool)

    def has(self, name: str, *, old: bool = False, bare: bool = False) -> None:
        """Put a Python on PATH: too old, or bare of the parts that a .venv needs."""
        text = PYTHON.format(old=int(old), bare=int(bare), version="3.x", record=f"'{self.record}'")
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": str(self.bin), "HOME": str(self.path)}
        return subprocess.run(words, cwd=self.path, env=environment, check=False, capture_output=True, text=True)

    def recorded(self) -> list[str]:
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        self.record.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("pythons", "message"),
    [
        ({}, "Error: Dialer needs Python 3.11 or newer"),
        ({"python3": {"old": True}}, "Error: Dialer needs Python 3.11 or newer"),
        ({"python3": {"bare": True}, "python3.11": {"old": True}}, "Error: python3 has no 'ensurepip'"),
    ],
)
def test_without_a_python_that_fits_one_line_says_so(
    project: Project, pythons: dict[str, dict[str, bool]], message: str
) -> None:
    for name, traits in pythons.items():
        project.has(name, **traits)
    done = project.run(project.path / "deploy/make-venv")
    assert done.returncode == 1
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert not (project.path / ".venv").exists()


def test_the_first_python_that_works_is_taken(project: Project) -> None:
    """A version manager's placeholder stands on PATH as well, and only fails."""
    project.has("python3.13", old=True)
    project.has("python3.12", bare=True)
    project.has("python3.11")
    project.has("python3")
    assert project.run(project.path / "deploy/make-venv").returncode == 0
    made, *installs = project.recorded()
    assert made == "python3.11 -m venv --clear .venv"
    assert "--require-hashes --only-binary :all: -r requirements-dev.lock" in installs[-2]
    assert "--no-deps --no-build-isolation" in installs[-1]


def test_the_venv_is_made_once_and_filled_again_when_the_lock_changes(project: Project) -> None:
    project.has("python3")
    make = ("make", "-j4", ".venv/.installed")
    assert project.run(*make).returncode == 0
    assert "python3 -m venv --clear .venv" in project.recorded()
    assert project.run(*make).returncode == 0
    assert project.recorded() == []
    later = time.time() + 5
    os.utime(project.path / "requirements-dev.lock", (later, later))
    assert project.run(*make).returncode == 0
    again = project.recorded()
    assert [line for line in again if "-r requirements-dev.lock" in line]
    assert not [line for line in again if "-m venv" in line]


def test_a_venv_that_was_moved_is_made_anew(project: Project) -> None:
    project.has("python3")
    project.run(project.path / "deploy/make-venv")
    project.path = project.path.rename(project.path.parent / "moved")
    project.recorded()
    project.run(project.path / "deploy/make-venv")
    assert "python3 -m venv --clear .venv" in project.recorded()


def test_plain_make_lists_every_target(project: Project) -> None:
    (targets,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    listed = [line.split()[1] for line in project.run("make").stdout.splitlines()]
    assert sorted(listed) == sorted(targets.split())


@pytest.mark.parametrize("script", [".ci/run", "deploy/make-venv", "deploy/make-secrets"])
def test_scripts_can_be_executed(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
