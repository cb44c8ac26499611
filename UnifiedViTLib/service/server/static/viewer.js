// Slices with the mask and the heat map over them, by NiiVue. Image, mask and map come on one grid, from one writer.

import { $, element, rgb } from "./elements.js";
import { middleOfLargestPiece } from "./lesion.js";

const AXES = ["sagittal", "coronal", "axial"]; // of NiiVue's voxels: left to right, back to front, bottom to top
const ENDS = [["L", "R"], ["P", "A"], ["I", "S"]];
/** What sliders are called; the second ones where nobody knows how the image lies in the patient. */
const TITLES = ["Sagittal", "Coronal", "Axial"];
const NAMELESS = ["Across", "Along", "Through"];
/** "Inferno" of matplotlib (van der Walt and Smith, CC0), as in reports. */
const HEAT = {
  R: [0, 22, 66, 106, 147, 188, 221, 243, 252, 246, 252], G: [0, 11, 10, 23, 38, 55, 81, 120, 165, 215, 255],
  B: [4, 57, 104, 110, 103, 84, 58, 25, 10, 70, 164],
  A: [0, ...new Array(10).fill(255)], I: [0, 25, 51, 76, 102, 127, 153, 178, 204, 229, 255],
};

/** NiiVue's COLORMAP_TYPE.ZERO_TO_MAX_TRANSLUCENT_BELOW_MIN, which it does not export. */
const TRANSLUCENT_BELOW_MIN = 1;

/** A sentence where this browser cannot show slices; "" where it can. */
function obstacle() {
  if (!globalThis.niivue) return "The viewer could not be loaded";
  if (!document.createElement("canvas").getContext("webgl2")) return "This browser has no WebGL 2";
  return "";
}

/** The viewer of the page; made once, filled with each result. */
export class Viewer {
  #niivue = null;
  #layers = [];
  #frames = null;
  #labels = [];
  #geometry = {};

  /** Show an image. `mask` and `heatmap` are blobs like it, the map may be missing; `segments` are the model's, label 1
   * first; `geometry` says of the image's spacing, orientation and position whether they are "unknown": then no
   * millimetres and no sides of the patient are told. What cannot be shown is said on the page, and the rest of the
   * result stands. */
  async show(image, mask, heatmap, segments, geometry) {
    this.#geometry = geometry;
    let sentence = obstacle();
    if (!sentence) {
      $("viewer-body").hidden = false;
      try {
        await this.#fill(image, mask, heatmap, segments);
      } catch (error) {
        console.error(error);
        sentence = "The viewer failed: the image may be larger than this browser can show";
      }
    }
    $("viewer-body").hidden = Boolean(sentence);
    $("no-viewer").hidden = !sentence;
    $("no-viewer").textContent = sentence
      && `${sentence}, so no slices are shown here. The diagnosis, the warnings and the downloads are complete; the `
      + "report has pictures.";
  }

