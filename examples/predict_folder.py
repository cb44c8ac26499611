"""Segment and diagnose every image of a folder, and plot what was found.

    python examples/predict_folder.py scans results

`scans` holds NRRD, NIfTI, MHA, DICOM, PNG or JPEG files, or folders with a DICOM series. `results` gets a segmentation
for each (drag it into 3D Slicer) and one picture, plot.png. Needs: pip install -e ".[torch,fast]"

For real work `unifiedvit predict scans --output results` does more: tables, pages, unique names, several processes.
This script shows what a program of your own would call. Research use only.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from UnifiedViTLib.errors import UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import write_segmentation
from UnifiedViTLib.service.batch.inputs import find_inputs
from UnifiedViTLib.service.store.catalogue import find_model

if len(sys.argv) != 3:
    sys.exit("Usage: python examples/predict_folder.py FOLDER_OF_IMAGES FOLDER_FOR_RESULTS")
scans, results = Path(sys.argv[1]), Path(sys.argv[2])
results.mkdir(parents=True, exist_ok=True)

# The network is loaded once, for all images. Give another model's id, or its folder, for a model of your own.
model = find_model("brain-t1ce")
predictor = Predictor(model)

shown = []
for path in find_inputs(scans):
    try:
        volume = read(path)                        # voxels, and where they lie in the patient
        prediction = predictor.predict(volume)
    except UnsupportedImageError as error:         # one bad file does not end the others
        print(f"{path.name}: {error}")
        continue
    millilitres = [f"{segment.name} {segment.volume_ml:.1f} mL" for segment in prediction.segments
                   if segment.volume_ml is not None]
    print(f"{path.name}: {prediction.diagnosis.display} ({prediction.diagnosis.probability:.0%})", *millilitres)
    for warning in prediction.warnings:            # read these before you believe the line above
        print(f"  ! {warning}")
    write_segmentation(prediction, results / f"{path.name.split('.')[0]}.seg.nrrd")
    shown.append((path.name, volume, prediction))

if not shown:
    sys.exit(f"There was no image to plot in {scans}.")

# One row an image: the slice with most of the segmentation, with its outline, and the probabilities of the volume.
figure, rows = plt.subplots(len(shown), 2, figsize=(8, 3 * len(shown)), squeeze=False, layout="constrained")
for (name, volume, prediction), (picture, bars) in zip(shown, rows, strict=True):
    axis, _ = prediction.slice_axis                # the axis (of K, J, I) along which the network went
    areas = np.moveaxis(prediction.labelmap > 0, axis, 0).sum(axis=(1, 2))
    middle = int(areas.argmax()) if areas.any() else len(areas) // 2
    picture.imshow(volume.array.take(middle, axis), cmap="gray")
    if areas.any():
        picture.contour(prediction.labelmap.take(middle, axis) > 0, levels=[0.5], colors="tab:red")
    picture.set_title(f"{name}, slice {middle}", fontsize=9)
    picture.axis("off")
    display_names = {diagnosis.name: diagnosis.display for diagnosis in model.classes}
    probabilities = prediction.diagnosis.probabilities
    bars.barh([display_names[label] for label in probabilities], list(probabilities.values()))
    bars.set_xlim(0, 1)
    bars.set_title(prediction.diagnosis.display, fontsize=9)
figure.savefig(results / "plot.png", dpi=100)
print(f"Segmentations and plot.png are in {results}. Research use only.")
