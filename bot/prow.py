"""Prow: what its command-help page is told of this external plugin (POST /help).

Form: kubernetes-sigs/prow pkg/pluginhelp/pluginhelp.go (PluginHelp, Command) without json tags: the keys are the fields'
names. hook posts the repositories that use the plugin to the path "help" below the endpoint it sends events to.
"""

import html
import json
from typing import Any

from analyzers import catalogue
from bot.commands import NAME
from bot.settings import Settings

# What a Prow that has thousands of repositories sends is far below this.
LARGEST_REQUEST = 1 << 20


def repositories(body: bytes) -> list[str]:
    """Read which repositories use the plugin, "owner/name" or "owner"; ValueError if it is not what hook sends.

    hook sends objects with Org and Repo; before 2021 it sent names.
    """
    given = json.loads(body) if body.strip() else []
    if not isinstance(given, list) and given is not None:
        raise ValueError("a list of repositories is wanted")
    found = []
    for each in given or ():
        if isinstance(each, dict) and isinstance(each.get("Org"), str):
            found.append("/".join(filter(None, (each["Org"], str(each.get("Repo") or "")))))
        elif isinstance(each, str):
            found.append(each)
        else:
            raise ValueError("a repository is an object with Org and Repo")
    return found


def plugin_help(settings: Settings, enabled: list[str]) -> dict[str, Any]:
    """Give PluginHelp as JSON data; configuration is told for each repository that uses the plugin."""
    return {
        "Description": "Reviews pull requests for what hurts large Kubernetes clusters: new API requests, work that grows "
        f"with pods and nodes, large copies, dependency bumps ({len(catalogue.names())} rules). Its comments are hints; "
        "nothing of it blocks a merge.",
        "Config": {name: _configured(settings, name) for name in enabled},
        "Commands": [
            _command(
                NAME,
                "Reviews the pull request as it is now.",
                "Anyone, three times an hour.",
                featured=True,
                examples=[NAME],
            ),
            _command(
                f"{NAME} deep",
                f"Reviews with the whole repository in view. The label {settings.deep_scan_label} asks for it too.",
                "Members and collaborators.",
                examples=[f"{NAME} deep"],
            ),
            _command(
                f"{NAME} results RUN [BASE]",
                "Holds what performance jobs measured against the SLOs and a second run.",
                "Members and collaborators.",
                examples=[f"{NAME} results pull-kubernetes-e2e-gce-master-scale-performance-100"],
            ),
            _command(
                f"{NAME} explain RULE",
                "Says what a rule looks for, why, and what to write instead.",
                "Anyone.",
                examples=[f"{NAME} explain {catalogue.names()[0]}"],
            ),
            _command(
                f"{NAME} dismiss [RULE|all] [REASON]",
                "Leaves out a rule on this pull request, or the comment in whose thread it is written.",
                "Members and collaborators.",
                examples=[f"{NAME} dismiss {catalogue.names()[0]} it runs once", f"{NAME} dismiss"],
            ),
            _command(
                f"{NAME} restore [RULE|all]",
                "Takes a dismissal back.",
                "Members and collaborators.",
                examples=[f"{NAME} restore all"],
            ),
            _command(f"{NAME} help", "Lists these commands.", "Anyone.", examples=[f"{NAME} help"]),
        ],
    }


def _command(
    usage: str, description: str, who: str, *, featured: bool = False, examples: list[str]
) -> dict[str, str | bool | list[str]]:
    return {
        "Usage": usage,
        "Featured": featured,
        "Description": description,
        "WhoCanUse": who,
        "Examples": list(examples),
    }


def _configured(settings: Settings, name: str) -> str:
    # Prow shows it as HTML.
    shown = html.escape(name)
    served = (
        settings.serves(name) if "/" in name else any(each.startswith(f"{name}/") for each in settings.repositories)
    )
    if not served:
        return f"{shown} is not among the bot's REPOSITORIES: its events are ignored."
    mode = "keeps its reviews to itself (MODE=shadow)" if settings.mode == "shadow" else "posts reviews"
    return f"The bot {mode}. {shown} configures it in .github/scalability.yaml on its base branch."
