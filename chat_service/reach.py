"""Which agents can be asked: here is not enough, an inbox has to be open (DESIGN §6)."""

from collections.abc import Sequence
from uuid import UUID

from chorus import presence, topics
from chorus.bus import Client, RedisFailure
from chorus.presence import Seen
from chorus.wire.common import PresenceStatus


async def read(client: Client, tenant_id: UUID, agents: Sequence[UUID]) -> dict[UUID, Seen]:
    """What presence says of agents; who is online without an open inbox counts as away."""
    seen = await presence.read(client, tenant_id, agents)
    here = [one for one in agents if seen[one].status is PresenceStatus.ONLINE]
    if not here:
        return seen
    try:
        opened = await client.mget([topics.at_inbox(one) for one in here])
    except RedisFailure:
        return seen | {one: seen[one]._replace(status=PresenceStatus.UNKNOWN) for one in here}
    aside = [one for one, found in zip(here, opened, strict=True) if found is None]
    return seen | {one: seen[one]._replace(status=PresenceStatus.AWAY) for one in aside}
