#!/bin/sh
# Creates a virtual environment with the pinned dependencies and this project in it.
# usage: bootstrap.sh VENV REQUIREMENTS; exit status 2 with one sentence when the machine lacks something.
set -eu
venv=$1
requirements=$2
python=${PYTHON:-python3}

say() { printf 'scalability-bot: %s\n' "$1" >&2; exit 2; }

command -v "$python" >/dev/null 2>&1 ||
    say "$python was not found: install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv) or name one with make PYTHON=/path/to/python3."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    say "$("$python" --version 2>&1) is too old: install Python 3.11 or newer and name it with make PYTHON=/path/to/python3."
command -v git >/dev/null 2>&1 ||
    say "git was not found: install it (Debian, Ubuntu: apt install git)."
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
        say "this Python has no venv: install it (Debian, Ubuntu: apt install python3-venv)."
    "$python" -m venv "$venv" || say "the virtual environment $venv could not be created; see the lines above."
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements" ||
    say "the dependencies in $requirements could not be installed; see pip's lines above (a proxy or an index is configured with pip config)."
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . ||
    say "the project could not be installed into $venv; see pip's lines above."
