#!/usr/bin/env python3
"""Do names decide? What the reviewer says of changes before and after every local name in them is replaced.

    renamed.py CASES.jsonl ... --mirrors DIR [--only ID ...]

Of each case (a line of JSON with `id`, `repo`, `base`, `head`; its repository is DIR/OWNER+NAME/repo) every local
variable, parameter, receiver and unexported package function gets a name that says nothing, before and after the change
alike, in all files of the packages that it touches. Fields, methods, types, package variables and constants keep theirs.
Prints one line of JSON for each comment on a line whose rule, line or level is another then: {"case", "before", "after"},
each side {"rule", "path", "line", "level"}, null for none; then one with the totals.
"""

import argparse
import base64
import dataclasses
import hashlib
import json
import pathlib
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from analyzers import catalogue
from analyzers.analysis.analyzer import Analyzer
from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff, Line
from analyzers.analysis.report import Report
from analyzers.analysis.tree import OverlayTree
from analyzers.driver.driver import analyze
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.program.words import MemoryWords, WordStore
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.place import Place
from analyzers.golang.types.types import Array, Map, Pointer, Slice, Struct, Type
from workers.git import CatFile, GitError
from workers.trees import DiffProcess, GitTree

_TIMEOUT = 60.0
_VARIABLES = frozenset(["receiver", "param", "result", "var", "range", "receive", "switch"])
_PARAMETERS = frozenset(["parameter_declaration", "variadic_parameter_declaration"])
# `f[T](x)` and `table[key](x)` read like a conversion to a generic type, so that values are taken for types.
_NAMES = frozenset(["identifier", "type_identifier", "package_identifier"])
_CALLED_BY_GO = frozenset(["init", "main", "_"])

Comment = dict[str, str | int]
Files = Mapping[str, bytes | None]


def meaningless(name: str) -> str:
    """Give the eight letters and digits that take the place of a name, always the same ones."""
    digest = hashlib.blake2b(name.encode(), digest_size=5).digest()
    return "z" + base64.b32encode(digest).decode().lower()[:7]


def own_functions(files: Iterable[SourceFile]) -> dict[str, frozenset[str]]:
    """Give by package the unexported functions of one folder's files, without those that Go or assembly calls by name."""
    found: dict[str, set[str]] = defaultdict(set)
    kept: dict[str, set[str]] = defaultdict(set)
    for file in files:
        for function in file.functions:
            if not function.receiver_name and not function.exported and function.name not in _CALLED_BY_GO:
                (found if function.body is not None else kept)[file.package].add(function.name)
    return {package: frozenset(names - kept[package]) for package, names in found.items()}


def renamed(index: PackageIndex, file: SourceFile, functions: Collection[str]) -> bytes:
    """Give a file with its local variables, parameters, receivers and those package functions renamed.

    ValueError if what comes out is not as well formed as what went in.
    """
    places = sorted({node.start_byte: node.end_byte for node in _named(index, file, functions)}.items())
    parts, at = [], 0
    for start, end in places:
        parts += [file.source[at:start], meaningless(file.source[start:end].decode("utf-8", "replace")).encode()]
        at = end
    source = b"".join([*parts, file.source[at:]])
    if syntax.parse(source).has_error and not syntax.parse(file.source).has_error:
        raise ValueError(f"{file.path}: with other names it is no Go any more")
    return source


def _named(index: PackageIndex, file: SourceFile, functions: Collection[str]) -> Iterator[Node]:
    """Yield the identifiers in a file that are to be renamed, some of them more than once."""
    for function in _bodies(file):
        assert function.node is not None
        for bindings in function.facts.bindings.values():
            yield from (each.node for each in bindings if each.kind in _VARIABLES)
        for node in syntax.walk(function.node):
            if node.type in _PARAMETERS:
                yield from (name for name in syntax.fields(node, "name") if syntax.text(name) != "_")
            elif node.type in _NAMES and _renames(node, function, functions) and not _is_field(index, node, function):
                yield node
    for region in file.regions:
        if region.kind == "type":
            for declaration in file.nodes(region):
                for node in syntax.walk(declaration):
                    if node.type in _PARAMETERS:
                        yield from (name for name in syntax.fields(node, "name") if syntax.text(name) != "_")


