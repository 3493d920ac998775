"""Comments: a diagnostic as the text that stands on its lines."""

import dataclasses
import hashlib
import itertools
import re
from collections.abc import Iterable, Sequence

from analyzers import catalogue
from analyzers.analysis.diagnostic import Diagnostic, Place, code
from analyzers.analysis.documentation import Documentation
from analyzers.kubernetes.perf_jobs import AS_OF
from bot.configuration import PATH
from bot.links import Links
from bot.markers import marker, markers
from bot.witness import Witness

# What people read before they decide whether to unfold the rest; a longer comment gives its last sentence to the fold.
WORDS = 60
RELATED = 10
# The last line of each comment.
QUIET_LINE = (
    "<sub>Helpful? A 👍 or 👎 is enough. To dismiss it, resolve this thread, or reply "
    "`/scalability-check dismiss` with `wrong`, `fine` or `later`.</sub>"
)
# Above this the documentation of a rule is cut: GitHub takes 65,536 characters, and nobody reads a tenth of them.
LONGEST_WHY = 6_000

_CODE = r"(?P<code>^```.*?^```[ \t]*$|(?<!`)(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"
_ISSUE = r"https?://github\.com/(?P<repository>[\w.-]+/[\w.-]+)/(?:pull|issues|discussions)/(?P<number>\d+)(?:[/#?](?:[\w/#?&=.-]*[\w/#=])?)?"
_NOISY = re.compile(
    rf"{_CODE}|\]\({_ISSUE}\)|(?P<bare>{_ISSUE.replace('?P<repository>', '?:').replace('?P<number>', '?:')})"
    r"|(?P<mention>(?<![\w`/.])@[A-Za-z0-9][\w-]*(?:/[\w.-]+)?)"
    r"|(?P<reference>(?<![\w`&/])(?:[\w.-]+(?:/[\w.-]+)?)?#\d+\b|\bGH-\d+\b)"
    r"|(?P<commit>\b(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,40}\b)",
    flags=re.MULTILINE | re.DOTALL,
)


def quiet(markdown: str) -> str:
    """Give Markdown of ours in which no name notifies a person and no number leaves a trace in another pull request.

    GitHub turns `@name`, `#123`, `owner/name#123`, a commit and the address of a pull request into links, and writes
    "mentioned this" into the other's time line: a rule's documentation cites such pull requests in each comment.
    """

    # A backtick without a partner would pair with ours: take a run of another length.
    lonely = {len(run) for run in re.findall("`+", re.sub(_CODE, "", markdown, flags=re.MULTILINE | re.DOTALL))}
    ticks = "`" * next(length for length in itertools.count(1) if length not in lonely)

    def hush(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        if found["number"]:
            # GitHub's own address for links that leave no trace.
            return found[0].replace("://github.com/", "://redirect.github.com/", 1)
        if found["bare"]:
            return re.sub(rf"^{_ISSUE}$", rf"{ticks}\g<repository>#\g<number>{ticks}", found["bare"])
        return f"{ticks}{found[0]}{ticks}"

    return _NOISY.sub(hush, markdown)


def concern_key(diagnostic: Diagnostic) -> str:
    """Identify what a diagnostic is about, whether it stands at one place or at many."""
    return hashlib.sha256(f"{diagnostic.analyzer}\0{diagnostic.concern}".encode()).hexdigest()[:16]


def concern_keys(diagnostic: Diagnostic) -> tuple[str, ...]:
    """Identify what a diagnostic is about under its rule's present name, then under those that the rule had before."""
    told = documentation(diagnostic.analyzer)
    named = (dataclasses.replace(diagnostic, analyzer=name) for name in (told.formerly if told else ()))
    return (concern_key(diagnostic), *map(concern_key, named))


def places_key(diagnostic: Diagnostic) -> str:
    """Identify where a diagnostic stands, but for line numbers, which shift with every push."""
    paths = sorted([diagnostic.path, *(place.path for place in diagnostic.related)])
    return hashlib.sha256("\0".join(paths).encode()).hexdigest()[:16]


def comment(
    diagnostic: Diagnostic,
    links: Links,
    *,
    elsewhere: bool = False,
    earlier: Iterable[str] = (),
    witnesses: Sequence[Witness] = (),
    edited: bool = False,
) -> str:
    """Give the text of the comment about a diagnostic, Markdown with its markers.

    elsewhere: the comment stands on other lines than the diagnostic (an old one that is edited), so it names them.
    earlier: fingerprints that the comment had before, which it keeps. witnesses: the lines that it rests on. edited: it stood
    with another text before.
    """
    first = quiet(" ".join(part.strip() for part in (diagnostic.construct, diagnostic.multiplier) if part))
    second = quiet(diagnostic.remedy.strip())
    unless = quiet(diagnostic.unless.strip())
    folded = [unless] if unless and words(f"{first} {second} {unless}") > WORDS else []
    paragraphs = [first, second if folded else f"{second} {unless}".strip()]
    if diagnostic.witness:
        way = (links.named(each.message, each.path, each.line) for each in diagnostic.witness)
        paragraphs.append(f"The way there: {' → '.join(way)}.")
    if also := _also(diagnostic, links, elsewhere):
        paragraphs.append(also)
    fingerprints = dict.fromkeys([diagnostic.fingerprint, *earlier])
    return "\n\n".join(
        [
            *(paragraph for paragraph in paragraphs if paragraph),
            _fold(diagnostic, links, folded),
            QUIET_LINE,
            "\n".join(
                [
                    *(marker(fingerprint) for fingerprint in fingerprints),
                    marker("about", concern_key(diagnostic), places_key(diagnostic), str(1 + len(diagnostic.related))),
                    *(
                        [marker("rule", diagnostic.analyzer, catalogue.version(diagnostic.analyzer))]
                        if diagnostic.analyzer in catalogue.names()
                        else []
                    ),
                    *(marker(*witness.words) for witness in witnesses),
                    *([marker("edited", links.head[:7])] if edited else []),
                ]
            ),
        ]
    )


def fixed(body: str, head: str, *, fold: bool) -> str:
    """Give the text of a comment whose finding a push fixed: what it said is folded, unless people talked about it."""
    return _settled(body, f"**Fixed in {head[:7]}.**", marker("fixed", head[:7]), fold=fold)


def allowed(body: str, head: str, reason: str, *, fold: bool) -> str:
    """Give the text of a comment whose finding a push silenced with an allow comment, for a reason ("" if it gives none)."""
    because = f": {code(reason)}" if reason else "."
    return _settled(body, f"**Allowed in {head[:7]}**{because}", marker("allowed", head[:7]), fold=fold)


def _settled(body: str, opening: str, mark: str, *, fold: bool) -> str:
    said = re.sub(r"^<!--.*?-->\r?$", "", body, flags=re.MULTILINE).replace(QUIET_LINE, "").rstrip()
    if fold:
        said = f"<details><summary>What was here</summary>\n\n{said}\n\n</details>"
    kept = [marker(*found) for found in markers(body) if found[0] not in {"fixed", "allowed"}]
    return "\n\n".join([opening, said, "\n".join([*kept, mark])])


def unfolded(body: str) -> str:
    """Give what is read of a comment before its fold is opened, without the line that asks whether it helped."""
    without = re.sub(r"<details>.*?</details>", "", body.replace(QUIET_LINE, ""), flags=re.DOTALL)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"^<!--.*?-->$", "", without, flags=re.MULTILINE)).strip()


