"""The shop's bot with the stub's models: real HTTP, a real ledger behind real calls."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

from ai.knowledge.passages import Passage
from ai.models.access import Access
from ai.models.keys import Keys
from ai.models.limits import Limits
from ai.models.plan import Plan
from ai.models.spending import Ledger
from bot import ports
from bot.aloud import has_faults
from bot.answering import Modelled, answer_prompt
from bot.ledger import RpcLedger
from bot.moderated import moderation_prompt
from bot.quoting import Quoting
from chorus.ids import uuid7
from tests.ai.models.books import Books
from tests.bot.world import QUESTION, Shop
from tests.support.model_stub import Asked, ModelStub

SAYS = (
    ("You can return an item within 30 days of delivery.", [1]),
    ("Return shipping is free in Germany.", [1]),
    ("Refunds arrive within five working days.", [1]),
)
BUDGET_USD = 5.0
PATIENCE_S = 20.0


def plan_of_bots(stub: ModelStub, *models: str, budget: float = BUDGET_USD, **terms: Any) -> Plan:
    """`models` of the stub in their order, for bots of everybody."""
    choices = [
        {"spec": f"openai:{one}", "base_url": stub.url, "price_in": 1, "price_out": 2, **terms}
        for one in models
    ]
    tiers = ("free", "starter", "pro", "enterprise")
    terms_of = {"budget_usd": budget, "models": {"bot": choices}}
    return Plan.model_validate({"tiers": dict.fromkeys(tiers, terms_of)})


def access_of(shop: Shop, plan: Plan) -> Access:
    """Warm, as the process has it: an import in the middle would make calls of others late."""
    return access_with(plan, RpcLedger(shop.calls))


def access_with(plan: Plan, ledger: Ledger | None = None) -> Access:
    """The same, by default for who has no shop."""
    access = Access(plan, Keys({}, Path("/nowhere")), Limits(None), ledger or Books())
    access.warm_up([answer_prompt(), moderation_prompt()])
    return access


def passage(id_: str, title: str, text: str) -> Passage:
    return Passage(id_, UUID(int=1), title, text, "en", "editor", 1, 0.9, 0.9, 0.9)


RETURNING = passage("a", "Returning an item", " ".join(text for text, _ in SAYS))


def wanted(*passages: Passage, question: str = QUESTION) -> ports.Asked:
    """A question of a shop that has a bot and no books."""
    brief = ports.Brief("open", 1, None, "shop", "pro", ports.BotCard(uuid7(), "Robin"))
    where = ports.Where(uuid7(), uuid7())
    known = passages or (RETURNING,)
    return ports.Asked(where, brief, question, "en", known, (), monotonic() + PATIENCE_S)


def modelled(shop: Shop, access: Access, **changes: Any) -> Shop:
    """The shop whose bot asks models first and quotes then, on one clock."""
    mind = {"now_s": monotonic, "turn_s": 20.0, **changes}
    return shop.thinking(Modelled(access), Quoting(), **mind)


def saying(*sentences: tuple[str, list[int]], answerable: bool = True) -> Any:
    """What a model that behaves says: `stub.answer`."""
    said = [{"text": text, "passages": numbers} for text, numbers in sentences]

    def answer(_asked: Asked) -> dict[str, Any]:
        return {"answerable": answerable, "sentences": said}

    return answer


def listening_to(shop: Shop, stage: Any) -> Shop:
    return replace(shop, voice=replace(shop.voice, stage=stage))


@dataclass
class Ear:
    """Implements `bot.ports.Aloud`: looks at each sentence as a turn does, and remembers it."""

    asked: ports.Asked
    interrupts: bool = False
    begun: int = 0
    sentences: list[ports.Draft] = field(default_factory=list)

    async def begin(self) -> None:
        self.begun += 1
        self.sentences.clear()

    async def sentence(self, draft: ports.Draft) -> bool:
        if self.interrupts:
            raise ports.Interrupted("superseded")
        self.sentences.append(draft)
        return not has_faults(draft, self.asked)
