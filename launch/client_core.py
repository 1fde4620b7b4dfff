"""The ordering rules of a client (PROTOCOL §6): frames and times in, frames out. Pure.

A `Conversation` is a log and an outbox. It does not know how many sockets there are: frames of an
old and a new one may come mixed, twice, late or never, and the log is the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MAX_IN_FLIGHT: Final = 8
GAP_WAIT_S: Final = 0.3
ASK_AGAIN_S: Final = 2.0
MAX_EARLY: Final = 1_000
NEVER: Final = float("inf")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A durable event as this client applied it; `own` says that it came as `delivered`."""

    seq: int
    event: str
    data: Data
    own: bool = False

    @property
    def id(self) -> str | None:
        return self.data.get("id") if self.event == "message" else None

    @property
    def content(self) -> str | None:
        return self.data.get("content") if self.event == "message" else None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of something sent: `code` is None where the server has it."""

    id: str
    seq: int | None = None
    ts: str | None = None
    dup: bool = False
    code: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Departure:
    """A frame to send now."""

    event: str
    data: Data
    ref: int


@dataclass(slots=True)
class Outcome:
    """What a frame changed."""

    applied: list[Entry] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    read_history: bool = False
    """The history must be read over REST from `Conversation.history_after` on."""
    refresh_token: bool = False


def entry_of(item: Data) -> Entry:
    """Read an item of the REST history as the event it stands for."""
    if item["type"] == "void":
        return Entry(item["seq"], "void", {})
    if item["type"] == "event":
        return Entry(item["seq"], item["event"], item["data"])
    names = {"createdAt": "ts", "replyTo": "reply_to", "editedAt": "edited_at"}
    data = {names.get(key, key): value for key, value in item.items() if key != "seq"}
    return Entry(item["seq"], "message", data)


class Log:
    """Durable events in order: an event is applied only when it is the next one."""

    def __init__(self, epoch: str | None = None) -> None:
        self.entries: list[Entry] = []
        self.epoch = epoch
        self.last_seq = 0
        self._early: dict[int, Entry] = {}
        self._head_seq = 0
        self._gap_since_s: float | None = None
        self._asked_s = -NEVER

    def take(self, entry: Entry, at_s: float) -> list[Entry]:
        """Apply it, and those it was missing for; keep it for later; or drop it as known."""
        if entry.seq <= self.last_seq:
            return []
        if entry.seq > self.last_seq + 1:
            if len(self._early) < MAX_EARLY:
                self._early.setdefault(entry.seq, entry)
            self.hear_head(entry.seq, at_s)
            return []
        applied = [entry]
        while (following := self._early.pop(applied[-1].seq + 1, None)) is not None:
            applied.append(following)
        self._append(applied, at_s)
        return applied

    def hear_head(self, seq: int, at_s: float) -> None:
        """The server says that there is an event `seq`: if it is not here, something is missing."""
        self._head_seq = max(self._head_seq, seq)
        if self._head_seq > self.last_seq and self._gap_since_s is None:
            self._gap_since_s = at_s

    def ask_due_s(self) -> float:
        """When to ask for what is missing."""
        if self._gap_since_s is None:
            return NEVER
        return max(self._gap_since_s + GAP_WAIT_S, self._asked_s + ASK_AGAIN_S)

    def asked(self, at_s: float) -> None:
        self._asked_s = at_s

    def begin(self, first_seq: int) -> None:
        """A log that is empty here begins where the server's begins, after what was purged."""
        if not self.entries:
            self.last_seq = max(self.last_seq, first_seq - 1)

    def reopened(self) -> None:
        """A new socket replays what is missing: nothing needs to be asked for before it did."""
        self._gap_since_s = None
        self._asked_s = -NEVER

    def load(self, entries: Iterable[Entry], at_s: float) -> list[Entry]:
        """Append what was read over REST; it may skip what was purged meanwhile."""
        fresh = [entry for entry in entries if entry.seq > self.last_seq]
        if fresh:
            self._append(fresh, at_s)
        return fresh

    def _append(self, entries: list[Entry], at_s: float) -> None:
        self.entries += entries
        self.last_seq = entries[-1].seq
        self._early = {seq: entry for seq, entry in self._early.items() if seq > self.last_seq}
        # Whatever is missing now was not missing before: its 300 ms begin.
        self._gap_since_s = at_s if self._head_seq > self.last_seq else None


