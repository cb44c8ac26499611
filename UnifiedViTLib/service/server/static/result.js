// A result in words, bars and downloads, from the JSON that all programs get.

import { $, describe, element, megabytes, percent, percents, rgb } from "./elements.js";

/** Of the classes, in turn: those of reports and of Slicer (Okabe and Ito). */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
const DOWNLOADS = [
  [".seg.nrrd", "Segmentation, for Slicer and other programs"],
  [".html", "Report with pictures, for people"],
  [".json", "Result, for programs"],
  [".heatmap.nrrd", "Heat map, in percent"],
  [".uncertainty.nrrd", "Map of uncertainty, in percent"],
  [".png", "Picture"],
];
let links = [];

/** Fill the section of the result. `files` are blobs by endings, `name` that of the result's files. */
export function showResult(result, segments, files, name) {
  const { diagnosis, confidence } = result;
  $("result-title").textContent = headline(diagnosis);
  $("review").hidden = !confidence.review;
  const [sure, enough] = percents(confidence.value, confidence.threshold ?? 1);
  $("review").textContent = `Uncertain: to be reviewed (${confidence.threshold === null
    ? "no confidence of this model is enough to go without" : `confidence ${sure}, threshold ${enough}`})`;
  $("result-of").textContent = `${result.name}, by ${result.model.name} ${result.model.version}`;
  $("warnings").replaceChildren(...result.warnings.map((text) => element("li", {}, text)));
  $("warnings").hidden = !result.warnings.length;
  $("report").replaceChildren(...result.report.map((text) => element("p", {}, text)));
  $("classes-title").textContent = diagnosis.thresholds ? "Findings (calibrated probabilities)"
    : "Diagnosis (calibrated probabilities)";
  $("classes").tBodies[0].replaceChildren(...Object.entries(diagnosis.probabilities).map(
    ([label, probability], number) => classRow(diagnosis, label, probability, number)));
  showSegments(result.segments, segments);
  showDownloads(files, name);
  showOrigin(result);
}

/** "Glioma (85 %)", or all findings of a model that may have several. */
export function headline(diagnosis) {
  const scope = diagnosis.region_only ? " (slices of the region only)" : "";
  if (!diagnosis.findings) return `${diagnosis.display}${scope} (${percent(diagnosis.probability)})`;
  const named = diagnosis.findings.map(
    (label) => `${diagnosis.display_names[label]}${scope} (${percent(diagnosis.probabilities[label])})`);
  return named.join(", ") || `${diagnosis.display}${scope}`;
}

function classRow(diagnosis, label, probability, number) {
  const threshold = diagnosis.thresholds?.[label];
  const found = diagnosis.findings ? diagnosis.findings.includes(label) : label === diagnosis.label;
  const fill = element("div", { className: "fill" });
  fill.style.width = `${100 * probability}%`;
  fill.style.background = COLOURS[number % COLOURS.length];
  const track = element("div", { className: "track", "aria-hidden": "true" }, fill);
  let words = percent(probability, 1);
  if (threshold !== undefined) {
    const mark = element("div", { className: "threshold" });
    mark.style.left = `calc(${100 * threshold}% - 1px)`;
    track.append(mark);
    const [sure, enough] = percents(probability, threshold, 1);
    words = `${sure} (${found ? "found" : "not found"}, threshold ${enough})`;
  }
  return element("tr", {},
    element("th", { scope: "row", className: found ? "found" : "" }, diagnosis.display_names[label]),
    element("td", { className: "track-cell" }, track), element("td", { className: "percent" }, words));
}

function showSegments(results, segments) {
  $("segments").replaceChildren(...results.flatMap((segment) => {
    const swatch = element("span", { className: "swatch", "aria-hidden": "true" });
    const described = segments.find(({ name }) => name === segment.name);
    if (described) swatch.style.background = rgb(described.colour);
    return [element("dt", {}, swatch, segment.name), element("dd", {}, amount(segment))];
  }));
}

function amount({ voxels, volume_ml: volume }) {
  if (!voxels) return "nothing drawn";
  return volume === null ? "drawn, size not known" : `${volume.toFixed(2)} mL`;
}

function showDownloads(files, name) {
  links.forEach((link) => URL.revokeObjectURL(link));
  links = [];
  $("downloads").replaceChildren(...DOWNLOADS.filter(([ending]) => files[ending]).map(([ending, words]) => {
    const href = URL.createObjectURL(files[ending]);
    links.push(href);
    return element("li", {}, element("a", { href, download: `${name}${ending}` }, words),
      ` (${name}${ending}, ${megabytes(files[ending].size)})`);
  }));
}

function showOrigin(result) {
  const { model } = result;
  describe($("origin"), [
    ["Model", `${model.name} (${model.id} ${model.version})`],
    ["Weights, SHA-256", model.sha256],
    ["Slices", result.plane],
    ["Computed on", `${result.device} (${result.backend})`],
    ["Time", `${result.timings_s.total.toFixed(1)} s`],
    ["Confidence", `${percent(result.confidence.value)} (of ${result.confidence.of})`],
    ["Software", Object.entries(result.software).map((pair) => pair.join(" ")).join(", ")],
    ["Notes", result.notes.join(" ")],
  ]);
}
