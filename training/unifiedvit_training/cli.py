"""The command line: `unifiedvit-train fit`, `unifiedvit-train export`."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from UnifiedViTLib.inference.pooling import class_probabilities

from . import data as datasets
from .calibrate import expected_calibration_error, fit_temperature
from .evaluate import infer, measure
from .export import OPEN_RULE, export, load_average
from .fit import FitConfig, fit
from .volumes import choose_rule, look_at, measure_volumes

TRAIN_FOLDS, VALIDATION_FOLD = ("fold 1", "fold 2", "fold 3"), "fold 4"
TRAIN_SITE, VALIDATION_SITE = "DU", "HT"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns an exit code."""
    options = _parser().parse_args(arguments)
    return options.run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unifiedvit-train", description="Train a model for UnifiedViT.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("fit", _fit, "train, or go on where a killed run stopped"),
        ("export", _export, "calibrate, choose the volume rule, measure, write a model folder"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--slices", type=Path, required=True, help="folder with labels.csv, images/, masks/")
        command.add_argument("--volumes", type=Path, required=True, help="folder with volumes.csv")
        command.add_argument("--card", type=Path, required=True, help="JSON: names, classes, licence, data")
        command.add_argument("--run", type=Path, required=True, dest="folder", help="folder of the run")
        command.set_defaults(run=run)
        if name == "fit":
            command.add_argument("--initial", type=Path, help="another run's checkpoint to begin from")
        else:
            command.add_argument("--output", type=Path, required=True, help="the model's folder")
    return parser


def _load(options: argparse.Namespace) -> tuple[datasets.SliceSet, dict]:
    card = json.loads(options.card.read_text(encoding="utf-8"))
    classes = [c["name"] for c in card["classes"]]
    size = card["input"]["size"]
    return datasets.build(options.slices, options.volumes, options.folder.parent / f"cache{size}", classes, size), card


def _fit(options: argparse.Namespace) -> int:
    data, card = _load(options)
    train = np.flatnonzero(np.isin(data.groups, TRAIN_FOLDS) | (data.sources == TRAIN_SITE))
    validation = {
        "slices": np.flatnonzero(data.groups == VALIDATION_FOLD),
        "volumes": np.flatnonzero(data.sources == VALIDATION_SITE),
    }
    config = FitConfig(
        classes=[c["name"] for c in card["classes"]], mask_classes=len(card["segments"]) + 1,
        initial=str(options.initial) if options.initial else None,
    )
    fit(data, train, validation, config, options.folder)
    return 0


def _export(options: argparse.Namespace) -> int:
    data, card = _load(options)
    config = json.loads((options.folder / "config.json").read_text())
    classes = config["classes"]
    arguments = config["arguments"] | {
        "mask_classes": config["mask_classes"], "diagnosis_classes": len(classes), "image_size": card["input"]["size"]
    }
    # Measured as it will be stored: in float16 and back.
    network = load_average(options.folder / "last.ckpt", config["architecture"], arguments).half().float()

    held_out = np.flatnonzero(data.groups == VALIDATION_FOLD)
    logits, lesions = infer(network, data, held_out)
    labels = data.labels[held_out]
    temperature = fit_temperature(logits, labels)
    probabilities = class_probabilities(logits, temperature)
    figures = measure(logits, lesions, np.asarray(data.masks[held_out]) > 0, labels, classes)
    figures |= {
        "calibration_error": expected_calibration_error(probabilities, labels),
        "calibration_error_before": expected_calibration_error(class_probabilities(logits, 1.0), labels),
    }

    def write(rule, results):
        return export(network, config["architecture"], arguments, card, temperature, rule, results, options.output)

    spec = write(OPEN_RULE, [])
    cases = list(look_at(options.volumes, spec, VALIDATION_SITE))
    rule = choose_rule(cases, spec)
    results = [
        {"data": "fold 4 of the slices (validation: the temperature was chosen on it)", "figures": figures},
        {"data": f"whole volumes of another hospital ({VALIDATION_SITE}; validation: the volume rule was chosen on it)",
         "figures": measure_volumes(cases, replace(spec, volume_rule=rule))},
    ]
    write(rule, results)
    print(json.dumps({"temperature": temperature, "rule": asdict(rule), "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
