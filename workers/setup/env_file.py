""".env: the App's credentials are put in, everything else in it stays."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values, set_key


def has_app(path: Path) -> bool:
    """Say whether an App's credentials are in the file already."""
    return path.exists() and any(
        dotenv_values(path, interpolate=False).get(name)
        for name in ("GITHUB_APP_ID", "GITHUB_TOKEN", "GITHUB_TOKEN_FILE")
    )


def write(path: Path, variables: Mapping[str, str], template: Path | None = None) -> None:
    """Set variables in the file, which only its owner can read, in one step: all of them or, if it fails, none.

    A file that is not there yet begins as the template, whose comments explain it. OSError if it cannot be written.
    """
    begin = path if path.exists() else template
    text = begin.read_text(encoding="utf-8") if begin and begin.exists() else ""
    # mkstemp makes it readable by its owner only, before anything is in it.
    descriptor, name = tempfile.mkstemp(prefix=".env.", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        for variable, value in variables.items():
            # A PEM in one line: docker's env files have no other way (Settings puts the lines back).
            set_key(draft, variable, value.strip().replace("\n", "\\n"), quote_mode="auto")
        draft.chmod(0o600)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
