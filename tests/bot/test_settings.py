import re
from pathlib import Path

import pytest

from bot.settings import Secret, Settings, SettingsError

SECRETS = {
    "GITHUB_PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\\nkey-material\\n-----END RSA PRIVATE KEY-----",
    "WEBHOOK_SECRETS": "new-secret, old-secret",
    "REDIS_URL": "redis://:queue-password@127.0.0.1:6379/0",
}


def test_nothing_set_serves_github_and_nobody() -> None:
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.github_api_url == "https://api.github.com"
    assert not settings.has_credentials
    assert not settings.serves("kubernetes/kubernetes")


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"PORT": "", "MODE": " ", "GITHUB_APP_ID": ""}) == Settings()


@pytest.mark.parametrize("mode", [None, "", "shadow", "dry", "Post", "posts"])
def test_whatever_is_not_post_only_watches(mode: str | None) -> None:
    assert Settings.from_environment({} if mode is None else {"MODE": mode}).mode == "shadow"
    assert Settings.from_environment({"MODE": "post"}).mode == "post"


@pytest.mark.parametrize("seconds", [1, 5, 60, 600, 3600])
def test_an_analysis_and_a_fetch_leave_time_to_say_what_became_of_them(seconds: int) -> None:
    settings = Settings(job_timeout=seconds)
    assert 0 < settings.analysis_timeout <= seconds
    if seconds > 5:
        assert settings.analysis_timeout + settings.fetch_timeout < 0.8 * seconds


