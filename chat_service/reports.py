"""Reports on handoff, and the targets they are held against (`load/slo.json`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from chat_service.queue_choice import UnknownQueue
from chat_service.report_figures import Offers, Span, Sums, Targets
from chat_service.store import reports as store
from chat_service.store.reports import DAY, QUEUE, TOTAL, Cut, Part
from chorus.db import Db
from chorus.settings import BadSettings

# In a wheel the file lies beside this module; in a checkout the load scripts have it.
SHIPPED: Final = (
    Path(__file__).with_name("slo.json"),
    Path(__file__).parents[1] / "load" / "slo.json",
)


class _Written(BaseModel):
    model_config = ConfigDict(extra="ignore")
    escalation: Targets


def read_targets(path: Path | None) -> Targets:
    """Read the targets from a file, by default the one that is shipped.

    Raises:
        BadSettings: there is no such file, or it says something else.
    """
    chosen = path or next((one for one in SHIPPED if one.is_file()), SHIPPED[-1])
    try:
        return _Written.model_validate_json(chosen.read_bytes()).escalation
    except OSError as error:
        raise BadSettings(f"CHORUS_SLO_FILE: {chosen} cannot be read") from error
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
        raise BadSettings(f"CHORUS_SLO_FILE: {where} is not what is expected there") from error


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report."""

    sums: Sums
    offers: Offers


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the wishes for a person of some days."""

    span: Span
    queue: str | None
    total: Line
    queues: Mapping[UUID | None, Line]
    """None: those who were put into no queue."""
    days: list[Line]
    """One for each day, also where nothing happened."""
    names: Mapping[UUID, str]


async def escalation(
    db: Db, tenant_id: UUID, span: Span, *, queue: str | None, now: datetime
) -> Report:
    """Sum up the wishes for a person of some days. `queue`: a name or an id.

    Raises:
        UnknownQueue: with the names of those there are.
    """
    async with db.read(tenant_id) as session:
        names = await store.queue_names(session, tenant_id)
        chosen = None if queue is None else _named(names, queue)
        cut = Cut(tenant_id, span.starts, span.until, chosen, now)
        sums = await store.sums(session, cut)
        offers = await store.offers(session, cut)

    def line(part: Part) -> Line:
        return Line(sums.get(part, Sums()), offers.get(part, Offers()))

    parts = {*sums, *offers}
    there = {one.queue_id for one in parts if one.by == QUEUE}
    return Report(
        span,
        None if chosen is None else names[chosen],
        line(Part(TOTAL)),
        {one: line(Part(QUEUE, one)) for one in [*names, None] if one in there},
        [line(Part(DAY, day=place)) for place in range(len(span.days))],
        names,
    )


def _named(names: Mapping[UUID, str], asked: str) -> UUID:
    for queue_id, name in names.items():
        if asked in (name, str(queue_id)):
            return queue_id
    known = sorted(set(names.values()))
    raise UnknownQueue(f"There is no such queue; there are: {', '.join(known)}.", queues=known)
