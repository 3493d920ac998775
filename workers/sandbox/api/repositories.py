"""Repositories: themselves, their files, commits and refs, who may what; and a few questions about nothing in particular."""

import base64
from typing import Any

from ..call import Answer, Call, Refusal, not_found, operation
from ..git import CommitRecord
from ..records import Repository

CONTENTS, METADATA = "contents:read", "metadata:read"


@operation("repos/get", "anyone")
def get_repository(call: Call) -> Answer:
    """Give a repository."""
    return Answer(call.forms.repository(call.repository()))


@operation("rate-limit/get")
def rate_limit(call: Call) -> Answer:
    """Give what is left of the primary rate limit; asking costs nothing."""
    who = f"installation {call.token.installation.id}" if call.token else "app"
    told = call.state.limits.headers(who, call.state.clock())
    rate = {name: int(told[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset", "used")}
    return Answer({"resources": {"core": rate, "search": rate, "graphql": rate}, "rate": rate})


@operation("users/get-by-username")
def get_user(call: Call) -> Answer:
    """Give a user's public profile."""
    user = call.state.users.get(call.path["username"].lower())
    if user is None:
        raise not_found()
    return Answer(call.forms.profile(user))


@operation("repos/get-collaborator-permission-level", METADATA)
def permission(call: Call) -> Answer:
    """Give what a user may do in a repository, by what the user is to it."""
    repository = call.repository()
    user = call.state.users.get(call.path["username"].lower())
    if user is None:
        raise not_found()
    association = call.state.association(repository, user)
    level = {"OWNER": "admin", "MEMBER": "write", "COLLABORATOR": "write"}.get(association, "read")
    rights = {
        "pull": True,
        "triage": level != "read",
        "push": level != "read",
        "maintain": level == "admin",
        "admin": level == "admin",
    }
    return Answer(
        {
            "permission": level,
            "role_name": level,
            "user": {**(call.forms.user(user) or {}), "permissions": rights, "role_name": level},
        }
    )


@operation("repos/list-branches", CONTENTS)
def list_branches(call: Call) -> Answer:
    """List branches."""
    repository = call.repository()
    branches = repository.git.refs("refs/heads/").items()
    return call.page(branches, lambda branch: _branch(call, repository, *branch))


def _branch(call: Call, repository: Repository, ref: str, sha: str) -> dict[str, Any]:
    url = f"{call.forms.api}/repos/{repository.full_name}/commits/{sha}"
    return {"name": ref.removeprefix("refs/heads/"), "commit": {"sha": sha, "url": url}, "protected": False}


@operation("repos/get-branch", CONTENTS)
def get_branch(call: Call) -> Answer:
    """Give a branch with its newest commit."""
    repository = call.repository()
    name = call.path["branch"]
    sha = repository.git.refs("refs/heads/").get(f"refs/heads/{name}")
    if sha is None:
        raise Refusal(404, "Branch not found")
    url = f"{call.forms.api}/repos/{repository.full_name}/branches/{name}"
    return Answer(
        {
            "name": name,
            "commit": call.forms.commit(repository, repository.git.commit_record(sha)),
            "_links": {"self": url, "html": f"{call.state.url}/{repository.full_name}/tree/{name}"},
            "protected": False,
            "protection": {"enabled": False},
            "protection_url": f"{url}/protection",
        }
    )


def _commit(call: Call, repository: Repository, revision: str) -> CommitRecord:
    sha = repository.git.resolve(revision)
    if sha is None:
        raise Refusal(422, f"No commit found for SHA: {revision}")
    return repository.git.commit_record(sha)


@operation("repos/get-commit", CONTENTS)
def get_commit(call: Call) -> Answer:
    """Give a commit with its files, at most 300 a page."""
    repository = call.repository()
    record = _commit(call, repository, call.path["ref"])
    form = call.forms.commit(repository, record)
    if record.parents:
        changes = repository.git.changes(record.parents[0], record.sha)
        added, deleted = sum(c.additions for c in changes), sum(c.deletions for c in changes)
        form["stats"] = {"additions": added, "deletions": deleted, "total": added + deleted}
        form["files"] = [call.forms.file(repository, change, record.sha) for change in changes[:300]]
    return Answer(form)


@operation("repos/compare-commits-with-basehead", CONTENTS)
def compare(call: Call) -> Answer:
    """Compare two commits ("base...head") from their merge base on; at most 300 files."""
    repository = call.repository()
    names = call.path["basehead"].split("...")
    if len(names) != 2:
        raise not_found()
    base, head = (repository.git.resolve(name.rpartition(":")[2]) for name in names)
    if base is None or head is None:
        raise not_found()
    git = repository.git
    common = git.merge_base(base, head)
    if common is None:
        raise Refusal(404, f"No common ancestor between {names[0]} and {names[1]}.")
    ahead, behind = git.commits(base, head), git.commits(head, base)
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    url = f"{call.forms.api}/repos/{repository.full_name}/compare/{call.path['basehead']}"
    html = f"{call.state.url}/{repository.full_name}/compare/{call.path['basehead']}"
    changes = git.changes(common, head)[: call.state.limits.compared_files]
    return Answer(
        {
            "url": url,
            "html_url": html,
            "permalink_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "base_commit": call.forms.commit(repository, git.commit_record(base)),
            "merge_base_commit": call.forms.commit(repository, git.commit_record(common)),
            "status": status,
            "ahead_by": len(ahead),
            "behind_by": len(behind),
            "total_commits": len(ahead),
            "commits": [call.forms.commit(repository, record) for record in ahead[:250]],
            "files": [call.forms.file(repository, change, head) for change in changes],
        }
    )


@operation("repos/get-content", CONTENTS)
def get_content(call: Call) -> Answer:
    """Give a file (base64, or itself with the raw media type) or list a folder, at a ref."""
    repository = call.repository()
    git, path = repository.git, call.path["path"].strip("/")
    ref = call.query.get("ref", repository.default_branch)
    sha = git.resolve(ref)
    if sha is None:
        raise Refusal(404, f"No commit found for the ref {ref}")
    object_id = git.blob_id(sha, path)
    if object_id is None:
        raise not_found()
    if git.kind(object_id) == "tree":
        folder = f"{path}/" if path else ""
        return Answer(
            [
                _entry(call, repository, f"{folder}{name}", blob, size or 0, "dir" if kind == "tree" else "file", ref)
                for _, kind, blob, size, name in git.entries(object_id)
            ]
        )
    data = git.blob(object_id)
    if ".raw" in call.accept:
        return Answer(text=data.decode("utf-8", "replace"), media_type="application/vnd.github.raw; charset=utf-8")
    entry = _entry(call, repository, path, object_id, len(data), "file", ref)
    # Above 1 MB GitHub leaves the content out ("Get repository content": encoding "none").
    large = len(data) > 1_000_000
    return Answer(
        {
            **entry,
            "encoding": "none" if large else "base64",
            "content": "" if large else base64.encodebytes(data).decode(),
        }
    )


def _entry(call: Call, repository: Repository, path: str, blob: str, size: int, kind: str, ref: str) -> dict[str, Any]:
    url = f"{call.forms.api}/repos/{repository.full_name}/contents/{path}?ref={ref}"
    git_url = f"{call.forms.api}/repos/{repository.full_name}/git/blobs/{blob}"
    html = f"{call.state.url}/{repository.full_name}/blob/{ref}/{path}"
    return {
        "type": kind,
        "size": size,
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": blob,
        "url": url,
        "git_url": git_url,
        "html_url": html,
        "download_url": html,
        "_links": {"self": url, "git": git_url, "html": html},
    }


def _ref(call: Call, repository: Repository, ref: str, sha: str) -> dict[str, Any]:
    api = f"{call.forms.api}/repos/{repository.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{api}/commits/{sha}"}
    return {"ref": ref, "node_id": f"REF_{sha}", "url": f"{api}/{ref}", "object": target}


@operation("git/get-ref", CONTENTS)
def get_ref(call: Call) -> Answer:
    """Give a ref, for example "heads/master"."""
    repository = call.repository()
    ref = f"refs/{call.path['ref']}"
    sha = repository.git.refs().get(ref)
    if sha is None:
        raise not_found()
    return Answer(_ref(call, repository, ref, sha))


@operation("git/list-matching-refs", CONTENTS)
def matching_refs(call: Call) -> Answer:
    """List the refs that begin as asked."""
    repository = call.repository()
    found = repository.git.refs(f"refs/{call.path['ref']}").items()
    return Answer([_ref(call, repository, ref, sha) for ref, sha in found])


@operation("git/get-commit", CONTENTS)
def git_commit(call: Call) -> Answer:
    """Give a commit as git keeps it."""
    repository = call.repository()
    record = _commit(call, repository, call.path["commit_sha"])
    form = call.forms.commit(repository, record)
    inner = form["commit"]
    return Answer(
        {
            **inner,
            "sha": record.sha,
            "node_id": form["node_id"],
            "html_url": form["html_url"],
            "parents": form["parents"],
        }
    )


@operation("git/get-tree", CONTENTS)
def get_tree(call: Call) -> Answer:
    """Give a folder by the id of its tree or the sha of a commit, with all below it if `recursive` is there."""
    repository = call.repository()
    asked = call.path["tree_sha"]
    sha = repository.git.resolve(asked) or (asked if repository.git.kind(asked) == "tree" else None)
    if sha is None:
        raise not_found()
    api = f"{call.forms.api}/repos/{repository.full_name}/git"
    tree = []
    for mode, kind, object_id, size, path in repository.git.entries(sha, recursive="recursive" in call.query):
        entry = {"path": path, "mode": mode, "type": kind, "sha": object_id, "url": f"{api}/{kind}s/{object_id}"}
        tree.append(entry if size is None else {**entry, "size": size})
    return Answer({"sha": sha, "url": f"{api}/trees/{sha}", "tree": tree, "truncated": False})


@operation("git/get-blob", CONTENTS)
def get_blob(call: Call) -> Answer:
    """Give a blob, base64."""
    repository = call.repository()
    sha = call.path["file_sha"]
    if repository.git.kind(sha) != "blob":
        raise not_found()
    data = repository.git.blob(sha)
    url = f"{call.forms.api}/repos/{repository.full_name}/git/blobs/{sha}"
    content = base64.encodebytes(data).decode()
    return Answer(
        {"sha": sha, "node_id": f"B_{sha}", "size": len(data), "url": url, "encoding": "base64", "content": content}
    )
