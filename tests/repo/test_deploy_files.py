"""The Dockerfile agrees with the code and with .dockerignore; no engine is needed."""

import re

import click
import pytest

from tests.support.deploy_files import ROOT, STAGES, compose, dockerfile, image_check, image_says, kept_out, tracked
from worker.cli.main import cli


def parse(words: list[str]) -> click.Context:
    """Parse a command line as `dialer` would, without running it. Raises click.UsageError."""
    group = cli.make_context("dialer", list(words))
    command = cli.get_command(group, words[0])
    assert command is not None, f"there is no 'dialer {words[0]}'"
    return command.make_context(words[0], words[1:], parent=group)


@pytest.mark.parametrize(
    "path",
    [source for one in dockerfile() if one.name == "COPY" and "--from" not in one.text for source in one.words[:-1]],
)
def test_what_the_dockerfile_copies_is_tracked_and_gets_into_the_build(path: str) -> None:
    files = [name for name in tracked() if name == path or name.startswith(f"{path}/")]
    assert files
    assert not [name for name in files if kept_out(name)]


@pytest.mark.parametrize(
    "path",
    [".env", "secrets/redis_users", ".git/config", ".venv/bin/pip", "tests/conftest.py", "tasks/__pycache__/x.pyc"],
)
def test_nothing_else_gets_into_the_build(path: str) -> None:
    assert kept_out(path)


def test_the_packages_of_the_project_are_the_ones_copied() -> None:
    copied = {one.words[0] for one in dockerfile() if one.name == "COPY"}
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"} <= copied


@pytest.mark.parametrize("stage", ["worker", "sandbox"])
def test_an_image_starts_a_command_that_exists(stage: str) -> None:
    assert image_says(stage, "ENTRYPOINT").words == ["dialer"]
    parse(image_says(stage, "CMD").words)


def test_plain_docker_build_makes_the_worker() -> None:
    assert STAGES[-1] == "worker"


@pytest.mark.parametrize("stage", ["worker", "sandbox"])
def test_an_image_runs_as_a_number_that_is_not_root_and_writes_nothing(stage: str) -> None:
    user, _, group = image_says(stage, "USER").text.partition(":")
    assert int(user) > 0 < int(group)
    assert "PYTHONDONTWRITEBYTECODE=1" in image_says(stage, "ENV").words
    assert image_says(stage, "STOPSIGNAL").text == "SIGTERM"


def test_user_and_group_of_an_image_have_names() -> None:
    """Celery warns in each log of superuser privileges where the group has none."""
    user, _, group = image_says("worker", "USER").text.partition(":")
    (made,) = [one.text for one in dockerfile() if one.name == "RUN" and "useradd" in one.text]
    assert f"groupadd --gid {group} dialer" in made
    assert f"useradd --uid {user} --gid {group} " in made


def test_everything_installed_is_checked_by_its_hash_or_our_own() -> None:
    for one in dockerfile():
        for install in re.findall(r"pip [^&]*?install[^&]*", one.text):
            assert "--require-hashes --only-binary :all:" in install or "--no-deps --no-index dist" in install


def test_images_are_pinned_to_a_patch_release() -> None:
    bases = [one.words[0] for one in dockerfile() if one.name == "FROM" and one.words[0] not in STAGES]
    for image in bases + [service["image"] for service in compose()["services"].values() if "image" in service]:
        assert re.search(r":\d+\.\d+\.\d+-", image), image


def test_the_docs_say_how_other_builders_keep_the_health_check() -> None:
    """`podman` and `buildah` drop it from their own image format."""
    assert image_check("worker")
    assert "`--format docker`" in " ".join((ROOT / "docs/operating.md").read_text().split())


def test_the_workers_health_check_is_a_command() -> None:
    dialer, *words = image_check("worker")
    assert dialer == "dialer"
    parse(words)
