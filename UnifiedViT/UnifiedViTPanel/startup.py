"""What the module adds to Slicer when it starts: sample data and terms."""

from __future__ import annotations

from pathlib import Path

_RELEASE = "https://github.com/Slicer/SlicerTestingData/releases/download/SHA256/"
#: Of Slicer's own samples those that suit the bundled model: name, file, SHA-256.
SAMPLES = (
    ("MRBrainTumor1", "RegLib_C01_1.nrrd", "998cb522173839c78657f4bc0ea907cea09fd04e44601f17c82ea27927937b95"),
    ("MRBrainTumor2", "RegLib_C01_2.nrrd", "1a64f3f422eb3d1c9b093d1a18da354b13bcf307907c66317e2463ee530b7a97"),
)


def registerSampleData():
    """List the tutorial's volumes in the Sample Data module; they are fetched when the user clicks them."""
    import SampleData
    from slicer.i18n import tr as _

    icons = Path(SampleData.__file__).parent / "Resources" / "Icons"
    for name, fileName, digest in SAMPLES:
        thumbnail = icons / f"{name}.png"  # Slicer's own, as the volume is
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category=_("UnifiedViT"), sampleName=name, uris=_RELEASE + digest, fileNames=fileName, nodeNames=name,
            thumbnailFileName=str(thumbnail) if thumbnail.is_file() else None, checksums=f"SHA256:{digest}",
        )


def loadTerminology():
    """Make our terms of brain tumours known to the Segmentations module."""
    import slicer

    from UnifiedViTLib.resources import resources

    for file in sorted((resources() / "Terminology").glob("*.term.json")):
        slicer.modules.terminologies.logic().LoadTerminologyFromFile(str(file))
