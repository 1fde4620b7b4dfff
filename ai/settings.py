"""Settings of whatever looks into knowledge: the bot, the worker, `chorus kb`."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from ai.models.plan import PLAN_FILE
from chorus.settings import DatabaseSettings, Settings


class KnowledgeSettings(Settings):
    """Where knowledge is found, and how texts become vectors."""

    chroma_url: str = Field("", pattern=r"^(https?://.*)?$")
    """Where Chroma answers; empty: nothing is indexed, and knowledge is found by its words alone."""
    chroma_token: str = ""
    """Bearer token for the proxy that stands before Chroma elsewhere; empty: none is sent."""
    embedder: str = Field("hashing", pattern=r"^(hashing|[a-z_]+:.+)$")
    """`hashing` needs no network; else `provider:model`, such as `openai:text-embedding-3-small`. All processes must have the same."""
    embedder_url: str = ""
    """Base URL of a server that is spoken to like that provider; empty: the provider's own."""
    embedder_key: str = ""
    """Where its key is, unless the plan names another under `embed`: `env:NAME` or `file:name` in `CHORUS_MODEL_KEYS`; empty: none."""
    model_keys: Path | None = None
    """Directory of keys that are named as `file:`; `<data>/model-keys` when left out."""
    models: Path | None = None
    """YAML file of who may use which models (docs/ai.md); `<data>/models.yaml` when left out."""
    embedder_size: Annotated[int, Field(ge=8, le=8_192)] = 1_536
    """How many numbers a vector of it has."""
    embedder_none: Annotated[float, Field(ge=-1, le=1)] = 0.2
    """The cosine at which two texts have nothing in common; `chorus eval knowledge` helps to find it."""
    embedder_sure: Annotated[float, Field(ge=-1, le=1)] = 0.6
    """The cosine from which a passage surely answers."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.embedder_none >= self.embedder_sure:
            raise ValueError("embedder_none must be less than embedder_sure")
        return self

    @property
    def model_keys_dir(self) -> Path:
        return self.model_keys or self.data / "model-keys"

    @property
    def models_path(self) -> Path:
        return self.models or self.data / PLAN_FILE

    @property
    def hashes(self) -> bool:
        return self.embedder == "hashing"


class IndexerSettings(KnowledgeSettings, DatabaseSettings):
    """The indexer: from sources that were brought to what is found."""

    indexer_poll_ms: Annotated[int, Field(ge=50, le=60_000)] = 1_000
    """Time between two looks for sources that are due."""
