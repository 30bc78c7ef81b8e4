"""Holds README and docs to the code, both ways: what they name exists, and what exists is named."""

import csv
import dataclasses
import inspect
import io
import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from redis import Redis

from config.declaration import Variable
from config.settings import load
from config.values import Profile
from config.variables import VARIABLES
from tasks.codes import OUTCOMES, PUBLIC_FIXES, WORDS, Code, State
from tasks.fleet.drain import Basis
from tasks.fleet.pause import ActivePause, PauseReason
from tasks.fleet.probe import Probe
from tasks.fleet.status import FleetStatus
from tasks.genesys import look_up
from tasks.intake.message import read_message
from tasks.job import FIELDS, Job
from tasks.results import RESULT_WORDS
from tasks.store import keys
from tests.support.printed import Printed
from worker.cli import status
from worker.cli.errors import EXIT_CODES
from worker.cli.main import COMMANDS, cli
from worker.cli.spans import pause_text
from worker.importing.columns import Columns
from worker.importing.rows import JobRow, RowDefaults
from worker.importing.sheet import read_sheet

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs/reference"
DOCS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
ADRS = sorted((ROOT / "docs/adr").glob("0*.md"))
SOURCES = [
    path for folder in ("config", "tasks", "worker", "sandbox") for path in sorted((ROOT / folder).rglob("*.py"))
]

#: A section of the changelog: what it names must no longer exist.
REMOVED = re.compile(r"^### Removed\n.*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def each(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


class Block(NamedTuple):
    path: Path
    language: str
    text: str


def blocks(*languages: str) -> list[Block]:
    found = [
        Block(path, match[2], textwrap.dedent(match[3]))
        for path in DOCS
        for match in FENCE.finditer(path.read_text())
    ]
    return [block for block in found if block.language in languages]


def prose(path: Path) -> str:
    return FENCE.sub("", REMOVED.sub("", path.read_text()))


def inline(path: Path) -> list[str]:
    """What stands in `backticks`, outside of blocks."""
    return [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(path))]


def headings(path: Path) -> list[str]:
    return re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)


def table(path: Path, header: str) -> list[list[str]]:
    """The cells of the rows under each table with this header."""
    parts = path.read_text().split(f"{header}\n")[1:]
    assert parts, f"no table {header}"
    rows = [line for part in parts for line in part.split("\n\n")[0].splitlines()[1:]]
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in rows]


def column(path: Path, header: str) -> list[str]:
    return [row[0].strip("`") for row in table(path, header)]


# Settings, commands


def default(variable: Variable) -> str:
    if variable.required_by == tuple(Profile):
        return "required"
    if variable.required_by:
        return f"required by `{'`, `'.join(variable.required_by)}`"
    return f"`{variable.default}`" if variable.default else "none"


def test_the_table_of_settings_is_the_codes() -> None:
    documented = table(REFERENCE / "settings.md", "| Setting | Default | What it is |")
    assert documented == [[f"`{each.name}`", default(each), each.meaning] for each in VARIABLES]


@each(DOCS)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = {variable.name for variable in VARIABLES}
    named = set(re.findall(r"\b(?:DIALER|GENESYS)_[A-Z0-9_]+", REMOVED.sub("", path.read_text())))
    assert {name for name in named if name.removesuffix("_FILE") not in known} == set()


def test_the_settings_of_a_real_account_are_those_that_its_profile_requires() -> None:
    (block,) = [block for block in blocks("ini") if block.path == README]
    shown = dict(line.split("=", 1) for line in block.text.splitlines())
    profile = Profile(shown["GENESYS_CLOUD_PROFILE"])
    names = {name.removesuffix("_FILE") for name in shown}
    assert names >= {variable.name for variable in VARIABLES if profile in variable.required_by}
    others = {variable.name for variable in VARIABLES if variable.required_by and profile not in variable.required_by}
    assert names & others == set()