def words(markdown: str) -> int:
    """Count words as a reader does."""
    return len(re.findall(r"[^\s`*|]*\w[^\s`*|]*", markdown))


def silence(diagnostic: Diagnostic) -> str:
    """Say how to keep this code without the comment, Markdown."""
    if diagnostic.path.endswith(".go"):
        allow = code(f"//scalability:allow {diagnostic.analyzer} REASON")
        return f"To keep the code as it is, write {allow} on this line or the one above it."
    return (
        f"Where this does not fit the repository, say so in {code(PATH)} on the base branch:\n\n"
        f"```yaml\nrules:\n  {diagnostic.analyzer}: notice  # or: off\n```"
    )


def documentation(name: str) -> Documentation | None:
    """Give a rule's documentation, None for what the bot says without being a rule."""
    return catalogue.documentation(name) if name in catalogue.names() else None


def formula(diagnostic: Diagnostic) -> str:
    """Give the estimate in one line, "" where there is none."""
    return code(diagnostic.estimate.formula, 400) if diagnostic.estimate and diagnostic.estimate.formula else ""


def jobs(names: Sequence[str], links: Links) -> str:
    """Say which performance jobs would show the effect, the commands in a fence: a trusted bot's bare line would start them."""
    here = links.repository.endswith("/kubernetes")
    sentence = (
        f"To see the effect on a cluster, comment (jobs as of {AS_OF}):"
        if here
        else f"In kubernetes/kubernetes, these jobs show the effect of such a change (as of {AS_OF}):"
    )
    return "\n".join([f"{sentence}\n\n```", *(f"/test {name}" for name in names), "```"])


def _also(diagnostic: Diagnostic, links: Links, elsewhere: bool) -> str:
    places = list(diagnostic.related)
    if elsewhere:
        places.insert(0, Place(diagnostic.path, diagnostic.line, diagnostic.end_line, diagnostic.function))
    if not places:
        return ""
    shown = [_place(place, links) for place in places[:RELATED]]
    rest = len(places) - len(shown)
    tail = f" and {rest} more {'place' if rest == 1 else 'places'}" if rest else ""
    return f"{'Now' if elsewhere else 'Also'} at {', '.join(shown)}{tail}."


def _place(place: Place, links: Links) -> str:
    where = links.place(place.path, place.line, place.end_line)
    return f"{where} ({code(place.message, 60)})" if place.message else where


def _fold(diagnostic: Diagnostic, links: Links, folded: Iterable[str]) -> str:
    parts = list(folded)
    told = documentation(diagnostic.analyzer)
    if told:
        why = told.why if len(told.why) <= LONGEST_WHY else told.why[:LONGEST_WHY].rsplit("\n\n", 1)[0]
        parts += [f"**{told.title}.** {quiet(why)}", f"```diff\n{_near_changes(told.example_hunk)}\n```"]
    if estimate := formula(diagnostic):
        parts.append(f"Estimate: {estimate}")
    if diagnostic.jobs:
        parts.append(jobs(diagnostic.jobs, links))
    parts.append(silence(diagnostic))
    if told:
        parts.append(links.rule(diagnostic.analyzer))
    summary = f"<summary>Why, an example, and how to silence this ({diagnostic.analyzer})</summary>"
    return "\n\n".join([f"<details>{summary}", *parts, "</details>"])


def _near_changes(hunk: str, context: int = 3) -> str:
    """Give a diff's changed lines with a little around them; the rule's page has the whole."""
    lines = hunk.rstrip().splitlines()
    changed = [index for index, line in enumerate(lines) if line[:1] in {"+", "-"}]
    near = [index for index in range(len(lines)) if any(abs(index - each) <= context for each in changed)]
    shown = []
    for previous, index in itertools.pairwise([-1, *near]):
        shown += ["  …"] if index > previous + 1 else []
        shown.append(lines[index])
    return "\n".join(shown)
