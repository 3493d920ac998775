"""`/scalability-check results`: what performance jobs measured, as an answer, a check run and a page with a plot."""

import logging

from redis import Redis

from bot import kept_results
from bot.kept_results import Kept
from bot.review import Measured
from bot.review_request import Reply
from bot.settings import Settings
from workers.parser import Parser
from workers.results.artifacts import Artifacts, ResultsError, Source

_log = logging.getLogger(__name__)


def measured(settings: Settings, redis: Redis, parser: Parser, asked: Reply) -> Measured:
    """Fetch the runs that a command names, have the parser process read them, and give what is to be said.

    What cannot be had is said in the answer. ParserError: another try may do better.
    """
    source = Source(settings.results_hosts, settings.results_bucket)
    try:
        runs = [source.fetch(what, repository=asked.repository, number=asked.number) for what in asked.words]
    except ResultsError as error:
        _log.info("%s#%s: %s", asked.repository, asked.number, error)
        return Measured(f"I could not look at the results: {error}")
    change, base = runs[0], runs[1] if len(runs) > 1 else None
    read = parser.compare_results(change.files, base.files if base else None)
    text = f"{_sources(change, base)}\n\n{read['markdown']}"
    if read["verdict"] == "nothing":
        return Measured(text)
    page = None
    if settings.public_url:
        kept = Kept(asked.repository, asked.number, read["sentence"], text, read["svg"])
        page = f"{settings.public_url}/results/{kept_results.keep(redis, asked.command.key, kept)}"
        text += f"\n\n[As a picture]({page})"
    return Measured(text, title=read["sentence"], is_well=read["verdict"] == "well", page=page)


def _sources(change: Artifacts, base: Artifacts | None) -> str:
    # In angle brackets an address stays one, whatever it holds.
    return f"Change: <{change.where}>" + (f"\nBase: <{base.where}>" if base else "")
