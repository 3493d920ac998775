import json

import jsonschema
import pytest

from analyzers import catalogue
from analyzers.analysis.configuration import Configuration
from bot.configuration import LONGEST, parse, schema

RULE = catalogue.names()[0]


def test_no_file_and_an_empty_one_give_the_operators_defaults() -> None:
    defaults = Configuration(cc=("@a/b",), label="ours")
    assert parse(None, defaults) == (defaults, ())
    assert parse("", defaults) == (defaults, ())
    assert parse("# nothing yet\n", defaults) == (defaults, ())


def test_everything_can_be_set() -> None:
    text = f"""
rules:
  {RULE}: off
ignore:
  - docs/
  - "*_generated.go"
node_components: [cmd/agent/*]
cc: ["@me", "@kubernetes/sig-node"]
label: deep
cap: 3
"""
    configuration, problems = parse(text)
    assert problems == ()
    assert configuration == Configuration(
        rules={RULE: "off"},
        ignore=("docs/", "*_generated.go"),
        node_components=("cmd/agent/*",),
        cc=("@me", "@kubernetes/sig-node"),
        label="deep",
        cap=3,
    )


def test_nobody_may_be_mentioned() -> None:
    assert parse("cc: []").configuration.cc == ()


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"rules:\n  {RULE[:-1]}: off", 2, f"`{RULE[:-1]}` is no rule (did you mean {RULE}?)"),
        (f"rules:\n  {RULE}: loud", 2, f'`rules.{RULE}` must be one of off, notice, warning, not `"loud"`'),
        ("rules: off", 1, '`rules` must be a mapping, not `"off"`'),
        ("\nignor: [a]", 2, "`ignor` is no setting (did you mean ignore?)"),
        ("ignore: docs/", 1, "`ignore` must be a list"),
        ("ignore:\n- /b", 2, "`ignore[0]` must be a path from the repository's root"),
        ("cc: [you]", 1, "`cc[0]` must be a person or a team"),
        ("cap: 51", 1, "`cap` must be from 0 to 50, not `51`"),
        ("cap: true", 1, "`cap` must be a whole number"),
        ("label: ''", 1, "`label` must have at least 1 characters"),
        ("- a", 1, "a mapping is expected"),
        ("cap: 1\ncap: 2", 2, "cap is there twice"),
        ("a: &a [1]\nb: *a", 2, "aliases are not supported"),
        ("cap: [", 1, "this is no YAML"),
        ("cap: !!python/object:os.system x", 1, "this is no YAML"),
    ],
)
def test_a_problem_is_one_sentence_with_its_line(text: str, line: int, sentence: str) -> None:
    configuration, problems = parse(text)
    assert len(problems) == 1
    assert problems[0].startswith(f".github/scalability.yaml, line {line}: ")
    assert sentence in problems[0]
    assert problems[0].endswith(".")
    assert "\n" not in problems[0]
    assert configuration == Configuration()


def test_what_is_wrong_is_left_out_and_the_rest_holds() -> None:
    configuration, problems = parse(
        f"rules:\n  {RULE}: off\n  no-rule: off\nignore: [docs/, 5]\ncap: many\nlabel: mine\n"
    )
    assert len(problems) == 3
    assert configuration == Configuration(rules={RULE: "off"}, ignore=("docs/",), label="mine")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 30_000,
        "\x00",
        "{" * 500,
        "a: " * 9,
        "? [x]\n: 1",
        "x" * (LONGEST + 1),
        "%YAML 9\n---\n",
        "cap: 2024-01-01",
    ],
)
def test_hostile_texts_are_problems(text: str) -> None:
    configuration, problems = parse(text)
    assert configuration == Configuration()
    assert len(problems) == 1


def test_names_from_the_file_stay_in_code() -> None:
    for problem in parse("'@kubernetes/owners #1': 5\ncc: ['@x y']").problems:
        assert "@" not in "".join(part for index, part in enumerate(problem.split("`")) if index % 2 == 0)


def test_the_schema_is_one_and_says_what_the_parser_says() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert set(schema()["properties"]) == set(Configuration.__dataclass_fields__)
    assert json.dumps(schema())


def test_a_former_name_may_be_configured() -> None:
    configuration, problems = parse("rules:\n  hot-alloc: notice\n")
    assert problems == ()
    assert configuration.rules == {"hot-alloc": "notice"}
