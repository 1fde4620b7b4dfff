"""All tables at once: for the migrations' drift test and for the tests that walk every table."""

from chorus.tables import (
    bots,
    content,
    conversations,
    desk,
    files,
    knowledge,
    models,
    people,
    proposals,
    routing,
    search,
    security,
    sessions,
    tenancy,
    traits,
    work,
)
from chorus.tables.columns import Row

MODULES = (
    tenancy,
    bots,
    people,
    conversations,
    sessions,
    routing,
    work,
    security,
    content,
    desk,
    search,
    models,
    knowledge,
    files,
    traits,
    proposals,
)
"""Named so that importing this module registers every table class."""

metadata = Row.metadata

GLOBAL_TABLES = frozenset({"installation", "ingest_partitions"})
"""Tables of the installation itself: no tenant, no row-level security, narrow grants."""

TENANT_TABLES = frozenset(metadata.tables) - GLOBAL_TABLES
"""Tables with row-level security; all but `tenants` carry `tenant_id`."""
