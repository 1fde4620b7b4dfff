"""Settings of the bot process."""

from pydantic import Field

from ai.settings import KnowledgeSettings


class BotSettings(KnowledgeSettings):
    """How the bot listens, how long it may think, and where it looks."""

    bot_name: str = Field("bot", pattern=r"^[a-zA-Z0-9._-]{1,40}$")
    """Under this name it reads domain events; several processes have several names."""
    bot_answers: bool = True
    """Off: no bot of this installation answers anybody, and whoever has one gets a person."""
    bot_debounce_ms: int = Field(700, ge=0)
    """A customer who was silent for so long has finished what they say."""
    bot_debounce_max_ms: int = Field(3_000, ge=0)
    """After so long they are answered though they write on."""
    bot_turn_ms: int = Field(6_000, ge=500)
    """A turn that takes longer ends at a person."""
    bot_typing_after_ms: int = Field(300, ge=0)
    """After so long the customer sees that it writes."""
    bot_turns_at_once: int = Field(50, ge=1, le=1_000)
    """Others wait."""
