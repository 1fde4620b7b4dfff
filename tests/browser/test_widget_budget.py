"""The widget leaves the page its thread, also on a phone four times as slow.

The browser itself is slowed down, by the throttling of its own tools, so that whatever does not grow
with the speed of a core counts as it would. Others work on this machine, and the time that a core was
given to them is not the widget's: what counts of a task is the CPU time that its thread used, and in
that is what the throttling burnt; the least of some tries is what the code itself costs.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Eyes
from tests.browser.widget import WidgetPage
from tests.support.installation import Up

SLOWER = 4
TASK_MS = 50
TRIES = 5
# The page says by itself when it has come to rest: to ask it would be a task of its thread.
AT_REST = """() => {
  const rest = (name) => setTimeout(() => setTimeout(() => console.debug(`at rest: ${name}`), 400), 400);
  window.Chorus('on', 'open', () => rest('open'));
  window.Chorus('on', 'message:sent', () => rest('say'));
}"""


@pytest.mark.alone
def test_no_task_of_it_keeps_a_slow_phone_busy_for_50_ms(
    eyes: Eyes, installation: Up, chromium: Browser
) -> None:
    key = installation.run()["inbox_key"]
    tries: list[dict[str, float]] = []
    while len(tries) < TRIES and not is_within(tries):
        tries.append(busiest_ms(WidgetPage(eyes.window(), inbox_key=key), chromium))
    assert is_within(tries), tries


def is_within(tries: Sequence[dict[str, float]]) -> bool:
    """Whether each step has once taken no longer than it may."""
    return bool(tries) and all(
        min(one[step] for one in tries) <= TASK_MS for step in ("open", "say")
    )


def busiest_ms(widget: WidgetPage, browser: Browser) -> dict[str, float]:
    """CPU time of the longest task of the page's thread in each step."""
    widget.embed()
    expect(widget.launcher).to_be_visible()
    widget.page.evaluate(AT_REST)
    slow = widget.page.context.new_cdp_session(widget.page)
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    place = widget.launcher.bounding_box()
    assert place is not None
    found = {
        "open": traced_ms(browser, widget.page, "open", partial(point_at, widget.page, **place)),
        "say": traced_ms(browser, widget.page, "say", partial(type_hello, widget.page)),
    }
    slow.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    expect(widget.stored("Hello.")).to_have_count(1)
    return found


# Both as a hand would: what else plays them runs scripts of its own in the page.


def point_at(page: Page, *, x: float, y: float, width: float, height: float) -> None:
    page.mouse.move(x + width / 2, y + height / 2)
    page.mouse.down()
    page.mouse.up()


def type_hello(page: Page) -> None:
    page.keyboard.insert_text("Hello.")
    page.keyboard.press("Enter")


def traced_ms(browser: Browser, page: Page, name: str, step: Callable[[], None]) -> float:
    browser.start_tracing(page=page, categories=["toplevel"])
    with page.expect_console_message(lambda message: message.text == f"at rest: {name}"):
        step()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return max(
        float(event["tdur"]) / 1_000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and "tdur" in event
        and (event["pid"], event["tid"]) in threads
    )
