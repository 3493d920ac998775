"""A simulated GitHub: it stands for github.com in the tests, and in `make run` where there are no credentials.

A stateful web server on 127.0.0.1 with the REST and GraphQL calls of a review bot, git over smart HTTP, signed webhooks
and pages to look at. Every request and answer is checked against GitHub's official description (description/); what
that lacks is added: lines must be in the diff, one pending review a user, outdated comments, sizes, rate limits. It
knows nothing of analyzers or bot: it is the other side of the wire.

    with SimulatedGitHub(folder) as github:                # folder: where its bare repositories go; the port is free
        repository = github.repository("octo/kubernetes")  # makes it, with the App installed on "octo"
        repository.commit({"a.go": "package a\\n"})
        pull = repository.open_pull({"a.go": "package a\\n\\nfunc A() {}\\n"}, "Add A", "contributor")

What a client needs: `github.url` (the API: PyGithub's base_url), `github.git_url` (fetch GIT_URL/OWNER/NAME.git, where
refs/pull/N/head is), `github.app_id`, `github.private_key` (PEM), `github.webhook_secret`.
`github.token({"contents": "read"}, ["kubernetes"]).value` mints a token without the detour over HTTP;
`github.page(pull)` is the page that shows the pull request.

**People act** by `repository`: commit, open_pull(draft=, body=, base=, association=), push, force_push, move_base, edit,
ready, close, reopen, label, unlabel, comment(pull, user, body, association), edit_comment, review, reply, resolve,
rerequest(check_run), delete_review_comment, member(login, association). What they and the bot left is in the records:
`pull.reviews`, `pull.review_comments` (`.current` is None once outdated), `pull.comments`, `pull.labels`,
`repository.check_runs(pull)`.

**Webhooks** go to `github.webhook_url`, which may be set at any time (None, the default, keeps them as pending).
`github.delivered()` waits until all are sent and gives every attempt (`.event`, `.action`, `.body`, `.headers`,
`.status_code`). `github.redeliver(delivery)` asks again under the same id, `github.ping()` pings;
`deliver(delivery, url, secret=...)` sends one by hand: twice, late, or forged with another secret.

**Faults** at any call, before or after it took effect:

    github.faults.add(Fault(method="POST", path="/reviews$", when="after", status=502))  # applied, the answer is lost
    github.faults.add(Fault(path="git-upload-pack", status="drop", skip=1, times=2))      # the connection breaks
    github.faults.add(Fault(delay=0.5, status=None, times=None))                           # slow, all from now on

From another process: POST the same fields as JSON to GIT_URL/-/faults; DELETE there clears them.

**Assertions**: `github.state.requests` is the log (`.method`, `.path` without /api/v3, `.operation` such as
"pulls/create-review", `.who`, `.body`, `.status`). `github.state.limits` holds every limit (per_hour,
content_per_minute, diff_files ...; None is none). `github.state.lag = n` hides what is new from the next n lists that
would show it. SimulatedGitHub(clock=...) takes the time from a function. Hold `github.state.lock` to read records while
clients write. An answer that contradicts GitHub's description is our mistake: it is a 500, and leaving the `with` raises.

`prepare(folder)`, `serve(folder, ...)` and `load_sample(github)` are what `scalability-bot sandbox` and
`scalability-bot run` call.
"""

from .faults import Fault
from .git import Entry
from .people import SimulatedRepository
from .sample import load_sample
from .serving import Credentials, prepare, serve
from .simulated import SimulatedGitHub
from .state import State
from .webhooks import deliver

__all__ = [
    "Credentials",
    "Entry",
    "Fault",
    "SimulatedGitHub",
    "SimulatedRepository",
    "State",
    "deliver",
    "load_sample",
    "prepare",
    "serve",
]
