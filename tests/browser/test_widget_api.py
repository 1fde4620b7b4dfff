"""What a page can ask of the widget, and what it must never notice of it."""

from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.people import Eyes
from tests.browser.widget import STUB, AgentByRest, WidgetPage
from tests.support.installation import Up, eventually

PREFIX = "/widget/v1/"


@pytest.fixture
def widget(eyes: Eyes, installation: Up) -> WidgetPage:
    return WidgetPage(eyes.window(), inbox_key=installation.run()["inbox_key"])


def test_calls_before_the_script_are_done_in_good_order_and_a_second_script_changes_nothing(
    eyes: Eyes, widget: WidgetPage
) -> None:
    # Said once, to whoever writes the page.
    eyes.excuse("there is no 'dance'")
    key = widget.inbox_key
    # To a page that is looked at from here, every look is a gesture.
    widget.page.add_init_script(
        "Object.defineProperty(navigator, 'userActivation', { value: { hasBeenActive: false } })"
    )
    early = (
        f"{STUB} window.heard = [];"
        " Chorus('open'); Chorus('prefill', 'About my order'); Chorus('dance'); Chorus('dance');"
        " Chorus('send', 'Spam!');"
        f" Chorus('boot', {{ key: '{key}', launcher: {{ label: 'Ask us' }}, color: '#ffd400' }});"
        " for (const name of ['ready', 'open', 'close', 'error'])"
        "   Chorus('on', name, it => void heard.push([name, it.code ?? null]));"
    )
    script = '<script async src="/widget/v1/chorus.js"></script>'
    tagged = script.replace("async", f'async data-key="{key}" data-theme="dark"')
    widget.stand(head=f"<script>{early}</script>{script}{tagged}")
    expect(widget.composer).to_have_value("About my order")
    expect(widget.host).to_have_count(1)
    expect(widget.host).to_have_attribute("data-theme", "auto")
    launcher = widget.page.get_by_role("button", name="Ask us")
    expect(launcher).to_have_css("color", "rgb(0, 0, 0)")
    told = [["ready", None], ["open", None], ["error", "FAILED"], ["error", "NO_GESTURE"]]
    eventually(lambda: widget.heard == told)
    launcher.click()
    expect(widget.window).to_have_count(0)
    assert widget.heard[-1] == ["close", None]
    assert widget.call("get", "open") is False
    assert widget.call("boot", {"key": key, "launcher": True}) is None
    expect(widget.launcher).to_be_visible()
    for method, shown in (("hide", False), ("show", True)):
        widget.call(method)
        expect(widget.launcher).to_be_visible(visible=shown)


def test_a_page_follows_a_conversation_and_may_object_to_what_is_sent(
    eyes: Eyes, widget: WidgetPage
) -> None:
    # Of a conversation that is not theirs.
    eyes.excuse("status of 404")
    visits: list[Any] = []
    widget.page.on("request", lambda request: remember_visit(visits, request))
    widget.embed({"attributes": {"plan": "gold"}, "user": {"name": "Nia"}})
    widget.hear("conversation:started", "message:sent", "connection", "error")
    widget.page.evaluate(
        "Chorus('on', 'before:send', ({ text }) => text !== 'my password' && { cart: 3 })"
    )
    widget.launcher.click()
    widget.say("my password")
    expect(widget.page.get_by_role("alert")).to_contain_text("did not let it pass")
    expect(widget.composer).to_have_value("my password")
    assert visits == []
    widget.say("Hello.")
    expect(widget.stored("Hello.")).to_have_count(1)
    conversation = widget.call("get", "conversationId")
    assert ["conversation:started", {"id": conversation}] in widget.heard
    assert ["connection", "online"] in widget.heard
    assert "Hello." in [told.get("text") for name, told in widget.heard if name == "message:sent"]
    assert widget.call("get", "connection") == "online"
    tell_more(widget, visits, conversation)
    go_elsewhere_and_back(widget, conversation)
    assert [told for name, told in widget.heard if name == "error"] == []


def go_elsewhere_and_back(widget: WidgetPage, conversation: str) -> None:
    widget.call("newConversation", {"message": "Something else."})
    expect(widget.stored("Something else.")).to_have_count(1)
    assert widget.call("get", "conversationId") != conversation
    assert widget.call("openConversation", "01990000-0000-7000-8000-000000000000") is False
    assert widget.call("openConversation", conversation) is True
    expect(widget.stored("Hello.")).to_have_count(1)


