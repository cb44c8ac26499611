"""A result for people: as text, and as one HTML file with pictures that needs no network and no plotting library.

Both read what `files.as_json` gives, so that a result stored in a scene can be reported as well as a fresh one.
"""

from __future__ import annotations

import base64
import html
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from .. import NOTICE
from ..imaging.intensity import measure_foreground
from ..imaging.slicing import slice_view
from ..imaging.volume import Volume
from .colour_maps import HEATMAP, UNCERTAINTY, over_image
from .files import SYNTHETIC
from .headlines import amount, display_of, findings, headline, threshold_of
from .montage import chosen_slices
from .writing import write_atomically

#: Of the classes, in turn; told apart by eyes of all kinds (Okabe and Ito).
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")
_SIDE = 220
#: Voxels of a finer volume that are shown around what is synthetic.
_AROUND = 40
#: Parts of a confidence, in words.
_PARTS = {"passes": "passes", "slices": "slices", "planes": "planes", "mask": "mask and diagnosis"}
REVIEW = "uncertain — review"
_STYLE = """body{font:15px/1.45 system-ui,sans-serif;color:#1c2430;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin-bottom:0}
.notice{background:#fff3cd;border:1px solid #e0c36a;padding:.4rem .8rem;border-radius:4px}
.review{font-size:1rem;font-weight:600;background:#8a4b00;color:#fff;padding:.15rem .6rem;border-radius:4px}
.warning{background:#fdecea;border:1px solid #f0b4ae;padding:.4rem .8rem;border-radius:4px;margin:.4rem 0}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:middle}
.slices{display:flex;flex-wrap:wrap;gap:4px;background:#000;padding:4px}figure{margin:0}
figcaption{color:#cfd6de;font-size:11px;text-align:center}small{color:#5f6b77}"""


def as_text(result: dict[str, Any]) -> str:
    """A few lines for an e-mail or a table; `result` as from `files.as_json`."""
    diagnosis, model = result["diagnosis"], result["model"]
    lines = [
        f"{result['name']}: {headline(diagnosis)}{f', {REVIEW}' if needs_review(result) else ''}",
        *(f"  {sentence}" for sentence in result.get("report", ())),
        *(f"  {display_of(diagnosis, name)}: {p:.1%}{_mark(diagnosis, name)}"
          for name, p in diagnosis["probabilities"].items()),
        *(f"  {words}" for words in [confidence_in_words(result)] if words),
        *(f"  {one['name']}: {amount(one)}" for one in result["segments"]),
        *(f"  Warning: {text}" for text in result["warnings"]),
        f"  Made by {model.get('name', model['id'])} {model['version']} ({model['sha256'][:12]}), {result['plane']} "
        f"slices, {result['backend']} on {result['device']}",
        f"  {NOTICE}",
    ]
    return "\n".join(lines)


def needs_review(result: dict[str, Any]) -> bool:
    """Whether a reader should review a result: its confidence is less than the model's threshold."""
    return bool(result.get("confidence", {}).get("review"))


def confidence_in_words(result: dict[str, Any]) -> str:
    """A sentence on the confidence and its parts; "" for a result without further passes."""
    uncertainty = result.get("uncertainty")
    if not uncertainty:
        return ""
    parts = ", ".join(f"{_PARTS.get(name, name)} {value:.0%}" for name, value in uncertainty["components"].items())
    mask_dice = uncertainty["mask_dice"]
    overlap = ""
    if mask_dice is not None:
        overlap = f" The masks of {len(uncertainty['passes'])} passes overlap by {mask_dice:.0%} (Dice)."
    return f"Confidence {result['confidence']['value']:.0%}, the least of its parts: {parts}.{overlap}"


