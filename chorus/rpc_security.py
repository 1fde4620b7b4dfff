"""What a gRPC target over TCP needs, from the settings: TLS for both sides, and a service token."""

from pathlib import Path
from time import time
from typing import Final
from uuid import UUID

from chorus.auth import AUD_INTERNAL, OWN_ISSUER, TokenMaker, Verifier, own_issuer
from chorus.rpc import RpcSecurity
from chorus.settings import BadSettings, Settings, variable

NOBODY: Final = UUID(int=0)
"""A service speaks for no tenant and no user."""
RENEW_BEFORE_S: Final = 300


class ServiceToken:
    """The token of this process, made again five minutes before it ends."""

    def __init__(self, maker: TokenMaker) -> None:
        self._maker = maker
        self._token, self._expires_at = "", 0

    def __call__(self) -> str:
        if time() > self._expires_at - RENEW_BEFORE_S:
            self._token, self._expires_at = self._maker.make(
                tenant_id=NOBODY, user_id=NOBODY, role="internal", audience=AUD_INTERNAL
            )
        return self._token


def rpc_security(settings: Settings) -> RpcSecurity | None:
    """None for a Unix socket, whose file permissions are enough.

    Raises:
        BadSettings: a target over TCP lacks a file.
    """
    if settings.rpc_target.startswith("unix:"):
        return None
    ca, cert, key = (_read(settings, name) for name in ("rpc_ca", "rpc_cert", "rpc_key"))
    own = own_issuer(settings.keys_dir)
    token = ServiceToken(TokenMaker(settings.keys_dir))
    return RpcSecurity(ca, cert, key, token, Verifier({OWN_ISSUER: own}).verify)


def _read(settings: Settings, field: str) -> bytes:
    named, path = variable(type(settings), field), getattr(settings, field)
    if path is None:
        raise BadSettings(f"{named}: CHORUS_RPC is no Unix socket, so this PEM file is needed")
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadSettings(f"{named}: this file cannot be read") from error
