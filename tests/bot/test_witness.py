import time

import pytest

from bot.markers import marker, markers
from bot.witness import Witness

GO = (
    "package a\n\nfunc one() { return }\n\nfunc (t *T) F(x T) int {\n\tif x {\n\t}\n\treturn len(t.a)\n}\n\nvar x = 1\n"
)


def witness(line: int, text: str = GO, path: str = "pkg/a.go") -> Witness:
    found = Witness.of(path, line, line, text)
    assert found is not None
    return found


def test_a_witness_stands_wherever_its_function_is() -> None:
    here = witness(8)
    assert here.stands(GO)
    assert here.stands("// a heading\n\n" + GO)
    assert here.stands(GO.replace("\t", "        "))


@pytest.mark.parametrize(
    "text",
    [
        GO.replace("if x {", "if y {"),
        GO.replace("len(t.a)", "cap(t.a)"),
        GO.replace(") F(", ") G("),
        "package a\n",
        None,
    ],
)
def test_it_does_not_where_the_push_changed_it(text: str | None) -> None:
    assert not witness(8).stands(text)


def test_another_function_is_none_of_its_business() -> None:
    changed = GO.replace("{ return }", "{ panic(1) }")
    assert witness(8).stands(changed)
    assert not witness(3).stands(changed)


def test_outside_of_functions_and_go_its_lines_count_alone() -> None:
    assert witness(11).stands(GO.replace("if x {", "if y {"))
    docker = witness(1, "FROM golang:1.10\nRUN x\n", "Dockerfile")
    assert docker.stands("# base\nFROM golang:1.10\n")
    assert not docker.stands("FROM golang:1.11\nRUN x\n")


def test_it_survives_a_marker() -> None:
    for path in ("pkg/a.go", "päth with/blanks -->.go"):
        here = witness(8, path=path)
        [words] = markers(marker(*here.words))
        assert Witness.read(words) == here


@pytest.mark.parametrize("words", [("cc",), ("witness",), ("witness", "a", "-", "-", "x", "a")])
def test_what_is_no_witness_is_none(words: tuple[str, ...]) -> None:
    assert Witness.read(words) is None


def test_lines_that_are_not_there_make_none() -> None:
    assert Witness.of("a.go", 5, 99, GO) is None
    assert Witness.of("a" * 400, 1, 1, GO) is None


@pytest.mark.parametrize("hostile", ["func a" * 200_000, "func a\n" * 200_000, "func (" * 200_000, "}\n" * 400_000])
def test_hostile_text_costs_no_more_than_its_length(hostile: str) -> None:
    def seconds(text: str) -> float:
        begun = time.process_time()
        witness(1, text).stands(text)
        return time.process_time() - begun

    seconds(hostile[: len(hostile) // 8])
    assert seconds(hostile) < 40 * max(seconds(hostile[: len(hostile) // 8]), 0.005)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (GO.replace("\treturn len(t.a)", "\t//scalability:allow r it is small\n\treturn len(t.a)"), "it is small"),
        (GO.replace("return len(t.a)", "return len(t.a) // scalability:allow r"), ""),
        (GO.replace("return len(t.a)", "return len(t.a) //scalability:allow formerly of old"), "of old"),
        (GO.replace("return len(t.a)", "return len(t.a) //scalability:allow another it is small"), None),
        (GO.replace("return len(t.a)", "return cap(t.a) //scalability:allow r it is other code"), None),
        (GO.replace("\tif x {", "\tif x { //scalability:allow r it is elsewhere"), None),
        (GO, None),
    ],
)
def test_an_allow_comment_at_its_lines_is_found(changed: str, reason: str | None) -> None:
    found = witness(8).allowed(changed, {"r", "formerly"})
    assert (found.reason if found else None) == reason


def test_only_go_has_allow_comments() -> None:
    docker = witness(1, "FROM golang:1.10\n", "Dockerfile")
    assert docker.allowed("//scalability:allow r no\nFROM golang:1.10\n", {"r"}) is None
