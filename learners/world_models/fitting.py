"""Fitting a world model: one plain function that Ray Train, Ray Tune and tests share.

    windows -> statistics, encoded frames -> epochs of shuffled batches -> the best epoch's weights

Under `torch.distributed` each process takes its share of every batch order and gradients are averaged, so all of them
hold the same weights throughout.
"""

import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from torch import Tensor, distributed

from learners.world_models.backbone import Backbone, BackboneConfig
from learners.world_models.batches import EncodedWindows
from learners.world_models.checkpoint import WorldModel
from learners.world_models.features import fit_statistics
from learners.world_models.losses import LossWeights, forecast_errors, losses
from learners.world_models.windows import Windows
from ray_configs.errors import UserError

Report = Callable[[Mapping[str, float]], None]
"""Receives the metrics of each epoch."""


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """How a world model is fitted."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    """The network."""
    loss_weights: LossWeights = field(default_factory=LossWeights)
    """What counts in the loss."""
    num_epochs: int = 10
    """Passes over the training windows."""
    batch_size: int = 64
    """Windows per gradient step."""
    learning_rate: float = 2e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 0.02
    """Of AdamW."""
    others_per_decisive: float = 1.0
    """Each epoch sees every decisive window (see `Windows.is_decisive`) and so many others for each, drawn anew. A data
    set without pairs has no decisive window: an epoch is all of it."""
    seed: int = 0
    """Of the initial weights and the order of the windows."""

    def __post_init__(self) -> None:
        if self.num_epochs < 1 or self.batch_size < 1:
            raise ValueError(f"num_epochs {self.num_epochs} and batch_size {self.batch_size} must be at least 1")
        if not self.learning_rate > 0 or self.weight_decay < 0 or self.others_per_decisive < 0:
            raise ValueError("learning_rate must be above 0, weight_decay and others_per_decisive at least 0")


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """A fitted model and how it came about."""

    model: WorldModel
    metrics: Mapping[str, float]
    """Metrics of the best epoch, and `best_epoch`."""
    history: tuple[Mapping[str, float], ...]
    """Metrics of every epoch."""


def fit(config: FitConfig, windows: Windows, report: Report | None = None) -> FitResult:
    """Fit a model on the training part of `windows`, stop by the validation part. Uses one thread.

    Raises:
        UserError: one of the two parts is empty.
    """
    training, validation = windows.split()
    if not len(training) or not len(validation):
        raise UserError(
            f"{len(training)} training and {len(validation)} validation windows: both are needed; collect more episodes"
        )
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    statistics = fit_statistics(training)
    network = Backbone(config.backbone, windows.layout)
    encoded = EncodedWindows(training, statistics)
    # Both parts lie over the same frames.
    run = _Run(config, network, encoded, EncodedWindows(validation, statistics, encoded.frames))
    # Candidates are ranked by what they change; a model that sees no action, or no pair, has only returns to go by.
    has_pairs = config.backbone.action_conditioned and validation.is_decisive.any()
    criterion = "validation_return_effects" if has_pairs else "validation_returns"
    history: list[dict[str, float]] = []
    best_epoch, best_weights = 0, deepcopy(network.state_dict())
    for epoch in range(config.num_epochs):
        metrics = {"epoch": float(epoch)} | run.train_epoch() | run.validate()
        history.append(metrics)
        if report is not None:
            report(metrics)
        if metrics[criterion] <= history[best_epoch][criterion]:
            best_epoch, best_weights = epoch, deepcopy(network.state_dict())
    network.load_state_dict(best_weights)
    network.eval()
    metrics = {**history[best_epoch], "best_epoch": float(best_epoch)}
    return FitResult(
        model=WorldModel(network=network, statistics=statistics),
        metrics=metrics,
        history=tuple(history),
    )


class _Run:
    """The state of one fit."""

    def __init__(
        self, config: FitConfig, network: Backbone, training: EncodedWindows, validation: EncodedWindows
    ) -> None:
        self._config, self._network = config, network
        self._training, self._validation = training, validation
        self._weights = asdict(config.loss_weights)
        self._order = np.random.default_rng(config.seed)
        self._optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self._rank, self._num_ranks = _place()
        decisive = training.windows.is_decisive
        self._decisive, self._others = np.flatnonzero(decisive), np.flatnonzero(~decisive)
        self._num_others = len(self._others)
        if len(self._decisive):
            self._num_others = min(self._num_others, round(config.others_per_decisive * len(self._decisive)))
        self._windows_per_rank = (len(self._decisive) + self._num_others) // self._num_ranks
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimizer,
            max_lr=config.learning_rate,
            total_steps=config.num_epochs * math.ceil(self._windows_per_rank / config.batch_size),
            pct_start=0.15,
        )

    def train_epoch(self) -> dict[str, float]:
        """One pass over the decisive windows and a fresh draw of the others; mean losses under `train_*`."""
        self._network.train()
        others = self._order.permutation(self._others)[: self._num_others]
        order = torch.from_numpy(self._order.permutation(np.concatenate((self._decisive, others))))
        order = order[self._rank :: self._num_ranks][: self._windows_per_rank]
        sums: dict[str, float] = {}
        for which in torch.split(order, self._config.batch_size):
            parts = self._losses(self._training, which)
            self._optimizer.zero_grad()
            parts["loss"].backward()  # type: ignore[no-untyped-call]
            self._average_gradients()
            torch.nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
            self._optimizer.step()
            self._schedule.step()
            _accumulate(sums, parts, len(which))
        return {f"train_{name}": value / len(order) for name, value in sums.items()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Mean losses on the validation windows under `validation_*`."""
        self._network.eval()
        sums: dict[str, float] = {}
        for which in torch.split(torch.arange(len(self._validation)), 4 * self._config.batch_size):
            history, targets = self._validation.history(which), self._validation.targets(which)
            outcomes = self._network(history, self._validation.chunk(which))
            parts = self._weighted(losses(outcomes, targets)) | forecast_errors(outcomes, history, targets)
            _accumulate(sums, parts, len(which))
        return {f"validation_{name}": value / len(self._validation) for name, value in sums.items()}

    def _losses(self, windows: EncodedWindows, which: Tensor) -> dict[str, Tensor]:
        outcomes = self._network(windows.history(which), windows.chunk(which))
        return self._weighted(losses(outcomes, windows.targets(which)))

    def _weighted(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        return parts | {"loss": torch.stack([self._weights[name] * part for name, part in parts.items()]).sum()}

    def _average_gradients(self) -> None:
        if self._num_ranks == 1:
            return
        for parameter in self._network.parameters():
            # A passive model's action encoder has no gradient, in all processes alike.
            if parameter.grad is not None:
                distributed.all_reduce(parameter.grad)
                parameter.grad /= self._num_ranks


def _place() -> tuple[int, int]:
    """This process's rank, and how many fit together."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def _accumulate(sums: dict[str, float], parts: Mapping[str, Tensor], count: int) -> None:
    for name, part in parts.items():
        sums[name] = sums.get(name, 0.0) + float(part.detach()) * count
