#!/bin/sh
# Creates a virtual environment with the pinned dependencies and this project in it, and says how far it is.
# usage: bootstrap.sh VENV REQUIREMENTS; exit status 2 with one sentence when the machine lacks something.
set -eu
venv=$1
requirements=$2
python=${PYTHON:-python3}

say() { printf 'scalability-bot: %s\n' "$1" >&2; }
fail() { say "$1"; exit 2; }

command -v "$python" >/dev/null 2>&1 ||
    fail "$python was not found: install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv) or name one with make PYTHON=/path/to/python3."
# Anything but these three words is an interpreter that does not run at all.
found=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3], "new" if sys.version_info >= (3, 11) else "old", "enough")' 2>&1) || found="failed: $found"
case $found in
*" new enough") version=${found%" new enough"} ;;
*" old enough") fail "Python ${found%" old enough"} is too old: install Python 3.11 or newer and name it with make PYTHON=/path/to/python3." ;;
*) fail "$python does not run ($(printf '%s' "$found" | tail -n 1)): repair it, or name another Python with make PYTHON=/path/to/python3." ;;
esac
command -v git >/dev/null 2>&1 ||
    fail "git was not found: install it (Debian, Ubuntu: apt install git)."
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        fail "this Python has no venv: install it (Debian, Ubuntu: apt install python3-venv)."
    say "creating $venv with Python $version"
    "$python" -m venv "$venv" || fail "the virtual environment $venv could not be created; see the lines above."
fi

# Pip's lines as one that counts: on a terminal it is written over, elsewhere every tenth is printed.
total=$(grep -c '^[a-zA-Z0-9]' "$requirements")
progress() {
    count=0
    while read -r word name rest; do
        case $word in
        Collecting | Requirement)
            count=$((count + 1))
            if [ -t 2 ]; then
                printf '\r\033[Kscalability-bot: fetching packages: %d of %d %s' "$count" "$total" "${name%%==*}" >&2
            elif [ $((count % 10)) -eq 0 ]; then
                say "fetching packages: $count of $total"
            fi
            ;;
        Installing)
            if [ -t 2 ]; then printf '\r\033[K' >&2; fi
            say "unpacking them, the longest step"
            ;;
        esac
    done
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
}
pip() { "$venv/bin/python" -m pip install --disable-pip-version-check "$@"; }

say "installing $requirements into $venv; a first time may take two minutes"
failed=$venv/.failed
rm -f "$failed"
# A pipe has the status of its end alone: that of its beginning is left in a file.
{ pip --progress-bar off --require-hashes --requirement "$requirements" || : >"$failed"; } | progress
[ ! -e "$failed" ] ||
    fail "the dependencies in $requirements could not be installed; see pip's lines above."
pip --quiet --no-deps --no-build-isolation --editable . ||
    fail "the project could not be installed into $venv; see pip's lines above."