def _bodies(file: SourceFile) -> Iterator[Function]:
    """Yield all that may use a name: functions, methods, and the package variables' declarations as functions."""
    for region in file.regions:
        for node in file.nodes(region):
            if region.kind == "func" and node.type in {"function_declaration", "method_declaration"}:
                yield Function(file, region, region.name, region.receiver, node)
            elif region.kind == "var":
                for spec in syntax.walk(node, lambda each: each.type != "var_spec"):
                    if spec.type == "var_spec":
                        yield Function(file, region, syntax.text(syntax.children(spec)[0]), "", spec)


def _renames(node: Node, function: Function, functions: Collection[str]) -> bool:
    name = syntax.text(node)
    binding = function.binding(name, node.start_byte)
    if binding is not None:
        return binding.kind in _VARIABLES
    if name not in functions or node.type == "package_identifier":
        return False
    return function.initializer is None or not any(
        syntax.same(node, declared) for declared in syntax.fields(function.initializer, "name")
    )


def _is_field(index: PackageIndex, node: Node, function: Function) -> bool:
    """Say whether an identifier is a field's name: the key of a struct's literal, or behind a dot that is taken for a package's."""
    parent = node.parent
    if parent is not None and parent.type == "qualified_type" and node.type == "type_identifier":
        return True
    if parent is None or parent.type != "literal_element" or parent.parent is None:
        return False
    keyed = parent.parent
    if keyed.type != "keyed_element" or not syntax.same(keyed.child_by_field_name("key"), parent):
        return False
    place = Place(index, function.file, function)
    made = _made(place, keyed.parent)
    # What is not known is a struct of a package that is not here, more often than not.
    return made is None or isinstance(made, Struct)


def _made(place: Place, body: Node | None) -> Type | None:
    """Give what the type of a literal with this body is made of."""
    around = body.parent if body is not None else None
    if around is None:
        return None
    if around.type == "composite_literal":
        return place.under(place.resolve(around.child_by_field_name("type")))
    is_key = False
    while around is not None and around.type in {"literal_element", "keyed_element"}:
        is_key = is_key or (around.type == "literal_element" and _is_key(around))
        around = around.parent
    outer = _made(place, around)
    if isinstance(outer, Map):
        inner = outer.key if is_key else outer.elem
    elif isinstance(outer, Slice | Array):
        inner = outer.elem
    else:
        return None
    return place.under(inner.elem if isinstance(inner, Pointer) else inner)


def _is_key(element: Node) -> bool:
    keyed = element.parent
    return keyed is not None and syntax.same(keyed.child_by_field_name("key"), element)


def overlay(index: PackageIndex, folders: Collection[str], known: dict[str, bytes]) -> dict[str, bytes | None]:
    """Give the files of these folders with other names; known are those that were renamed on the other side."""
    changed: dict[str, bytes | None] = {}
    for folder in folders:
        names = [name for name, entry in index.modules.listing(folder).items() if entry.kind == "blob"]
        paths = [f"{folder}/{name}".lstrip("/") for name in sorted(names) if name.endswith(".go")]
        files = [file for path in paths if (file := index.file(path)) is not None and file.error is None]
        functions = own_functions(files)
        for file in files:
            own = functions.get(file.package, frozenset())
            key = f"{file.key} {hash(own)}"
            if key not in known:
                try:
                    known[key] = renamed(index, file, own)
                except syntax.Unparseable:
                    known[key] = file.source  # new names made it longer than what is read
            changed[file.path] = known[key]
    return changed


def relabelled(diff: Diff, before: PackageIndex, after: PackageIndex, old: Files, new: Files) -> Diff:
    """Give the diff between the renamed files: the same lines with their new text."""
    files = []
    for file in diff:
        was, now = _texts(before, old, file.old_path), _texts(after, new, file.path)
        hunks = [
            dataclasses.replace(hunk, lines=tuple(_relabelled(line, was, now) for line in hunk.lines))
            for hunk in file.hunks
        ]
        files.append(dataclasses.replace(file, hunks=tuple(hunks)))
    return Diff(tuple(files))


