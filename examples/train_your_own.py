"""Train a model on your own folder of images, masks and labels.

    python examples/train_your_own.py my-images my-model

`my-images` holds:

    images/      one file an image: PNG, TIFF, NRRD, NIfTI, ...
    masks/       for images with a lesion: a file of the same name, 0 where nothing is, above 0 the lesion
    labels.csv   columns image, mask, label, group: file names, the diagnosis, and the patient. An image without a
                 lesion has the label "healthy" and no mask. Images of one patient must have the same group: they are
                 kept on one side of the split, or the result would flatter.

No data at hand? `python -m unifiedvit_training.phantom my-images` draws some. Needs: pip install -e ".[torch]" -e
./training. `my-model` is then a model's folder: `unifiedvit predict image.png --model my-model --output results`, or
*Models > Import* in Slicer. Research use only.

The project below is written for you as a YAML file; training/configs/phantom.yaml explains every section of it.
"""

import argparse
import csv
import json
import sys
from pathlib import Path

from unifiedvit_training.cli import main as unifiedvit_train

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("images", type=Path, help="folder with images/, masks/ and labels.csv")
parser.add_argument("model", type=Path, help="folder for the new model")
parser.add_argument("--size", type=int, default=224, help="pixels along a side of what the network sees (%(default)s)")
parser.add_argument("--epochs", type=int, default=30, help="how often it sees each image (%(default)s)")
parser.add_argument("--encoder", default="vit_tiny_patch16_224", help="a ViT of timm (%(default)s)")
given = parser.parse_args()

# 1. Which diagnoses are there? "healthy" is the one without a lesion.
with open(given.images / "labels.csv", newline="", encoding="utf-8") as file:
    labels = sorted({row["label"] for row in csv.DictReader(file)} - {""})
print(f"Diagnoses: {', '.join(labels)}")

# 2. The project: where images come from, what the model is, how it learns.
name = given.model.resolve().name.lower()
project = {
    "data": {"sources": [{"name": "images", "table": "labels.csv", "split": {"fractions": [0.7, 0.15, 0.15]}}]},
    "model": {
        "id": name, "version": "0.1.0", "name": name, "licence": "not decided",
        "description": "Trained by examples/train_your_own.py.",
        "input": {"size": given.size, "modality": "any", "expects": "images like those it was trained on"},
        "segments": [{"name": "Lesion", "colour": [230, 75, 53]}],
        "classes": [{"name": label, "display": label.capitalize(), "lesion": label != "healthy"} for label in labels],
        "training": [{"name": "own images", "licence": "not decided"}],
        "arguments": {"encoder": given.encoder, "stem_width": 12, "decoder_widths": [32, 16, 12]},
    },
    # The last size is the model's. More epochs and smaller first sizes help with real images.
    "fit": {"stages": [{"size": given.size, "epochs": given.epochs}], "optimiser": {"learning_rate": 1e-3}},
}
work = given.model.with_name(f"{given.model.name}-work")  # data set, run and reports
work.mkdir(parents=True, exist_ok=True)
project_file = work / "project.yaml"
project_file.write_text(json.dumps(project, indent=2), encoding="utf-8")  # JSON is YAML

# 3. The five commands, as you would type them. Each goes on where it was when this script is run again.
for command in (
    ["prepare", str(project_file), "--data", str(given.images)],   # look at work/dataset/report.html before you go on
    ["fit", str(project_file)],
    ["evaluate"],                                                  # metrics: work/fit/evaluation/report.html
    ["export", "--output", str(given.model)],
):
    print(f"unifiedvit-train {' '.join(command)}")
    if code := unifiedvit_train([*command, "--work-dir", str(work)]):
        sys.exit(code)
print(f"The model is in {given.model}, with its card in README.md. Reports are in {work}. Research use only.")
