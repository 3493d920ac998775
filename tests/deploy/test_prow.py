"""deploy/prow: the stanza for hook names what is handled. The overlay is tried in test_kustomize.py."""

import pathlib

import yaml

from bot.deliveries import EVENTS

PROW = pathlib.Path(__file__).parents[2] / "deploy" / "prow"


def test_hook_forwards_what_is_handled_and_no_more() -> None:
    stanza = yaml.safe_load((PROW / "plugins.yaml").read_text())
    ((plugin,),) = stanza["external_plugins"].values()
    assert plugin["endpoint"].endswith("/webhook")
    # A check run's "Re-run" and the ping come by the hook of an App alone.
    assert set(plugin["events"]) == EVENTS - {"check_run", "ping"}
