import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient

from analyzers import catalogue
from bot.app import create_app
from bot.settings import Secret, Settings


@pytest.fixture
def client() -> FlaskClient:
    settings = Settings(
        app_id=1,
        webhook_secrets=(Secret("s"),),
        repositories=("octo/*",),
        redis_url=Secret("unix:///nonexistent/redis.sock"),
    )
    return create_app(settings).test_client()


class Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.assets: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert name != "style" and not name.startswith("on"), "the policy forbids it"
            if name in {"href", "src"}:
                (self.links if tag == "a" else self.assets).add(value or "")


def read(page: str) -> Addresses:
    addresses = Addresses()
    addresses.feed(page)
    return addresses


def test_the_list_leads_to_every_rule(client: FlaskClient) -> None:
    page = client.get("/rules")
    assert page.status_code == 200
    assert {f"/rules/{name}" for name in catalogue.names()} <= read(page.text).links


def test_the_bare_address_leads_to_the_rules(client: FlaskClient) -> None:
    assert client.get("/", follow_redirects=True).request.path == "/rules"


@pytest.mark.parametrize("name", catalogue.names())
def test_every_rule_has_a_page_with_its_documentation(client: FlaskClient, name: str) -> None:
    page = client.get(f"/rules/{name}")
    assert page.status_code == 200
    documentation = catalogue.documentation(name)
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page.text))
    for text in (name, "Not reported", f"//scalability:allow {name}"):
        assert text in shown
    changed = [line for line in documentation.example.splitlines() if re.match(r"[+-](?!\+\+ |-- )", line)]
    assert len(re.findall('class="(?:added|removed)"', page.text)) == len(changed) > 0


def test_an_unknown_rule_is_not_found_and_names_its_neighbours(client: FlaskClient) -> None:
    name = catalogue.names()[0]
    answer = client.get(f"/rules/{name}x")
    assert answer.status_code == 404
    assert f"Did you mean {name}" in answer.text
    hostile = client.get("/rules/<script>alert(1)</script>")
    assert hostile.status_code == 404
    assert "<script" not in hostile.text


def test_pages_load_nothing_from_elsewhere_and_run_nothing(client: FlaskClient) -> None:
    for path in ("/rules", f"/rules/{catalogue.names()[0]}", "/rules/none"):
        answer = client.get(path)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self';")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "<script" not in answer.text
        assets = read(answer.text).assets
        assert assets and all(asset.startswith("/static/") or asset == "/highlight.css" for asset in assets)
        for asset in assets:
            with client.get(asset) as style:
                assert style.status_code == 200
                assert "url(" not in style.get_data(as_text=True)


def test_html_and_code_in_documentation_stay_text(client: FlaskClient) -> None:
    app = client.application
    assert isinstance(app, Flask)
    render = app.jinja_env.filters["markdown"]
    assert render("<script>x</script> [x](javascript:alert(1))") == (
        "<p>&lt;script&gt;x&lt;/script&gt; [x](javascript:alert(1))</p>\n"
    )
    fence = render("```diff\n--- a/x\n@@ -1 +1 @@\n-<b>\n+</b>\n same\n```")
    assert '<span class="file">--- a/x\n</span>' in fence
    assert '<span class="removed">-&lt;b&gt;\n</span>' in fence
    assert '<span class="added">+&lt;/b&gt;\n</span>' in fence


def test_a_former_name_leads_to_the_rules_that_were_part_of_it(client: FlaskClient) -> None:
    page = client.get("/rules/hot-alloc")
    assert page.status_code == 200
    parts = {f"/rules/{name}" for name in catalogue.meant("hot-alloc")}
    assert parts == {link for link in read(page.text).links if link.startswith("/rules/")} & {
        f"/rules/{name}" for name in catalogue.names()
    }
