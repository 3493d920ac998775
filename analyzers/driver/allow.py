"""Allow comments (analysis.allowances) that say too little."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from analyzers.analysis.allowances import Allowances
from analyzers.analysis.change import ChangedFile
from analyzers.analysis.diagnostic import Diagnostic, Level, Place, code


def unreasoned(file: ChangedFile, comments: Allowances, rules: Collection[str]) -> Iterator[Diagnostic]:
    """Yield a notice for the added allow comments that give no reason or name no rule: one for all of one kind."""
    lacking: dict[str, list[int]] = defaultdict(list)
    for line, comment in comments.by_line.items():
        if line in file.diff.added and not (comment.rule in rules and comment.reason):
            lacking[comment.rule].append(line)
    for rule, lines in lacking.items():
        named = f"names no rule ({code(rule)})" if rule else "names no rule"
        yield Diagnostic(
            analyzer="allow",
            path=file.path,
            line=lines[0],
            end_line=lines[0],
            construct=f"This {code('//scalability:allow')} comment {'gives no reason' if rule in rules else named}.",
            remedy=f"Write {code('//scalability:allow RULE reason')}, so that the next reader knows why.",
            concern=f"allow {rule}",
            level=Level.NOTICE,
            related=tuple(Place(file.path, line, line) for line in lines[1:]),
        )