def write_report(
    result: dict[str, Any], path: Path, volume: Volume | None = None, labelmap: np.ndarray | None = None,
    heatmap: np.ndarray | None = None, uncertainty: np.ndarray | None = None,
    superres: tuple[Volume, np.ndarray] | None = None,
) -> None:
    """Write the HTML.

    Args:
        result: as from `files.as_json`.
        path: the file.
        volume, labelmap: what was looked at and what was drawn, both (K, J, I), for pictures of the slices; without
            them the report has none.
        heatmap: (K, J, I) uint8 in percent, for the same slices once more with what spoke for the class.
        uncertainty: (K, J, I) uint8 in percent, for the same slices once more with how uncertain each place is.
        superres: the finer volume, and (K, J, I) which of its voxels are synthetic, for pictures of these.

    Raises:
        OutputError: the file cannot be written.
    """
    diagnosis = result["diagnosis"]
    names = list(diagnosis["probabilities"])
    parts = [
        "<!doctype html><html lang='en'><meta charset='utf-8'>",
        f"<title>{html.escape(result['name'])}: UnifiedViT report</title><style>{_STYLE}</style>",
        "<h1>" + "<br>".join(
            f"{html.escape(words)} <span style='font-weight:normal'>{'' if p is None else f'{p:.0%}'}</span>"
            for words, p in findings(diagnosis)),
        f"{f' <span class=review>{REVIEW}</span>' if needs_review(result) else ''}</h1>",
        f"<p>{html.escape(result['name'])}</p><p class='notice'>{NOTICE}</p>",
        f"<p>{html.escape(' '.join(result.get('report', ())))}</p>",
        *(f"<p class='warning'>&#9888; {html.escape(text)}</p>" for text in result["warnings"]),
        *(f"<p>{html.escape(words)}</p>" for words in [confidence_in_words(result)] if words),
        "<table>", *(
            f"<tr><td>{html.escape(display_of(diagnosis, name))}"
            f"<td>{_bar(diagnosis['probabilities'][name], n, threshold_of(diagnosis, name))}"
            f"<td>{diagnosis['probabilities'][name]:.1%}{_mark(diagnosis, name)}" for n, name in enumerate(names)
        ), "</table>",
        "<h2>Slice by slice</h2>",
        _curves([[one["probabilities"][name] for one in result["slices"]] for name in names]),
        "<h2>Segments</h2><table>", *(
            f"<tr><td>{html.escape(one['name'])}<td>{amount(one)}" for one in result["segments"]
        ), "</table>",
    ]
    if volume is not None and labelmap is not None:
        shown = _Slices(volume, labelmap, result["plane"])
        parts += shown.figures()
        if heatmap is not None and "heatmap" in result:
            explained = result["heatmap"]
            parts += [f"<h2>What speaks for {html.escape(explained['display'])}</h2>", *shown.figures(heatmap),
                      f"<small>By {html.escape(explained['method'])}; from dark (nothing) over red to yellow</small>"]
        if uncertainty is not None and "uncertainty" in result:
            parts += ["<h2>Where the outline is uncertain</h2>", *shown.figures(uncertainty, UNCERTAINTY),
                      "<small>Entropy of the mean over all passes; from clear (sure) over blue and green to yellow (as "
                      f"likely as not). Passes: {html.escape(', '.join(result['uncertainty']['passes']))}</small>"]
    if superres is not None and superres[1].any():
        parts += ["<h2>Four times as fine, where the network looks</h2>", *_superres(*superres, result["plane"]),
                  "<small>Within the line drawn by an upscaler, not measured; around it interpolated</small>"]
    parts += ["<h2>What made it</h2><table>", *(
        f"<tr><td>{html.escape(name)}<td>{html.escape(str(value))}" for name, value in _origin(result).items()
    ), "</table></html>"]
    write_atomically(path, lambda part: part.write_text("\n".join(parts), encoding="utf-8"))


def colour_of(number: int) -> str:
    """Of the class at this place, "#rrggbb"."""
    return _COLOURS[number % len(_COLOURS)]


def _mark(diagnosis: dict[str, Any], name: str) -> str:
    threshold = threshold_of(diagnosis, name)
    if threshold is None:
        return ""
    return f" ({'found' if name in diagnosis['findings'] else 'not found'}, threshold {threshold:.1%})"


def _origin(result: dict[str, Any]) -> dict[str, Any]:
    model = result["model"]
    software = ", ".join(f"{name} {version}" for name, version in result.get("software", {}).items())
    return {
        "Model": f"{model.get('name', model['id'])} ({model['id']} {model['version']})",
        "Weights, SHA-256": model["sha256"],
        "Slices": result["plane"], "Computed on": f"{result['device']} ({result['backend']})",
        "Time": f"{result['timings_s'].get('total', 0):.1f} s", "Software": software,
        **({"Notes": " ".join(result["notes"])} if result.get("notes") else {}),
    }


