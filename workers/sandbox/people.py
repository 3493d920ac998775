"""A repository of the simulated GitHub in the hands of people: they commit, open pull requests, push, comment, label, close."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from . import changes
from .forms import Forms
from .git import Entry
from .records import Association, CheckRun, Comment, Pull, Repository, Review, ReviewComment
from .state import State

Files = Mapping[str, str | bytes | Entry | None]


class SimulatedRepository:
    """A repository in the hands of people: they commit, open pull requests, push, comment, label, close."""

    def __init__(self, state: State, record: Repository) -> None:
        self.record = record
        self.git = record.git
        self.full_name = record.full_name
        self._state = state

    def member(self, login: str, association: Association) -> None:
        """Have a user be something to the repository: it goes into `author_association` and permissions."""
        with self._state.lock:
            self._state.user(login)
            self.record.associations[login.lower()] = association

    def commit(
        self,
        files: Files,
        message: str = "Change files",
        *,
        parent: str | None = None,
        branch: str | None = None,
        author: str = "octocat",
    ) -> str:
        """Write a commit and give its sha.

        Args:
            files: path -> content; None removes a file.
            message: the commit message.
            parent: a sha; without one the branch's newest commit.
            branch: the branch that moves to the commit; by default the default branch, or with `parent` given, none.
            author: a login.
        """
        with self._state.lock:
            name = branch or (None if parent else self.record.default_branch)
            ref = f"refs/heads/{name}" if name else "refs/sandbox/loose"
            start = parent or (self.git.refs("refs/heads/").get(ref) if name else None)
            return self.git.commit(files, message, [start] if start else [], author, int(self._state.now()), ref)

    def open_pull(
        self,
        head: str | Files,
        title: str = "A change",
        author: str = "contributor",
        *,
        base: str | None = None,
        body: str | None = "",
        draft: bool = False,
        branch: str = "feature",
        association: Association | None = None,
    ) -> Pull:
        """Open a pull request from the author's fork.

        Args:
            head: the sha of its head, or the files to commit on top of the base.
            title: its title.
            author: a login.
            base: the branch it goes into; by default the default branch.
            body: its description.
            draft: whether it is a draft.
            branch: the name of the branch in the fork.
            association: what the author is to the repository; by default what `member` said, else NONE.
        """
        state, record = self._state, self.record
        with state.lock:
            base_ref = base or record.default_branch
            base_sha = self.git.refs("refs/heads/")[f"refs/heads/{base_ref}"]
            number = max([0, *record.pulls]) + 1
            if not isinstance(head, str):
                head = self.git.commit(head, title, [base_sha], author, int(state.now()), "refs/sandbox/loose")
            user = state.user(author)
            now = state.now()
            pull = Pull(
                id=state.id(),
                number=number,
                user=user,
                association=association or state.association(record, user),
                title=title,
                body=body,
                base_ref=base_ref,
                base_sha=base_sha,
                head_ref=branch,
                head_sha=head,
                created_at=now,
                updated_at=now,
                fork_id=state.id(),
                draft=draft,
            )
            pull.heads.append(head)
            pull.pushed.append((state.clock(), head))
            record.pulls[number] = pull
            self.git.set_ref(f"refs/pull/{number}/head", head)
            changes.pull_event(state, record, pull, "opened", user)
            return pull

    def push(self, pull: Pull, files: Files, message: str = "Address review comments") -> str:
        """Push a commit on top of a pull request's head; give its sha. Comments move with their lines or become outdated."""
        with self._state.lock:
            now = int(self._state.now())
            head = self.git.commit(files, message, [pull.head_sha], pull.user.login, now, "refs/sandbox/loose")
            return self.force_push(pull, head)

    def force_push(self, pull: Pull, head: str) -> str:
        """Have a pull request's head be another commit, whatever it was; give its sha."""
        state = self._state
        with state.lock:
            before, pull.head_sha = pull.head_sha, head
            pull.heads.append(head)
            pull.pushed.append((state.clock(), head))
            self.git.set_ref(f"refs/pull/{pull.number}/head", head)
            changes.reanchor(self.record, pull)
            if pull.state == "open":
                changes.pull_event(
                    state, self.record, pull, "synchronize", pull.user, {"before": before, "after": head}
                )
            return head

    def move_base(self, pull: Pull, base: str) -> None:
        """Have a pull request go into another branch."""
        state = self._state
        with state.lock:
            was = {"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha}}
            pull.base_ref, pull.base_sha = base, self.git.refs("refs/heads/")[f"refs/heads/{base}"]
            changes.reanchor(self.record, pull)
            changes.pull_event(state, self.record, pull, "edited", pull.user, {"changes": {"base": was}})

    def edit(self, pull: Pull, *, title: str | None = None, body: str | None = None) -> None:
        """Change title or description."""
        state = self._state
        with state.lock:
            was: dict[str, Any] = {}
            if title is not None:
                was["title"], pull.title = {"from": pull.title}, title
            if body is not None:
                was["body"], pull.body = {"from": pull.body or ""}, body
            changes.pull_event(state, self.record, pull, "edited", pull.user, {"changes": was})

    def ready(self, pull: Pull) -> None:
        """Mark a draft as ready for review."""
        self._turn(pull, "ready_for_review", draft=False)

    def close(self, pull: Pull, *, merged: bool = False) -> None:
        """Close a pull request, merged or not (the base branch does not move)."""
        with self._state.lock:
            pull.closed_at, pull.merged = self._state.now(), merged
            self._turn(pull, "closed", state="closed")

    def reopen(self, pull: Pull) -> None:
        """Open a closed pull request again."""
        with self._state.lock:
            pull.closed_at = None
            self._turn(pull, "reopened", state="open")

    def _turn(
        self, pull: Pull, action: str, *, draft: bool | None = None, state: Literal["open", "closed"] | None = None
    ) -> None:
        with self._state.lock:
            pull.draft = pull.draft if draft is None else draft
            pull.state = state or pull.state
            changes.pull_event(self._state, self.record, pull, action, pull.user)

    def label(self, pull: Pull, name: str, user: str = "maintainer") -> None:
        """Put a label on a pull request."""
        with self._state.lock:
            changes.add_label(self._state, self.record, pull, name, self._state.user(user))

    def unlabel(self, pull: Pull, name: str, user: str = "maintainer") -> None:
        """Take a label off a pull request.

        Raises:
            LookupError: it does not carry it.
        """
        with self._state.lock:
            for label in pull.labels:
                if label.name.lower() == name.lower():
                    changes.remove_label(self._state, self.record, pull, label, self._state.user(user))
                    return
            raise LookupError(f"pull request {pull.number} has no label {name}")

    def comment(self, pull: Pull, user: str, body: str, association: Association | None = None) -> Comment:
        """Have a user comment in the conversation.

        Raises:
            Refusal: the body is blank or too long.
        """
        with self._state.lock:
            author = self._state.user(user)
            return changes.add_comment(
                self._state,
                self.record,
                pull,
                author,
                body,
                association or self._state.association(self.record, author),
            )

    def edit_comment(self, pull: Pull, comment: Comment, body: str, user: str | None = None) -> None:
        """Have a user (its author by default) edit a comment."""
        with self._state.lock:
            before, comment.body, comment.updated_at = comment.body, body, self._state.now()
            sender = self._state.user(user) if user else comment.user
            changes.comment_event(self._state, self.record, pull, comment, "edited", sender, before)

    def review(
        self,
        pull: Pull,
        user: str,
        body: str = "",
        comments: Sequence[Mapping[str, Any]] = (),
        event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"] | None = "COMMENT",
        association: Association | None = None,
    ) -> Review:
        """Have a user review, with comments on lines ({"path", "line", "body", ...} as in the API).

        Without an event the review stays pending.

        Raises:
            Refusal: as the API refuses it.
        """
        with self._state.lock:
            author = self._state.user(user)
            standing = association or self._state.association(self.record, author)
            wanted = [dict(comment) for comment in comments]
            return changes.add_review(self._state, self.record, pull, author, event, body, None, wanted, standing)

    def reply(
        self, pull: Pull, root: ReviewComment, user: str, body: str, association: Association | None = None
    ) -> ReviewComment:
        """Have a user reply in a thread.

        Raises:
            Refusal: the body is blank or too long.
        """
        with self._state.lock:
            author = self._state.user(user)
            standing = association or self._state.association(self.record, author)
            return changes.add_reply(self._state, self.record, pull, root, author, body, standing)

    def delete_review_comment(self, pull: Pull, comment: ReviewComment, user: str = "maintainer") -> None:
        """Have a user delete a review comment."""
        with self._state.lock:
            pull.review_comments.remove(comment)
            changes.review_comment_event(self._state, self.record, pull, comment, "deleted", self._state.user(user))

    def resolve(self, root: ReviewComment, user: str = "maintainer") -> None:
        """Have a user resolve a thread, named by its first comment."""
        with self._state.lock:
            root.resolved_by = self._state.user(user)

    def rerequest(self, run: CheckRun, user: str = "contributor") -> None:
        """Have a user ask for a check run again."""
        with self._state.lock:
            form = Forms(self._state).check_run(self.record, run)
            changes.emit(
                self._state, "check_run", "rerequested", {"check_run": form}, self.record, self._state.user(user)
            )

    def check_runs(self, pull: Pull, name: str | None = None) -> list[CheckRun]:
        """Give the check runs on a pull request's head, oldest first."""
        with self._state.lock:
            return [
                run
                for run in self.record.check_runs.values()
                if run.suite.head_sha == pull.head_sha and name in (None, run.name)
            ]
