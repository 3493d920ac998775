"""Pull requests, reviews and check runs as GitHub's JSON, in full: the description cuts it down for each answer."""

from collections.abc import Iterable

from .records import (
    REACTIONS,
    CheckRun,
    CheckSuite,
    Comment,
    Pull,
    Reaction,
    Repository,
    Review,
    ReviewComment,
    Status,
)
from .repository_forms import Json, RepositoryForms, node
from .state import iso

# What a pull request has in common with the issue it also is.
SHARED = (
    "html_url",
    "number",
    "state",
    "locked",
    "title",
    "user",
    "body",
    "labels",
    "milestone",
    "active_lock_reason",
    "created_at",
    "updated_at",
    "closed_at",
    "assignee",
    "assignees",
    "author_association",
    "draft",
    "comments",
)


class Forms(RepositoryForms):
    """The JSON of every record, with links to the server at `state.url`."""

    def pull(self, repository: Repository, pull: Pull, *, head: str | None = None) -> Json:
        """Give a pull request, with another head than it has where the API shows that later."""
        head = head or pull.head_sha
        api = f"{self.api}/repos/{repository.full_name}"
        url, html = f"{api}/pulls/{pull.number}", f"{self.state.url}/{repository.full_name}/pull/{pull.number}"
        issue = f"{api}/issues/{pull.number}"
        links = {
            "self": url, "html": html, "issue": issue, "comments": f"{issue}/comments", "review_comments": f"{url}/comments",
            "review_comment": f"{api}/pulls/comments{{/number}}", "commits": f"{url}/commits",
            "statuses": f"{api}/statuses/{head}",
        }  # fmt: skip
        base = repository.git.merge_base(pull.base_sha, head) or pull.base_sha
        changes = repository.git.changes(base, head)
        return {
            "url": url,
            "id": pull.id,
            "node_id": node("PR", pull.id),
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "issue_url": issue,
            "commits_url": links["commits"],
            "review_comments_url": links["review_comments"],
            "review_comment_url": links["review_comment"],
            "comments_url": links["comments"],
            "statuses_url": links["statuses"],
            "number": pull.number,
            "state": pull.state,
            "locked": False,
            "title": pull.title,
            "user": self.user(pull.user),
            "body": pull.body,
            "labels": [self.label(repository, label) for label in pull.labels],
            "milestone": None,
            "active_lock_reason": None,
            "created_at": iso(pull.created_at),
            "updated_at": iso(pull.updated_at),
            "closed_at": iso(pull.closed_at),
            "merged_at": iso(pull.closed_at) if pull.merged else None,
            "merge_commit_sha": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": {
                "label": f"{pull.user.login}:{pull.head_ref}",
                "ref": pull.head_ref,
                "sha": head,
                "user": self.user(pull.user),
                "repo": self.repository(repository, fork=(pull.fork_id, pull.user)),
            },
            "base": {
                "label": f"{repository.owner.login}:{pull.base_ref}",
                "ref": pull.base_ref,
                "sha": pull.base_sha,
                "user": self.user(repository.owner),
                "repo": self.repository(repository),
            },
            "_links": {name: {"href": href} for name, href in links.items()},
            "author_association": pull.association,
            "auto_merge": None,
            "draft": pull.draft,
            "merged": pull.merged,
            "mergeable": True,
            "rebaseable": True,
            "mergeable_state": "clean",
            "merged_by": None,
            "comments": len(pull.comments),
            "review_comments": len(pull.review_comments),
            "maintainer_can_modify": True,
            "commits": len(repository.git.commits(base, head)),
            "additions": sum(change.additions for change in changes),
            "deletions": sum(change.deletions for change in changes),
            "changed_files": len(changes),
        }

    def pull_minimal(self, repository: Repository, pull: Pull) -> Json:
        """Give what a check run shows of a pull request."""
        repo = {"id": repository.id, "url": f"{self.api}/repos/{repository.full_name}", "name": repository.name}
        return {
            "id": pull.id,
            "number": pull.number,
            "url": f"{repo['url']}/pulls/{pull.number}",
            "head": {"ref": pull.head_ref, "sha": pull.head_sha, "repo": {**repo, "id": pull.fork_id}},
            "base": {"ref": pull.base_ref, "sha": pull.base_sha, "repo": repo},
        }

    def issue(self, repository: Repository, pull: Pull) -> Json:
        """Give a pull request as the issue it also is."""
        form = self.pull(repository, pull)
        url = form["issue_url"]
        return {
            **{name: form[name] for name in SHARED},
            "id": pull.id + 500_000_000,
            "node_id": form["node_id"],
            "url": url,
            "repository_url": f"{self.api}/repos/{repository.full_name}",
            "labels_url": f"{url}/labels{{/name}}",
            "comments_url": f"{url}/comments",
            "events_url": f"{url}/events",
            "timeline_url": f"{url}/timeline",
            "state_reason": None,
            "performed_via_github_app": None,
            "reactions": self.reactions(url, pull.reactions),
            "pull_request": {
                "url": form["url"], "html_url": form["html_url"], "diff_url": form["diff_url"], "patch_url": form["patch_url"],
                "merged_at": form["merged_at"],
            },
        }  # fmt: skip

    def reaction(self, reaction: Reaction) -> Json:
        """Give a reaction."""
        return {
            "id": reaction.id,
            "node_id": node("REA", reaction.id),
            "user": self.user(reaction.user),
            "content": reaction.content,
            "created_at": iso(reaction.created_at),
        }

    def reactions(self, url: str, reactions: Iterable[Reaction]) -> Json:
        """Give the counts of reactions to what `url` names."""
        contents = [reaction.content for reaction in reactions]
        return {
            "url": f"{url}/reactions",
            "total_count": len(contents),
            **{content: contents.count(content) for content in REACTIONS},
        }

    def comment(self, repository: Repository, pull: Pull, comment: Comment) -> Json:
        """Give a comment of the conversation."""
        url = f"{self.api}/repos/{repository.full_name}/issues/comments/{comment.id}"
        html = f"{self.state.url}/{repository.full_name}/pull/{pull.number}#issuecomment-{comment.id}"
        return {
            "id": comment.id,
            "node_id": node("IC", comment.id),
            "url": url,
            "html_url": html,
            "issue_url": f"{self.api}/repos/{repository.full_name}/issues/{pull.number}",
            "body": comment.body,
            "user": self.user(comment.user),
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": comment.association,
            "performed_via_github_app": self.app(comment.app) if comment.app else None,
            "reactions": self.reactions(url, comment.reactions),
        }

    def review(self, repository: Repository, pull: Pull, review: Review) -> Json:
        """Give a review."""
        html = f"{self.state.url}/{repository.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
        url = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        form = {
            "id": review.id,
            "node_id": node("PRR", review.id),
            "user": self.user(review.user),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": url,
            "_links": {"html": {"href": html}, "pull_request": {"href": url}},
            "commit_id": review.commit_id,
            "author_association": review.association,
        }
        # A pending review has no such field at all; null would contradict the description.
        return form if review.submitted_at is None else {**form, "submitted_at": iso(review.submitted_at)}

    def review_comment(self, repository: Repository, pull: Pull, comment: ReviewComment) -> Json:
        """Give a review comment. An outdated one has null for line, start_line and position, and keeps what it had originally."""
        url = f"{self.api}/repos/{repository.full_name}/pulls/comments/{comment.id}"
        html = f"{self.state.url}/{repository.full_name}/pull/{pull.number}/files#discussion_r{comment.id}"
        pull_url = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        original, current = comment.original, comment.current
        form = {
            "url": url,
            "pull_request_review_id": comment.review_id,
            "id": comment.id,
            "node_id": node("PRRC", comment.id),
            "diff_hunk": comment.diff_hunk,
            "path": comment.path,
            "position": current.position if current else None,
            "original_position": original.position,
            "commit_id": current.commit_id if current else original.commit_id,
            "original_commit_id": original.commit_id,
            "user": self.user(comment.user),
            "body": comment.body,
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "html_url": html,
            "pull_request_url": pull_url,
            "author_association": comment.association,
            "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull_url}},
            "start_line": current.start_line if current else None,
            "original_start_line": original.start_line,
            "start_side": original.start_side,
            "line": current.line if current else None,
            "original_line": original.line,
            "side": original.side,
            "subject_type": "line",
            "reactions": self.reactions(url, comment.reactions),
        }
        return form if comment.in_reply_to is None else {**form, "in_reply_to_id": comment.in_reply_to}

    def check_suite(self, repository: Repository, suite: CheckSuite) -> Json:
        """Give a check suite."""
        url = f"{self.api}/repos/{repository.full_name}/check-suites/{suite.id}"
        runs = [run for run in repository.check_runs.values() if run.suite is suite]
        done = bool(runs) and all(run.status == "completed" for run in runs)
        record = repository.git.commit_record(suite.head_sha)
        person = {"name": record.author, "email": record.author_mail}
        pulls = [pull for pull in repository.pulls.values() if pull.head_sha == suite.head_sha]
        return {
            "id": suite.id,
            "node_id": node("CS", suite.id),
            "head_branch": pulls[0].head_ref if pulls else None,
            "head_sha": suite.head_sha,
            "status": "completed" if done else "queued",
            "conclusion": (runs[0].conclusion if done else None),
            "url": url,
            "before": record.parents[0] if record.parents else None,
            "after": suite.head_sha,
            "pull_requests": [self.pull_minimal(repository, pull) for pull in pulls],
            "app": self.app(suite.app),
            "repository": self.repository(repository),
            "created_at": iso(suite.created_at),
            "updated_at": iso(suite.created_at),
            "head_commit": {
                "id": record.sha, "tree_id": record.tree, "message": record.message, "timestamp": record.authored,
                "author": person, "committer": person,
            },
            "latest_check_runs_count": len(runs),
            "check_runs_url": f"{url}/check-runs",
        }  # fmt: skip

    def check_run(self, repository: Repository, run: CheckRun) -> Json:
        """Give a check run, without its annotations."""
        url = f"{self.api}/repos/{repository.full_name}/check-runs/{run.id}"
        html = f"{self.state.url}/{repository.full_name}/runs/{run.id}"
        pulls = [pull for pull in repository.pulls.values() if pull.head_sha == run.suite.head_sha]
        return {
            "id": run.id,
            "name": run.name,
            "node_id": node("CR", run.id),
            "head_sha": run.suite.head_sha,
            "external_id": run.external_id,
            "url": url,
            "html_url": html,
            "details_url": run.details_url or html,
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": iso(run.started_at),
            "completed_at": iso(run.completed_at),
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": run.text,
                "annotations_count": len(run.annotations),
                "annotations_url": f"{url}/annotations",
            },
            "check_suite": self.check_suite(repository, run.suite),
            "app": self.app(run.suite.app),
            "pull_requests": [self.pull_minimal(repository, pull) for pull in pulls],
        }

    def status(self, repository: Repository, status: Status) -> Json:
        """Give a commit status."""
        return {
            "url": f"{self.api}/repos/{repository.full_name}/statuses/{status.sha}",
            "avatar_url": f"{self.state.url}/{status.user.login}.png",
            "id": status.id,
            "node_id": node("SC", status.id),
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": iso(status.created_at),
            "updated_at": iso(status.created_at),
            "creator": self.user(status.user),
        }

    def annotation(self, repository: Repository, run: CheckRun, annotation: Json) -> Json:
        """Give an annotation of a check run."""
        named = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
        href = f"{self.state.url}/{repository.full_name}/blob/{run.suite.head_sha}/{annotation['path']}"
        return {**named, **annotation, "blob_href": href}
