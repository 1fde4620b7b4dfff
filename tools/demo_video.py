"""`make demo-video`: a customer, a bot and an agent, filmed in two windows of a real installation.

Chromium films it itself: pictures of both windows are drawn side by side on a page, which records
its canvas. So nothing else has to be installed.
"""

import argparse
import asyncio
import base64
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright

from load.stage import Stage, stage

ROOT: Final = Path(__file__).parent.parent
SHOP: Final[ViewportSize] = {"width": 620, "height": 800}
DESK: Final[ViewportSize] = {"width": 1180, "height": 800}
FRAMES_PER_S: Final = 8
FLAGS: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync")
KEY_MS: Final = 35
READ_S: Final = 1.6
"""So long a viewer has for what has just happened."""

STUDIO: Final = """
<!doctype html><canvas id="film"></canvas>
<script>
const canvas = document.getElementById("film");
const pen = canvas.getContext("2d");
const load = async (data) => createImageBitmap(await (await fetch("data:image/jpeg;base64," + data)).blob());
let recorder, parts = [];
window.begin = (width, height) => {
  canvas.width = width;
  canvas.height = height;
  const stream = canvas.captureStream();
  recorder = new MediaRecorder(stream, { mimeType: "video/webm;codecs=vp9", videoBitsPerSecond: 2_500_000 });
  recorder.ondataavailable = (event) => parts.push(event.data);
  recorder.start();
};
window.draw = async (left, right, leftWidth) => {
  const [shop, desk] = await Promise.all([load(left), load(right)]);
  pen.drawImage(shop, 0, 0);
  pen.drawImage(desk, leftWidth, 0);
};
window.finish = async () => {
  await new Promise((done) => { recorder.onstop = done; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
};
</script>
"""


@dataclass(slots=True)
class Film:
    """Pictures of both windows, and when each was taken."""

    shop: Page
    desk: Page
    taken: list[tuple[float, str, str]] = field(default_factory=list)

    async def run(self) -> None:
        """Film until cancelled."""
        while True:
            began = monotonic()
            shop, desk = await asyncio.gather(*(_picture(one) for one in (self.shop, self.desk)))
            self.taken.append((began, shop, desk))
            await asyncio.sleep(max(0.0, 1 / FRAMES_PER_S - (monotonic() - began)))


async def _picture(page: Page) -> str:
    data = await page.screenshot(type="jpeg", quality=88, animations="allow", caret="initial")
    return base64.b64encode(data).decode()


@asynccontextmanager
async def filming(film: Film) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        camera = group.create_task(film.run())
        yield
        camera.cancel()


async def act(shop: Page, desk: Page) -> None:
    """The story: asked and answered by the bot, handed over, answered by a person, rated."""
    write = shop.get_by_label("Write a message")
    await shop.get_by_role("button", name="Chat with us").click()
    await _say(write, "How many days does standard delivery take?")
    await shop.locator("[data-message]").nth(1).wait_for()
    await asyncio.sleep(2 * READ_S)
    await _say(write, "My lamp came with a cracked shade. Can I talk to a person?")
    await desk.get_by_role("button", name="Accept").first.wait_for()
    await asyncio.sleep(2 * READ_S)
    await desk.get_by_role("button", name="Accept").first.click()
    reply = desk.get_by_label("Write a reply")
    await reply.wait_for()
    await asyncio.sleep(READ_S)
    await _say(reply, "I am sorry about the shade. A new one leaves the workshop today.")
    await asyncio.sleep(READ_S)
    await _say(write, "That is kind, thank you!")
    await asyncio.sleep(READ_S)
    await desk.get_by_role("button", name="Resolve").first.click()
    await shop.get_by_role("radio").or_(shop.get_by_role("button", name="5")).last.wait_for()
    await asyncio.sleep(2 * READ_S)


async def _say(box: Locator, text: str) -> None:
    await box.click()
    await box.press_sequentially(text, delay=KEY_MS)
    await asyncio.sleep(READ_S / 3)
    await box.press("Enter")
    await asyncio.sleep(READ_S)


async def shoot(on: Stage, browser: Browser) -> Film:
    shop = await (await browser.new_context(viewport=SHOP)).new_page()
    desk = await (await browser.new_context(viewport=DESK)).new_page()
    agent = next(one for one in on.run["agents"] if one["role"] == "agent")
    await desk.goto(f"{on.base}/console")
    await desk.get_by_label("E-mail").fill(agent["email"])
    await desk.get_by_label("Password").fill(agent["password"])
    await desk.get_by_role("button", name="Sign in").click()
    await desk.get_by_role("main").wait_for()
    await shop.goto(f"{on.base}/demo?bot=first")
    film = Film(shop, desk)
    async with filming(film):
        await act(shop, desk)
    return film


async def develop(film: Film, browser: Browser) -> bytes:
    """Play the pictures at the pace they were taken in, and record that: WebM."""
    studio = await browser.new_page()
    await studio.set_content(STUDIO)
    width = SHOP["width"] + DESK["width"]
    await studio.evaluate("([w, h]) => begin(w, h)", [width, SHOP["height"]])
    began, first = monotonic(), film.taken[0][0]
    for at, left, right in film.taken:
        await asyncio.sleep(max(0.0, (at - first) - (monotonic() - began)))
        await studio.evaluate("([a, b, w]) => draw(a, b, w)", [left, right, SHOP["width"]])
    await asyncio.sleep(READ_S)
    return base64.b64decode(await studio.evaluate("finish()"))


async def make(on: Stage, chromium: str) -> bytes:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        try:
            return await develop(await shoot(on, browser), browser)
        finally:
            await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "artefacts" / "demo.webm")
    options = parser.parse_args()
    chromium = subprocess.check_output([ROOT / "tools" / "chromium.sh"], text=True).strip()
    with stage() as on:
        film = asyncio.run(make(on, chromium))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(film)
    print(f"{options.out}  ({len(film) / 1024:,.0f} KiB)")


if __name__ == "__main__":
    main()
