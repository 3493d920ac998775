"""Reviewdog's diagnostic format (RDFormat): rdjson is one object, rdjsonl one line for each diagnostic.

Its fields are those of reviewdog's proto/rdf/reviewdog.proto; related locations are part of the message, since most of its
reporters show nothing else.
"""

import json
from typing import Any

from analyzers.analysis.diagnostic import Diagnostic, Level
from bot.links import GUIDE
from workers.formats.checked import Checked

_SOURCE = {"name": "scalability-bot", "url": GUIDE}
_SEVERITIES = {Level.WARNING: "WARNING", Level.NOTICE: "INFO"}


def render(checked: Checked) -> str:
    """Give `rdjson`: a DiagnosticResult."""
    diagnostics = [_diagnostic(diagnostic) for diagnostic in checked.report.diagnostics]
    return json.dumps({"source": _SOURCE, "severity": "WARNING", "diagnostics": diagnostics}, indent=1) + "\n"


def render_lines(checked: Checked) -> str:
    """Give `rdjsonl`: a Diagnostic a line, each with its source."""
    diagnostics = ({**_diagnostic(diagnostic), "source": _SOURCE} for diagnostic in checked.report.diagnostics)
    return "".join(json.dumps(diagnostic) + "\n" for diagnostic in diagnostics)


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    also = "".join(f"\n\nAlso {place.path}:{place.line} {place.message}".rstrip() for place in diagnostic.related)
    return {
        "message": diagnostic.message + also,
        "location": {
            "path": diagnostic.path,
            "range": {"start": {"line": diagnostic.line}, "end": {"line": max(diagnostic.line, diagnostic.end_line)}},
        },
        "severity": _SEVERITIES[diagnostic.level],
        "code": {"value": diagnostic.analyzer, "url": GUIDE},
    }
