// The page: a key, a model and a file, a run, a result.

import { Cancelled, Refused, Server } from "./api.js";
import { $, describe, element, megabytes } from "./elements.js";
import { headline, showResult } from "./result.js";
import { Viewer } from "./viewer.js";

const STORED = "unifiedvit-key";
const SECTIONS = ["key-section", "ask-section", "progress-section"];
/** Of a run, the parts that are done when the file has been sent, and when the result is there. */
const SENT = 0.15;
const COMPUTED = 0.9;

const viewer = new Viewer();
let server = null;
let hello = null;
let files = [];
const further = new Map(); // files of further sequences, by the channels of the model
const several = new Map(); // of images with several DICOM series, by their lists of files: {found, series}
let run = null; // {abort, path} of the run under way

// What stands on the page

function show(section) {
  for (const id of SECTIONS) $(id).hidden = id !== section;
  $("forget").hidden = section === "key-section";
}

/** Say what went wrong; an empty text takes the last one away. */
function alert(sentence) {
  $("alert").textContent = sentence;
  if (sentence) $("alert").scrollIntoView({ block: "nearest" });
}

const say = (sentence) => { $("status").textContent = sentence; };

function tell(stage, fraction) {
  if ($("stage").textContent !== stage) {
    $("stage").textContent = stage;
    say(stage);
  }
  $("progress").value = Math.max($("progress").value, fraction);
}

// The key; it never stands in an address

const stored = {
  get: () => { try { return sessionStorage.getItem(STORED); } catch { return null; } },
  set: (key) => { try { sessionStorage.setItem(STORED, key); } catch { /* it is asked for once more */ } },
  remove: () => { try { sessionStorage.removeItem(STORED); } catch { /* it was not kept */ } },
};

async function useKey(key) {
  const candidate = new Server(key);
  try {
    if (!/^[\x21-\x7e]+$/.test(key)) throw new Refused("This is no key: it has letters, digits, - and _ alone.", 401);
    hello = await candidate.hello();
  } catch (error) {
    if (error.status === 401) stored.remove();
    show("key-section");
    alert(sentenceOf(error));
    $("key").focus();
    return;
  }
  stored.set(key);
  server = candidate;
  alert("");
  $("key").value = "";
  $("server-line").textContent = `${location.host}, version ${hello.version}`;
  listModels();
  show("ask-section");
  say("The key is right. Choose a model and an image.");
  $("model").focus();
}

function forget() {
  run?.abort.abort();
  stored.remove();
  server = null;
  show("key-section");
  $("result-section").hidden = true;
  $("server-line").textContent = "";
  say("The key is forgotten.");
  $("key").focus();
}

// Model and image

const model = () => hello.models[$("model").selectedIndex];

function listModels() {
  $("model").replaceChildren(...hello.models.map(({ description }) => element("option", {}, description.name)));
  $("run").disabled = !hello.models.length;
  if (hello.models.length) describeModel();
  else alert("This server has no model. Ask its administrator.");
}

function describeModel() {
  const { description, identity } = model();
  describe($("about-model"), [
    ["Expects", description.input.expects], ["What it does", description.description],
    ["Licence of the weights", description.weights.licence], ["Version", `${identity.id} ${identity.version}`],
  ]);
  const channels = description.input.channels ?? [];
  $("channel-field").hidden = !channels.length;
  $("channel").replaceChildren(...channels.map(({ name, expects }) => element("option", { value: name }, expects)));
  offerFurther();
  $("uncertainty").disabled = description.diagnosis?.task === "multi-label";
}

/** A field for each sequence of the model that the image is not. */
function offerFurther() {
  further.clear();
  const others = (model().description.input.channels ?? []).filter(({ name }) => name !== $("channel").value);
  $("further").hidden = !others.length;
  $("further-fields").replaceChildren(...others.flatMap(({ name, expects }, number) => {
    const input = element("input", { type: "file", multiple: true, id: `further-${number}` });
    input.addEventListener("change", () => { further.set(name, visible(input.files)); offerSeries(); });
    return [element("label", { htmlFor: input.id }, expects), input];
  }));
  offerSeries();
}

const visible = (list) => [...list].filter((file) => !file.name.startsWith("."));
const bytesOf = (list) => list.reduce((sum, file) => sum + file.size, 0);

function choose(list) {
  files = visible(list);
  $("chosen").textContent = files.length > 1 ? `${files.length} files, ${megabytes(bytesOf(files))}`
    : files.length ? `${files[0].name}, ${megabytes(bytesOf(files))}` : "";
  offerSeries();
}

/** For each image that holds several series, as the server told, which one; none is chosen beforehand. */
function offerSeries() {
  const lists = images().map((image) => image.files);
  for (const list of several.keys()) if (!lists.includes(list)) several.delete(list);
  $("several").replaceChildren(...[...several].map(([list, chosen], number) => element("fieldset", {},
    element("legend", {}, `Which series of ${nameOf(list)}?`),
    ...chosen.found.map(([uid, words]) => {
      const button = element("input", { type: "radio", name: `series-${number}`, value: uid,
        checked: chosen.series === uid });
      button.addEventListener("change", () => { chosen.series = uid; });
      return element("label", { className: "check" }, button, ` ${words[0].toUpperCase()}${words.slice(1)}`);
    }))));
}

/** The images to send: the first, then those of further sequences. */
function images() {
  const others = [...further].filter(([, list]) => list.length);
  return [{ channel: $("channel-field").hidden ? "" : $("channel").value, files },
    ...others.map(([channel, list]) => ({ channel, files: list }))];
}

