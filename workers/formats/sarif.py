"""SARIF 2.1.0 (OASIS), as GitHub's code scanning and editors read it."""

import json
import urllib.parse
from importlib import metadata
from typing import Any

from analyzers import catalogue
from analyzers.analysis.diagnostic import Diagnostic, Level
from bot.links import GUIDE
from bot.summary import plain
from workers.formats.checked import Checked

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# The name says how it is made; a reader compares only fingerprints of one name (SARIF 2.1.0, 3.27.17).
FINGERPRINT = "scalabilityBot/v1"
_LEVELS = {Level.WARNING: "warning", Level.NOTICE: "note"}


def render(checked: Checked) -> str:
    """Give one run: its rules with their documentation, its results with fingerprints that outlive moved lines."""
    run = {
        "tool": {
            "driver": {
                "name": "scalability-bot",
                "semanticVersion": metadata.version("scalability-bot"),
                "informationUri": GUIDE,
                "rules": [_rule(name) for name in checked.rules],
            }
        },
        # Code scanning keeps the results of one such id apart from those of other tools, and replaces them by the next.
        "automationDetails": {"id": "scalability-bot/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(checked)}],
        "results": [_result(diagnostic, checked.rules) for diagnostic in checked.report.diagnostics],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(name: str) -> dict[str, Any]:
    documentation = catalogue.documentation(name)
    return {
        "id": name,
        "shortDescription": {"text": f"{documentation.title}."},
        "fullDescription": {"text": plain(documentation.why)},
        "help": {"text": plain(documentation.text), "markdown": documentation.text},
        "helpUri": GUIDE,
        "properties": {"tags": ["performance", "scalability", "kubernetes"]},
    }


def _result(diagnostic: Diagnostic, rules: tuple[str, ...]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.analyzer,
        "level": _LEVELS[diagnostic.level],
        "message": {"text": plain(diagnostic.message), "markdown": diagnostic.message},
        "locations": [_location(diagnostic.path, diagnostic.line, diagnostic.end_line, diagnostic.excerpt)],
        "partialFingerprints": {FINGERPRINT: diagnostic.fingerprint},
    }
    if diagnostic.analyzer in rules:
        result["ruleIndex"] = rules.index(diagnostic.analyzer)
    if diagnostic.related:
        result["relatedLocations"] = [
            {"id": number, "message": {"text": plain(place.message) or "also here"}}
            | _location(place.path, place.line, place.end_line)
            for number, place in enumerate(diagnostic.related)
        ]
    if diagnostic.witness:
        steps = [
            {
                "location": {"message": {"text": plain(place.message)}}
                | _location(place.path, place.line, place.end_line)
            }
            for place in diagnostic.witness
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _location(path: str, line: int, end_line: int, excerpt: tuple[str, ...] = ()) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": line, "endLine": max(line, end_line)}
    if excerpt:
        region["snippet"] = {"text": "\n".join(excerpt)}
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": region}}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": urllib.parse.quote(path), "uriBaseId": "%SRCROOT%"}


def _notifications(checked: Checked) -> list[dict[str, Any]]:
    """Give what was not read, and what a person should beware of: part of the run, and no result."""
    told: list[dict[str, Any]] = [
        {"level": "warning", "message": {"text": plain(text)}} for text in (*checked.warnings, *checked.problems)
    ]
    for path, reason in checked.skipped:
        notification: dict[str, Any] = {"level": "note", "message": {"text": plain(f"{path or 'all files'}: {reason}")}}
        if path:
            notification["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(path)}}]
        told.append(notification)
    return told
