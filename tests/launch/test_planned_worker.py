"""A worker is started where somebody wrote a plan of models, and nowhere else."""

from pathlib import Path

import pytest

from ai.models.plan import PLAN_FILE
from launch import plan
from launch.plan import Options, Servers
from summary_engine.settings import WorkerSettings

SERVERS = Servers("postgresql://127.0.0.1/x", "redis://127.0.0.1/0")


def names(data: Path, **environ: str) -> list[str]:
    commands = plan.commands(Options(data), 8080, SERVERS, inherited={"PATH": "/bin", **environ})
    return [one.name for one in commands]


def test_without_a_plan_there_is_none(tmp_path: Path) -> None:
    assert "worker" not in names(tmp_path)
    assert names(tmp_path)[-1] == "edge"


def test_a_plan_in_the_data_folder_starts_one(tmp_path: Path) -> None:
    (tmp_path / PLAN_FILE).touch()
    assert names(tmp_path).count("worker") == 1


@pytest.mark.parametrize("exists", [True, False])
def test_a_plan_that_is_named_starts_one_wherever_it_is(tmp_path: Path, exists: bool) -> None:
    path = tmp_path / "elsewhere.yaml"
    if exists:
        path.touch()
    # One that is not there is for the worker to complain of.
    assert names(tmp_path, CHORUS_MODELS=str(path)).count("worker") == 1


def test_the_worker_looks_where_the_launcher_looked(tmp_path: Path) -> None:
    settings = WorkerSettings.from_env({"CHORUS_DATA": str(tmp_path)})
    assert settings.models_path == tmp_path / PLAN_FILE
    named = WorkerSettings.from_env({"CHORUS_MODELS": "/etc/chorus/models.yaml"})
    assert named.models_path == Path("/etc/chorus/models.yaml")
