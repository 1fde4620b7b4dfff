"""What agents do in the console together, and what an auditor says of its screens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from playwright.sync_api import Locator, Page, expect

from chorus.ids import uuid7
from tests.browser.people import AgentPage, CustomerPage
from tests.browser.widget import AXE, RULES
from tests.support.installation import Up

USUAL = 5
PLENTY = 100
NOTHING_NEW = 0
ROBIN = "Robin"


class Staff:
    """The agents of an installation, by REST: who of them is offered something."""

    def __init__(self, up: Up) -> None:
        self.agents: Sequence[dict[str, Any]] = up.run()["agents"]
        self._http = httpx.Client(base_url=up.urls["base"], timeout=10)
        admin = self._http.post(
            "/auth/login", json={name: self.agents[0][name] for name in ("email", "password")}
        ).json()
        self._http.headers["Authorization"] = f"Bearer {admin['accessToken']}"
        listed = self._http.get("/admin/agents").raise_for_status().json()["items"]
        self._ids = {one["email"]: one["id"] for one in listed}

    def named(self, email: str) -> dict[str, Any]:
        return next(one for one in self.agents if one["email"] == email)

    def post(self, path: str, body: object = None, *, token: str | None = None) -> dict[str, Any]:
        """As the administrator, or as whoever has this token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        answer = self._http.post(path, json=body, headers=headers).raise_for_status()
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def invite(self, name: str, password: str) -> dict[str, Any]:
        """Somebody new, who has chosen a password."""
        email = f"{uuid4().hex}@demo.test"
        made = self.post("/admin/agents", {"name": name, "email": email, "role": "agent"})
        self.post("/auth/invite", {"token": made["invitation"]["token"], "password": password})
        return {"id": made["agent"]["id"], "email": email, "password": password}

    def change(self, agent: Mapping[str, Any], change: Mapping[str, Any]) -> None:
        self._patch(f"/admin/agents/{agent['id']}", change)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def bot(self) -> dict[str, Any]:
        """The one bot there is."""
        bots = self._http.get("/admin/bots").raise_for_status().json()["items"]
        known: dict[str, dict[str, Any]] = {one["name"]: one for one in bots}
        return known.get(ROBIN) or self.post("/admin/bots", {"name": ROBIN})

    @contextmanager
    def suggesting(self) -> Iterator[None]:
        """A bot of ours proposes answers in the demo shop's chat, and speaks to nobody."""
        bot = self.bot()
        self._patch(f"/admin/bots/{bot['id']}", {"mode": "suggest"})
        inboxes = self._http.get("/admin/inboxes").raise_for_status().json()["items"]
        inbox = next(one for one in inboxes if one["name"] == "Demo shop")
        self._patch(f"/admin/inboxes/{inbox['id']}", {"botId": bot["id"]})
        try:
            yield
        finally:
            before = {"botId": inbox["botId"], "bot": inbox["bot"]}
            self._patch(f"/admin/inboxes/{inbox['id']}", before)

    def reported(self, name: str) -> dict[str, Any]:
        """A report on today."""
        found: dict[str, Any] = self._http.get(f"/reports/{name}").raise_for_status().json()
        return found

    def _patch(self, path: str, change: Mapping[str, Any]) -> None:
        self._http.patch(path, json=change).raise_for_status()

    def _end_what_was_left(self) -> None:
        """Visitors of other tests: whose agent has gone is offered anew, to whoever is here."""
        query = "view=all&status=open&limit=100"
        for one in self._http.get(f"/livechat/conversations?{query}").json()["items"]:
            if one["contact"]["name"] is None:
                command = {"event": "resolve", "data": {"id": str(uuid7())}}
                self.post(f"/livechat/conversations/{one['id']}/commands", command)

    @contextmanager
    def only(self, *emails: str) -> Iterator[None]:
        """Nobody else is offered anything, whoever was there a moment ago; these always are."""
        self._end_what_was_left()
        self._take({email: PLENTY if email in emails else NOTHING_NEW for email in self._ids})
        try:
            yield
        finally:
            self._take(dict.fromkeys(self._ids, USUAL))

    def _take(self, capacities: Mapping[str, int]) -> None:
        for email, capacity in capacities.items():
            self._patch(f"/admin/agents/{self._ids[email]}", {"capacity": capacity})


def ask_for_a_person(customer: CustomerPage, text: str) -> None:
    customer.say(text)
    expect(customer.stored(text)).to_have_count(1)
    customer.page.get_by_role("button", name="More").click()
    customer.page.get_by_role("button", name="Talk to a person").click()


def offer_of(agent: AgentPage) -> Locator:
    return agent.page.locator("[data-offer]")


def accept(agent: AgentPage, text: str) -> None:
    """Take the one offer there is, and see what it was about."""
    expect(offer_of(agent)).to_contain_text(text)
    offer_of(agent).get_by_role("button", name="Accept").click()
    expect(agent.message(text)).to_be_visible()
    expect(offer_of(agent)).to_have_count(0)
    # Else the first words of the answer act as single keys.
    expect(agent.page.locator("form[data-mode] textarea")).to_be_focused()


def badge(agent: AgentPage) -> Locator:
    return agent.page.locator("main header [data-badge]")


class Auditor:
    """Asks axe about whole screens, in light and dark, and leaves pictures."""

    def __init__(self, page: Page, pictures: Path) -> None:
        self._page = page
        self._pictures = pictures
        self.violations: list[str] = []

    def look(self, screen: str) -> None:
        """What is still fading in has no contrast yet, so nothing moves."""
        self._page.emulate_media(reduced_motion="reduce")
        for scheme in ("light", "dark"):
            self._page.emulate_media(color_scheme=scheme)
            expect(self._page.locator("html")).to_have_attribute("data-theme", scheme)
            expect(self._page.get_by_role("heading").first).to_be_visible()
            self._ask(f"{screen} {scheme}")
            picture = self._pictures / f"console-{screen}-{scheme}.png"
            self._page.screenshot(path=picture, animations="disabled")

    def _ask(self, where: str) -> None:
        if not self._page.evaluate("'axe' in window"):
            self._page.evaluate(AXE.read_text())
        found = self._page.evaluate(
            """async rules => {
              const result = await axe.run(document, { runOnly: rules, resultTypes: ['violations'] });
              return result.violations.map(one => [one.id, one.nodes.map(node => node.html)]);
            }""",
            RULES,
        )
        self.violations += [f"{where}: {rule} {nodes}" for rule, nodes in found]
