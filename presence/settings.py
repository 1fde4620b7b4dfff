"""Settings of the presence process."""

from pydantic import Field

from chorus.settings import Settings


class PresenceSettings(Settings):
    """When somebody counts as here."""

    presence_ttl_ms: int = Field(15_000, ge=100)
    """A beat is believed this long; three times what gateways wait between two of them."""
    presence_look_ms: int = Field(1_000, ge=10)
    """Time between two looks at the beats."""
    presence_linger_customer_ms: int = Field(15_000, ge=0)
    """A customer whose last socket went is offline after this."""
    presence_linger_agent_ms: int = Field(30_000, ge=0)
    """An agent whose last socket went is offline after this."""
