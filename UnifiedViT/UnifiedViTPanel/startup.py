"""What the module adds to Slicer when it starts: sample data and terms."""

from __future__ import annotations

from pathlib import Path


def registerSampleData(_resources):
    """List the volumes of the tutorial in the Sample Data module; they are fetched when the user clicks them."""
    import SampleData

    base = "https://github.com/Slicer/SlicerTestingData/releases/download/SHA256"
    for name, fileName, digest in (
        ("MRBrainTumor1", "RegLib_C01_1.nrrd", "MISSING"),
    ):
        SampleData.SampleDataLogic.registerCustomSampleDataSource(
            category="UnifiedViT", sampleName=f"UnifiedViT {name}", uris=f"{base}/{digest}", fileNames=fileName,
            nodeNames=name, checksums=f"SHA256:{digest}", loadFileType="VolumeFile",
        )


def loadTerminology(resources):
    """Make the terms of brain tumours known to the Segmentations module."""
    import slicer

    from UnifiedViTLib.resources import resources as libraryResources

    logic = slicer.modules.terminologies.logic()
    for file in sorted((Path(libraryResources()) / "Terminology").glob("*.term.json")):
        logic.LoadTerminologyFromFile(str(file))
