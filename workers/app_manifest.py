"""The GitHub App's manifest, app.yml: the least that the bot needs, as GitHub is asked for it and as doctor checks it."""

from pathlib import Path
from typing import Any

import yaml

NAME = "app.yml"


def read() -> dict[str, Any] | None:
    """Give the manifest that stands beside the program, or in this folder; None if there is none."""
    for folder in (Path(__file__).parents[1], Path()):
        if (folder / NAME).is_file():
            return dict(yaml.safe_load((folder / NAME).read_text(encoding="utf-8")))
    return None


def filled(manifest: dict[str, Any], *, name: str, webhook: str, redirect: str) -> dict[str, Any]:
    """Give the manifest for one App: what it is called, where its webhooks go, where GitHub sends the person back to.

    People who sign in come back to the receiver's own address, where that is known from the webhooks'.
    """
    public = public_address(webhook)
    manifest = {name: value for name, value in manifest.items() if name != "callback_urls"}
    return {
        **manifest,
        "name": name,
        "hook_attributes": {**manifest.get("hook_attributes", {}), "url": webhook, "active": True},
        "redirect_url": redirect,
        **({"callback_urls": [f"{public}/signed-in"]} if public else {}),
    }


def public_address(webhook: str) -> str | None:
    """Give the receiver's own address, from that at which it takes webhooks; None where these take another way, as by a relay."""
    return webhook.removesuffix("/webhook") if webhook.endswith("/webhook") else None