def test_the_table_of_commands_is_the_codes() -> None:
    documented = table(REFERENCE / "commands.md", "| Command | What it does |")
    assert documented == [[f"`dialer {name}`", line] for name, (_, line) in COMMANDS.items()]


def test_the_table_of_exit_codes_is_the_codes() -> None:
    documented = table(REFERENCE / "commands.md", "| Exit code | What it means |")
    assert documented == [[str(code), meaning] for code, meaning in EXIT_CODES.items()]


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found, f"no command 'dialer {name}'"
    return found


def options(of: click.Command) -> set[str]:
    return {option for parameter in of.params for option in parameter.opts} | {"--help"}


def invocations(line: str) -> Iterator[list[str]]:
    """The arguments of each `dialer` in a line of shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if not set(word) <= set("();<>|&"):
            words.append(word)
            continue
        if words and Path(words[0]).name == "dialer":
            yield words[1:]
        words = []


def shell_lines() -> list[str]:
    typed = [line for block in blocks("sh") for line in block.text.splitlines()]
    answered = [line for block in blocks("console") for line in block.text.splitlines()]
    return [*typed, *(line.removeprefix("$ ") for line in answered if line.startswith("$ "))]


@pytest.mark.parametrize("line", [line for line in shell_lines() if "dialer" in line])
def test_every_command_that_is_shown_can_be_typed(line: str) -> None:
    for name, *args in invocations(line):
        command(name).make_context(name, args)


@each(DOCS)
def test_every_command_and_option_that_is_named_exists(path: Path) -> None:
    anybodys = options(cli).union(*(options(command(name)) for name in COMMANDS))
    for code in inline(path):
        word, *rest = code.split()
        if word == "dialer" and rest:
            of, rest = (cli, rest) if rest[0].startswith("-") else (command(rest[0]), rest[1:])
            assert {word for word in rest if word.startswith("--")} <= options(of), code
        elif word.startswith("--") and path.name != "sandbox.md":  # the simulator has options of its own
            assert word in anybodys, code


def test_what_the_changelog_says_was_removed_is_gone() -> None:
    removed = " ".join(REMOVED.findall((ROOT / "CHANGELOG.md").read_text()))
    settings = set(re.findall(r"\b(?:DIALER|GENESYS)_[A-Z0-9_]+", removed))
    used = set(re.findall(r"`dialer ([a-z]+) (--[a-z-]+)`", removed))
    assert settings
    assert used
    assert settings & {variable.name for variable in VARIABLES} == set()
    assert {(name, option) for name, option in used if option in options(command(name))} == set()


def test_every_command_that_the_code_recommends_exists() -> None:
    said = {name for path in SOURCES for name in re.findall(r"'dialer ([a-z]+)\b", path.read_text())}
    assert said <= set(COMMANDS)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = [line for line in shell_lines() if line.startswith("make ")]
    named = [code for path in DOCS for code in inline(path) if re.fullmatch(r"make [a-z]+", code)]
    assert {line.split()[1] for line in [*typed, *named]} <= targets


# Jobs, states, codes, pauses


def test_the_table_of_job_fields_is_the_codes() -> None:
    assert column(REFERENCE / "jobs.md", "| Field | What it is | If absent |") == list(FIELDS)


def test_the_table_of_states_is_the_codes() -> None:
    rows = table(REFERENCE / "states-and-codes.md", "| State | What it means |")
    assert [(name.strip("`"), meaning.startswith("Outcome: ")) for name, meaning in rows] == [
        (state, state in OUTCOMES) for state in State
    ]


def what_to_do(code: Code) -> str:
    public = PUBLIC_FIXES.get(code)
    return f"`guide`: {WORDS[code].fix} `public`: {public}" if public else WORDS[code].fix


def test_the_tables_of_codes_are_the_codes() -> None:
    documented = table(REFERENCE / "states-and-codes.md", "| Code | What it means | What to do |")
    assert documented == [[f"`{code}`", WORDS[code].meaning, what_to_do(code)] for code in Code]


def test_every_reason_of_a_pause_has_its_section_and_no_other_has() -> None:
    sections = [heading for heading in headings(ROOT / "docs/pause.md") if re.fullmatch("[a-z_]+", heading)]
    assert sections == list(PauseReason)


# Records and keys


def keys_in_use() -> set[str]:
    found = {key for key in vars(keys).values() if isinstance(key, str) and re.fullmatch("dialer[.:][a-z:-]+", key)}
    for _, function in inspect.getmembers(keys, inspect.isfunction):
        asked = inspect.signature(function).parameters
        found.add(str(function(*(f"<{'id' if each == 'job_id' else each}>" for each in asked))))
    return found | {keys.INBOX_QUEUE}


def test_the_table_of_keys_is_the_codes(fake_redis: Redis) -> None:
    documented = column(REFERENCE / "records.md", "| Key | Type | What it holds | Lifetime |")
    assert len(documented) == len(set(documented))
    assert set(documented) == keys_in_use()


#: Of a record as it is shown. `tests/unit/store/test_keys.py` holds the page of keys to the scripts.
RECORD_FIELDS = ["id", *(name for name in keys.JOB_FIELDS if not name.startswith("_"))]


def test_the_table_of_record_fields_is_the_codes() -> None:
    documented = column(REFERENCE / "records.md", "| Field | What it is |")
    assert sorted(documented) == sorted(RECORD_FIELDS)


def test_the_table_of_results_is_the_codes() -> None:
    told = table(ROOT / "docs" / "results.md", "| Result | What it means | What to do |")
    assert told == [[f"`{result}`", *words] for result, words in RESULT_WORDS.items()]


def test_the_sources_of_look_ups_are_named_with_their_permissions() -> None:
    told = table(ROOT / "docs" / "results.md", "| Source | Calls per request | Permission of the OAuth client |")
    assert [int(calls) for _, calls, _ in told] == [source.most for source in look_up.SOURCES]
    assert all(source.permission in row[2] for source, row in zip(look_up.SOURCES, told, strict=True))


def test_the_fields_of_the_stream_are_named() -> None:
    section = prose(REFERENCE / "records.md").partition("## The stream of outcomes")[2]
    section = section.partition("The fields are ")[2]
    assert list(keys.OUTCOMES_FIELDS) == re.findall(r"`([a-z_]+)`", section.partition(".")[0])


def outputs() -> Iterator[tuple[str, list[str]]]:
    """Each command that is shown with its output, and the lines of that."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            line, *output = part.splitlines()
            yield line, output


