"""Whose chat it is: what pages say late, wrongly or not at all, and what other tabs say."""

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Eyes
from tests.browser.widget import WidgetPage
from tests.support.installation import Up, eventually

SECRET = "My account number is 4711."


@pytest.fixture
def key(installation: Up) -> str:
    found: str = installation.run()["inbox_key"]
    return found


@pytest.fixture
def widget(eyes: Eyes, key: str) -> WidgetPage:
    return WidgetPage(eyes.window(), inbox_key=key)


def nora(page: Page) -> dict[str, Any]:
    """The customer whom the demo shop vouches for."""
    found: dict[str, Any] = page.context.request.post("/dev/demo/user").json()
    return found


def somebody_else() -> dict[str, str]:
    """Vouched for by nobody whom the server knows; the browser keeps people apart all the same."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": "omar"}).encode()).decode()
    return {"token": f"e30.{claims}.x"}


def kept(page: Page, key: str) -> set[str]:
    found = page.evaluate(
        """async key => [
          ...Object.keys(localStorage), ...(await indexedDB.databases()).map(it => it.name),
        ].filter(name => name.startsWith(`chorus:${key}`))""",
        key,
    )
    return set(found)


def test_another_person_sees_nothing_of_the_one_before_and_wipes_it(
    eyes: Eyes, widget: WidgetPage, key: str
) -> None:
    widget.embed({"open": True})
    widget.say("From nobody in particular.")
    expect(widget.stored("nobody in particular")).to_have_count(1)
    anonymous = kept(widget.page, key)
    widget.embed({"open": True, "user": nora(widget.page)})
    widget.say(SECRET)
    expect(widget.stored(SECRET)).not_to_have_count(0)
    expect(widget.message("nobody in particular")).to_have_count(0)
    assert anonymous <= kept(widget.page, key)
    eyes.excuse("status of 401")
    widget.embed({"open": True, "user": somebody_else()})
    expect(widget.composer).to_be_visible()
    expect(widget.message(SECRET)).to_have_count(0)
    eventually(
        lambda: not [name for name in kept(widget.page, key) - anonymous if "omar" not in name]
    )


def test_a_page_that_says_late_who_it_is_loses_nothing_of_theirs(
    widget: WidgetPage, key: str
) -> None:
    user = nora(widget.page)
    page = widget.page
    page.route_web_socket("**/ws/**", lambda socket: None)
    page.route("**/livechat/**/messages", lambda route: None)
    widget.embed({"open": True, "user": user})
    widget.say("Never sent.")
    expect(widget.message("Never sent.", status="sending")).to_have_count(1)
    widget.composer.fill("Half a sen")
    later = WidgetPage(page.context.new_page(), inbox_key=key)
    page.close()
    # In two steps, as shops do that learn only later who this is.
    later.embed()
    later.call("identify", user)
    later.launcher.click()
    expect(later.stored("Never sent.")).to_have_count(1)
    expect(later.composer).to_have_value("Half a sen")


def test_two_tabs_of_two_people_leave_each_other_alone_until_one_signs_out(
    widget: WidgetPage, key: str
) -> None:
    widget.embed({"open": True, "user": nora(widget.page)})
    widget.say("This is Nora.")
    expect(widget.stored("This is Nora.")).not_to_have_count(0)
    hers = kept(widget.page, key)
    other = WidgetPage(widget.page.context.new_page(), inbox_key=key)
    other.embed({"open": True})
    other.say("And this is not.")
    expect(other.stored("And this is not.")).to_have_count(1)
    expect(other.message("This is Nora.")).to_have_count(0)
    assert hers <= kept(widget.page, key)
    widget.say("Still here.")
    expect(widget.stored("Still here.")).to_have_count(1)
    widget.call("identify", {})
    expect(widget.message("Still here.")).to_have_count(0)
    eventually(
        lambda: not hers & {name for name in kept(widget.page, key) if ":" in name[len(key) + 8 :]}
    )


def test_a_page_that_cannot_say_who_it_is_keeps_its_launcher_and_is_asked_again(
    widget: WidgetPage, key: str
) -> None:
    user = nora(widget.page)
    boot = (
        "window.fails = 2; window.user = { token: () => window.fails-- > 0"
        f" ? Promise.reject(new Error('shop is away')) : {json.dumps(user['token'])} }};"
    )
    script = '<script async src="/widget/v1/chorus.js"></script>'
    widget.stand(
        head=f"<script>{boot} window.Chorus = function () {{"
        " (Chorus.q = Chorus.q || []).push(arguments) };"
        f" Chorus('boot', {{ key: '{key}', user: window.user }});</script>{script}"
    )
    widget.launcher.click()
    expect(widget.page.get_by_role("alert")).to_contain_text("cannot be loaded")
    widget.page.evaluate("key => Chorus('boot', { key, user: window.user })", key)
    widget.launcher.click()
    widget.say(SECRET)
    expect(widget.stored(SECRET)).not_to_have_count(0)
    stranger = WidgetPage(widget.page.context.new_page(), inbox_key=key)
    stranger.embed({"open": True})
    expect(stranger.composer).to_be_visible()
    expect(stranger.message(SECRET)).to_have_count(0)