def test_secrets_are_shown_nowhere() -> None:
    settings = Settings.from_environment(SECRETS)
    for shown in (repr(settings), str(settings), f"{settings.webhook_secrets}", repr(settings.redis_url)):
        assert not re.search("key-material|new-secret|old-secret|queue-password", shown)
    assert [secret.reveal() for secret in settings.webhook_secrets] == ["new-secret", "old-secret"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_APP_ID", "twelve"),
        ("PORT", "70000"),
        ("GITHUB_API_URL", "http://api.github.example.com"),
        ("GITHUB_GIT_URL", "https://user:hunter2@github.com"),
        ("GITHUB_GIT_URL", "https://[broken"),
        ("REDIS_URL", "memcached://:hunter2@127.0.0.1"),
        ("REDIS_URL", "redis://:hunter2/x@127.0.0.1:6379"),
        ("GITHUB_PRIVATE_KEY", "hunter2"),
        ("REPOSITORIES", "kubernetes"),
        ("CC", "sig-scalability"),
        ("PUBLIC_URL", "bot.example.com"),
        ("JOB_TIMEOUT", "0"),
        ("WORKERS", "0"),
        ("WORKERS", "65"),
        ("WORKERS", "reviews"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_sentence_with_its_name_and_no_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_environment({name: value})
    sentence = str(error.value)
    assert sentence.startswith(f"{name} cannot be used: ")
    assert "\n" not in sentence
    assert "hunter2" not in sentence


def test_plain_http_is_for_this_machine_only_and_makes_a_sandbox() -> None:
    settings = Settings.from_environment(
        {"GITHUB_API_URL": "http://127.0.0.1:9000/", "GITHUB_GIT_URL": "http://[::1]:1"}
    )
    assert settings.github_api_url == "http://127.0.0.1:9000"
    assert settings.is_sandbox
    assert settings.serves("octo/anything")


@pytest.mark.parametrize(
    ("repository", "served"),
    [
        ("kubernetes/kubernetes", True),
        ("Kubernetes/Kubernetes", True),
        ("kubernetes-sigs/kueue", True),
        ("kubernetes-sigs/kueue-fork", False),
        ("kubernetes-sigs/other", False),
        ("evil/kubernetes/kubernetes", False),
        ("kubernetes", False),
    ],
)
def test_repositories_are_patterns_of_owner_and_name(repository: str, served: bool) -> None:
    settings = Settings.from_environment({"REPOSITORIES": "kubernetes/*, kubernetes-sigs/kueue"})
    assert settings.serves(repository) is served


def test_the_private_key_is_read_when_it_is_needed_and_not_before(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    settings = Settings.from_environment({"GITHUB_APP_ID": "7", "GITHUB_PRIVATE_KEY_FILE": str(file)})
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        settings.private_key()
    file.write_text("not a key")
    with pytest.raises(SettingsError, match="holds no private key"):
        settings.private_key()
    file.write_text("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n")
    assert settings.private_key().reveal() == file.read_text()


def test_a_key_in_one_line_of_an_env_file_gets_its_line_ends_back() -> None:
    settings = Settings.from_environment({**SECRETS, "GITHUB_APP_ID": "7"})
    assert settings.private_key().reveal().splitlines()[1] == "key-material"


def test_what_a_process_needs_is_demanded_by_name() -> None:
    with pytest.raises(SettingsError, match="GITHUB_APP_ID is not set"):
        Settings().require_app()
    with pytest.raises(SettingsError, match="GITHUB_PRIVATE_KEY_FILE is not set"):
        Settings(app_id=7).require_app()
    with pytest.raises(SettingsError, match="WEBHOOK_SECRETS is not set"):
        Settings().require_receiver()
    with pytest.raises(SettingsError, match="REPOSITORIES is not set"):
        Settings(webhook_secrets=(Secret("s"),)).require_receiver()
    with pytest.raises(SettingsError, match="REDIS_URL is not set"):
        Settings(webhook_secrets=(Secret("s"),), repositories=("a/*",)).require_receiver()
    with pytest.raises(SettingsError, match="GITHUB_APP_ID is not set"):
        Settings(
            webhook_secrets=(Secret("s"),), repositories=("a/*",), redis_url=Secret("unix:///x")
        ).require_receiver()


def test_every_variable_is_in_the_example_and_the_example_is_valid() -> None:
    example = Path(__file__).parents[2].joinpath(".env.example").read_text()
    lines = re.findall(r"^#?([A-Z_]+)=(.*)$", example, flags=re.MULTILINE)
    source = Path(__file__).parents[2].joinpath("bot/settings.py").read_text()
    read = set(re.findall(r'read\.one\(\s*"([A-Z_]+)"', source))
    assert {name for name, _ in lines} == read | {"SANDBOX_PORT"}  # that one is `scalability-bot run`'s own
    settings = Settings.from_environment({name: value for name, value in lines if name != "GITHUB_PRIVATE_KEY"})
    defaults = Settings()
    for field in (
        "port",
        "metrics_port",
        "host",
        "job_timeout",
        "job_memory_mb",
        "mirror_quota_mb",
        "cc",
        "deep_scan_label",
    ):
        assert getattr(settings, field) == getattr(defaults, field), f"the example shows another default of {field}"


def test_people_sign_in_with_both_of_id_and_secret_at_an_address_that_is_known() -> None:
    given = {**SECRETS, "REPOSITORIES": "octo/*", "GITHUB_APP_ID": "1"}
    secret = {"CLIENT_ID": "Iv23liAbCdEfGhIjKlMn", "CLIENT_SECRET": "0123456789abcdef"}
    address = {"PUBLIC_URL": "https://bot.example.com"}
    settings = Settings.from_environment({**given, **secret, **address})
    settings.require_receiver()
    assert "0123456789abcdef" not in repr(settings)
    for lacking, name in (
        ({"CLIENT_ID": secret["CLIENT_ID"], **address}, "CLIENT_SECRET is not set"),
        ({"CLIENT_SECRET": secret["CLIENT_SECRET"], **address}, "CLIENT_ID is not set"),
        (secret, "PUBLIC_URL is not set"),
    ):
        with pytest.raises(SettingsError, match=name) as caught:
            Settings.from_environment({**given, **lacking}).require_receiver()
        assert "0123456789abcdef" not in str(caught.value)
    with pytest.raises(SettingsError, match="CLIENT_ID cannot be used"):
        Settings.from_environment({"CLIENT_ID": "a b"})
