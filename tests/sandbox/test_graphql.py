"""The part of GraphQL that REST lacks, as strict as GitHub's."""

import json
from typing import Any

import pytest

from tests.sandbox.conftest import NAME, Clock, Scene, client, text
from workers.sandbox import SimulatedGitHub
from workers.sandbox.graphql.syntax import GraphQLError, parse

THREADS = """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 2, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes { ...Thread }
      }
    }
  }
}
fragment Thread on PullRequestReviewThread {
  id isResolved isOutdated path line originalLine viewerCanResolve
  comments(first: 10) { nodes { databaseId body author { __typename login } replyTo { databaseId } } }
}
"""
VARIABLES = {"owner": "octo", "name": "kubernetes", "number": 1}


def ask(scene: Scene, query: str, variables: dict[str, Any] | None = None, token: str | None = None) -> dict[str, Any]:
    api = client(scene.github, token) if token else scene.api
    status, _, answer = api.requester.requestJson(
        "POST", api.requester.graphql_url, input={"query": query, "variables": variables or {}}
    )
    if token:
        api.close()
    assert status == 200
    return dict(json.loads(answer))


def review(scene: Scene, *lines: int) -> None:
    comments = [{"path": "a.txt", "line": line, "body": f"on {line}"} for line in lines]
    scene.seen_pull.create_review(event="COMMENT", comments=comments)  # type: ignore[arg-type]


def test_threads_with_their_comments_in_pages(scene: Scene) -> None:
    review(scene, 10, 11, 31)
    scene.repository.reply(scene.pull, scene.pull.review_comments[0], "lead", "indeed")
    data = scene.api.requester.graphql_query(THREADS, VARIABLES)[1]["data"]
    threads = data["repository"]["pullRequest"]["reviewThreads"]
    assert threads["totalCount"] == 3 and threads["pageInfo"]["hasNextPage"]
    first = threads["nodes"][0]
    assert (first["isResolved"], first["isOutdated"], first["line"], first["viewerCanResolve"]) == (
        False,
        False,
        10,
        False,
    )
    said = [
        (found["author"]["__typename"], found["author"]["login"], found["body"]) for found in first["comments"]["nodes"]
    ]
    assert said == [("Bot", "scalability-bot", "on 10"), ("User", "lead", "indeed")]  # no [bot] here, unlike in REST
    assert first["comments"]["nodes"][1]["replyTo"]["databaseId"] == first["comments"]["nodes"][0]["databaseId"]
    after = {**VARIABLES, "after": threads["pageInfo"]["endCursor"]}
    rest = ask(scene, THREADS, after)["data"]["repository"]["pullRequest"]["reviewThreads"]
    assert [found["line"] for found in rest["nodes"]] == [31] and not rest["pageInfo"]["hasNextPage"]


def test_outdated_and_resolved_threads_say_so(scene: Scene) -> None:
    review(scene, 10)
    scene.repository.push(scene.pull, {"a.txt": text("other")})
    scene.repository.resolve(scene.pull.review_comments[0], "lead")
    (thread,) = ask(scene, THREADS, VARIABLES)["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    assert (thread["isResolved"], thread["isOutdated"], thread["line"], thread["originalLine"]) == (
        True,
        True,
        None,
        10,
    )


def test_resolving_needs_contents_write(scene: Scene) -> None:
    review(scene, 10)
    (thread,) = ask(scene, THREADS, VARIABLES)["data"]["repository"]["pullRequest"]["reviewThreads"]["nodes"]
    mutation = "mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }"
    answer = ask(scene, mutation, {"id": thread["id"]})
    assert (
        answer["errors"][0]["type"] == "FORBIDDEN"
        and answer["errors"][0]["message"] == "Resource not accessible by integration"
    )
    assert scene.pull.review_comments[0].resolved_by is None
    installation = next(iter(scene.github.state.installations.values()))
    installation.permissions["contents"] = "write"
    answer = ask(scene, mutation, {"id": thread["id"]}, scene.github.token().value)
    assert answer["data"]["resolveReviewThread"]["thread"]["isResolved"]


