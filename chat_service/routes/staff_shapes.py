"""What inviting agents and choosing a password look like over REST."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from chat_service.routes.admin_shapes import AgentAnswer, Languages, Role, Setting, Skills
from chat_service.routes.shapes import Secret, Shape

PASSWORD_MIN = 10


def _lower(value: str) -> str:
    return value.lower()


class NewAgent(Setting):
    email: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
        ),
        AfterValidator(_lower),
    ]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
    role: Role = "agent"
    capacity: Annotated[int, Field(strict=True, ge=0, le=1000)] = 5
    skills: Skills = []
    languages: Languages = []


class Invitation(Shape):
    """Shown once: whoever has the token chooses the password, by `POST /auth/invite`."""

    token: str
    url: str
    expires_at: str


class InvitedAgent(Shape):
    agent: AgentAnswer
    invitation: Invitation


class AcceptBody(Setting):
    token: Secret
    password: Annotated[str, Field(min_length=PASSWORD_MIN, max_length=200)]
