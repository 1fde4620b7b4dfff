"""What the worker may be told, read once by its composition root."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ai.models.plan import PLAN_FILE
from chorus.settings import DatabaseSettings


class WorkerSettings(DatabaseSettings):
    """The worker: summaries refined by models."""

    celery_broker_url: str = Field("", validation_alias="CELERY_BROKER_URL")
    """Celery's Redis; `REDIS_URL` when left out."""
    models: Path | None = None
    """YAML file of who may use which models (docs/ai.md); `<data>/models.yaml` when left out."""
    model_keys: Path | None = None
    """Directory of keys that the plan names as `file:`, one file each; `<data>/model-keys` when left out."""
    worker_tasks_max: Annotated[int, Field(ge=1, le=500)] = 32
    """Jobs done at once; each waits for a model most of the time."""
    worker_pool_size: Annotated[int, Field(ge=1, le=100)] = 8
    """Database connections of the worker."""

    @property
    def models_path(self) -> Path:
        return self.models or self.data / PLAN_FILE

    @property
    def model_keys_dir(self) -> Path:
        return self.model_keys or self.data / "model-keys"
