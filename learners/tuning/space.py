"""A search space over the settings of a fit: dotted names of FitConfig -> choices or a range."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from learners.world_models.fitting import FitConfig
from ray_configs.errors import UserError
from ray_configs.loading import parse

Value = float | int | bool


@dataclass(frozen=True, kw_only=True)
class Range:
    """Real numbers to draw from, evenly or, with `log`, evenly in the logarithm. Whole numbers are listed instead."""

    low: float
    """Smallest value."""
    high: float
    """Largest value."""
    log: bool = False
    """Whether each order of magnitude is as likely as the next."""

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"low must be below high, not {self.low} and {self.high}")
        if self.log and self.low <= 0.0:
            raise ValueError(f"a logarithmic range starts above 0, not at {self.low}")


def _form(values: Any) -> str:
    """Tells the two apart, so that an error in a range is not explained as one of a list."""
    return "range" if isinstance(values, Mapping | Range) else "choices"


Values = Annotated[Annotated[tuple[Value, ...], Tag("choices")] | Annotated[Range, Tag("range")], Discriminator(_form)]

Space = Mapping[str, Values]
"""Setting -> values, or range, to draw from; a setting is a dotted name in FitConfig, `backbone.width` for one."""


def check_space(space: Space, base: FitConfig) -> None:
    """Try every choice and both ends of every range.

    Raises:
        UserError: FitConfig has no such setting, or refuses a value.
    """
    for setting, values in space.items():
        for value in (values.low, values.high) if isinstance(values, Range) else values:
            with_settings(base, {setting: float(value) if isinstance(values, Range) else value})


def with_settings(base: FitConfig, settings: Mapping[str, Value]) -> FitConfig:
    """`base` with some settings replaced.

    Raises:
        UserError: as `check_space`.
    """
    document = asdict(base)
    known = list(_names(document))
    for setting, value in settings.items():
        if setting not in known:
            raise UserError(f"space: no setting {setting!r}; the known ones are {', '.join(known)}")
        *path, name = setting.split(".")
        part = document
        for key in path:
            part = part[key]
        part[name] = value
    return parse(document, FitConfig, source="space")


def domains(space: Space) -> dict[str, Any]:
    """The space as Ray Tune draws from it."""
    from ray import tune

    found: dict[str, Any] = {}
    for setting, values in space.items():
        if not isinstance(values, Range):
            found[setting] = tune.choice(list(values))
        else:
            found[setting] = (tune.loguniform if values.log else tune.uniform)(values.low, values.high)
    return found


def _names(document: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, Mapping):
            yield from _names(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"