def tell_more(widget: WidgetPage, visits: list[Any], conversation: str) -> None:
    """What the page says of the visitor travels with the first word, and later by itself."""
    traits = visits[0]["traits"]
    assert (traits["name"], traits["locale"]) == ("Nia", "en")
    assert traits["attributes"]["plan"] == "gold"
    assert traits["attributes"]["page"].endswith("/host.html")
    widget.call("addTags", ["vip", "repair"])
    widget.call("removeTags", ["vip"])
    widget.call("track", "cart", {"total": 189})
    kept = visits[-1]["traits"]["attributes"]
    assert (kept["plan"], kept["tags"]) == ("gold", "repair")
    assert (kept["events"][0]["event"], kept["events"][0]["total"]) == ("cart", 189)
    assert visits[-1]["conversationId"] == conversation


def remember_visit(visits: list[Any], request: Request) -> None:
    if request.method == "POST" and request.url.endswith("/livechat/visitors"):
        visits.append(request.post_data_json)


def test_nothing_is_asked_kept_or_moved_before_the_visitor_opens_it(widget: WidgetPage) -> None:
    asked: list[str] = []
    widget.page.on("request", lambda request: asked.append(request.url))
    widget.page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => {"
        " for (const entry of list.getEntries()) window.shift += entry.value;"
        "}).observe({ type: 'layout-shift', buffered: true });"
    )
    script = f'<script async src="/widget/v1/chorus.js" data-key="{widget.inbox_key}"></script>'
    widget.stand(head=script)
    expect(widget.launcher).to_be_visible()
    assert [url for url in asked if "/host.html" not in url] == [url_of(widget, "chorus.js")]
    assert kept(widget.page) == []
    widget.launcher.click()
    expect(widget.composer).to_be_focused()
    assert kept(widget.page) == [f"chorus:{widget.inbox_key}:open"]
    # Parts that are not wanted yet are not fetched: no forms, no emoji, no stand-in for sockets.
    parts = {
        url.split(PREFIX)[1].split(".")[0] for url in asked if PREFIX in url and "key=" not in url
    }
    assert parts == {"chorus", "en", "kit", "panel", "line", "wire", "thread", "tools"}
    assert widget.page.evaluate("window.shift") == 0


def url_of(widget: WidgetPage, name: str) -> str:
    origin: str = widget.page.evaluate("location.origin")
    return origin + PREFIX + name


def kept(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """async () => [
          ...Object.keys(localStorage), ...Object.keys(sessionStorage),
          ...document.cookie.split(';').filter(Boolean),
          ...(await indexedDB.databases()).map(it => it.name),
        ]"""
    )
    return found


def test_a_part_that_was_changed_on_the_way_is_never_run(eyes: Eyes, widget: WidgetPage) -> None:
    eyes.excuse("integrity|net::ERR_FAILED")

    def tamper(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body="window.tampered = true;" + answer.text())

    page = widget.page
    page.route(f"**{PREFIX}panel.*.js", tamper)
    widget.embed()
    widget.hear("error")
    widget.launcher.click()
    alert = page.get_by_role("alert")
    expect(alert).to_have_text("The chat cannot be loaded. Please try again.")
    assert page.evaluate("window.tampered") is None
    assert [name for name, _ in widget.heard] == ["error"]
    page.get_by_role("button", name="Page button").click()
    page.unroute(f"**{PREFIX}panel.*.js")
    page.route(f"**{PREFIX}kit.*.js", lambda route: route.abort())
    widget.launcher.click()
    expect(alert).to_be_visible()


def test_a_network_that_comes_back_needs_only_another_click(eyes: Eyes, widget: WidgetPage) -> None:
    eyes.excuse_absence()
    widget.embed()
    context = widget.page.context
    context.set_offline(True)
    widget.launcher.click()
    expect(widget.page.get_by_role("alert")).to_contain_text("cannot be loaded")
    context.set_offline(False)
    widget.launcher.click()
    expect(widget.composer).to_be_focused()
    expect(widget.page.get_by_role("alert")).to_have_count(0)


def test_it_can_stand_in_a_part_of_the_page(widget: WidgetPage) -> None:
    box = '<div id="help" style="block-size: 520px; inline-size: 360px"></div>'
    settings = {"container": "#help", "title": "Help", "greeting": "What is broken?"}
    widget.embed(settings, body=box)
    region = widget.page.locator("#help").get_by_role("region", name="Chat")
    expect(region).to_contain_text("What is broken?")
    expect(widget.launcher).to_have_count(0)
    assert region.bounding_box() == widget.page.locator("#help").bounding_box()
    expect(widget.composer).not_to_be_focused()
    widget.say("The oak one.")
    expect(widget.stored("The oak one.")).to_have_count(1)
    widget.composer.press("Escape")
    expect(region).to_be_visible()