def test_every_field_of_a_record_that_is_shown_exists() -> None:
    shown = [output for line, output in outputs() if re.match("dialer show|dialer enqueue .*--wait", line)]
    printed = [line for output in shown for line in output if "  " in line]
    assert printed
    assert {line.split()[0] for line in printed} <= set(RECORD_FIELDS)


def status_labels() -> set[str]:
    now = datetime.now(UTC)
    pause = ActivePause(reason=PauseReason.OUTAGE, message="", since=now, until=None)
    numbers = dict.fromkeys(("sent_last_minute", "inbox", "calls", "due", "later", "in_flight"), 1)
    probe = Probe(job_id="order-42", batch="spring", number="+12125551234")
    found = FleetStatus(
        probed=[probe],
        rejected_before_pause=["order-43"],
        pauses=[pause],
        probing="outage",
        share_of_limit=1,
        workers={},
        drain_s=None,
        drain_basis=Basis.PAUSED,
        unread={"dial:1": 1},
        users=[],
        **numbers,
    )
    return {name for name, _ in status._lines(found, load({}, dotenv=None, credentials=False), None)}


def test_every_line_of_the_status_that_is_shown_exists() -> None:
    shown = [line for typed, output in outputs() if typed == "dialer status" for line in output]
    assert shown
    assert {line.partition("  ")[0] for line in shown} <= status_labels()


