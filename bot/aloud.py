"""The look at what a bot would say: at each sentence before it is heard, and at the whole."""

from dataclasses import dataclass

from ai.extract.language import language_of
from ai.guards.verify import Bounds, Source, faults_of
from bot.ports import Asked, Brief, Draft, Hearing
from chorus import metrics
from chorus.log import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """Implements `bot.ports.Aloud` for a customer who hears what was found good."""

    asked: Asked
    hearing: Hearing

    async def begin(self) -> None:
        await self.hearing.drop()

    async def sentence(self, draft: Draft) -> bool:
        if has_faults(draft, self.asked):
            return False
        await self.hearing.say(draft.text)
        return True


def is_translated(draft: Draft, asked: Asked) -> bool:
    """Whether its words can be none of its passages', and its tenant lets its bot speak so."""
    bot = asked.brief.bot
    cited = {one.lang for one in asked.passages if one.id in draft.cited}
    if bot is None or bot.settings.get("translates") is not True or not asked.language:
        return False
    said = language_of(draft.text, asked.language)
    return bool(cited) and "" not in cited and said == asked.language and said not in cited


def hosts_of(brief: Brief) -> tuple[str, ...]:
    """Where links of its bot may lead."""
    hosts = brief.bot.settings.get("allowedHosts", ()) if brief.bot else ()
    return tuple(str(one) for one in hosts)


def has_faults(draft: Draft, asked: Asked) -> bool:
    """Whether anything keeps it from being said; counted and logged, without its words."""
    sources = [Source(one.id, f"{one.title}\n{one.text}") for one in asked.passages]
    translated = is_translated(draft, asked)
    bounds = Bounds(hosts_of(asked.brief), draft.known, asked.question, draft.canary, translated)
    faults = faults_of(draft.text, draft.cited, sources, bounds)
    for fault in faults:
        metrics.grounding_rejects_total.labels(f"bot_{fault}").inc()
    if faults:
        log.warning("bot_draft_refused", by=draft.by, faults=[str(one) for one in faults])
    return bool(faults)