def test_a_comment_is_hidden_with_a_reason(scene: Scene) -> None:
    review(scene, 10)
    comment = scene.seen_pull.create_issue_comment("old")
    mutation = """mutation($id: ID!, $why: ReportedContentClassifiers!) {
      minimizeComment(input: {subjectId: $id, classifier: $why}) { minimizedComment { isMinimized minimizedReason } }
    }"""
    for node in (comment.node_id, next(iter(scene.seen_pull.get_review_comments())).node_id):
        answer = ask(scene, mutation, {"id": node, "why": "OUTDATED"})
        assert answer["data"]["minimizeComment"]["minimizedComment"] == {
            "isMinimized": True,
            "minimizedReason": "outdated",
        }
    assert scene.pull.comments[0].minimized == scene.pull.review_comments[0].minimized == "outdated"
    assert "errors" in ask(scene, mutation, {"id": comment.node_id, "why": "BORING"})
    undo = "mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { unminimizedComment { isMinimized } } }"
    assert "errors" not in ask(scene, undo, {"id": comment.node_id}) and scene.pull.comments[0].minimized is None
    comment.minimize()  # PyGithub's own way
    assert scene.pull.comments[0].minimized == "outdated"
    reading = scene.github.token({"pull_requests": "read"}).value
    assert ask(scene, undo, {"id": comment.node_id}, reading)["errors"][0]["type"] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("colour", "Field 'colour' doesn't exist on type 'PullRequest'"),
        ("reviewThreads { totalCount }", "must provide a `first` or `last`"),
        ("reviewThreads(first: 101) { totalCount }", "exceeds the `first` limit of 100"),
        ("reviewThreads(count: 1) { totalCount }", "doesn't accept argument 'count'"),
        ("author", "must have selections"),
        ("...Nothing", "was used, but not defined"),
        ("title(", "Parse error"),
    ],
)
def test_a_wrong_query_is_refused_in_githubs_words(scene: Scene, inner: str, said: str) -> None:
    query = f'{{ repository(owner: "octo", name: "kubernetes") {{ pullRequest(number: 1) {{ {inner} }} }} }}'
    assert said in ask(scene, query)["errors"][0]["message"]


def test_what_is_not_there_or_not_ours_is_not_found(scene: Scene) -> None:
    scene.github.repository("elsewhere/secret", private=True)
    for query in (
        '{ repository(owner: "octo", name: "nowhere") { id } }',
        '{ repository(owner: "elsewhere", name: "secret") { id } }',
        f'{{ repository(owner: "octo", name: "{NAME.partition("/")[2]}") {{ pullRequest(number: 9) {{ id }} }} }}',
        '{ node(id: "PR_nonsense") { id } }',
    ):
        assert ask(scene, query)["errors"][0]["type"] == "NOT_FOUND"


def test_a_query_needs_a_token_and_a_query(scene: Scene) -> None:
    requester = scene.api.requester
    assert requester.requestJson("POST", requester.graphql_url, input={"q": 1})[0] == 400
    with client(scene.github, "unknown") as stranger:
        assert (
            stranger.requester.requestJson("POST", requester.graphql_url, input={"query": "{ viewer { login } }"})[0]
            == 401
        )