def test_every_line_of_the_status_that_is_explained_exists() -> None:
    """What to look at when the backlog does not shrink."""
    section = (
        prose(ROOT / "docs/operating.md").partition("\n## The backlog does not shrink\n")[2].partition("\n## ")[0]
    )
    named = set(re.findall(r"`([a-z_ ]+)`", section))
    assert named >= {"workers", "in flight"}
    assert {name for name in named if not name.startswith("dialer ")} <= status_labels() | {"later", *State, *FIELDS}


# Quotations of log lines and output


def pasted(block: Block) -> bool:
    """Tell whether this is output of `make bench` or `make chaos`, which stands between two marks."""
    before = block.path.read_text().partition(block.text.splitlines()[0])[0]
    return before.count(": begin. Paste") > before.count(": end -->")


@pytest.fixture(scope="session")
def printed() -> Printed:
    """What the code prints, with what others wrote: files of jobs, and Redis about its memory."""
    typed = {cell for block in blocks("csv") for row in csv.reader(io.StringIO(block.text)) for cell in row}
    others = {"command not allowed when used memory > 'maxmemory'"}
    return Printed([*SOURCES, *sorted((ROOT / "tasks").rglob("*.lua"))], given=typed | others)


def test_every_line_of_output_that_is_shown_is_printed(printed: Printed) -> None:
    shown = [
        (block.path.name, line)
        for block in blocks("console")
        if not pasted(block)
        for line in block.text.splitlines()
        if line and not line.startswith("$ ")
    ]
    assert len(shown) > 50
    assert [each for each in shown if not printed.prints(each[1])] == []


def names() -> set[str]:
    """The single words that status, records and codes consist of."""
    return {
        *(field.name for field in dataclasses.fields(FleetStatus)),
        *column(REFERENCE / "records.md", "| Field | What it is |"),
        *State,
        *Code,
        *PauseReason,
    }


@pytest.mark.parametrize(
    ("page", "header"),
    [
        ("guarantees", "| Fault | What becomes of the jobs | What you see |"),
        ("operating", "| What | Where | When to alert |"),
    ],
)
def test_what_an_operator_is_told_to_look_for_is_printed(printed: Printed, page: str, header: str) -> None:
    cells = [cell for row in table(ROOT / f"docs/{page}.md", header) for cell in row[1:]]
    quoted = {text for cell in cells for text in re.findall(r"`([^`]+)`", cell)}
    quoted = {text for text in quoted if not text.startswith("dialer ") and text != "noeviction"}
    assert quoted
    assert {text for text in quoted if text not in names() and not (" " in text and printed.mentions(text))} == set()


def sections(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^## ([a-z_]+)\n\n(.+?)(?=^## |\Z)", path.read_text(), re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("reason", PauseReason)
def test_every_pause_is_shown_as_the_status_prints_it(printed: Printed, reason: PauseReason) -> None:
    """`…` stands for the instants; the message is one of ours, the simulator's, or that of the command beside it."""
    section = sections(ROOT / "docs/pause.md")[reason]
    quoted = section.splitlines()[0].strip("`")
    message = re.split(r"(?:… |: )(?:for another [\d:]+: |until it is ended: )?", quoted, maxsplit=1)[1]
    for until in None, datetime.now(UTC) + timedelta(seconds=238.2):
        line = pause_text(ActivePause(reason=reason, message=message, since=datetime.now(UTC), until=until))
        if re.fullmatch(re.escape(quoted).replace("…", ".+"), line):
            break
    else:
        pytest.fail(f"the status prints {line}")
    code, _, rest = message.partition(": ")
    said = rest if code in set(Code) else message
    assert printed.prints(said) or f'--reason "{said}"' in section


# Words


def terms() -> list[str]:
    return [row[0].strip("*") for row in table(ROOT / "docs/words.md", "| Term | Meaning |")]


def test_every_word_of_ours_is_defined_once_and_used() -> None:
    words = ROOT / "docs/words.md"
    assert len(terms()) == len(set(terms()))
    texts = " ".join(path.read_text() for path in [*DOCS, *SOURCES] if path != words).lower()
    unused = [term for term in terms() if not re.search(rf"\b{re.escape(term.lower())}(?:s|es)?\b", texts)]
    assert unused == []


@each([path for path in DOCS if path.name != "words.md"])
def test_no_other_page_defines_a_word_of_ours(path: Path) -> None:
    bold = {text.strip(".:").lower() for text in re.findall(r"^\| \*\*([^*]+)\*\* \|", prose(path), re.MULTILINE)}
    assert bold & {term.lower() for term in terms()} == set()


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 200


# Examples


def test_the_message_that_is_shown_is_a_job() -> None:
    (message,) = [block for block in blocks("json") if '"body"' in block.text]
    read = read_message(message.text.encode())
    assert isinstance(read, Job), read
    assert json.dumps({"to": read.to}) in message.path.read_text()


def test_the_sheet_that_is_shown_can_be_imported() -> None:
    (sheet,) = blocks("csv")
    jobs = list(RowDefaults().jobs(read_sheet(io.StringIO(sheet.text), Columns()).rows()))
    assert [type(each) for each in jobs] == [JobRow] * (len(list(csv.reader(io.StringIO(sheet.text)))) - 1)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.path.name)
