"""The nonce of `hello`: HMAC over connection, time and chance; valid 30 s, on this connection only."""

import hmac
import secrets
from hashlib import sha256

VALID_S = 30.0


def make(key: bytes, conn: str, at_s: float) -> str:
    stamp = f"{int(at_s * 1000):x}.{secrets.token_hex(8)}"
    return f"{stamp}.{_mac(key, conn, stamp)}"


def fits(key: bytes, conn: str, nonce: str, now_s: float) -> bool:
    """Say whether this key made the nonce for this connection in the last 30 s. Never raises."""
    stamp, _, mac = nonce.rpartition(".")
    if not hmac.compare_digest(mac.encode(errors="replace"), _mac(key, conn, stamp).encode()):
        return False
    # The stamp is our own from here on.
    made_s = int(stamp.partition(".")[0], 16) / 1000
    return -VALID_S <= now_s - made_s <= VALID_S


def _mac(key: bytes, conn: str, stamp: str) -> str:
    return hmac.new(key, f"{conn}.{stamp}".encode(errors="replace"), sha256).hexdigest()[:32]
