"""Files in the widget: pasted, refused, cut off in the middle, sent, and seen again."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Route, expect

from tests.browser.people import AgentPage, Eyes
from tests.browser.widget import PROGRAM, WidgetPage
from tests.support.installation import Up

SignIn = Callable[[], AgentPage]
UPLOADS = "**/livechat/attachments?*"
LOG: FilePayload = {
    "name": "switch.txt",
    "mimeType": "text/plain",
    "buffer": b"The switch was on at noon.\n" * 4_000,
}


@pytest.fixture
def widget(eyes: Eyes, installation: Up) -> WidgetPage:
    found = WidgetPage(eyes.window(), inbox_key=installation.run()["inbox_key"])
    found.embed({"open": True})
    return found


def rows(widget: WidgetPage, *, phase: str) -> Locator:
    return widget.page.locator(f".tray-row[data-phase={phase}]")


def cut_in_the_middle(widget: WidgetPage) -> None:
    """Lose the network while a file is leaving, and have it back for the next try."""
    page = widget.page
    leaving: list[Route] = []

    def hold(route: Route) -> None:
        leaving.append(route)

    page.route(UPLOADS, hold)
    with page.expect_request(UPLOADS):
        widget.picker.set_input_files(LOG)
    expect(page.get_by_role("progressbar", name="Uploading switch.txt")).to_be_visible()
    page.unroute(UPLOADS)
    leaving[0].abort("internetdisconnected")


def see_again(widget: WidgetPage, sent: Locator) -> None:
    """On the next page the picture is shown, and the file can be had as it was."""
    page = widget.page
    page.reload()
    shown = sent.locator(".picture img")
    expect(shown).to_be_visible()
    assert shown.evaluate("async it => (await it.decode(), it.naturalWidth)") == 480
    with page.expect_download() as download:
        sent.get_by_role("button", name="Download switch.txt").click()
    assert download.value.suggested_filename == "switch.txt"
    assert Path(download.value.path()).read_bytes() == LOG["buffer"]


def test_files_come_through_refusals_and_a_cut(
    eyes: Eyes, widget: WidgetPage, sign_in: SignIn, pictures: Path
) -> None:
    eyes.excuse_absence()
    eyes.excuse("status of 415")
    agent = sign_in()
    widget.paste_picture()
    expect(rows(widget, phase="ready")).to_contain_text("lamp.png")
    refused = rows(widget, phase="failed")
    widget.picker.set_input_files(PROGRAM)
    expect(refused.get_by_role("alert")).to_contain_text(".")
    cut_in_the_middle(widget)
    expect(refused.filter(has_text="switch.txt")).to_contain_text("Not uploaded.")
    widget.page.screenshot(path=pictures / "widget-files.png")
    refused.get_by_role("button", name="Remove lamp.exe").click()
    refused.get_by_role("button", name="Try again").click()
    expect(rows(widget, phase="ready").filter(has_text="switch.txt")).to_have_count(1)
    widget.say("The log and the lamp.")
    sent = widget.stored("The log and the lamp.")
    expect(sent).to_have_count(1)
    expect(widget.tray).to_have_count(0)
    see_again(widget, sent)
    agent.open("The log and the lamp.")
    expect(agent.message("The log and the lamp.")).to_contain_text("switch.txt")