def test_python_that_is_shown_is_python(block: Block) -> None:
    compile(block.text, block.path.name, "exec")


# Links, decisions


def slug(heading: str) -> str:
    """The anchor that GitHub and its like give a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@each(DOCS)
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", prose(path)):
        if not link.startswith("https://"):
            target, _, anchor = link.partition("#")
            there = (path.parent / target).resolve() if target else path
            assert there.is_file(), link
            assert not anchor or anchor in map(slug, headings(there)), link


@each(DOCS)
def test_every_file_that_is_named_exists(path: Path) -> None:
    named = [code for code in inline(path) if re.fullmatch(r"[\w./-]+/[\w.-]+\.(py|lua|md|conf|acl|yml|lock)", code)]
    assert [name for name in named if not any((ROOT / base / name).is_file() for base in ("", "tasks"))] == []


def test_every_page_that_the_code_names_exists() -> None:
    code = "".join(path.read_text() for path in SOURCES)
    pages = set(re.findall(r"docs/[\w/.-]+\.md", code))
    assert {page for page in pages if not (ROOT / page).is_file()} == set()
    assert "in the README" not in code, "name the page"


@each(ADRS)
def test_a_decision_has_the_form_and_is_listed(path: Path) -> None:
    title, *sections = headings(path)
    number, _, name = title.partition(". ")
    assert int(path.name[:4]) == int(number)
    assert re.search(r"^Date: 2\d{3}-\d\d-\d\d\. Status: \w", path.read_text(), re.MULTILINE)
    assert sections == ["Context", "Decision", "Consequences"]
    listed = table(ROOT / "docs/adr/README.md", "| Nr. | Decision |")
    assert [number, f"[{name}]({path.name})"] in listed


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, new = set[Path](), {README}
    while new:
        seen |= new
        links = {(page, link) for page in new for link in re.findall(r"\]\(([^)#]+\.md)", prose(page))}
        new = {(page.parent / link).resolve() for page, link in links if "://" not in link} - seen
    assert set(DOCS) - seen == set()


# What must not get out


def project_files() -> Iterator[Path]:
    for path in [*ROOT.iterdir(), *(ROOT / ".ci").iterdir()]:
        if path.is_file() and path.name != ".env":
            yield path
        elif path.is_dir() and path.name[0] != "." and path.name not in {"build", "secrets"}:
            yield from (file for file in path.rglob("*") if file.is_file() and file.suffix not in {".pyc", ".pem"})


def test_no_file_names_a_path_of_a_machine_or_a_package_index() -> None:
    telling = re.compile(r"(?<![\w.])/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+)/|index[-]url|://[^\s\"']*/[s]imple\b")
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in project_files()
        for match in telling.finditer(path.read_text(errors="replace"))
    }
    assert found == set()