@dataclass(slots=True)
class _Outgoing:
    id: str
    event: str
    data: Data
    ref: int | None = None
    """The transmission under way; None while it waits."""

    @property
    def is_command(self) -> bool:
        return self.event != "message"


class Outbox:
    """What the server has not confirmed, in order: at most eight in flight, a command alone."""

    def __init__(self, next_ref: Callable[[], int]) -> None:
        self._next_ref = next_ref
        self._waiting: dict[str, _Outgoing] = {}
        self._paused_until_s = -NEVER
        self._refusals = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, id: str) -> bool:
        return id in self._waiting

    def add(self, id: str, event: str, data: Data) -> None:
        self._waiting[id] = _Outgoing(id, event, data)

    def departures(self, at_s: float) -> list[Departure]:
        """Put in flight what may leave now, oldest first."""
        if at_s < self._paused_until_s:
            return []
        leaving: list[Departure] = []
        for place, one in enumerate(self._waiting.values()):
            if place == MAX_IN_FLIGHT or (one.is_command and place > 0):
                break
            if one.ref is None:
                one.ref = self._next_ref()
                leaving.append(Departure(one.event, one.data, one.ref))
            if one.is_command:
                break
        return leaving

    def resume_due_s(self) -> float:
        """When a pause ends that something waits for."""
        idle = not self._waiting or next(iter(self._waiting.values())).ref is not None
        return NEVER if idle or self._paused_until_s == -NEVER else self._paused_until_s

    def settle(self, id: str) -> _Outgoing | None:
        """The server has it."""
        self._refusals = 0
        return self._waiting.pop(id, None)

    def refuse(self, nack: Data, ref: int | None, at_s: float, wait_s: float) -> Settlement | None:
        """Give up what cannot be repeated; else pause, and send from the oldest on again.

        An answer to an earlier transmission says nothing about the one under way.
        """
        one = self._waiting.get(nack.get("id", ""))
        if one is None or (ref is not None and ref != one.ref):
            return None
        if not nack["retryable"]:
            del self._waiting[one.id]
            return Settlement(one.id, code=nack["code"], reason=nack["reason"])
        self._refusals += 1
        self.rewind()
        self._paused_until_s = at_s + wait_s
        return None

    @property
    def refusals(self) -> int:
        """Retryable refusals since the last success."""
        return self._refusals

    def rewind(self) -> None:
        """A new socket, or a refusal: everything leaves again, in order, with the same ids."""
        self._paused_until_s = -NEVER
        for one in self._waiting.values():
            one.ref = None

    def fail(self, id: str, code: str, reason: str) -> Settlement:
        del self._waiting[id]
        return Settlement(id, code=code, reason=reason)

    def ids(self) -> list[str]:
        return list(self._waiting)

    def largest_in_flight(self) -> str | None:
        """The one a server meant that closed because of a frame's size."""
        flying = [one for one in self._waiting.values() if one.ref is not None]
        return (
            max(flying, key=lambda one: len(str(one.data)), default=flying[0]).id
            if flying
            else None
        )


