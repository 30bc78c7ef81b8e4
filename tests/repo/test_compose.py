"""docker-compose.yml agrees with the code, the settings and the published schema; no engine is needed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.settings import VARIABLES, load
from config.urls import passwords
from sandbox.simulator.__main__ import main as simulator_command
from sandbox.simulator.process import Simulator
from tests.support.deploy_files import ROOT, STAGES, compose, made_secrets, tracked
from tests.support.memory import USED_MB
from worker.cli.main import COMMANDS

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
#: What requests and OpenSSL read of the environment.
NETWORK = {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"}
OURS = [name for name, service in SERVICES.items() if "build" in service]


def duration_s(text: str) -> float:
    return float(text.removesuffix("s"))


def simulator_options() -> dict[str, Any]:
    """What the simulator understands of its command line; the service replaces the image's."""
    simulator = SERVICES["simulator"]
    assert simulator["entrypoint"] == ["python", "-m", "sandbox.simulator"]
    return simulator_command.make_context("simulator", list(simulator["command"])).params


def test_compose_follows_the_published_schema() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*checker, ROOT / "docker-compose.yml"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_confined_scales_and_is_not_published(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "/tmp" in service["tmpfs"]  # noqa: S108 - in the container
    assert not service.keys() & {"ports", "container_name", "privileged", "cap_add", "network_mode", "env_file"}
    assert "build" in service or not service["user"].startswith("0")
    assert service.get("build", {"context": "."})["context"] == "."
    assert "build" not in service or service["build"]["target"] in STAGES


def test_the_simulators_health_check_tells_life_from_death() -> None:
    _, option, code = SERVICES["simulator"]["healthcheck"]["test"][1:]
    with Simulator() as simulator:
        port = simulator.url.rpartition(":")[2]
        here = [sys.executable, option, code.replace(str(simulator_options()["port"]), port)]
        assert subprocess.run(here, check=False).returncode == 0
    assert subprocess.run(here, check=False, stderr=subprocess.DEVNULL).returncode == 1


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_refers_to_is_there(name: str) -> None:
    service, parts = SERVICES[name], compose()
    assert set(service["networks"]) <= parts["networks"].keys()
    assert set(service.get("secrets", [])) <= parts["secrets"].keys()
    assert {entry["source"] for entry in service.get("configs", [])} <= parts["configs"].keys()
    for needed, condition in service.get("depends_on", {}).items():
        assert condition == {"condition": "service_healthy"}
        assert set(SERVICES[needed]["networks"]) & set(service["networks"])
        assert "healthcheck" in SERVICES[needed]
        assert set(SERVICES[needed].get("profiles", [])) <= set(service.get("profiles", []))
    for config in parts["configs"].values():
        assert config["file"].removeprefix("./") in tracked()


@pytest.mark.parametrize("name", OURS)
def test_environment_holds_settings_only_and_each_once(name: str) -> None:
    known = {variable.name for variable in VARIABLES}
    environment = SERVICES[name].get("environment", {})
    for variable, value in environment.items():
        if variable in known or (variable in NETWORK and value is None):
            continue
        assert variable.removesuffix("_FILE") in known, variable
        assert variable.removesuffix("_FILE") not in environment, "both forms at once are a fault"
        assert value.removeprefix("/run/secrets/") in SERVICES[name]["secrets"]


def test_every_setting_reaches_the_worker_and_no_secret_as_a_value() -> None:
    environment = SERVICES["worker"]["environment"]
    for variable in VARIABLES:
        by_file = variable.secret and variable.name != "DIALER_REDIS_URL"
        assert (f"{variable.name}_FILE" if by_file else variable.name) in environment
    values = {name: value for name, value in environment.items() if value and not name.endswith("_FILE")}
    assert values.keys() == {"DIALER_REDIS_URL"}
    assert not passwords(values["DIALER_REDIS_URL"])


def test_the_way_to_genesys_cloud_reaches_the_worker() -> None:
    environment = SERVICES["worker"]["environment"]
    assert {name for name in NETWORK if name in environment and environment[name] is None} == NETWORK


def test_the_workers_settings_load_with_the_secrets_as_made(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path, "the-secret")
    environment = {name: value or "" for name, value in SERVICES["worker"]["environment"].items()}
    ours = {name: value.replace("/run/secrets", str(secrets)) for name, value in environment.items()}
    ids = {"CLIENT_ID", "USER_ID", "WRAP_UP_CODE_ID"}
    settings = load(
        ours | {f"GENESYS_CLOUD_{name}": "x" for name in ids} | {"DIALER_CALLER_ID": "+12125550199"}, dotenv=None
    )
    password = (secrets / "redis_worker_password").read_text().strip()
    assert settings.redis_url.reveal() == f"redis://worker:{password}@redis:6379/0"
    assert f">{password} " in (secrets / "redis_users").read_text()
    assert settings.client_secret.reveal() == "the-secret"


@pytest.mark.parametrize("name", SERVICES)
def test_a_log_cannot_fill_the_disk(name: str) -> None:
    assert SERVICES[name]["logging"]["options"].keys() == {"max-size", "max-file"}


@pytest.mark.parametrize("name", OURS)
def test_a_memory_limit_is_several_times_what_a_process_uses(name: str) -> None:
    assert SERVICES[name]["mem_limit"] == "256m"
    assert USED_MB * 3 <= 256
    assert f"some {USED_MB} MB" in (ROOT / "docker-compose.yml").read_text()
    assert f"some {USED_MB} MB" in (ROOT / "docs/operating.md").read_text()


def test_the_sandbox_needs_nothing_and_has_no_way_out() -> None:
    services = {name: service for name, service in SERVICES.items() if service.get("profiles") == ["sandbox"]}
    assert services.keys() == {"simulator", "sandbox-redis", "sandbox-worker"}
    for service in services.values():
        assert not service.keys() & {"secrets", "volumes"}
        assert service["networks"] == ["sandbox"]
    assert compose()["networks"]["sandbox"] == {"internal": True}
    settings = load(services["sandbox-worker"]["environment"], dotenv=None)
    host, port = (simulator_options()[name] for name in ("host", "port"))
    assert host == "0.0.0.0"  # noqa: S104 - what other containers reach
    assert settings.api_url == settings.login_url == f"http://simulator:{port}"


def test_redis_is_on_a_network_without_a_way_out() -> None:
    assert SERVICES["redis"]["networks"] == ["queue"]
    assert compose()["networks"]["queue"] == {"internal": True}


@pytest.mark.parametrize("name", ["worker", "sandbox-worker"])
def test_a_worker_is_given_time_to_finish_its_calls(name: str) -> None:
    deadline_s = load({}, dotenv=None, credentials=False).call_deadline_s
    assert duration_s(SERVICES[name]["stop_grace_period"]) >= deadline_s + 2


def test_the_commands_in_the_comments_exist() -> None:
    comments = [line for line in (ROOT / "docker-compose.yml").read_text().splitlines() if line.startswith("#")]
    named = re.findall(r" exec \S+ dialer (\S+)", "\n".join(comments))
    assert named
    assert set(named) <= COMMANDS.keys()
