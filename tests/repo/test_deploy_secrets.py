"""What writes the secrets: run for real, in temporary directories. tests/integration/deploy/ starts the Redis."""

import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.deploy_files import compose, made_secrets


def test_secrets_are_random_readable_in_containers_and_by_nobody_else_here(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    made = {path.name: stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()}
    assert set(made.values()) == {0o444}
    assert {Path(secret["file"]).name for secret in compose()["secrets"].values()} <= made.keys()
    (tmp_path / "other").mkdir()
    other = made_secrets(tmp_path / "other", "the-secret")
    passwords = [path.read_text() for path in (*secrets.glob("*_password"), *other.glob("*_password"))]
    assert len(set(passwords)) == len(passwords) == 2 * 4


def test_secrets_that_exist_are_kept(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    made_secrets(tmp_path, "another")
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before


def test_no_client_secret_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        made_secrets(tmp_path, "")


def test_every_user_gets_the_password_of_its_file(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    lines = (secrets / "redis_users").read_text().splitlines()
    assert lines[0] == "user default off"
    for line in lines[1:]:
        _, user, switch, password, *_ = line.split()
        assert (switch, password) == ("on", f">{(secrets / f'redis_{user}_password').read_text().strip()}")


def test_some_of_the_files_are_an_error_and_those_of_an_older_version_are_named(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    (secrets / "redis_users").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        made_secrets(tmp_path, "the-secret")
    (secrets / "redis_url").write_text("redis://:old@redis:6379/0")
    for path in secrets.glob("redis_*[sd]"):
        path.unlink()
    script = tmp_path / "deploy" / "make-secrets"
    done = subprocess.run([script], input="x", text=True, check=True, capture_output=True)
    assert "secrets/redis_url is of an older version" in done.stdout