@pytest.mark.parametrize("locale", ["ar", "de", "en", "es", "fr", "it", "ja", "pl", "pt"])
def test_each_language_has_words_for_what_is_seen_first(widget: WidgetPage, locale: str) -> None:
    words = widget.page.request.get(f"/widget/v1/{locale}.{words_version(widget.page)}.json").json()
    widget.embed({"locale": f"{locale}-XX"})
    widget.page.locator("chorus-chat .launcher").click()
    expect(widget.page.get_by_role("dialog", name=words["dialog"])).to_be_visible()
    expect(widget.page.get_by_role("textbox", name=words["composer"])).to_be_focused()
    expect(widget.window).to_contain_text(words["greeting"])
    expect(widget.host).to_have_css("direction", "rtl" if locale == "ar" else "ltr")


def words_version(page: Page) -> str:
    found: str = page.request.get("/widget/v1/manifest.json").json()["words"]
    return found


def test_only_who_asked_for_it_is_taken_to_it_and_what_is_hidden_is_not_read(
    widget: WidgetPage, installation: Up
) -> None:
    widget.embed(body="<label>Search <input></label>")
    field = widget.page.get_by_label("Search")
    field.fill("lamps")
    # A gesture of long ago is none: the page opens the chat by itself.
    widget.page.evaluate(
        "Object.defineProperty(navigator, 'userActivation', { value: { isActive: false } })"
    )
    widget.page.evaluate("setTimeout(() => window.Chorus('open'))")
    expect(widget.window).to_be_visible()
    expect(field).to_be_focused()
    assert kept(widget.page) == []
    widget.say("Hello.")
    expect(widget.stored("Hello.")).to_have_count(1)
    widget.call("hide")
    AgentByRest(widget, installation).say("Are you still there?")
    eventually(lambda: widget.call("get", "unread") == 1)
    widget.call("open")
    expect(widget.message("Are you still there?")).to_be_visible()
    eventually(lambda: widget.call("get", "unread") == 0)


@pytest.mark.parametrize(
    ("attributes", "is_open"),
    [("data-open", True), ('data-open="false"', False), ('data-open="0"', False)],
)
def test_what_stands_on_the_tag_means_what_it_says(
    widget: WidgetPage, attributes: str, is_open: bool
) -> None:
    script = (
        f'<script async src="/widget/v1/chorus.js" data-key="{widget.inbox_key}" {attributes}'
        ' data-hide-on-mobile="false"></script>'
    )
    widget.stand(head=script)
    widget.page.set_viewport_size({"width": 375, "height": 740})
    widget.page.wait_for_function("window.Chorus?.widget !== undefined")
    widget.call("setTheme", "light")
    expect(widget.host).to_be_attached()
    expect(widget.window).to_have_count(int(is_open))


def test_a_page_without_its_launcher_or_its_place_has_what_it_asked_for(widget: WidgetPage) -> None:
    script = (
        f'<script async src="/widget/v1/chorus.js" data-key="{widget.inbox_key}"'
        ' data-launcher="false"></script>'
    )
    widget.stand(head=script)
    expect(widget.host).to_be_attached()
    expect(widget.launcher).to_have_count(0)
    widget.embed({"container": "#not-there-yet"})
    expect(widget.launcher).to_be_visible()
    expect(widget.window).to_have_count(0)


def test_a_window_on_top_outlives_whatever_the_page_changes(widget: WidgetPage) -> None:
    widget.embed({"open": True})
    widget.say("From the page.")
    expect(widget.stored("From the page.")).to_have_count(1)
    with widget.page.context.expect_page() as coming:
        assert widget.call("popout") is True
    popped = WidgetPage(coming.value, inbox_key=widget.inbox_key)
    assert widget.call("popout") is True
    widget.call("update", {"theme": "dark", "color": "#7a1fa2"})
    widget.call("setLocale", "de")
    expect(widget.host).to_have_count(0)
    expect(popped.window).to_be_visible()
    expect(popped.page.locator(".bubble").first).to_have_css("border-radius", "16px 16px 5px")
    coming.value.close()
    expect(widget.window).to_have_css("position", "fixed")
    with widget.page.context.expect_page() as again:
        widget.call("popout")
    with again.value.expect_event("close"):
        widget.call("shutdown")
    expect(widget.host).to_have_count(0)


def test_words_whose_line_cannot_come_go_back_before_what_is_being_written(
    eyes: Eyes, widget: WidgetPage
) -> None:
    eyes.excuse_absence()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    widget.page.route(f"**{PREFIX}line.*.js", hold)
    widget.embed({"open": True})
    for text in ("One.", "Two."):
        widget.say(text)
        # It is seen at once, though nothing can be sent yet.
        expect(widget.window.get_by_text(text)).to_be_visible()
    widget.composer.fill("Thr")
    eventually(lambda: len(held) > 0)
    for route in held:
        route.abort()
    lines = ["One.", "Two.", "Thr"]
    expect(widget.composer).not_to_have_value("Thr")
    eventually(lambda: sorted(widget.composer.input_value().split("\n")) == sorted(lines))
    assert widget.composer.input_value().endswith("Thr")
