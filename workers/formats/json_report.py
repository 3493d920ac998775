"""The format with everything in it: JSON of the bot's own (README.md, "The command line")."""

import json

from workers.formats.checked import Checked


def render(checked: Checked) -> str:
    """Give the report as one object, with what was compared and what to beware of."""
    more = {"compared": checked.comparison, "warnings": list(checked.warnings), "configuration": list(checked.problems)}
    return json.dumps({**checked.report.to_json(), **more}, indent=1) + "\n"