def _texts(index: PackageIndex, changed: Files, path: str | None) -> list[tuple[str, str]]:
    """Give the lines of a file, each as it was and with other names."""
    file, other = (index.file(path), changed.get(path)) if path is not None else (None, None)
    if file is None or other is None:
        return []
    texts = (source.decode("utf-8", "replace").split("\n") for source in (file.source, other))
    return list(zip(*texts, strict=True))


def _relabelled(line: Line, was: Sequence[tuple[str, str]], now: Sequence[tuple[str, str]]) -> Line:
    number, texts = (line.old, was) if line.kind == "-" else (line.new, now)
    if number is None or number > len(texts):
        return line
    return dataclasses.replace(line, text=texts[number - 1][1])


def reviews(
    repository: pathlib.Path, base: str, head: str, rules: Sequence[Analyzer], words: WordStore
) -> tuple[Report, Report]:
    """Review a change as it is and with other names. GitError if the repository lacks it."""
    with CatFile(repository) as cat_file:
        process = DiffProcess(repository, base, head)
        before, after = GitTree(cat_file, base), GitTree(cat_file, head)
        diff, _ = process.result(_TIMEOUT)
        change = Change(diff, before, after, words=words)
        report = analyze(change, rules, catalogue.known())
        paths = {path for file in diff for path in (file.path, file.old_path) if path and path.endswith(".go")}
        folders = sorted({path.rpartition("/")[0] for path in paths})
        known: dict[str, bytes] = {}
        old, new = (overlay(index, folders, known) for index in (change.base_index, change.head_index))
        other = Change(
            relabelled(diff, change.base_index, change.head_index, old, new),
            OverlayTree(old, before),
            OverlayTree(new, after),
            words=words,
        )
        return report, analyze(other, rules, catalogue.known())


def comments(report: Report) -> list[Comment]:
    """Give what is said on lines, and as notices, without the words."""
    return [
        {"rule": each.analyzer, "path": each.path, "line": each.line, "level": "inline" if each.inline else "notice"}
        for each in report.diagnostics
    ]


def differences(one: Sequence[Comment], other: Sequence[Comment]) -> list[tuple[Comment | None, Comment | None]]:
    """Pair the comments of two reviews that are not the same, by place if they can be and else by rule; only those of which
    one at least is a comment on a line."""
    left, right = [each for each in one if each not in other], [each for each in other if each not in one]
    pairs: list[tuple[Comment | None, Comment | None]] = []
    for same in (("rule", "path", "line"), ("path", "line"), ("rule", "path")):
        for each in list(left):
            twin = next((found for found in right if all(found[key] == each[key] for key in same)), None)
            if twin is not None:
                pairs.append((each, twin))
                left.remove(each)
                right.remove(twin)
    pairs += [(each, None) for each in left] + [(None, each) for each in right]
    return [pair for pair in pairs if any(each is not None and each["level"] == "inline" for each in pair)]


def main() -> None:
    """Review every case twice and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="+", type=pathlib.Path)
    parser.add_argument("--mirrors", required=True, type=pathlib.Path)
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    cases = {}
    for path in given.cases:
        for line in path.read_text().splitlines():
            case = json.loads(line)
            if not given.only or case["id"] in given.only:
                cases[case["repo"], case["base"], case["head"]] = case["id"]
    rules = catalogue.load()
    totals = dict.fromkeys(("cases", "failed", "comments", "after", "changed"), 0)
    words: dict[str, MemoryWords] = {}
    for (repo, base, head), case in sorted(cases.items()):
        if repo not in words:
            words = {repo: MemoryWords()}
        try:
            found = reviews(given.mirrors / repo.replace("/", "+") / "repo", base, head, rules, words[repo])
        except (GitError, ValueError) as error:
            print(f"{case}: {error}", file=sys.stderr)
            totals["failed"] += 1
            continue
        one, other = (comments(report) for report in found)
        changed = differences(one, other)
        totals["cases"] += 1
        totals["comments"] += sum(each["level"] == "inline" for each in one)
        totals["after"] += sum(each["level"] == "inline" for each in other)
        totals["changed"] += len(changed)
        for before, after in changed:
            print(json.dumps({"case": case, "before": before, "after": after}), flush=True)
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
