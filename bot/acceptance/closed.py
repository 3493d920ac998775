"""Closed: which of the pull requests with comments are no longer open. Reactions and lost deliveries send no webhook."""

from collections.abc import Iterable, Iterator, Sequence

from bot.github import GitHub, Refused

# Of one question to GraphQL, which costs GitHub's rate limit one point.
_AT_ONCE = 100


def no_longer_open(github: GitHub, numbers: Iterable[int]) -> Iterator[int]:
    """Yield those of a repository's pull requests that are closed, merged, or gone. GitHubError if GitHub cannot be read."""
    wanted = list(numbers)
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        states = _states(github, some)
        yield from (number for number in some if states.get(number) != "OPEN")


def _states(github: GitHub, numbers: Sequence[int]) -> dict[int, str]:
    owner, _, name = github.name.partition("/")
    fields = " ".join(f"p{number:d}: pullRequest(number: {number:d}) {{ state }}" for number in numbers)
    query = f"query($owner: String!, $name: String!) {{ repository(owner: $owner, name: $name) {{ {fields} }} }}"
    try:
        found = github.graphql(query, {"owner": owner, "name": name})["repository"]
    except Refused:
        return {}  # one of them is gone, with its author's account: whoever looks at each finds out
    return {number: found[f"p{number}"]["state"] for number in numbers}
