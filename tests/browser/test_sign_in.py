"""Signing in at an identity provider, and what somebody reads who is not let in."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console import Auditor
from tests.browser.people import Eyes
from tests.support.installation import Up
from tests.support.oidc_issuer import OidcIssuer

BUTTON = "Sign in with Acme"


@pytest.fixture
def page(eyes: Eyes, provider: OidcIssuer) -> Page:
    provider.forget_faults()
    return eyes.window(width_px=1440, height_px=900)


def test_an_agent_signs_in_at_a_provider_and_is_where_they_wanted_to_be(
    page: Page, provider: OidcIssuer, installation: Up
) -> None:
    agent = installation.run()["agents"][1]
    provider.person = {"sub": "bo", "email": agent["email"], "email_verified": True}
    page.goto("/console/contacts")
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()
    expect(page.locator("[data-connected=true]")).to_have_count(1)
    assert page.url == f"{installation.urls['base']}/console/contacts"
    page.reload()
    expect(page.get_by_role("heading", name="Contacts")).to_be_visible()


def test_who_is_not_let_in_reads_why_and_may_use_a_password(
    eyes: Eyes, page: Page, provider: OidcIssuer, pictures: Path
) -> None:
    eyes.excuse(r"/auth/oidc/token: .* status of 401")
    provider.person = {"sub": "nobody", "email": "nobody@demo.test", "email_verified": True}
    page.goto("/console")
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_role("alert")).to_contain_text("Nobody works here")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_enabled()
    auditor = Auditor(page, pictures)
    auditor.look("sign-in-refused")
    assert auditor.violations == []
    page.goto("/console/sign-in#code=made-up")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("took too long")
