"""Users, Apps, repositories and what is in them as GitHub's JSON, in full: the description cuts it down for each answer."""

import base64
from typing import Any

from .git import CommitRecord, FileChange
from .records import App, Delivery, Installation, Label, Repository, User
from .state import State, iso

Json = dict[str, Any]


def node(kind: str, number: int | str) -> str:
    """Give the GraphQL id of a record: its kind and id, opaque to the reader as GitHub's are."""
    return f"{kind}_{base64.urlsafe_b64encode(f'{kind}:{number}'.encode()).decode().rstrip('=')}"


def node_parts(node_id: str) -> tuple[str, str] | None:
    """Give kind and id of a GraphQL id; None if it is none of ours."""
    kind, _, text = node_id.partition("_")
    try:
        named, _, number = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except ValueError:
        return None
    return (kind, number) if named == kind and number else None


class RepositoryForms:
    """The JSON of users, Apps and repositories, with links to the server at `state.url`."""

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def api(self) -> str:
        """The address of the API."""
        return f"{self.state.url}/api/v3"

    def user(self, user: User | None) -> Json | None:
        """Give a user."""
        if user is None:
            return None
        api, html = f"{self.api}/users/{user.login}", f"{self.state.url}/{user.login}"
        return {
            "login": user.login,
            "id": user.id,
            "node_id": node("U", user.id),
            "avatar_url": f"{html}.png",
            "gravatar_id": "",
            "url": api,
            "html_url": html,
            "followers_url": f"{api}/followers",
            "following_url": f"{api}/following{{/other_user}}",
            "gists_url": f"{api}/gists{{/gist_id}}",
            "starred_url": f"{api}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{api}/subscriptions",
            "organizations_url": f"{api}/orgs",
            "repos_url": f"{api}/repos",
            "events_url": f"{api}/events{{/privacy}}",
            "received_events_url": f"{api}/received_events",
            "type": user.type,
            "site_admin": False,
            "user_view_type": "public",
        }

    def profile(self, user: User) -> Json:
        """Give a user's public profile."""
        since = iso(0.0)
        empty = dict.fromkeys(("name", "company", "email", "hireable", "bio", "twitter_username", "location"))
        counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
        return {**(self.user(user) or {}), **empty, **counts, "blog": "", "created_at": since, "updated_at": since}

    def organization(self, user: User) -> Json:
        """Give an organisation, as a webhook names it."""
        api = f"{self.api}/orgs/{user.login}"
        links = {
            "hooks": "hooks",
            "issues": "issues",
            "members": "members{/member}",
            "public_members": "public_members{/member}",
        }
        named = {f"{name}_url": f"{api}/{path}" for name, path in links.items()}
        return {**(self.user(user) or {}), "url": api, "description": None, **named}

    def repository(self, repository: Repository, fork: tuple[int, User] | None = None) -> Json:
        """Give a repository; with `fork` (an id and its owner) that user's fork of it."""
        owner = fork[1] if fork else repository.owner
        full_name = f"{owner.login}/{repository.name}"
        api, html = f"{self.api}/repos/{full_name}", f"{self.state.url}/{full_name}"
        number = fork[0] if fork else repository.id
        created = iso(repository.created_at)
        pulls = 0 if fork else sum(pull.state == "open" for pull in repository.pulls.values())
        plain = [
            "contributors",
            "deployments",
            "downloads",
            "events",
            "forks",
            "languages",
            "merges",
            "stargazers",
            "subscribers",
            "subscription",
            "tags",
            "teams",
            "hooks",
        ]
        templates = {
            "archive": "{archive_format}{/ref}", "assignees": "assignees{/user}", "blobs": "git/blobs{/sha}",
            "branches": "branches{/branch}", "collaborators": "collaborators{/collaborator}", "comments": "comments{/number}",
            "commits": "commits{/sha}", "compare": "compare/{base}...{head}", "contents": "contents/{+path}",
            "git_commits": "git/commits{/sha}", "git_refs": "git/refs{/sha}", "git_tags": "git/tags{/sha}",
            "issue_comment": "issues/comments{/number}", "issue_events": "issues/events{/number}", "issues": "issues{/number}",
            "keys": "keys{/key_id}", "labels": "labels{/name}", "milestones": "milestones{/number}",
            "notifications": "notifications{?since,all,participating}", "pulls": "pulls{/number}", "releases": "releases{/id}",
            "statuses": "statuses/{sha}", "trees": "git/trees{/sha}",
        }  # fmt: skip
        off = [
            "is_template",
            "has_pages",
            "has_discussions",
            "archived",
            "disabled",
            "has_wiki",
            "has_projects",
            "web_commit_signoff_required",
        ]
        counts = [
            "forks_count",
            "stargazers_count",
            "watchers_count",
            "size",
            "subscribers_count",
            "network_count",
            "forks",
            "watchers",
        ]
        return {
            "id": number,
            "node_id": node("R", number),
            "name": repository.name,
            "full_name": full_name,
            "owner": self.user(owner),
            "private": repository.private,
            "visibility": "private" if repository.private else "public",
            "html_url": html,
            "description": None,
            "fork": fork is not None,
            "url": api,
            **{f"{name}_url": f"{api}/{name}" for name in plain},
            **{f"{name}_url": f"{api}/{template}" for name, template in templates.items()},
            "git_url": f"git:{html.partition(':')[2]}.git",
            "ssh_url": f"git@localhost:{full_name}.git",
            "clone_url": f"{html}.git",
            "svn_url": html,
            "mirror_url": None,
            "homepage": None,
            "language": "Go",
            **dict.fromkeys(counts, 0),
            **dict.fromkeys(off, False),
            "default_branch": repository.default_branch,
            "open_issues_count": pulls,
            "open_issues": pulls,
            "topics": [],
            "custom_properties": {},
            "has_issues": True,
            "has_downloads": True,
            "allow_forking": True,
            "license": None,
            "pushed_at": iso(self.state.now()),
            "created_at": created,
            "updated_at": created,
        }

    def label(self, repository: Repository, label: Label) -> Json:
        """Give a label."""
        return {
            "id": label.id,
            "node_id": node("LA", label.id),
            "url": f"{self.api}/repos/{repository.full_name}/labels/{label.name}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def app(self, app: App) -> Json:
        """Give a GitHub App."""
        return {
            "id": app.id,
            "slug": app.slug,
            "node_id": node("A", app.id),
            "client_id": app.client_id,
            "owner": self.user(app.owner),
            "name": app.slug,
            "description": "",
            "external_url": self.state.url,
            "html_url": f"{self.state.url}/apps/{app.slug}",
            "created_at": iso(app.created_at),
            "updated_at": iso(app.created_at),
            "permissions": app.permissions,
            "events": list(app.events),
            "installations_count": len(self.state.installations),
        }

    def installation(self, installation: Installation) -> Json:
        """Give an installation of our App."""
        url = f"{self.api}/app/installations/{installation.id}"
        return {
            "id": installation.id,
            "node_id": node("I", installation.id),
            "account": self.user(installation.account),
            "repository_selection": "all" if installation.repositories is None else "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.state.url}/settings/installations/{installation.id}",
            "app_id": self.state.app.id,
            "app_slug": self.state.app.slug,
            "client_id": self.state.app.client_id,
            "target_id": installation.account.id,
            "target_type": installation.account.type,
            "permissions": installation.permissions,
            "events": list(installation.events),
            "created_at": iso(installation.created_at),
            "updated_at": iso(installation.created_at),
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": None,
            "suspended_at": None,
        }

    def file(self, repository: Repository, change: FileChange, head: str) -> Json:
        """Give a file of a diff. A binary file and one beyond the limits come without `patch`."""
        limits = self.state.limits
        html = f"{self.state.url}/{repository.full_name}"
        form: Json = {
            "sha": change.blob,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{html}/blob/{head}/{change.path}",
            "raw_url": f"{html}/raw/{head}/{change.path}",
            "contents_url": f"{self.api}/repos/{repository.full_name}/contents/{change.path}?ref={head}",
        }
        if change.previous:
            form["previous_filename"] = change.previous
        if change.patch and form["changes"] <= limits.patch_lines and len(change.patch.text) <= limits.patch_bytes:
            form["patch"] = change.patch.text
        return form

    def commit(self, repository: Repository, record: CommitRecord) -> Json:
        """Give a commit."""
        api, html = f"{self.api}/repos/{repository.full_name}", f"{self.state.url}/{repository.full_name}"
        author = self.state.users.get(record.author.lower())
        parents = [
            {"sha": sha, "url": f"{api}/commits/{sha}", "html_url": f"{html}/commit/{sha}"} for sha in record.parents
        ]
        return {
            "sha": record.sha,
            "node_id": node("C", record.sha),
            "url": f"{api}/commits/{record.sha}",
            "html_url": f"{html}/commit/{record.sha}",
            "comments_url": f"{api}/commits/{record.sha}/comments",
            "commit": {
                "url": f"{api}/git/commits/{record.sha}",
                "author": {"name": record.author, "email": record.author_mail, "date": record.authored},
                "committer": {"name": record.committer, "email": record.committer_mail, "date": record.committed},
                "message": record.message,
                "tree": {"sha": record.tree, "url": f"{api}/git/trees/{record.tree}"},
                "comment_count": 0,
                "verification": {
                    "verified": False,
                    "reason": "unsigned",
                    "payload": None,
                    "signature": None,
                    "verified_at": None,
                },
            },
            "author": self.user(author),
            "committer": self.user(author),
            "parents": parents,
        }

    def delivery(self, delivery: Delivery) -> Json:
        """Give a delivery of a webhook, as the App sees it."""
        return {
            "id": delivery.id,
            "guid": delivery.guid,
            "delivered_at": iso(delivery.delivered_at or self.state.now()),
            "redelivery": delivery.redelivery,
            "duration": round(delivery.duration, 2),
            "status": delivery.status,
            "status_code": delivery.status_code,
            "event": delivery.event,
            "action": delivery.action,
            "installation_id": delivery.installation_id,
            "repository_id": delivery.repository_id,
            "throttled_at": None,
        }

    def ping(self) -> Json:
        """Give what the ping event tells: our App's webhook."""
        app, url = self.state.app, f"{self.api}/app/hook"
        since = iso(app.created_at)
        hook = {
            "type": "App",
            "id": app.id,
            "name": "web",
            "active": True,
            "app_id": app.id,
            "events": list(app.events),
            "config": {"content_type": "json", "url": self.state.webhook_url or url, "insecure_ssl": "0"},
            "created_at": since,
            "updated_at": since,
            "url": url,
            "ping_url": f"{url}/pings",
            "deliveries_url": f"{url}/deliveries",
        }
        return {"zen": "Design for failure.", "hook_id": app.id, "hook": hook}
