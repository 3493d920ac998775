"""The page of a review's report: /reports/NAME, for those who may see the repository, as GitHub says; and signing in for it.

Names cannot be guessed, and whoever may not read a report is told what is told of one that is not there.
"""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from redis import RedisError
from werkzeug.exceptions import BadRequest, ServiceUnavailable
from werkzeug.wrappers import Response as BaseResponse

from analyzers.analysis.diagnostic import Level
from analyzers.kubernetes.production_readiness import QUESTIONS
from bot import kept_reports, readiness
from bot.kept_reports import KeptReport
from bot.links import Links
from bot.settings import Settings
from bot.sign_in import Busy, Person, SignIn, SignInError

blueprint = Blueprint("reports", __name__)
_SESSION, _STATE = "__Host-session", "__Host-state"
_LONGEST = 100
_LONGEST_COOKIE = 2_000


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Have neither a cache nor a search engine keep what was shown to one person."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/reports/<name>")
def report(name: str) -> ResponseReturnValue:
    """Show a report to whoever may see its repository."""
    sign_in, person = _sign_in(), _person()
    try:
        kept = kept_reports.read(sign_in.redis, name)
        if kept is not None and sign_in.is_public(kept.repository):
            return _shown(kept, person)
        if person is None:
            return _not_here(name, None)
        may = sign_in.remembered(person, name)
    except RedisError:
        raise ServiceUnavailable("What is kept cannot be read now: try again in a moment.") from None
    except Busy as busy:
        raise ServiceUnavailable(str(busy)) from None
    except SignInError:
        return _not_here(name, person)  # GitHub is away, so that nothing is known of the repository
    if may is None:
        return redirect(url_for("reports.begin", report=name))  # who agreed once is not asked again by GitHub
    if not may or kept is None:
        return _not_here(name, person)
    return _shown(kept, person)


@blueprint.get("/sign-in")
def begin() -> ResponseReturnValue:
    """Send a person to GitHub, to come back to a report."""
    sign_in = _sign_in()
    if not sign_in.is_offered:
        raise BadRequest("Nobody signs in here: this bot shows reports of public repositories only.")
    address, cookie = sign_in.begin(request.args.get("report", "")[:_LONGEST])
    response = redirect(address, HTTPStatus.SEE_OTHER)
    _set(response, _STATE, cookie)
    return response


@blueprint.get("/signed-in")
def finish() -> ResponseReturnValue:
    """Take GitHub's answer: who it is, and whether they may read the report that was wanted."""
    sign_in = _sign_in()
    name = sign_in.wanted(_cookie(_STATE), request.args.get("state", ""))
    if name is None:
        raise BadRequest("This is not the answer to a sign-in that began in this browser: begin again at the report.")
    code = request.args.get("code", "")
    if not code or len(code) > _LONGEST:  # the person said no
        return _forget(_STATE, redirect(url_for("reports.report", name=name), HTTPStatus.SEE_OTHER))
    try:
        kept = kept_reports.read(sign_in.redis, name)
        person = sign_in.finish(code, name, kept.repository if kept else None)
    except RedisError:
        raise ServiceUnavailable("What is kept cannot be read now: try again in a moment.") from None
    except SignInError as error:
        raise ServiceUnavailable(str(error)) from None
    response = redirect(url_for("reports.report", name=name), HTTPStatus.SEE_OTHER)
    _set(response, _SESSION, sign_in.session(person))
    return _forget(_STATE, response)


@blueprint.post("/sign-out")
def end() -> ResponseReturnValue:
    """Forget who it is. The cookie is not sent along with other sites' forms."""
    return _forget(_SESSION, redirect(url_for("pages.rules"), HTTPStatus.SEE_OTHER))


def _shown(kept: KeptReport, person: Person | None) -> ResponseReturnValue:
    settings: Settings = current_app.extensions["settings"]
    links = Links(kept.repository, kept.head, settings.github_git_url, settings.public_url)
    warnings = [each for each in kept.report.diagnostics if each.level is Level.WARNING]
    return render_template(
        "report.html",
        kept=kept,
        report=kept.report,
        groups=[
            ("Worth a look", warnings),
            ("Smaller notes", [each for each in kept.report.diagnostics if each not in warnings]),
        ],
        links=links,
        pull=f"{settings.github_git_url}/{kept.repository}/pull/{kept.number}",
        answers=[
            (question, [each for each in kept.report.readiness if each.topic is question.topic])
            for question in QUESTIONS
        ],
        section="\n\n".join(readiness.section(kept.report, links.place)),
        person=person,
    )


def _not_here(name: str, person: Person | None) -> ResponseReturnValue:
    return render_template(
        "report_not_here.html", name=name, person=person, offered=_sign_in().is_offered
    ), HTTPStatus.NOT_FOUND


def _sign_in() -> SignIn:
    found: SignIn = current_app.extensions["sign_in"]
    return found


def _person() -> Person | None:
    return _sign_in().person(_cookie(_SESSION))


def _cookie(name: str) -> str:
    value = request.cookies.get(name, "")
    return value if len(value) <= _LONGEST_COOKIE else ""


def _set(response: BaseResponse, name: str, value: str) -> None:
    # Lax: GitHub's redirect comes from another site, and must bring the cookie. __Host-: only this very host can set it.
    response.set_cookie(name, value, secure=True, httponly=True, samesite="Lax", path="/")


def _forget(name: str, response: BaseResponse) -> BaseResponse:
    response.delete_cookie(name, secure=True, httponly=True, samesite="Lax", path="/")
    return response
