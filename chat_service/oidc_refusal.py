"""Why somebody who comes from an identity provider is not let in."""

from enum import StrEnum

from chorus.errors import Unauthenticated


class Refusal(StrEnum):
    """What the sign-in page says in a sentence; never more than its reader may know."""

    EXPIRED = "expired"
    """Took too long, was used before, or was begun in another browser."""
    DENIED = "denied"
    """The provider, or the person there, said no."""
    PROVIDER = "provider"
    """The provider cannot be reached, or what it says cannot be believed."""
    UNVERIFIED = "unverified"
    """The provider does not vouch for an e-mail address."""
    UNKNOWN = "unknown"
    """Nobody works here under that address, and nobody new is let in."""
    OTHER_ACCOUNT = "other_account"
    """The agent of that address signs in with another account of this provider."""
    DISABLED = "disabled"
    """The agent, or the whole account, is shut out."""
    BUSY = "busy"
    """Too many attempts, or a part of the service is away."""


class SignInRefused(Unauthenticated):
    """This sign-in did not work. Try again."""

    def __init__(self, refusal: Refusal, why: str) -> None:
        super().__init__(refusal=refusal)
        self.refusal = refusal
        self.why = why
        """For the log: a fact, never a token, a code or an address."""
