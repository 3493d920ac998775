"""Configuration of a repository: .github/scalability.yaml as text in, what the reviews keep to out.

Only the base branch's file counts, so that no pull request silences its own review. One that changes the file gets the
proposed text read too, and its problems are told in the check run.
"""

import dataclasses
import difflib
import functools
import json
import pathlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from analyzers import catalogue
from analyzers.analysis.configuration import Configuration
from analyzers.analysis.diagnostic import code

if TYPE_CHECKING:
    import jsonschema

PATH = ".github/scalability.yaml"
# Far above any honest file, and small enough that reading a hostile one costs nothing.
LONGEST = 64_000


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
        return Parsed(defaults, (f"{PATH} is longer than {LONGEST:,} characters: shorten it, it is not read.",))
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            data = loader.construct_document(node) if node else {}
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return Parsed(
            defaults,
            (
                _sentence(
                    line,
                    f"this is no YAML ({code(error.problem or 'it cannot be read')}): correct it, the file is not read",
                ),
            ),
        )
    except (yaml.YAMLError, RecursionError, ValueError):
        return Parsed(defaults, (f"{PATH} cannot be read as YAML: correct it, the file is not read.",))
    if not isinstance(data, dict):
        return Parsed(defaults, (_sentence(1, "a mapping is expected here, such as `cap: 10`; the file is not read"),))
    problems = sorted(
        (*_problems(data), *_unknown_rules(data)), key=lambda problem: (_line(node, problem.place), problem.sentence)
    )
    sentences = tuple(_sentence(_line(node, problem.place), problem.sentence) for problem in problems)
    return Parsed(_configuration(_without(data, [problem.place for problem in problems]), defaults), sentences)


class _Problem(NamedTuple):
    place: tuple[str | int, ...]
    sentence: str


class _Loader(yaml.SafeLoader):
    """YAML in which `off` is a word rather than false, and which refuses what makes a small text huge or ambiguous."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: nine lines of them stand for gigabytes."""
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "aliases are not supported", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Refuse a key that is there twice, of which the first would be lost without a word."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep=deep)


# YAML 1.1 reads off, no and yes as booleans; nothing here is a boolean, and `rules: {explicit-list: off}` is meant as written.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _problems(data: dict[str, Any]) -> Iterator[_Problem]:
    import jsonschema  # a quarter of a second that only a repository with such a file pays

    for error in jsonschema.Draft202012Validator(schema()).iter_errors(data):
        place = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = sorted(schema()["properties"])
            for key in data.keys() - set(known):
                yield _Problem(
                    (key,),
                    f"{code(str(key))} is no setting{_nearest(str(key), known)}: the settings are {', '.join(known)}",
                )
            continue
        yield _Problem(
            place, f"{_name(place)} {_expected(error)}, not {code(json.dumps(error.instance, default=str), 60)}"
        )


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
            yield _Problem(("rules", name), f"{code(str(name))} is no rule{_nearest(str(name), catalogue.names())}")


def _nearest(name: str, known: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
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
    if "cap" in changes:
        changes["cap"] = int(changes["cap"])  # to JSON Schema, 5.0 is a whole number
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
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line
    return line + 1


def _sentence(line: int, sentence: str) -> str:
    return f"{PATH}, line {line}: {sentence}."
