"""What is said about signing in by identity providers."""

from chat_service.routes.shapes import Secret, Shape


class OneTimeCodeBody(Shape):
    code: Secret


class SignInProvider(Shape):
    name: str
    """`/auth/oidc/{name}` leads there."""
    label: str


class SignInWays(Shape):
    password: bool
    oidc: list[SignInProvider]
