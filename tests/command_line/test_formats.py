"""The formats of scalability-bot check, each held against what reads it."""

import json
import os
import pathlib
import re
import subprocess
from typing import Any

import jsonschema
import pytest

from analyzers import catalogue
from tests.command_line.repository import BAD, GOOD, LINE, PATH, Repository

CONSUMERS = pathlib.Path(__file__).with_name("consumers") / "node_modules"
# A name that says something in every format: a command's comma and colon, a percent sign, an address' blank.
ODD = "pkg/controller/a b,c:d%25/controller.go"


@pytest.fixture
def consumers() -> pathlib.Path:
    """Give the folder of the npm packages that read the formats; `make test` installs them where there is npm."""
    if not CONSUMERS.is_dir() and not os.environ.get("CI"):
        pytest.skip("the packages that read the formats are not installed: apt install npm, then make test")
    assert CONSUMERS.is_dir(), "in CI the packages that read the formats must be there: make test installs them"
    return CONSUMERS


@pytest.fixture
def changed(repository: Repository) -> Repository:
    """A work tree with a warning in two files, a file that cannot be read, and a configuration with a mistake."""
    repository.write(PATH, BAD)
    repository.write(ODD, BAD)
    repository.write(".github/scalability.yaml", "rulez: {}\n")
    return repository


def formatted(repository: Repository, name: str, *arguments: str) -> str:
    done = repository.check("--format", name, *arguments)
    assert done.returncode == 1, done.stderr
    return done.stdout


def sarif(repository: Repository, *arguments: str) -> dict[str, Any]:
    runs: list[dict[str, Any]] = json.loads(formatted(repository, "sarif", *arguments))["runs"]
    (run,) = runs
    return run


@pytest.mark.parametrize("empty", [False, True])
def test_sarif_is_valid_by_its_schema(changed: Repository, consumers: pathlib.Path, empty: bool) -> None:
    (schema,) = consumers.glob("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0*.json")
    if empty:
        changed.git("stash", "--quiet", "--include-untracked")
    done = changed.check("--format", "sarif")
    assert done.returncode == int(not empty), done.stderr
    validator = jsonschema.Draft7Validator(
        json.loads(schema.read_text()), format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER
    )
    assert [error.message for error in validator.iter_errors(json.loads(done.stdout))] == []


def test_sarif_has_fingerprints_rules_and_help(changed: Repository) -> None:
    run = sarif(changed)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(catalogue.names())
    for rule in rules:
        assert rule["shortDescription"]["text"].strip()
        assert "```diff" in rule["help"]["markdown"]
        assert rule["helpUri"].startswith("https://")
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "explicit-list"
    assert result["level"] == "warning"
    assert "`" not in result["message"]["text"]
    assert "`List`" in result["message"]["markdown"]
    places = [result["locations"][0], *result["relatedLocations"]]
    assert {place["physicalLocation"]["artifactLocation"]["uri"] for place in places} == {
        PATH,
        "pkg/controller/a%20b%2Cc%3Ad%2525/controller.go",
    }
    assert places[0]["physicalLocation"]["region"]["startLine"] == LINE
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "rulez is no setting" in notification["message"]["text"]


def test_sarif_fingerprints_outlive_moved_lines(changed: Repository) -> None:
    before = sarif(changed)["results"][0]["partialFingerprints"]
    changed.write(PATH, BAD.replace("type Controller", "// More.\n\ntype Controller"))
    changed.write(ODD, BAD.replace("type Controller", "// More.\n\ntype Controller"))
    assert sarif(changed)["results"][0]["partialFingerprints"] == before


def test_sarif_lists_the_selected_rules_only(changed: Repository) -> None:
    run = sarif(changed, "--select", "explicit-list")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["explicit-list"]
    assert run["results"][0]["ruleIndex"] == 0


