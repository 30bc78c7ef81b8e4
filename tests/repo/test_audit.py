"""`make audit`: a finding fails, and what was not checked says so."""

import importlib.util
import json
from typing import Any

import pytest

from tests.support.deploy_files import ROOT
from tests.support.scripted_server import (
    Script,
    ScriptedServer,
    answers,
    answers_and_closes,
    api,
    hangs_up,
    http,
    refused_port,
)


@pytest.fixture(scope="module")
def audit() -> Any:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy/audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_locked_package_is_asked_for(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    packages = audit.locked()
    with ScriptedServer(answers(api(200, {"results": [{}] * len(packages)}))) as server:
        assert audit.main(server.url) == 0
    asked = json.loads(server.requests[0].body)["queries"]
    assert [(each["package"]["name"], each["version"]) for each in asked] == packages
    assert {"celery", "fakeredis", "aiohttp"} <= {each["package"]["name"] for each in asked}
    assert capsys.readouterr().out == f"checked: {len(packages)} locked packages; 0 with known vulnerabilities\n"


def test_a_known_vulnerability_fails_and_is_named(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    packages = audit.locked()
    results: list[Any] = [{}] * (len(packages) - 1) + [{"vulns": [{"id": "PYSEC-1"}, {"id": "GHSA-2"}]}]
    with ScriptedServer(answers(api(200, {"results": results}))) as server:
        assert audit.main(server.url) == 1
    said = capsys.readouterr().out
    assert f"{packages[-1].name} {packages[-1].version}: PYSEC-1, GHSA-2" in said
    assert "1 with known vulnerabilities" in said


@pytest.mark.parametrize(
    "script",
    [
        hangs_up,
        answers_and_closes(b"junk"),
        answers(http(404, b"<html>")),
        answers(http(200, b"<html>")),
        answers(api(200, [])),
        answers(api(200, {"results": []})),
        answers(api(200, {"results": None})),
        answers(api(302, {"results": []}, Location="/")),
        answers(api(500, {"message": "x"})),
    ],
)
def test_no_answer_is_not_taken_for_a_clean_one(
    audit: Any, capsys: pytest.CaptureFixture[str], script: Script
) -> None:
    with ScriptedServer(script) as server:
        assert audit.main(server.url) == 0
    assert capsys.readouterr().out.startswith("NOT CHECKED: ")


def test_answers_that_do_not_say_for_each_are_not_taken_for_a_clean_one(
    audit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds: tuple[Any, ...] = ((200, None), (200, {"vulns": [{}]}), (200, "x"), (500, {}), (302, {}))
    for status, result in kinds:
        with ScriptedServer(answers(api(status, {"results": [result] * len(audit.locked())}))) as server:
            assert audit.main(server.url) == 0
        assert capsys.readouterr().out.startswith("NOT CHECKED: ")


def test_where_there_is_no_network_it_says_so(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with refused_port() as port:
        assert audit.main(f"http://127.0.0.1:{port}") == 0
    assert "NOT CHECKED: " in capsys.readouterr().out
