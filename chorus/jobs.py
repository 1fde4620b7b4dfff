"""Kinds of work that must happen once (DESIGN §4): rows in `jobs`, woken by Celery messages."""

from enum import StrEnum


class JobKind(StrEnum):
    """What a due job does. The process that runs it is named beside it."""

    UNSNOOZE = "unsnooze"
    """conductor: open a snoozed conversation again."""
    OFFER_EXPIRY = "offer_expiry"
    """conductor: take an unanswered offer back; the key is the conversation."""
    WRAP_UP_END = "wrap_up_end"
    """conductor: end a wrap-up whose time is over; the key is the conversation."""
    CUSTOMER_IDLE = "customer_idle"
    """conductor: ask a silent customer, or end their session; the key is the conversation."""
    SEARCH_BACKFILL = "search_backfill"
    """conductor: make findable what a tenant has stored without the outbox."""
    REFINE_SUMMARY = "refine_summary"
    """worker: let a model say it better than the rules did; the key is the conversation."""
    RETENTION = "retention"
    """conductor: delete expired rows in small batches."""
    PURGE_IDEMPOTENCY = "purge_idempotency"
    """conductor: forget command answers older than 24 h."""
    PURGE_OUTBOX = "purge_outbox"
    """conductor: forget relayed events older than 24 h."""


class Queue(StrEnum):
    """Celery queues, one worker process serves all of them on a small machine."""

    SUMMARY = "summary"
    NOTIFY = "notify"
    INGEST = "ingest"


WAKE_UP_TASK = "chorus.wake_up"
"""The one task name: its argument is a job id; the row holds the truth."""