def _bar(probability: float, number: int, threshold: float | None) -> str:
    tick = "" if threshold is None else f"<rect x='{320 * threshold - 1:.1f}' width='2' height='14' fill='#1c2430'/>"
    return ("<svg width='320' height='14'><rect width='320' height='14' fill='#e9edf1'/>"
            f"<rect width='{320 * probability:.1f}' height='14' fill='{colour_of(number)}'/>{tick}</svg>")


def _curves(series: list[list[float]], width: int = 860, height: int = 150) -> str:
    """A line a class over the slices, as SVG."""
    count = len(series[0])
    step = width / max(1, count - 1)
    lines = []
    for number, values in enumerate(series):
        values = values if count > 1 else values * 2
        points = " ".join(f"{n * (step if count > 1 else width):.1f},{height * (1 - value):.1f}"
                          for n, value in enumerate(values))
        lines.append(f"<polyline points='{points}' fill='none' stroke='{colour_of(number)}' stroke-width='2'/>")
    grid = "".join(f"<line x2='{width}' y1='{height * y}' y2='{height * y}' stroke='#d5dae0'/>" for y in (0, 0.5, 1))
    return (f"<svg viewBox='-2 -4 {width + 4} {height + 8}' style='width:100%'>{grid}{''.join(lines)}</svg>"
            f"<small>0 to 100 % upwards; slice 1 to {count} from left to right; colours as above</small>")


class _Slices:
    """Slices spread over a volume, those with a drawing first of all; arguments as of `write_report`."""

    def __init__(self, volume: Volume, labelmap: np.ndarray, plane: str) -> None:
        self._view = slice_view(volume, plane)
        self._slices, self._labels = self._view.of(volume.array), self._view.of(labelmap)
        self._light = measure_foreground(volume.array)
        self._shown = chosen_slices((self._labels > 0).sum(axis=(1, 2)))

    def figures(self, percent: np.ndarray | None = None, palette: np.ndarray = HEATMAP) -> list[str]:
        """HTML with outlines, and with a map (K, J, I) in colours."""
        view, shown = self._view, []
        for n in self._shown:
            rgb, labels = self._light.grey(self._slices[n]), self._labels[n]
            if percent is not None:
                rgb = over_image(rgb, view.of(percent)[n], palette)
            for label in range(1, int(labels.max()) + 1):
                rgb[_edge(labels == label)] = [int(colour_of(label)[k:k + 2], 16) for k in (1, 3, 5)]
            shown.append(_figure(rgb, view.mm, _SIDE, f"{n + 1}/{len(self._slices)}"))
        return ["<div class='slices'>", *shown, "</div>"]


def _superres(volume: Volume, synthetic: np.ndarray, plane: str) -> list[str]:
    """HTML of the three slices with most synthetic voxels, cut out around these; arguments as of `write_report`."""
    view, light, shown = slice_view(volume, plane), measure_foreground(volume.array), []
    slices, masks = view.of(volume.array), view.of(synthetic) > 0
    for n in sorted(np.argsort(masks.sum(axis=(1, 2)), kind="stable")[-3:]):
        if not masks[n].any():
            continue
        places = (np.flatnonzero(masks[n].any(axis=1 - axis)) for axis in (0, 1))
        box = tuple(slice(max(0, place[0] - _AROUND), place[-1] + 1 + _AROUND) for place in places)
        rgb = light.grey(slices[n][box])
        rgb[_edge(masks[n][box])] = SYNTHETIC.colour
        shown.append(_figure(rgb, view.mm, 2 * _SIDE, f"{n + 1}/{len(slices)}"))
    return ["<div class='slices'>", *shown, "</div>"]


def _figure(rgb: np.ndarray, mm: tuple[float, float, float], width: int, caption: str) -> str:
    """A picture (rows, columns, 3) of pixels mm[1] x mm[2], so many screen pixels wide."""
    height = round(width * mm[1] * rgb.shape[0] / (mm[2] * rgb.shape[1]))
    picture = f"data:image/png;base64,{base64.b64encode(_png(rgb)).decode()}"
    return (f"<figure><img width='{width}' height='{height}' alt='slice {caption}' src='{picture}'>"
            f"<figcaption>{caption}</figcaption></figure>")


def _edge(mask: np.ndarray) -> np.ndarray:
    """Voxels of the mask (rows, columns) with a neighbour outside it."""
    padded = np.pad(mask, 1)
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside


def _png(rgb: np.ndarray) -> bytes:
    """(rows, columns, 3) uint8 as PNG."""
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows, columns = rgb.shape[:2]
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), rgb.reshape(rows, -1)], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
