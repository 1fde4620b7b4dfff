"""`make bench-console`: what the console costs a browser, on a tenant with much in it.

A real Chromium without a screen, on the cores that the servers use too. Times of a shared machine are
noisy: CPU of the page's thread and counts of what is drawn say more than they do.
"""

import asyncio
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx
import psutil
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from chorus.ids import uuid7
from load.stage import Stage, stage

ROOT: Final = Path(__file__).resolve().parent.parent
CONVERSATIONS: Final = 5_000
MESSAGES: Final = 10_000
LOADS: Final = 5
KEYS: Final = 60
SCROLL_STEPS: Final = 240
STEP_PX: Final = 480
PAGES_BACK: Final = 20
TURNS_MAX: Final = 300
FRAME_MS: Final = 1_000 / 60
PATIENCE_MS: Final = 30_000
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-component-update")

COPIES = """
WITH made AS (
    SELECT n, gen_random_uuid() AS contact, gen_random_uuid() AS id
    FROM generate_series(1, $2::int) n
), people AS (
    INSERT INTO contacts SELECT (jsonb_populate_record(c, jsonb_build_object(
        'id', made.contact, 'external_id', NULL, 'name', 'Customer ' || made.n))).*
    FROM contacts c, conversations t, made WHERE t.id = $1 AND c.id = t.contact_id
)
INSERT INTO conversations SELECT (jsonb_populate_record(t, jsonb_build_object(
    'id', made.id, 'contact_id', made.contact, 'preview', 'Where is order ' || made.n || '?',
    'last_ts', now() - made.n * interval '1 minute'))).*
FROM conversations t, made WHERE t.id = $1
"""
LONG_THREAD = """
INSERT INTO messages SELECT (jsonb_populate_record(m, jsonb_build_object(
    'seq', n, 'id', gen_random_uuid(), 'created_at', now() - ($2 - n) * interval '20 seconds',
    'content', 'Line ' || n || ': ' || repeat('it should have been here yesterday. ', 1 + n % 4)))).*
FROM messages m, generate_series(2, $2::int) n WHERE m.conversation_id = $1 AND m.seq = 1
"""
USABLE = """
new MutationObserver(() => {
  if (window.usable_ms === undefined && document.querySelector('[data-conv]') !== null)
    requestAnimationFrame(() => { window.usable_ms ??= performance.now(); });
}).observe(document, { childList: true, subtree: true });
"""
FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const tick = (now) => {
    window.frames_ms.push(now - last);
    last = now;
    window.ticking = requestAnimationFrame(tick);
  };
  window.ticking = requestAnimationFrame(tick);
}"""
# After the frame that shows a letter comes the next task of the page.
KEYS_TO_PAINT = """() => {
  window.painted_ms = [];
  document.addEventListener('keydown', ({ timeStamp }) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.painted_ms.push(performance.now() - timeStamp);
    port2.postMessage(null);
  }), { capture: true });
}"""


async def fill(on: Stage) -> str:
    """Put in what a busy tenant has; answers the conversation with the long thread."""
    (visitor,) = await on.visitors(1)
    conversation, headers = visitor.conversation_id, {"Authorization": f"Bearer {visitor.token}"}
    async with httpx.AsyncClient(base_url=on.base, headers=headers, trust_env=False) as api:
        said = {"id": str(uuid7()), "content": "Where is my order?"}
        path = f"/livechat/conversations/{conversation}/messages"
        (await api.post(path, json=said)).raise_for_status()
    connection = await asyncpg.connect(on.database_url)
    try:
        # The others are copies of what was said by the API.
        await connection.execute(COPIES, conversation, CONVERSATIONS)
        await connection.execute(LONG_THREAD, conversation, MESSAGES)
        await connection.execute(
            "UPDATE conversations SET last_seq = $2, last_ts = now() + interval '1 minute'"
            " WHERE id = $1",
            conversation,
            MESSAGES,
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return conversation


class Cpu:
    """CPU of a page's own thread, as its tools count it."""

    def __init__(self, tools: CDPSession) -> None:
        self._tools = tools
        tools.send("Performance.enable", {"timeDomain": "threadTicks"})

    def ms(self) -> float:
        told = self._tools.send("Performance.getMetrics")["metrics"]
        return 1_000 * float(next(one["value"] for one in told if one["name"] == "TaskDuration"))


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(path)
    return page


def first_loads(browser: Browser, base: str, who: dict[str, Any]) -> dict[str, float]:
    """What comes over the line, and how long until the inbox can be used, without anything kept."""
    loads = []
    for _ in range(LOADS):
        with signed_in(browser, base, who) as context:
            loads.append(first_load(context))
    usable_ms = [ms for _, ms in loads]
    return {
        "KiB until the inbox can be used, as sent": statistics.median(kib for kib, _ in loads),
        f"inbox usable, ms, median of {LOADS}": statistics.median(usable_ms),
        "inbox usable, ms, worst": max(usable_ms),
    }