def test_more_ways_to_ask(scene: Scene) -> None:
    review(scene, 10)
    scene.seen_pull.create_issue_comment("hello")
    query = """
    query First($skip: Int = 1) { viewer { login } rateLimit { limit }
      found: repository(owner: "octo", name: "kubernetes") {
        nameWithOwner
        pullRequest(number: $skip) {
          state isDraft headRefOid author { ... on User { login } }
          reviews(last: 1) { nodes { state commit { oid } comments(first: 1) { totalCount } } }
          comments(first: 1) { edges { cursor node { body viewerDidAuthor } } }
        }
      }
    }"""
    data = ask(scene, query)["data"]
    assert data["viewer"]["login"] == "scalability-bot[bot]"
    pull = data["found"]["pullRequest"]
    assert (pull["state"], pull["headRefOid"], pull["author"]["login"]) == ("OPEN", scene.pull.head_sha, "contributor")
    assert pull["reviews"]["nodes"] == [
        {"state": "COMMENTED", "commit": {"oid": scene.pull.head_sha}, "comments": {"totalCount": 1}}
    ]
    assert pull["comments"]["edges"][0]["node"] == {"body": "hello", "viewerDidAuthor": True}


@pytest.mark.parametrize(
    "query", ["", "{", "{ a(b: ) }", "subscription { a }", "{ a } %", '{ a(b: "unclosed) }', "{ a(b: {c:"]
)
def test_what_is_no_graphql_is_refused(query: str) -> None:
    with pytest.raises(GraphQLError):
        parse(query)


def test_open_pull_requests_come_with_their_heads_check_runs_and_late_heads(scene: Scene) -> None:
    query = """query($app: Int!) { repository(owner: "octo", name: "kubernetes") {
      pullRequests(states: OPEN, first: 10, orderBy: {field: UPDATED_AT, direction: DESC}) { nodes {
        number headRefOid commits(last: 1) { nodes { commit { oid checkSuites(first: 1, filterBy: {appId: $app}) { nodes {
          checkRuns(first: 5, filterBy: {checkName: "scalability", checkType: ALL}) { nodes { externalId } } } } } } } } } } }"""
    closed = scene.repository.open_pull({"x.txt": "x\n"})
    scene.repository.close(closed)
    for name in ("scalability", "another"):
        scene.seen.create_check_run(
            name, scene.pull.head_sha, external_id=name, status="completed", conclusion="neutral"
        )

    def ask(app: int) -> Any:
        _, answer = scene.api.requester.graphql_query(query, {"app": app})
        [pull] = answer["data"]["repository"]["pullRequests"]["nodes"]
        [commit] = [node["commit"] for node in pull["commits"]["nodes"]]
        runs = [run for suite in commit["checkSuites"]["nodes"] for run in suite["checkRuns"]["nodes"]]
        return pull["headRefOid"], commit["oid"], runs

    head = scene.pull.head_sha
    assert ask(scene.github.app_id) == (head, head, [{"externalId": "scalability"}])
    assert ask(1) == (head, head, [])
    scene.github.state.head_lag = 3600.0
    scene.repository.push(scene.pull, {"new.txt": "three\n"})
    assert ask(scene.github.app_id)[:2] == (head, head)
    assert scene.seen.get_pull(scene.pull.number).head.sha == head
    assert scene.pull.head_sha != head


def test_every_change_moves_the_time_of_a_pull_request(github: SimulatedGitHub) -> None:
    clock = Clock()
    github.state.clock = clock
    repository = github.repository("octo/moving")
    repository.commit({"a.txt": "a\n"})
    repository.commit({"a.txt": "b\n"}, branch="release")
    pull = repository.open_pull({"a.txt": "c\n"})
    comment = repository.comment(pull, "somebody", "words")
    for change in (
        lambda: repository.push(pull, {"a.txt": "d\n"}),
        lambda: repository.edit(pull, title="T"),
        lambda: repository.move_base(pull, "release"),
        lambda: repository.label(pull, "l"),
        lambda: repository.unlabel(pull, "l"),
        lambda: repository.comment(pull, "somebody", "more"),
        lambda: repository.edit_comment(pull, comment, "others"),
        lambda: repository.review(pull, "somebody", "fine"),
        lambda: repository.close(pull),
        lambda: repository.reopen(pull),
    ):
        before = pull.updated_at
        clock.now += 10
        change()
        assert before < pull.updated_at == clock.now
