import dataclasses
import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from analyzers import catalogue
from analyzers.analysis.configuration import Configuration
from bot.configuration import LONGEST, MOST_PROBLEMS, parse, schema
from tests.benchmarks.configurations import texts

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


def test_every_value_is_a_text_until_the_schema_says_otherwise() -> None:
    found, problems = parse("label: 2026-01-01\nignore: [no, 0x10, 1:30, ~]\ncap: '7'\ncc:\n# nobody yet\nrules:\n")
    assert problems == ()
    assert found == Configuration(label="2026-01-01", ignore=("no", "0x10", "1:30", "~"), cap=7)


def test_many_problems_are_counted() -> None:
    found, problems = parse("ignore: [" + ", ".join(["/a", "b"] * 90) + "]")
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[-1] == ".github/scalability.yaml has 70 more problems."
    assert found.ignore == ("b",) * 90


def test_nobody_may_be_mentioned() -> None:
    assert parse("cc: []").configuration.cc == ()


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        (f"rules:\n  {RULE[:-1]}: off", 2, f"`rules.{RULE[:-1]}` is no rule (did you mean {RULE}?)"),
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
        ("cap: !!python/object:os.system x", 1, "tags are not supported"),
        ("cap: 10\nlabel: !!bool x", 2, "tags are not supported"),
        ("label: !<tag:yaml.org,2002:bool> x", 1, "tags are not supported"),
        ("1: 2", 1, "`1` is no setting"),
        ("2026-01-01: x", 1, "`2026-01-01` is no setting"),
        ("cap: 0x" + "f" * 5_000, 1, '`cap` must be a whole number, not `"0xfff'),
        ("cap: " + "9" * 5_000, 1, '`cap` must be a whole number, not `"999'),
        ("cap: 1_0", 1, "`cap` must be a whole number"),
        ("? [x]\n: 1", 1, "a key must be a word"),
        ("<<: {cap: 1}", 1, "`<<` is no setting"),
        ("rules: {a: {b: {c: {d: 1}}}}", 1, "it is nested more than 5 deep"),
        ("ignore: [" + "a," * 2_000 + "]", 1, "there are more than 1,000 values"),
        ('label: "\\ud800"', 1, "half a character"),
        ('cc: ["@me\\n"]', 1, "`cc[0]` must be a person or a team"),
        ("rules: [off]", 1, "`rules` must be a mapping"),
        ("rules:\n  no: off", 2, "`rules.no` is no rule"),
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
    assert len(problems) == 2
    assert configuration == Configuration(rules={RULE: "off"}, ignore=("docs/", "5"), label="mine")


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


def sound(text: str) -> None:
    """Check what holds for any text: nothing is raised, and what comes out can be sent, kept and posted."""
    defaults = Configuration(cc=("@a/b",), label="ours", cap=4)
    found, problems = parse(text, defaults)
    assert isinstance(found, Configuration)
    json.dumps([dataclasses.asdict(found), problems], ensure_ascii=False).encode()
    assert len(problems) <= MOST_PROBLEMS + 1
    for problem in problems:
        assert problem.startswith(".github/scalability.yaml")
        assert "\n" not in problem
        assert len(problem) < 1_000
    assert 0 <= found.cap <= 50
    assert isinstance(found.label, str)
    assert all(handle.startswith("@") for handle in found.cc)


@given(
    st.one_of(
        st.text(), st.text(alphabet="rulesignocap:-[]{}?&*!|>'\"% \n\t#,0x1"), st.text(st.characters(), min_size=500)
    )
)
def test_no_text_is_too_much(text: str) -> None:
    sound(text)


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.binary(), st.text()),
        lambda inner: st.one_of(
            st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers(), st.dates()), inner)
        ),
        max_leaves=20,
    )
)
def test_no_document_is_too_much(document: object) -> None:
    sound(yaml.dump(document, allow_unicode=True))
    sound(yaml.dump({"rules": document, "cap": document, "ignore": [document], "cc": [document], "label": document}))


def test_drawn_texts_are_read() -> None:
    for text in texts(500, seed=7):
        sound(text)


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