@pytest.mark.parametrize("name", ["rdjson", "rdjsonl"])
def test_reviewdogs_format_is_taken_by_its_validator(changed: Repository, consumers: pathlib.Path, name: str) -> None:
    text = formatted(changed, name)
    objects = [text] if name == "rdjson" else text.splitlines()
    assert objects
    for each in objects:
        (changed.folder / "found.json").write_text(each)
        done = subprocess.run(
            [
                "node",
                consumers / "@umbrelladocs/rdformat-validator/bin/rdformat-validator.js",
                "--strict",
                "found.json",
            ],
            cwd=changed.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


# Of reviewdog's proto/rdf/reviewdog.proto: the fields of a message; what protojson does not know it refuses.
FIELDS = {
    "result": {"diagnostics", "source", "severity"},
    "diagnostic": {
        "message", "location", "severity", "source", "code", "suggestions", "original_output", "related_locations",
    },
    "severities": {"UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"},
}  # fmt: skip


def test_reviewdogs_format_has_its_fields_and_no_other(changed: Repository) -> None:
    result = json.loads(formatted(changed, "rdjson"))
    assert result.keys() <= FIELDS["result"]
    lines = [json.loads(line) for line in formatted(changed, "rdjsonl").splitlines()]
    assert all(line["source"]["name"] == "scalability-bot" for line in lines)
    for diagnostic in (*result["diagnostics"], *lines):
        assert diagnostic.keys() <= FIELDS["diagnostic"]
        assert diagnostic["severity"] in FIELDS["severities"]
        assert diagnostic["location"].keys() == {"path", "range"}
        assert {end: diagnostic["location"]["range"][end].keys() for end in ("start", "end")} == {
            "start": {"line"},
            "end": {"line"},
        }
        assert diagnostic["code"].keys() == {"value", "url"}
    assert {each["location"]["path"] for each in result["diagnostics"]} <= {ODD, PATH}


# As GitHub's runner reads a line: a name, properties separated by commas, and the text; then it undoes the escapes.
COMMAND = re.compile(r"^::(?P<name>warning|notice)(?: (?P<properties>[^:]*(?::(?!:)[^:]*)*))?::(?P<text>.*)$")


def unescaped(text: str) -> str:
    for code, sign in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, sign)
    return text


def test_workflow_commands_are_read_as_they_were_meant(changed: Repository) -> None:
    changed.git("checkout", "--quiet", PATH)
    lines = formatted(changed, "github").splitlines()
    commands = [match for match in map(COMMAND.match, lines) if match]
    found, problem = commands
    properties = dict(part.split("=", 1) for part in found["properties"].split(","))
    assert {name: unescaped(value) for name, value in properties.items()} == {
        "file": ODD,
        "line": str(LINE),
        "endLine": str(LINE),
        "title": "explicit-list",
    }
    assert unescaped(found["text"]).startswith("List sends a LIST of all pods")
    assert "rulez is no setting" in problem["text"]
    assert next(line for line in lines if not line.startswith("::")).startswith("1 warning, 0 notices in")


def test_markdown_shows_the_lines_and_the_words(changed: Repository) -> None:
    text = formatted(changed, "markdown")
    assert text.startswith("## Scalability: 1 warning, 0 notices in ")
    assert "\n```go\n\t_, err := c.client.CoreV1().Pods" in text
    assert "- .github/scalability.yaml, line 1: `rulez` is no setting" in text


@pytest.fixture
def grown(repository: Repository) -> Repository:
    """A work tree in which a function that sends a request sends another one, of all pods."""
    old = "\t_, err := c.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})\n"
    repository.write(
        PATH, GOOD.replace("\treturn nil", f"{old}\treturn err").replace("import (", 'import (\n\t"context"\n')
    )
    repository.commit("reads a node")
    repository.write(PATH, BAD.replace("\t_, err :=", f"{old}\t_, err ="))
    return repository


