"""A fitted world model on disk: written whole or not at all, and read without running code from it."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from learners.world_models.backbone import Backbone, BackboneConfig
from learners.world_models.features import Statistics
from learners.world_models.layout import Layout
from ray_configs.errors import UserError
from ray_configs.loading import parse

_FORMAT = "otel-control-gym world model 1"


@dataclass(frozen=True, kw_only=True)
class WorldModel:
    """A network with the statistics of its inputs."""

    network: Backbone
    statistics: Statistics

    @property
    def layout(self) -> Layout:
        """What it was made for."""
        return self.network.layout


def save_checkpoint(model: WorldModel, path: Path) -> None:
    """Write `path` atomically; a reader sees the old file or the new one.

    Raises:
        UserError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    description = {"config": asdict(model.network.config), "layout": asdict(model.layout)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(
            {
                "format": _FORMAT,
                "description": json.dumps(description),
                "statistics": model.statistics.tensors(),
                "weights": model.network.state_dict(),
            },
            temporary,
        )
        temporary.replace(path)
    except (OSError, RuntimeError) as error:
        with suppress(OSError):  # its folder may be a file
            temporary.unlink()
        raise UserError(f"cannot write the checkpoint {path}: {error}; free some space or give another path") from error


def load_checkpoint(path: Path) -> WorldModel:
    """The model in a checkpoint, ready to predict.

    Raises:
        UserError: there is no such file, it is corrupt, or it is no checkpoint of a world model of ours.
    """
    if not path.is_file():
        raise UserError(f"no checkpoint {path}; fit one with `python -m learners train`")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        if content["format"] != _FORMAT:
            raise KeyError(content["format"])
        description = json.loads(content["description"])
        network = Backbone(
            parse(description["config"], BackboneConfig, source=str(path)), Layout.from_plain(description["layout"])
        )
        network.load_state_dict(content["weights"])
        statistics = Statistics.from_tensors(content["statistics"])
    except Exception as error:  # torch raises almost anything on a foreign file
        raise UserError(f"{path} is no world model checkpoint of this version; fit it again") from error
    network.eval()
    return WorldModel(network=network, statistics=statistics)
