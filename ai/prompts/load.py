"""Prompts: `<id>/v<n>.yaml`, held by `PROMPTS.lock`. A body under an old version never changes.

What a prompt says is for the system's part of a call. What people wrote goes into the other part,
as data; no text of theirs is ever put into a template.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import yaml
from pydantic import Field

from ai.contracts import Contract

FOLDER: Final = Path(__file__).parent
LOCK: Final = FOLDER / "PROMPTS.lock"
_SLOT: Final = re.compile(r"\{\{([a-z_]+)\}\}")


class BadPrompt(Exception):
    """A prompt is not there, or not the one that was locked."""


class Prompt(Contract):
    """A version of a prompt."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    version: int = Field(ge=1)
    purpose: str
    variables: tuple[str, ...] = ()
    """What `{{...}}` stands for in `system`: values of ours, never what somebody wrote."""
    max_tokens: int = Field(ge=1, le=8_192)
    """Of the answer: what it may be decides how long it takes."""
    notes: str = ""
    system: str = Field(min_length=1)
    digest: str = ""

    @property
    def name(self) -> str:
        """Id, version and the beginning of the digest, as ledgers name it."""
        return f"{self.id}@{self.version}#{self.digest[:8]}"

    def render(self, **values: str) -> str:
        """Fill the slots; every variable needs a value and no other is known.

        Raises:
            BadPrompt: the values are others than the variables.
        """
        if set(values) != set(self.variables):
            raise BadPrompt(f"{self.name} takes {', '.join(self.variables) or 'nothing'}")
        return _SLOT.sub(lambda found: values[found[1]], self.system)


@cache
def prompt(id_: str, version: int) -> Prompt:
    """A prompt as it was locked.

    Raises:
        BadPrompt: there is none, or it was changed after it had been locked.
    """
    name = f"{id_}/v{version}.yaml"
    try:
        written = (FOLDER / name).read_bytes()
    except OSError as error:
        raise BadPrompt(f"there is no {name}") from error
    digest = digest_of(written)
    if locked().get(name) != digest:
        raise BadPrompt(f"{name} is not what was locked: make a new version")
    return Prompt.model_validate({**yaml.safe_load(written), "digest": digest})


@cache
def locked() -> dict[str, str]:
    """Digest by file, as `PROMPTS.lock` has them."""
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    pairs = (line.split("  ", 1) for line in lines if line)
    return {name: digest for digest, name in pairs}


def digest_of(written: bytes) -> str:
    return sha256(written).hexdigest()


def lock_text() -> str:
    """What `PROMPTS.lock` shall say: what it says, and every version that is new.

    Raises:
        BadPrompt: a locked version was changed or is gone.
    """
    found = {
        path.relative_to(FOLDER).as_posix(): digest_of(path.read_bytes())
        for path in FOLDER.glob("*/v*.yaml")
    }
    changed = sorted(name for name, digest in locked().items() if found.get(name) != digest)
    if changed:
        raise BadPrompt(f"changed after they had been locked: {', '.join(changed)}")
    return "".join(f"{found[name]}  {name}\n" for name in sorted(found))
