"""`python -m learners`: fit world models, sweep their settings, compare runs, and the demo from end to end."""

import sys

from learners.arguments import CompareArguments, TrainArguments, TuneArguments
from learners.demo_arguments import DemoArguments
from ray_configs.command_line import Command, run

COMMANDS = {
    "demo": Command(
        arguments=DemoArguments,
        entry_point="learners.demo:demo_command",
        help="The main job on simulated stands: fill, fit, rank, compare.",
    ),
    "train": Command(
        arguments=TrainArguments,
        entry_point="learners.train:train_command",
        help="Fit world models on a data set.",
    ),
    "tune": Command(
        arguments=TuneArguments,
        entry_point="learners.tuning.tune:tune_command",
        help="Sweep the settings of a world model with Ray Tune.",
    ),
    "compare": Command(
        arguments=CompareArguments,
        entry_point="learners.compare:compare_command",
        help="Print the runs of an MLflow experiment side by side.",
    ),
}

if __name__ == "__main__":
    sys.exit(run("python -m learners", "World models: train, tune, compare, and the demo.", COMMANDS))
