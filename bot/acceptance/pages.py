"""The page /stats of the operator's port: what became of the comments, with plots over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from redis import RedisError
from werkzeug.exceptions import NotFound

from bot.acceptance import overview
from bot.acceptance.figures import ANCHORS, Figures, per_cent
from bot.acceptance.overview import Overview
from bot.acceptance.record import KEPT
from bot.acceptance.store import Store

blueprint = Blueprint("stats", __name__)
WEEKS = (4, 13, KEPT.days // 7)
# Of the comments that people called wrong, so many are linked: who mends a rule begins there.
LATEST = 20
# An SVG as an image has a document of its own: its styles are inside it, and nothing else may be.
_PICTURE = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A comment that people dismissed as wrong: its rule, the pull request ("owner/name#1"), and its address."""

    rule: str
    pull: str
    address: str


@blueprint.get("/stats")
def show() -> ResponseReturnValue:
    """Show the figures, of one repository (?repository=) or all, of the last weeks (?weeks=)."""
    asked, number = _asked()
    try:
        store = _store()
        now = store.now()
        found = _read(store, asked, number, now)
        wrong = _wrong(store, asked)
    except RedisError as error:
        problem = f"The figures cannot be read ({error}): check REDIS_URL and the server."
        return render_template("status_away.html", problem=problem), HTTPStatus.SERVICE_UNAVAILABLE
    return render_template(
        "stats.html",
        found=found,
        weeks=found.by_week(now),
        number=number,
        choices=WEEKS,
        wrong=wrong,
        anchors=ANCHORS,
        per_cent=per_cent,
    )


@blueprint.get("/stats/<any(outcomes, shares):name>.svg")
def picture(name: str) -> ResponseReturnValue:
    """Give a plot of the same."""
    from bot.acceptance import plots  # pygal takes a while to load, and whoever serves webhooks needs it never

    asked, number = _asked()
    try:
        store = _store()
        now = store.now()
        weeks: Mapping[str, Figures] = _read(store, asked, number, now).by_week(now)
    except RedisError:
        raise NotFound("The figures cannot be read now.") from None
    drawn = plots.outcomes(weeks) if name == "outcomes" else plots.shares(weeks)
    return Response(drawn, mimetype="image/svg+xml", headers={"Content-Security-Policy": _PICTURE})


def _store() -> Store:
    return Store(current_app.extensions["queues"].connection)


def _asked() -> tuple[str, int]:
    number = request.args.get("weeks", "")
    return request.args.get("repository", "")[:200], int(number) if number in map(str, WEEKS) else WEEKS[-1]


def _read(store: Store, repository: str, number: int, now: float) -> Overview:
    since = overview.last(number, now) if number < WEEKS[-1] else None
    return overview.read(store, current_app.extensions["settings"].demote, repository or None, since)


def _wrong(store: Store, repository: str) -> list[Wrong]:
    host = current_app.extensions["settings"].github_git_url
    found: list[tuple[float, Wrong]] = []
    for name, record in store.records():
        where, _, number = name.partition("#")
        if repository and where != repository.lower():
            continue
        found += (
            (each.at, Wrong(each.rule, name, f"{host}/{where}/pull/{number}#discussion_r{identity}"))
            for identity, each in record.comments.items()
            if each.why == "wrong"
        )
    found.sort(key=lambda each: each[0], reverse=True)
    return [each for _, each in found[:LATEST]]