def first_load(context: BrowserContext) -> tuple[float, float]:
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    heard: list[int] = []
    tools.on("Network.loadingFinished", lambda it: heard.append(it["encodedDataLength"]))
    page.add_init_script(USABLE)
    page.goto("/console/inbox/all")
    page.locator("[data-conv]").first.wait_for(timeout=PATIENCE_MS)
    usable_ms = page.evaluate("new Promise(told => setTimeout(() => told(window.usable_ms), 100))")
    return sum(heard) / 1_024, float(usable_ms)


@contextmanager
def signed_in(browser: Browser, base: str, who: dict[str, Any]) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=base, viewport={"width": 1440, "height": 900})
    try:
        page = opened(context, "/console")
        page.get_by_label("E-mail").fill(who["email"])
        page.get_by_label("Password").fill(who["password"])
        page.get_by_role("button", name="Sign in").click()
        page.locator("[data-conv]").first.wait_for()
        page.close()
        yield context
    finally:
        context.close()


def long_list(page: Page, cpu: Cpu) -> dict[str, float]:
    """Load all rows by scrolling, then scroll through them and count frames."""
    page.locator("[data-conv]").first.hover()
    last = page.get_by_text(f"Customer {CONVERSATIONS}", exact=True)
    for _ in range(TURNS_MAX):
        if last.count():
            break
        page.mouse.wheel(0, 100_000)
        page.wait_for_timeout(100)
    else:
        raise RuntimeError("the list does not end")
    page.mouse.wheel(0, -10_000_000)
    page.wait_for_timeout(500)
    return {
        **scrolled(page, cpu),
        "rows drawn of 5,000 and more": float(page.locator("[data-conv]").count()),
    }


def scrolled(page: Page, cpu: Cpu) -> dict[str, float]:
    before_ms = cpu.ms()
    page.evaluate(FRAMES)
    for _ in range(SCROLL_STEPS):
        page.mouse.wheel(0, STEP_PX)
    page.evaluate("cancelAnimationFrame(window.ticking)")
    frames_ms = [float(one) for one in page.evaluate("window.frames_ms")][1:]
    late = sum(one > 1.5 * FRAME_MS for one in frames_ms)
    return {
        "frames a second while scrolling": 1_000 * len(frames_ms) / sum(frames_ms),
        "frames that came late, %": 100 * late / len(frames_ms),
        "longest frame, ms": max(frames_ms),
        "CPU of the page a frame, ms": (cpu.ms() - before_ms) / len(frames_ms),
    }


def typing(page: Page, cpu: Cpu) -> dict[str, float]:
    """From a key to the frame that shows it."""
    page.get_by_label("Write a reply").click()
    page.evaluate(KEYS_TO_PAINT)
    before_ms = cpu.ms()
    for key in "abcde fghi " * (KEYS // 10):
        page.keyboard.press(key)
        page.wait_for_timeout(30)
    painted_ms = sorted(float(one) for one in page.evaluate("window.painted_ms"))
    cuts = statistics.quantiles(painted_ms, n=20)
    return {
        "key to paint, ms: p50": statistics.median(painted_ms),
        "key to paint, ms: p95": cuts[18],
        "key to paint, ms: worst": painted_ms[-1],
        "CPU of the page a key, ms": (cpu.ms() - before_ms) / len(painted_ms),
    }


def read_back(page: Page) -> None:
    """Go back through the thread, page by page."""
    log = page.get_by_role("log")
    for _ in range(PAGES_BACK):
        with page.expect_response(lambda told: "/messages?" in told.url):
            log.evaluate("it => it.scrollTo(0, 0)")
        page.wait_for_timeout(100)


def measure(on: Stage, conversation: str, browser: Browser) -> dict[str, dict[str, float]]:
    who = next(one for one in on.run["agents"] if one["role"] == "admin")
    found = {"first load": first_loads(browser, on.base, who)}
    with signed_in(browser, on.base, who) as context:
        page = opened(context, "/console/inbox/all")
        page.locator("[data-conv]").first.wait_for()
        cpu = Cpu(context.new_cdp_session(page))
        found["list of 5,000"] = long_list(page, cpu)
        page.goto(f"/console/inbox/all/{conversation}")
        page.get_by_text(f"Line {MESSAGES}:").first.wait_for()
        found["thread of 10,000, at its end"] = typing(page, cpu)
        read_back(page)
        found["the same, 2,000 messages read back"] = typing(page, cpu)
    return found


def report(found: dict[str, dict[str, float]], browser: Browser) -> str:
    machine = f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total >> 30} GiB, "
    machine += f"{platform.system()} {platform.release()}, Chromium {browser.version}, "
    machine += f"load {os.getloadavg()[0]:.1f}"
    lines = [f"Machine: {machine}.", "", "| part | figure | value |", "|---|---|---|"]
    for part, figures in found.items():
        lines += [f"| {part} | {name} | {value:,.1f} |" for name, value in figures.items()]
    return "\n".join(lines)


def main() -> None:
    chromium = subprocess.check_output([ROOT / "tools" / "chromium.sh"], text=True).strip()
    with stage() as on:
        conversation = asyncio.run(fill(on))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            found = measure(on, conversation, browser)
            sys.stdout.write(report(found, browser) + "\n")
            browser.close()


if __name__ == "__main__":
    main()
