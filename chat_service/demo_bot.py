"""The demo shop's bot: a second inbox, whose customers it answers before people do.

The shop's own inbox stays without one: there, whoever writes is answered by a person at once.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from chorus.ids import uuid7
from chorus.tables.bots import Bot

INBOX: Final = "Demo shop, bot first"
NAME: Final = "Juno"
PERSONA: Final = "The lamp shop's assistant: warm, brief, and at home in its workshop."
INSTRUCTIONS: Final = "Say parcel, not package. Name the number of days wherever there is one."


def bot_of(tenant_id: UUID, made: datetime) -> Bot:
    """It answers from what the demo shop has written down (`demo_knowledge`)."""
    return Bot(
        id=uuid7(),
        tenant_id=tenant_id,
        name=NAME,
        persona=PERSONA,
        instructions=INSTRUCTIONS,
        created_at=made,
    )
