"""Keys of providers, found by reference: plans, logs and tables hold where a key is, never the key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr


class MissingKey(Exception):
    """A key is not where the plan says."""


@dataclass(frozen=True, slots=True)
class Keys:
    """`environ` of the process, and the folder of keys, one file each."""

    environ: Mapping[str, str] = field(repr=False)
    folder: Path

    def find(self, reference: str) -> SecretStr:
        """The key behind `env:NAME_API_KEY` or `file:name`.

        Raises:
            MissingKey: nothing is there.
        """
        kind, _, name = reference.partition(":")
        found = self.environ.get(name, "") if kind == "env" else self._read(name)
        if not found:
            raise MissingKey(reference)
        return SecretStr(found)

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise MissingKey(f"file:{name}") from error
