"""The widget leaves the page its thread: what a phone four times as slow would feel, too."""

import json
from collections.abc import Callable
from functools import partial

from playwright.sync_api import Browser, Page, expect

from tests.browser.people import Eyes
from tests.browser.widget import WidgetPage
from tests.support.installation import Up

SLOWER = 4
TASK_MS = 50
# Others work on this machine; the shortest of some tries is what the code itself costs.
TRIES = 3


def test_no_task_of_it_would_keep_a_slow_phone_busy_for_50_ms(
    eyes: Eyes, installation: Up, chromium: Browser
) -> None:
    key = installation.run()["inbox_key"]
    tries = [busiest_ms(WidgetPage(eyes.window(), inbox_key=key), chromium) for _ in range(TRIES)]
    for step in ("open", "say"):
        assert min(one[step] for one in tries) * SLOWER <= TASK_MS, (step, tries)


def busiest_ms(widget: WidgetPage, browser: Browser) -> dict[str, float]:
    """CPU time of the longest task of the page's thread in each step."""
    widget.embed()
    expect(widget.launcher).to_be_visible()
    steps = {"open": open_it, "say": say_something}
    return {
        name: traced_ms(browser, widget.page, partial(step, widget)) for name, step in steps.items()
    }


def open_it(widget: WidgetPage) -> None:
    widget.launcher.click()
    expect(widget.composer).to_be_focused()


def say_something(widget: WidgetPage) -> None:
    widget.say("Hello.")
    expect(widget.stored("Hello.")).to_have_count(1)


def traced_ms(browser: Browser, page: Page, step: Callable[[], None]) -> float:
    browser.start_tracing(page=page, categories=["toplevel"])
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
