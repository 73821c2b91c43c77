"""The committed figures below which coverage fails. They are only ever raised."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from implementation_dag.base.errors import CommandError

FIGURES = ("value_keys", "branches", "mutants")
_HEAD = (
    "# The least that `make coverage` accepts, in per cent. Raise it with `make coverage RAISE=1`; never lower it.\n"
)


class FloorError(CommandError):
    """The file of the floor is not as it should be; the message names file, figure and what is allowed."""


def read(path: Path) -> dict[str, float]:
    """Return the floor of each figure in per cent. Raises FloorError."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise FloorError(f"{path}: {error}") from error
    if set(found) != set(FIGURES):
        raise FloorError(f"{path} has {', '.join(found) or 'nothing'}; needed are {', '.join(FIGURES)}")
    for name, value in found.items():
        if not isinstance(value, int | float) or not 0 <= value <= 100:
            raise FloorError(f"{path}: {name} = {value!r}, allowed: 0 to 100")
    return {name: float(value) for name, value in found.items()}


def below(measured: Mapping[str, float], floor: Mapping[str, float]) -> list[str]:
    """Return in words each figure that is below its floor."""
    return [
        f"{name.replace('_', ' ')}: {measured[name]} % is below the committed {floor[name]} %"
        for name in FIGURES
        if measured[name] < floor[name]
    ]


def raise_to(path: Path, measured: Mapping[str, float]) -> None:
    """Write the figures that are above the floor as the new one; what is lower stays. Raises FloorError."""
    floor = read(path) if path.exists() else dict.fromkeys(FIGURES, 0.0)
    lines = [f"{name} = {max(floor[name], measured[name])}\n" for name in FIGURES]
    path.write_text(_HEAD + "".join(lines), encoding="utf-8")
