"""Who asks: the App's JSON Web Token, installation access tokens, and what each of them may do."""

import base64
import contextlib
from typing import Any

import jwt

from .call import Refusal, invalid
from .records import App, Installation, Token
from .state import State

LEVELS = {"read": 1, "write": 2, "admin": 3}


def app_of(state: State, token: str) -> App:
    """Give the App that a JSON Web Token is signed by: RS256, `iss` the App's id or client id, valid for at most 10 minutes.

    Raises:
        Refusal: it is not; GitHub's sentence says why.
    """
    now = state.clock()
    try:
        issuer = str(jwt.decode(token, options={"verify_signature": False}).get("iss", ""))
    except jwt.InvalidTokenError:
        raise Refusal(401, "A JSON web token could not be decoded") from None
    app = next((app for app in state.apps if issuer in (str(app.id), app.client_id)), None)
    if app is None:
        raise Refusal(401, "Integration must be found for the 'Issuer' claim ('iss')")
    claims = _claims(app, token)
    if claims is None:
        raise Refusal(401, "A JSON web token could not be decoded")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int):
        raise Refusal(
            401,
            "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
        )
    if expires <= now:
        raise Refusal(401, "'Expiration time' claim ('exp') must be in the future")
    if expires > now + 600:
        raise Refusal(401, "'Expiration time' claim ('exp') is too far in the future")
    if not isinstance(issued, int) or issued > now + 60:
        raise Refusal(
            401, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
        )
    return app


def _claims(app: App, token: str) -> dict[str, Any] | None:
    """Give what a JSON Web Token says, if one of the App's keys signed it."""
    options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}
    for key in app.public_keys:
        with contextlib.suppress(jwt.InvalidTokenError):
            return dict(jwt.decode(token, key, algorithms=["RS256"], options=options))
    return None


def token_of(state: State, value: str) -> Token:
    """Give the installation access token of that value.

    Raises:
        Refusal: there is none, or it has expired.
    """
    token = state.tokens.get(value)
    if token is None or token.expires_at <= state.clock() or token.installation.id not in state.installations:
        raise Refusal(401, "Bad credentials")
    return token


def credential(state: State, authorization: str) -> tuple[App | None, Token | None]:
    """Give the App or the token that an Authorization header names; (None, None) without one.

    Raises:
        Refusal: it names neither.
    """
    if not authorization:
        return None, None
    scheme, _, value = authorization.partition(" ")
    value = value.strip()
    if scheme.lower() == "basic":
        try:
            value = base64.b64decode(value, validate=True).decode().partition(":")[2]
        except ValueError:
            raise Refusal(401, "Bad credentials") from None
    elif scheme.lower() not in ("bearer", "token"):
        raise Refusal(401, "Bad credentials")
    if value.count(".") == 2:
        return app_of(state, value), None
    return None, token_of(state, value)


def permitted(token: Token, needs: tuple[str, ...]) -> bool:
    """Say whether a token has one of the needed permissions ("issues:write"); write includes read."""
    for need in needs:
        name, _, level = need.partition(":")
        if LEVELS.get(token.permissions.get(name, ""), 0) >= LEVELS[level]:
            return True
    return not needs


def mint(state: State, installation: Installation, asked: dict[str, Any]) -> Token:
    """Mint a token of an installation, narrowed to the repositories and permissions that the App asks for.

    Raises:
        Refusal: it asks for more than the installation has.
    """
    permissions = dict(installation.permissions)
    if asked.get("permissions"):  # {} asks for nothing in particular: PyGithub sends it where it is not told
        for name, level in asked["permissions"].items():
            if LEVELS[level] > LEVELS.get(permissions.get(name, ""), 0):
                raise Refusal(422, "The permissions requested are not granted to this installation.")
        permissions = {"metadata": "read", **asked["permissions"]}
    chosen = installation.repositories
    if "repositories" in asked or "repository_ids" in asked:
        chosen = set()
        mine = {
            repository.name.lower(): repository.id
            for repository in state.repositories.values()
            if state.installation_of(repository) is installation
        }
        for name in asked.get("repositories", ()):
            chosen.add(mine.get(str(name).lower(), -1))
        for number in asked.get("repository_ids", ()):
            chosen.add(number if number in mine.values() else -1)
        if -1 in chosen:
            raise Refusal(
                422,
                "There is at least one repository that does not exist or is not accessible to the parent installation.",
            )
        if not chosen:
            raise invalid("Token", "repositories", "invalid")
    return state.token(installation, permissions, chosen)