class Conversation:
    """One conversation of a client, whatever its sockets do."""

    def __init__(
        self, next_ref: Callable[[], int], wait_s: Callable[[int], float], *, role: str = "customer"
    ) -> None:
        self.log = Log()
        self.outbox = Outbox(next_ref)
        self.role = role
        self.user_id: str | None = None
        self._next_ref = next_ref
        self._wait_s = wait_s
        self._reading_history = False
        self._must_ask = False
        self._position_ref: int | None = None

    @property
    def resume(self) -> dict[str, Any] | None:
        """Where a new socket goes on."""
        if self.log.epoch is None:
            return None
        return {"epoch": self.log.epoch, "last_seq": self.log.last_seq}

    @property
    def history_after(self) -> int:
        return self.log.last_seq

    def opened(self, facts: Data, recovered: bool) -> Outcome:
        """A new socket is ready for this conversation; `facts` hold `epoch` and `first_seq`."""
        if self.log.epoch != facts["epoch"]:
            # Another history under the same name: nothing known is true any more.
            self.log = Log(facts["epoch"])
        self.log.reopened()
        if recovered:
            self.log.begin(facts.get("first_seq", 1))
        self._reading_history, self._must_ask = not recovered, False
        self.outbox.rewind()
        return Outcome(read_history=not recovered)

    def history_read(
        self, epoch: str, items: Iterable[Data], *, after: int, at_s: float
    ) -> Outcome:
        """Take in what REST answered for `after`; asking for the position is due next."""
        if epoch != self.log.epoch or after > self.log.last_seq:
            # The history changed while it was read.
            if epoch != self.log.epoch:
                self.log = Log(epoch)
            return Outcome(read_history=True)
        applied = self.log.load(map(entry_of, items), at_s)
        self._reading_history, self._must_ask = False, True
        return Outcome(applied, [self._settled(entry) for entry in applied if self._is_mine(entry)])

    def receive(self, frame: Data, at_s: float) -> Outcome:
        """Take a frame of this conversation."""
        event, data, seq = frame["event"], frame["data"], frame.get("seq")
        if event == "delivered":
            return self._delivered(data, seq, at_s)
        if event == "nack":
            return self._nack(data, frame.get("ref"), at_s)
        if event in ("synced", "pong"):
            self.log.hear_head(data.get("seq", 0), at_s)
            return Outcome()
        if seq is None:
            return Outcome()
        applied = self.log.take(Entry(seq, event, data), at_s)
        return Outcome(applied, [self._settled(entry) for entry in applied if self._is_mine(entry)])

    def departures(self, at_s: float) -> list[Departure]:
        """What to send on the newest ready socket now."""
        leaving = self.outbox.departures(at_s)
        if at_s >= self._position_due_s():
            self.log.asked(at_s)
            self._must_ask = False
            self._position_ref = self._next_ref()
            data = {"seq": self.log.last_seq, "epoch": self.log.epoch}
            leaving.append(Departure("position", data, self._position_ref))
        return leaving

    def due_s(self) -> float:
        """When `departures` has something without a frame coming first."""
        return min(self._position_due_s(), self.outbox.resume_due_s())

    def _position_due_s(self) -> float:
        if self._reading_history or self.log.epoch is None:
            return NEVER
        return -NEVER if self._must_ask else self.log.ask_due_s()

    def _delivered(self, data: Data, seq: int | None, at_s: float) -> Outcome:
        """With `seq` in the envelope this frame is the event; a command's event comes by itself."""
        one = self.outbox.settle(data["id"])
        settled = Settlement(data["id"], data.get("seq"), data["ts"], data["dup"])
        outcome = Outcome(settled=[settled] if one is not None else [])
        if seq is None:
            self.log.hear_head(data.get("seq") or 0, at_s)
        elif one is None:
            # Ours, but settled before by another frame: what it says is in that one, or comes.
            self.log.hear_head(seq, at_s)
        else:
            said = {"type": "text", "visibility": "public", **one.data}
            author = {"role": self.role, "userId": self.user_id, "ts": data["ts"]}
            entry = Entry(seq, "message", {**said, **author}, own=True)
            outcome.applied = self.log.take(entry, at_s)
        return outcome

    def _nack(self, data: Data, ref: int | None, at_s: float) -> Outcome:
        if data["code"] == "UNRECOVERABLE" and ref == self._position_ref:
            self._reading_history = True
            return Outcome(read_history=True)
        wait_s = self._wait_s(self.outbox.refusals)
        if "retry_after_ms" in data:
            wait_s = data["retry_after_ms"] / 1000
        failed = self.outbox.refuse(data, ref, at_s, wait_s)
        return Outcome(
            settled=[failed] if failed else [], refresh_token=data["code"] == "UNAUTHENTICATED"
        )

    def _is_mine(self, entry: Entry) -> bool:
        return entry.id is not None and entry.id in self.outbox

    def _settled(self, entry: Entry) -> Settlement:
        """An id of the outbox met in a `message` counts as delivered."""
        assert entry.id is not None
        self.outbox.settle(entry.id)
        return Settlement(entry.id, entry.seq, entry.data.get("ts"), dup=True)
