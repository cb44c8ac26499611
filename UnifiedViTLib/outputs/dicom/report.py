"""The result as a DICOM Structured Report: TID 1500, one measurement group, coded, not verified by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...imaging.reading.dicom.header import MANUFACTURER
from ..files import as_json, drawn_segments
from .codes import (
    CONFIDENCE,
    DIAGNOSIS,
    REVIEW,
    class_code,
    concept,
    private_scheme,
    probability_code,
    terminology,
)
from .context import ResultContext

if TYPE_CHECKING:
    from highdicom.seg import Segmentation
    from highdicom.sr import Comprehensive3DSR, Measurement, QualitativeEvaluation

#: Source images that a group without a mask refers to, around the middle of the volume.
_MOST_IMAGES = 5


def make_report(context: ResultContext, segmentation: Segmentation | None) -> Comprehensive3DSR:
    """The report.

    Args:
        context: of the result.
        segmentation: its mask, which the report refers to; None where nothing is drawn: the report then refers to
            source images.
    """
    from highdicom.sr import Comprehensive3DSR, MeasurementReport, ObservationContext, ObserverContext
    from highdicom.sr import DeviceObserverIdentifyingAttributes as DeviceAttributes
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    result = as_json(context.prediction)
    spec = context.prediction.spec
    # Derived from the model, so that every report of a model names the same device.
    device = DeviceAttributes(
        generate_uid(entropy_srcs=[spec.id, spec.version, spec.sha256]), name=spec.name[:64],
        manufacturer_name=MANUFACTURER, model_name=context.model, serial_number=spec.sha256,
    )
    observer = ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))
    group = _group(context, segmentation, result)
    for warning in result["warnings"]:
        group[0].ContentSequence.append(_text(codes.DCM.Comment, f"Warning: {warning}"))
    for sentence in result["report"]:
        group[0].ContentSequence.append(_text(codes.DCM.Finding, sentence))
    content = MeasurementReport(observer, codes.SCT.ImagingProcedure, [group], title=codes.DCM.ImagingMeasurementReport)
    evidence = [*context.sources.datasets, *([segmentation] if segmentation else [])]
    written = Comprehensive3DSR(
        evidence, content[0], is_complete=True, is_final=False, is_verified=False,
        coding_schemes=[private_scheme()], **context.new_series("UnifiedViT report"),
    )
    return context.finish(written)


def _group(context: ResultContext, segmentation: Segmentation | None, result: dict[str, Any]):
    """The one measurement group: of the largest segment (TID 1411), or of images (TID 1501)."""
    from highdicom import sr
    from pydicom.sr.codedict import codes

    prediction, spec = context.prediction, context.prediction.spec
    measurements, evaluations = _measurements(context, result), _evaluations(context, result)
    algorithm = sr.AlgorithmIdentification(f"UnifiedViT {spec.id}", spec.version, [f"weights_sha256={spec.sha256}"])
    if segmentation is None:
        _, _, region = terminology(spec.segments[0])
        return sr.MeasurementsAndQualitativeEvaluations(
            sr.TrackingIdentifier(identifier="UnifiedViT result"), algorithm_id=algorithm,
            finding_sites=[sr.FindingSite(region)] if region else None,
            measurements=measurements, qualitative_evaluations=evaluations,
            source_images=[sr.SourceImageForMeasurementGroup(*image) for image in _images(context)],
        )
    drawn = list(drawn_segments(prediction))
    label = max(drawn, key=lambda one: prediction.segments[one - 1].voxels)
    category, kind, region = terminology(spec.segments[label - 1])
    source = context.sources.datasets[0]
    volume_ml = prediction.segments[label - 1].volume_ml
    voxels = sr.Measurement(codes.SCT.Volume, 1000 * volume_ml, codes.UCUM.CubicMillimeter) if volume_ml else None
    return sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(*context.tracking(label)),
        referenced_segment=sr.ReferencedSegment(
            segmentation.SOPClassUID, segmentation.SOPInstanceUID, drawn.index(label) + 1,
            source_series=sr.SourceSeriesForSegmentation(source.SeriesInstanceUID),
        ),
        algorithm_id=algorithm, finding_type=kind, finding_category=category,
        finding_sites=[sr.FindingSite(region)] if region else None,
        measurements=[*([voxels] if voxels else []), *measurements], qualitative_evaluations=evaluations,
    )


def _measurements(context: ResultContext, result: dict[str, Any]) -> list[Measurement]:
    """The probability of every class, and the confidence, in percent."""
    from highdicom.sr import Measurement
    from pydicom.sr.codedict import codes

    percent = codes.UCUM.Percent
    probabilities = context.prediction.diagnosis.probabilities
    return [
        *(Measurement(concept(probability_code(one, n)), round(100 * probabilities[one.name], 2), percent)
          for n, one in enumerate(context.prediction.spec.classes)),
        Measurement(concept(CONFIDENCE), round(100 * result["confidence"]["value"], 2), percent),
    ]


def _evaluations(context: ResultContext, result: dict[str, Any]) -> list[QualitativeEvaluation]:
    """The diagnosis, or every finding; and whether to review it."""
    from highdicom.sr import QualitativeEvaluation
    from pydicom.sr.codedict import codes

    review = codes.SCT.Yes if result["confidence"]["review"] else codes.SCT.No
    found = context.prediction.diagnosis.findings
    return [
        *(QualitativeEvaluation(concept(DIAGNOSIS), concept(class_code(one, n)))
          for n, one in enumerate(context.prediction.spec.classes) if one.name in found),
        QualitativeEvaluation(concept(REVIEW), review),
    ]


def _images(context: ResultContext) -> list[tuple]:
    """SOP class, instance and frames of the images that are referred to where nothing is drawn: from the middle, or of
    the region of interest alone."""
    datasets, order = context.sources.datasets, context.sources.order
    if context.prediction.region and context.prediction.slice_axis[0] == 0:
        looked_at = sorted(context.prediction.slice_indices.tolist())
    else:
        looked_at = list(range(len(order)))
    first = max(0, len(looked_at) // 2 - _MOST_IMAGES // 2)
    chosen = looked_at[first:first + _MOST_IMAGES]
    if len(datasets) == 1:
        frames = [number for number, k in enumerate(order, start=1) if k in chosen] if len(order) > 1 else None
        return [(datasets[0].SOPClassUID, datasets[0].SOPInstanceUID, frames)]
    return [(datasets[k].SOPClassUID, datasets[k].SOPInstanceUID) for k in chosen]


def _text(name, text: str):
    from highdicom.sr import RelationshipTypeValues, TextContentItem

    return TextContentItem(name, text, RelationshipTypeValues.CONTAINS)
