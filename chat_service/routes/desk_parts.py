"""What the routes for agents' own things share: who may, and what they read."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Path

from chat_service.routes.guard import AGENTS, Needs

READ: Final = Needs("chat:read", AGENTS)
WRITE: Final = Needs("chat:write", AGENTS)

ConversationId = Annotated[UUID, Path(alias="conversationId")]