  async #fill(image, mask, heatmap, segments) {
    await this.#start();
    const niivue = this.#niivue;
    for (const volume of [...niivue.volumes]) niivue.removeVolume(volume);
    this.#labels = ["", ...segments.map(({ name }) => name)];
    const back = await this.#add(image, "image.nrrd", "gray");
    const map = heatmap && await this.#add(heatmap, "heatmap.nrrd", "unifiedvit-heat");
    const drawn = await this.#add(mask, "mask.seg.nrrd", "gray");
    const colours = [[0, 0, 0], ...segments.map(({ colour }) => colour)];
    drawn.setColormapLabel({
      R: colours.map(([red]) => red), G: colours.map(([, green]) => green), B: colours.map(([, , blue]) => blue),
      A: colours.map((_, label) => (label ? 255 : 0)), I: colours.map((_, label) => label), labels: this.#labels,
    });
    this.#layers = [{ name: segments.map(({ name }) => name).join(", ") || "Mask", volume: drawn, opacity: 0.5,
      colours: segments.map(({ colour }) => rgb(colour)) }];
    if (map) {
      // Opaque at 100 %, below that as the square of the percentage: what hardly counts hides nothing.
      Object.assign(map, { cal_min: 100, cal_max: 100, colormapType: TRANSLUCENT_BELOW_MIN });
      this.#layers.push({ name: "Heat map", volume: map, opacity: 0.8, colours: [] });
    }
    this.#showLayers();
    this.#showSliders(back.dimsRAS);
    const flat = back.dimsRAS.slice(1, 4).some((count) => count === 1);
    const lies = this.#geometry.orientation !== "unknown";
    $("views").hidden = $("side").hidden = !lies;
    niivue.opts.isOrientationTextVisible = lies;
    if (flat || !lies) document.querySelector(`[name=view][value=${flat ? "axial" : "all"}]`).checked = true;
    this.#setView();
    niivue.updateGLVolume();
    this.jump();
  }

  async #start() {
    if (this.#niivue) return;
    const { Niivue } = globalThis.niivue;
    const niivue = new Niivue({
      backColor: [0, 0, 0, 1], crosshairColor: [0.35, 0.85, 1, 0.9], crosshairWidth: 1, crosshairGap: 8,
      crosshairWidthUnit: "voxels", fontColor: [0.85, 0.9, 0.95, 1], isRadiologicalConvention: true,
      multiplanarShowRender: 0, dragAndDropEnabled: false, isNearestInterpolation: false, logLevel: "error",
      loadingText: "", isOrientationTextVisible: true, multiplanarPadPixels: 4,
      viewModeHotKey: "", clipPlaneHotKey: "", cycleClipPlaneHotKey: "",
    });
    niivue.addColormap("unifiedvit-heat", HEAT);
    niivue.onLocationChange = () => this.#located();
    const canvas = $("slices");
    // Before NiiVue's own keys, which are those of its demonstrations.
    canvas.addEventListener("keydown", (event) => this.#key(event), true);
    canvas.addEventListener("keyup", (event) => event.stopImmediatePropagation(), true);
    await niivue.attachToCanvas(canvas);
    $("views").addEventListener("change", () => this.#setView());
    $("jump").addEventListener("click", () => this.jump());
    this.#niivue = niivue;
  }

  async #add(blob, name, colormap) {
    const volume = await globalThis.niivue.NVImage.loadFromFile({ file: new File([blob], name), name, colormap });
    this.#niivue.addVolume(volume);
    return volume;
  }

  // Layers

  #showLayers() {
    $("layers").replaceChildren(...this.#layers.map((layer, number) => {
      const id = `layer-${number}`;
      const box = element("input", { type: "checkbox", id, checked: true });
      const range = element("input", { type: "range", id: `${id}-opacity`, min: 0, max: 100, step: 5,
        value: 100 * layer.opacity, "aria-label": `${layer.name}: opacity in percent` });
      const swatches = (layer.colours.length ? layer.colours : [""]).map((colour) => {
        const swatch = element("span", { className: colour ? "swatch" : "swatch heat", "aria-hidden": "true" });
        if (colour) swatch.style.background = colour;
        return swatch;
      });
      const apply = () => {
        const opacity = box.checked ? range.valueAsNumber / 100 : 0;
        this.#niivue.setOpacity(this.#niivue.volumes.indexOf(layer.volume), opacity);
      };
      box.addEventListener("change", apply);
      range.addEventListener("input", apply);
      apply();
      return element("div", { className: "layer" },
        element("span", {}, box, " ", element("label", { htmlFor: id }, ...swatches, layer.name)), range);
    }));
  }

  // Places

  #showSliders(dims) {
    this.#frames = dims.slice(1, 4);
    const titles = this.#geometry.orientation === "unknown" ? NAMELESS : TITLES;
    $("sliders").replaceChildren(...[2, 1, 0].filter((axis) => this.#frames[axis] > 1).map((axis) => {
      const id = `slider-${AXES[axis]}`;
      const range = element("input", { type: "range", id, min: 1, max: this.#frames[axis], step: 1 });
      range.addEventListener("input", () => this.#go(axis, range.valueAsNumber - 1));
      return element("div", { className: "slider" }, element("label", { htmlFor: id }, titles[axis]), range,
        element("output", { htmlFor: id }));
    }));
  }

  #view() {
    return document.querySelector("[name=view]:checked").value;
  }

  #setView() {
    const { SLICE_TYPE } = globalThis.niivue;
    this.#niivue?.setSliceType({ all: SLICE_TYPE.MULTIPLANAR, axial: SLICE_TYPE.AXIAL, coronal: SLICE_TYPE.CORONAL,
      sagittal: SLICE_TYPE.SAGITTAL }[this.#view()]);
  }

  #voxel() {
    return this.#frames.map((count, axis) => Math.min(count - 1, Math.max(
      0, Math.floor(this.#niivue.scene.crosshairPos[axis] * count))));
  }

  #go(axis, index) {
    const voxel = this.#voxel();
    voxel[axis] = Math.min(this.#frames[axis] - 1, Math.max(0, index));
    this.#goTo(voxel);
  }

  #goTo(voxel) {
    this.#niivue.scene.crosshairPos = voxel.map((index, axis) => (index + 0.5) / this.#frames[axis]);
    this.#niivue.drawScene();
    this.#niivue.createOnLocationChange();
  }

  #key(event) {
    event.stopImmediatePropagation();
    const axis = Math.max(0, AXES.indexOf(this.#view() === "all" ? "axial" : this.#view()));
    const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
    const end = { Home: 0, End: Infinity }[event.key];
    if (step === undefined && end === undefined) return;
    event.preventDefault();
    this.#go(axis, end ?? this.#voxel()[axis] + step);
  }

  /** To the middle of the largest piece that is drawn; to the middle of the image where nothing is. */
  jump() {
    const drawn = this.#layers[0].volume;
    const voxel = middleOfLargestPiece(drawn.img, drawn.hdr.dims.slice(1, 4));
    $("jump").hidden = !voxel;
    if (!voxel) return this.#goTo(this.#frames.map((count) => Math.floor(count / 2)));
    const { affine } = drawn.hdr;
    const mm = [0, 1, 2].map(
      (row) => voxel.reduce((sum, index, axis) => sum + affine[row][axis] * index, affine[row][3]));
    return this.#goTo([...drawn.mm2vox(mm)]);
  }

  /** A place in words: in the patient, where that is known; else in the image. */
  #place(mm, volume) {
    if (!Object.values(this.#geometry).includes("unknown")) {
      const ends = mm.map((value, axis) => `${ENDS[axis][value < 0 ? 0 : 1]} ${Math.abs(value).toFixed(1)}`);
      return `${ends.join(" ")} mm`;
    }
    const stored = [];
    volume.mm2vox(mm).forEach((index, n) => { // from NiiVue's order of the axes to the file's
      const axis = Math.abs(volume.permRAS[n]);
      stored[axis - 1] = volume.permRAS[n] < 0 ? volume.hdr.dims[axis] - index : index + 1;
    });
    const [column, row, slice] = stored;
    return `column ${column}, row ${row}, slice ${slice}`;
  }

  /** Say where the crosshair is, and what is there, of the volumes themselves. */
  #located() {
    if (!this.#frames) return;
    const { volumes, scene } = this.#niivue;
    const mm = [...this.#niivue.frac2mm(scene.crosshairPos, 0, true)].slice(0, 3);
    const at = (volume) => volume.getValue(...volume.mm2vox(mm));
    const words = [this.#place(mm, volumes[0]), `value ${Number(at(volumes[0]).toPrecision(5))}`];
    words.push(this.#labels[Math.round(at(this.#layers[0].volume))] || "nothing drawn");
    if (this.#layers[1]) words.push(`heat map ${Math.round(at(this.#layers[1].volume))} %`);
    $("place").textContent = words.join("; ");
    this.#voxel().forEach((index, axis) => {
      const range = $(`slider-${AXES[axis]}`);
      if (!range) return;
      range.value = index + 1;
      const text = `${index + 1} of ${this.#frames[axis]}`;
      range.setAttribute("aria-valuetext", `slice ${text}`);
      range.parentElement.querySelector("output").textContent = text;
    });
  }
}
