"""Named entries that modules add when they are loaded: stages, screen types, panels. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, TypeVar


class Ranked(Protocol):
    """An entry of a registry: entries are sorted by ``rank``."""

    @property
    def rank(self) -> int: ...


T = TypeVar("T", bound=Ranked)


class UnknownName(KeyError):
    """A name that no loaded module has added."""

    def __str__(self) -> str:
        return str(self.args[0])


class Registry(Mapping[str, T]):
    """Entries by name, in the order of their ranks. An unknown name raises ``UnknownName``."""

    def __init__(self, what: str) -> None:
        self.what = what
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> None:
        """Add an entry. Raises ``ValueError`` if another one has the name."""
        name = str(name)  # not an enumeration's member: it is shown in messages
        if name in self._entries:
            raise ValueError(
                f"There is a {self.what} {name!r} already ({self._entries[name]!r}); "
                "expected another name."
            )
        self._entries[name] = entry
        self._entries = dict(
            sorted(self._entries.items(), key=lambda item: (item[1].rank, item[0]))
        )

    def remove(self, name: str) -> None:
        """Remove an entry; tests use it to undo ``add``."""
        del self._entries[name]

    def __getitem__(self, name: str) -> T:
        try:
            return self._entries[name]
        except KeyError:
            known = ", ".join(self._entries) or "none; the apps are not loaded"
            raise UnknownName(f"Unknown {self.what} {name!r}; known: {known}.") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def load_modules(package: str) -> None:
    """Import every module of a package, so that each adds what it has to the registries."""
    for module in iter_modules(import_module(package).__path__, f"{package}."):
        import_module(module.name)
