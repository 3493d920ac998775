"""deploy/prow: the overlay takes the App away from each worker and gives it the token; the stanza names what is handled."""

import pathlib
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from bot.deliveries import EVENTS

PROW = pathlib.Path(__file__).parents[2] / "deploy" / "prow"


def test_hook_forwards_what_is_handled_and_no_more() -> None:
    stanza = yaml.safe_load((PROW / "plugins.yaml").read_text())
    ((plugin,),) = stanza["external_plugins"].values()
    assert plugin["endpoint"].endswith("/webhook")
    # A check run's "Re-run" and the ping come by the hook of an App alone.
    assert set(plugin["events"]) == EVENTS - {"check_run", "ping"}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl kustomize is not part of Debian")
def test_workers_have_the_token_in_place_of_the_app() -> None:
    made = subprocess.run(["kubectl", "kustomize", str(PROW)], capture_output=True, text=True, check=True).stdout
    objects: list[dict[str, Any]] = list(yaml.safe_load_all(made))
    workers = [
        each for each in objects if each["metadata"]["name"].startswith("worker-") and "template" in each["spec"]
    ]
    assert workers
    for worker in workers:
        pod = worker["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        variables = {variable["name"]: variable.get("value") for variable in container["env"]}
        assert variables["GITHUB_TOKEN_FILE"] == "/key/token" and "REDIS_URL" in variables
        assert not {"GITHUB_APP_ID", "GITHUB_PRIVATE_KEY_FILE"} & variables.keys()
        assert [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume] == [
            "scalability-bot-token"
        ]