/** What is wrong with the choice, in a sentence; "" for nothing. */
function objection() {
  const bytes = bytesOf(images().flatMap((image) => image.files));
  if (!files.length) return "No image is chosen. Choose a file, or drop it on the page.";
  if ([...several.values()].some(({ series }) => !series)) return "No series is chosen. Choose one of them.";
  if (bytes > hello.volume_bytes) {
    return `The image is larger (${megabytes(bytes)}) than what this server takes (${megabytes(hello.volume_bytes)}). `
      + "Crop or resample it.";
  }
  return "";
}

// A run

async function begin() {
  const sentence = objection();
  alert(sentence);
  if (sentence) return (files.length && $("several").querySelector("input") || $("file")).focus();
  const asked = { model: model(), images: images(), abort: new AbortController(), path: "" };
  run = asked;
  const { signal } = asked.abort;
  $("progress").value = 0;
  $("stage").textContent = "";
  $("result-section").hidden = true;
  show("progress-section");
  $("progress-title").focus();
  try {
    const outcome = await carryOut(asked, signal);
    asked.server.end(asked.path); // all of it is here
    asked.path = "";
    await present(outcome, asked.model.description.segments);
  } catch (error) {
    if (server) show("ask-section");
    if (error instanceof Cancelled) say("The run was cancelled.");
    else alert(sentenceOf(error));
    if (error.status === 401) forget();
    else if (server && error.several) askForSeries(asked, error.several);
    else if (server) $("run").focus();
  } finally {
    if (asked.path) asked.server.end(asked.path);
    if (run === asked) run = null;
  }
}

function askForSeries(asked, { channel, found }) {
  const image = asked.images.find((one) => one.channel === channel);
  several.set(image.files, { found, series: "" });
  offerSeries();
  $("several").querySelector("input").focus();
}

/** From the files to the result's: blobs by endings, and its JSON. */
async function carryOut(asked, signal) {
  asked.server = server;
  const heatmap = $("heatmap").checked;
  tell("Asking the server", 0);
  const [first, ...others] = asked.images.map((image) => ({ channel: image.channel, name: nameOf(image.files),
    series: several.get(image.files)?.series ?? "",
    files: image.files.map(({ name, size }) => ({ name, nbytes: size })) }));
  asked.path = await server.begin({
    model: asked.model.identity, ...first, further: others,
    options: { heatmap: heatmap ? "relevance" : null, tta: $("tta").checked,
      uncertainty: $("uncertainty").checked && !$("uncertainty").disabled },
  }, (words) => tell(words, 0), signal);
  await send(asked, signal);
  await asked.server.follow(asked.path, ({ state, position, stage, fraction }) => {
    if (state === "waiting") tell(`Waiting: ${position} in line`, SENT);
    else if (state === "running" && stage) tell(stage, SENT + (COMPUTED - SENT) * fraction);
  }, signal);
  return fetchResult(asked, signal);
}

async function send(asked, signal) {
  const list = asked.images.flatMap((image) => image.files);
  const total = Math.max(1, bytesOf(list));
  let before = 0;
  tell("Sending", 0);
  for (const [number, file] of list.entries()) {
    await asked.server.send(`${asked.path}/files/${number}`, file,
      (bytes) => tell("Sending", SENT * Math.min(1, (before + bytes) / total)), signal);
    before += file.size;
  }
}

async function fetchResult(asked, signal) {
  const blobs = { ".json": await asked.server.file(asked.path, ".json", signal) };
  const result = JSON.parse(await blobs[".json"].text());
  const outputs = result.manifest.outputs.map(({ name }) => name);
  const name = outputs.find((output) => output.endsWith(".seg.nrrd")).slice(0, -".seg.nrrd".length);
  const endings = [...outputs.map((output) => output.slice(name.length)), ".image.nrrd"];
  for (const [number, ending] of endings.entries()) {
    tell("Fetching the result", COMPUTED + (1 - COMPUTED) * number / endings.length);
    blobs[ending] = await asked.server.file(asked.path, ending, signal);
  }
  return { result, name, blobs };
}

async function present({ result, name, blobs }, segments) {
  showResult(result, segments, blobs, name);
  $("result-section").hidden = false;
  show("ask-section");
  say(`Done: ${headline(result.diagnosis)}. Warnings: ${result.warnings.length}.`);
  await viewer.show(blobs[".image.nrrd"], blobs[".seg.nrrd"], blobs[".heatmap.nrrd"], segments, result.geometry);
  $("result-title").focus();
  $("result-title").scrollIntoView();
}

/** What the result is called: as the file without its ending, or as the folder of a series. */
function nameOf(list) {
  const [first] = list;
  if (list.length > 1) return first.webkitRelativePath?.split("/")[0] || "series";
  return first.name.replace(/(\.nii\.gz|\.hdr\.gz|\.img\.gz|(?<=.)\.[^.]*)$/i, "");
}

function sentenceOf(error) {
  if (error instanceof Refused) return error.message;
  console.error(error);
  return "This page met an error that it did not expect. Load it again; if it happens once more, please report it.";
}

// What the user does

$("key-form").addEventListener("submit", (event) => { event.preventDefault(); useKey($("key").value.trim()); });
$("ask-form").addEventListener("submit", (event) => { event.preventDefault(); begin(); });
$("forget").addEventListener("click", forget);
$("cancel").addEventListener("click", () => run?.abort.abort());
$("model").addEventListener("change", describeModel);
$("channel").addEventListener("change", offerFurther);
$("file").addEventListener("change", () => choose($("file").files));
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault(); // else a file that misses the field is opened in place of the page
    if ($("ask-section").hidden) return;
    $("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) choose(event.dataTransfer.files);
  });
}
addEventListener("pagehide", () => { if (run?.path) run.server.end(run.path); });

const key = stored.get();
if (key) useKey(key);
else show("key-section");
