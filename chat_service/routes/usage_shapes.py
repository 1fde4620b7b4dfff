"""What the use of models looks like over REST. Money is in millionths of a dollar."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from chat_service.routes.admin_shapes import Setting
from chat_service.routes.shapes import Shape

CAP_MAX: int = 10**12
"""A million dollars."""


class UsageQuery(Shape):
    month: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2999, 12, 31))] | None = None
    """Any day of it; this month when left out."""


class UsageLimit(Setting):
    cap_micros: Annotated[int, Field(strict=True, ge=0, le=CAP_MAX)] | None
    """The most a month; null: what the plan of the installation allows."""


class MonthSpent(Shape):
    month: date
    micros: int
    calls: int
    budget_micros: int | None
    """What the plan allowed; null: nothing was asked for yet that costs."""


class ModelSpent(Shape):
    feature: str
    model: str
    calls: int
    answered: int
    """Calls whose answer was of use."""
    tokens_in: int
    tokens_out: int
    micros: int


class UsageAnswer(Shape):
    month: date
    micros: int
    calls: int
    budget_micros: int | None
    cap_micros: int | None
    standing: Literal["unused", "within", "near", "over"]
    """`near`: four fifths of what may be spent are. `over`: nothing is left, or too little for the
    last call."""
    models: list[ModelSpent]
    months: list[MonthSpent]