def test_a_deep_check_tells_what_was_there_beside_what_was_found(grown: Repository) -> None:
    deep = json.loads(formatted(grown, "json", "--deep"))
    plain = json.loads(formatted(grown, "json"))
    assert (plain["present"], plain["asked"]) == ([], [])
    assert deep["diagnostics"] == plain["diagnostics"]
    assert [(each["line"], each["what"]) for each in deep["present"]] == [(LINE, "`GET of nodes`")]
    assert [(each["verb"], each["resource"], each["after"]["places"]) for each in deep["asked"]] == [
        ("LIST", "pods", 1)
    ]


def test_a_deep_check_in_words(grown: Repository) -> None:
    text = formatted(grown, "text", "--deep")
    assert (
        f"Already there, in the functions that the change touches:\n  {PATH}:{LINE} Controller.sync: `GET of nodes`"
        in text
    )
    assert re.search(r"^controller +LIST +pods +cluster +- +1 place ", text, flags=re.MULTILINE)
    markdown = formatted(grown, "markdown", "--deep")
    assert f"- `{PATH}:{LINE}` `Controller.sync`: `GET of nodes`" in markdown
    assert f"| controller | LIST | `pods` | cluster | - | 1 place | `{PATH}:{LINE + 1}` |" in markdown
    for name in ("text", "markdown"):
        assert "Already there" not in formatted(grown, name)


@pytest.mark.parametrize("name", ["text", "json", "sarif", "rdjson", "rdjsonl", "github", "markdown"])
def test_output_goes_to_a_file(changed: Repository, name: str, tmp_path: pathlib.Path) -> None:
    timing = re.compile(r"\d+ ms|\"elapsed_ms\": [\d.]+")
    direct = formatted(changed, name)
    done = changed.check("--format", name, "--output", str(tmp_path / "found"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].endswith(f"written to {tmp_path / 'found'}")
    assert timing.sub("", (tmp_path / "found").read_text()) == timing.sub("", direct)


@pytest.mark.parametrize("arguments", [("--output", "/nowhere/found"), ("--output", "/dev/full"), ()])
@pytest.mark.parametrize("name", ["text", "json"])
def test_output_that_cannot_be_written_is_one_sentence(
    changed: Repository, name: str, arguments: tuple[str, ...]
) -> None:
    with pathlib.Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*changed.program, "check", "--format", name, *arguments],
            cwd=changed.folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "could not be written" in line


def test_what_makes_it_fail(repository: Repository) -> None:
    notice = GOOD.replace(
        "	return nil", '	_, err := c.client.CoreV1().Pods("a").Get(ctx, "b", metav1.GetOptions{})\n	return err'
    )
    repository.write(PATH, notice)
    found = json.loads(repository.check("--format", "json").stdout)["diagnostics"]
    levels = {each["level"] for each in found}
    for fail_on, makes in (("warning", {"warning"}), ("notice", {"warning", "notice"}), ("never", set())):
        assert repository.check("--fail-on", fail_on).returncode == int(bool(levels & makes))
    repository.write(PATH, BAD)
    assert [repository.check("--fail-on", each).returncode for each in ("warning", "notice", "never")] == [1, 1, 0]


def test_no_colours_where_they_are_not_wanted(changed: Repository) -> None:
    import pty

    for wanted, environment in (
        (True, {}),
        (False, {"NO_COLOR": "1"}),
        (False, {"TERM": "dumb"}),
        (True, {"NO_COLOR": ""}),
    ):
        master, slave = pty.openpty()
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        with subprocess.Popen(
            [*changed.program, "check"], cwd=changed.folder, stdout=slave, env={**kept, "TERM": "xterm", **environment}
        ) as process:
            os.close(slave)
            shown = b""
            while True:
                try:
                    part = os.read(master, 1 << 16)
                except OSError:  # the other side is closed
                    break
                if not part:
                    break
                shown += part
            assert process.wait() == 1
        os.close(master)
        assert (b"\x1b[" in shown) is wanted, environment
