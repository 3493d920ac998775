#!/bin/sh
# The Action's step with something to decide: which commit to compare with. Then `scalability-bot check`.
# usage: check.sh SCALABILITY-BOT, in a checkout, with BASE, BEFORE, FORMAT and FAIL_ON beside GitHub's own variables.
set -eu
bot=$1

fail() { printf 'scalability-bot: %s\n' "$1" >&2; exit 2; }
known() { git rev-parse --verify --quiet --end-of-options "$1^{commit}"; }

# What is named, fetched if it is not here: a checkout of actions/checkout holds one commit.
fetched() {
    known "$1" || known "refs/remotes/origin/$1" ||
        { git fetch --quiet --depth=1 -- origin "$1" && known FETCH_HEAD; } ||
        fail "$1 is neither here nor at origin: name a commit or a branch as the Action's base."
}

# Where a branch was left takes its history, all of it.
merge_base() {
    if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
        git fetch --quiet --unshallow origin
    fi
    git fetch --quiet -- origin "$1"
    git merge-base FETCH_HEAD HEAD || fail "HEAD and $1 have no commit in common: name a commit as the Action's base."
}

# Parents as the commit names them, also where a shallow clone hides them.
parents=$(git cat-file -p HEAD | sed -n -e 's/^parent //p' -e '/^$/q' | tr '\n' ' ')
first=${parents%% *}
if [ -n "${BASE:-}" ]; then
    base=$(fetched "$BASE")
elif [ -n "${GITHUB_BASE_REF:-}" ] && [ "$parents" != "$first " ]; then
    # A pull request's merge commit, which is checked out unless something else is asked for: the base as it is now is its
    # first parent, and the difference is the pull request.
    base=$(fetched "$first")
elif [ -n "${GITHUB_BASE_REF:-}" ]; then
    base=$(merge_base "$GITHUB_BASE_REF")
elif [ -n "${BEFORE:-}" ] && [ -n "$(printf '%s' "$BEFORE" | tr -d 0)" ]; then
    base=$(fetched "$BEFORE")
elif [ -n "$first" ]; then
    base=$(fetched "$first")
else
    fail "HEAD is a first commit: name a commit as the Action's base."
fi

check() { "$bot" check --base "$base" --head HEAD "$@"; }

status=0
case ${FORMAT:-annotations} in
annotations) check --format github --fail-on "${FAIL_ON:-never}" || status=$? ;;
review) check --format rdjson --output "$RUNNER_TEMP/scalability.rdjson" --fail-on "${FAIL_ON:-never}" || status=$? ;;
sarif)
    check --format sarif --output "$RUNNER_TEMP/scalability.sarif" --fail-on "${FAIL_ON:-never}" || status=$?
    printf 'sarif=%s\n' "$RUNNER_TEMP/scalability.sarif" >>"$GITHUB_OUTPUT"
    ;;
*) fail "$FORMAT is no format of the Action: annotations, review and sarif are." ;;
esac
if [ "$status" -lt 2 ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    check --format markdown --fail-on never >>"$GITHUB_STEP_SUMMARY"
fi
exit "$status"
