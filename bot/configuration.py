"""Configuration of a repository: .github/scalability.yaml as text in, what the reviews keep to out.

Only the base branch's file counts, so that no pull request silences its own review. One that changes the file gets the
proposed text read too, and its problems are told in the check run.
"""

import dataclasses
import difflib
import functools
import json
import pathlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from analyzers import catalogue
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import code

if TYPE_CHECKING:
    import jsonschema

PATH = ".github/scalability.yaml"
# Far above any honest file, and small enough that reading a hostile one costs little: the schema has room for 500 values,
# one inside the other inside the whole.
LONGEST = 64_000
MOST_NODES = 1_000
DEEPEST = 5
# More is no news: whoever corrects these is told the next.
MOST_PROBLEMS = 20

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,9}")


class Parsed(NamedTuple):
    """What a text says, as far as it makes sense, and one sentence for each problem, with its line."""

    configuration: Configuration
    problems: tuple[str, ...]


@functools.cache
def schema() -> dict[str, Any]:
    """Give the JSON Schema (scalability.schema.json, which editors can use as well)."""
    text = pathlib.Path(__file__).with_name("scalability.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def parse(text: str | None, defaults: Configuration | None = None) -> Parsed:
    """Read a repository's configuration; None where it has no file. Never raises.

    What is wrong is told and left out, and the rest holds: one misspelt rule does not switch the others on again.
    defaults are the operator's (settings: cc and label); a repository's own words come before them.
    """
    defaults = defaults or Configuration()
    if text is None:
        return Parsed(defaults, ())
    if len(text) > LONGEST:
        return unread(defaults, f"it is longer than {LONGEST:,} characters: shorten it")
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = code(error.problem or "it cannot be read")
        return Parsed(defaults, (_sentence(line, f"this is no YAML ({what}): correct it, the file is not read"),))
    except Exception:
        # The library is not written for texts that mean it harm, and one text must never cost a review.
        return unread(defaults, "it cannot be read as YAML: correct it")
    if node is None:
        return Parsed(defaults, ())
    data = _data(node)
    if not isinstance(data, dict):
        return Parsed(defaults, (_sentence(1, "a mapping is expected here, such as `cap: 10`; the file is not read"),))
    problems = sorted((*_problems(data), *_unknown_rules(data)), key=lambda problem: _line(node, problem.place))
    sentences = [
        _sentence(_line(node, problem.place), f"{_name(problem.place)} {problem.wrong()}")
        for problem in problems[:MOST_PROBLEMS]
    ]
    if rest := len(problems) - len(sentences):
        sentences.append(f"{PATH} has {rest:,} more problems.")
    return Parsed(_configuration(_without(data, [problem.place for problem in problems]), defaults), tuple(sentences))


def unread(defaults: Configuration, reason: str) -> Parsed:
    """Give what holds where the whole file cannot be read, and the sentence that says why and what to do."""
    return Parsed(defaults, (f"{PATH} is not read: {reason}.",))


class _Problem(NamedTuple):
    place: tuple[str | int, ...]
    wrong: Callable[[], str]


class _Loader(yaml.BaseLoader):
    """YAML in which each value is a text, and which refuses what makes a small text huge, deep or ambiguous."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes = self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases (nine lines of them stand for gigabytes), tags (`!!bool x` is no text), and what is too much."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self.nodes += 1
        self.depth += 1
        if isinstance(event, yaml.AliasEvent):
            raise _refusal("aliases are not supported", event)
        if event.tag is not None:
            raise _refusal("tags are not supported", event)
        if self.nodes > MOST_NODES:
            raise _refusal(f"there are more than {MOST_NODES:,} values", event)
        if self.depth > DEEPEST:
            raise _refusal(f"it is nested more than {DEEPEST} deep", event)
        node = super().compose_node(parent, index)
        self.depth -= 1
        if isinstance(node, yaml.ScalarNode) and _SURROGATE.search(node.value):
            raise _refusal("it holds half a character", event)  # "\ud800": no other program could read it
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Refuse a key that is there twice, of which the first would be lost without a word, and one that is no word."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refusal("a key must be a word", key)
            if key.value in seen:
                raise _refusal(f"{key.value} is there twice", key)
            seen.add(key.value)
        return node


def _refusal(problem: str, where: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=where.start_mark)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _data(node: yaml.Node) -> Any:
    """Give texts, lists and dictionaries; whole numbers only where the schema wants one. A setting left empty is unset."""
    if isinstance(node, yaml.SequenceNode):
        return [_data(each) for each in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    return {
        key.value: int(value.value) if _is_number(key.value, value) else _data(value)
        for key, value in node.value
        if not (isinstance(value, yaml.ScalarNode) and value.value == "" and value.style is None)
    }


def _is_number(key: str, value: yaml.Node) -> bool:
    wanted = schema()["properties"].get(key, {}).get("type")
    return wanted == "integer" and isinstance(value.value, str) and bool(_NUMBER.fullmatch(value.value))


def _problems(data: dict[str, Any]) -> Iterator[_Problem]:
    import jsonschema  # a quarter of a second that only a repository with such a file pays

    for error in jsonschema.Draft202012Validator(schema()).iter_errors(data):
        if error.validator == "additionalProperties":
            known = sorted(schema()["properties"])
            for key in data.keys() - set(known):
                yield _Problem((key,), partial(_no_setting, key, known))
        else:
            yield _Problem(tuple(error.absolute_path), partial(_expectation, error))


def _no_setting(key: str, known: Sequence[str]) -> str:
    return f"is no setting{_nearest(key, known)}: the settings are {', '.join(known)}"


def _expectation(error: "jsonschema.ValidationError") -> str:
    return f"{_expected(error)}, not {code(json.dumps(error.instance), 60)}"


def _expected(error: "jsonschema.ValidationError") -> str:
    limit: Any = error.validator_value
    place = tuple(error.absolute_path)
    match error.validator:
        case "enum":
            return f"must be one of {', '.join(limit)}"
        case "type":
            return f"must be {({'object': 'a mapping', 'array': 'a list', 'string': 'a text', 'integer': 'a whole number'})[limit]}"
        case "pattern" if place[0] == "cc":
            return "must be a person or a team, such as `@name` or `@organisation/team`"
        case "pattern":
            return "must be a path from the repository's root, without a leading / or ./"
        case "minimum" | "maximum":
            bounds = schema()["properties"][place[0]]
            return f"must be from {bounds['minimum']} to {bounds['maximum']}"
        case "maxItems":
            return f"must have at most {limit} entries"
        case "minLength" | "maxLength":
            return f"must have {'at least' if error.validator == 'minLength' else 'at most'} {limit} characters"
        case _:
            return f"must keep to the schema ({error.validator})"


def _unknown_rules(data: Mapping[str, Any]) -> Iterator[_Problem]:
    rules = data.get("rules")
    for name in rules if isinstance(rules, dict) else ():
        if name not in catalogue.known():
            yield _Problem(("rules", name), partial(_no_rule, name))


def _no_rule(name: str) -> str:
    return f"is no rule{_nearest(name, catalogue.names())}"


def _nearest(name: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(name[:100], known, n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _without(data: dict[str, Any], places: Sequence[tuple[str | int, ...]]) -> dict[str, Any]:
    kept = dict(data)
    dropped: dict[str | int, set[str | int]] = {}
    for place in places:
        if len(place) == 1:
            kept.pop(str(place[0]), None)
        elif place:
            dropped.setdefault(place[0], set()).add(place[1])
    for key, inner in dropped.items():
        value = kept.get(str(key))
        if isinstance(value, dict):
            kept[str(key)] = {name: each for name, each in value.items() if name not in inner}
        elif isinstance(value, list):
            kept[str(key)] = [each for index, each in enumerate(value) if index not in inner]
            if not kept[str(key)]:
                del kept[str(key)]  # a misspelt handle is not the wish to mention nobody
    return kept


def _configuration(data: Mapping[str, Any], defaults: Configuration) -> Configuration:
    changes: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    return dataclasses.replace(defaults, **changes)


def _name(place: Sequence[str | int]) -> str:
    name = ""
    for step in place:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return code(name)


def _line(node: yaml.Node | None, place: Sequence[str | int]) -> int:
    """Give the line (1-based) of what stands at a place, of the nearest thing around it where that is unknown."""
    if node is None:
        return 1
    line: int = node.start_mark.line
    for step in place:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1


def _sentence(line: int, sentence: str) -> str:
    return f"{PATH}, line {line}: {sentence}."
