// The installer's page: what is drawn, what the box says to it, and the file that comes of it.
import { Drawing } from "./drawing.js";
import { pairRow, placed, showFit, showPlan, twoNumbers } from "./ground.js";
import { KINDS, chooseLanguage, speaking, word } from "./words.js";

const byId = (id) => document.getElementById(id);
const model = { zones: [], lines: [], masks: [], pairs: [], chosen: null, wrong: null, unfinished: [], fit: null, fitOf: null, seen: null, tool: "zone",
  free(kind, name) {
    const taken = new Set(this[kind].map((one) => one.id));
    let n = 1;
    while (taken.has(`${name}-${n}`)) n += 1;
    return `${name}-${n}`;
  } };
let state = null;
let proposal = null;
let history = [];
const findings = new Map();
const drawing = new Drawing(byId("drawing"), model, changed);

async function ask(path, body) {
  try {
    const options = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, options);
    return await answer.json();
  } catch {
    return { problem: word("lost") };
  }
}

const metres = () => byId("datum").value === "metres";
const filled = (fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "" && value !== null && value !== undefined));

function draft() {
  const names = metres() ? ["east_m", "north_m"] : ["lon", "lat"];
  const port = Number(byId("hub-port").value);
  const host = byId("hub-host").value.trim();
  return {
    camera: filled({
      id: state.camera, detector: state.detector, zones: model.zones, lines: model.lines, masks: model.masks,
      pairs: model.pairs.map((pair) => filled({ image: pair.image, [names[0]]: pair[names[0]], [names[1]]: pair[names[1]] })),
      datum: metres() ? "wgs84" : byId("datum").value, place: twoNumbers(byId("place").value),
    }),
    box: state.box ? {} : filled({ district: byId("district").value.trim(), site: byId("site").value.trim(), box: byId("box").value.trim() }),
    hub: state.hub || !host ? {} : filled({ host, port: port || null }),
  };
}

// one question of a kind at a time; the last one asked counts
const waiting = {};
function soon(name, action, delay = 120) {
  clearTimeout(waiting[name]);
  waiting[name] = setTimeout(action, delay);
}

function changed(what) {
  if (!what.startsWith("drag") && what !== "chosen") remember();
  if (what.includes("pairs")) soon("ground", fitGround);
  if (!what.startsWith("drag")) rows();
  model.seen = null;
  byId("close-zone").hidden = !["zone", "mask"].includes(model.tool) || model.unfinished.length < 3;
  drawing.draw();
  soon("proposal", propose, 250);
}

function remember() {
  history.push(JSON.stringify([model.zones, model.lines, model.masks, model.pairs, model.unfinished]));
  if (history.length > 100) history = history.slice(-100);
}

function undo() {
  if (history.length < 2) return;
  history.pop();
  const [zones, lines, masks, pairs, unfinished] = JSON.parse(history.at(-1));
  Object.assign(model, { zones, lines, masks, pairs, unfinished, chosen: null });
  rows();
  drawing.draw();
  soon("ground", fitGround);
  soon("proposal", propose);
}

async function fitGround() {
  const have = model.pairs.filter((pair) => placed(pair, metres()));
  let fit = null;
  if (have.length >= 4) {
    const asked = draft();
    asked.camera.pairs = asked.camera.pairs.filter((_, n) => placed(model.pairs[n], metres()));
    fit = await ask("/api/ground", asked);
  }
  model.fit = fit && !fit.problem ? fit : null;
  model.fitOf = model.fit ? model.pairs.map((pair) => model.fit.mapped[have.indexOf(pair)] ?? null) : null;
  showFit(byId("fit"), fit, have.length);
  showPlan(byId("plan"), fit);
  drawing.draw();
}

async function propose() {
  proposal = await ask("/api/proposal", draft());
  const found = /(zones|lines|masks)\[(\d+)\]/.exec(proposal.problem ?? "");
  model.wrong = found ? { kind: found[1], n: Number(found[2]) } : null;
  showProposal();
  for (const row of document.querySelectorAll(".row[data-kind]")) row.classList.toggle("wrong", model.wrong?.kind === row.dataset.kind && model.wrong.n === Number(row.dataset.n));
  drawing.draw();
}

// a problem in the page's language; as the box said it where nobody put it into words
const inWords = (answer) => (speaking() === "zh" ? answer?.said?.chinese : answer?.said?.english) || answer?.problem || "";

function showProposal() {
  const problem = proposal?.problem ?? "";
  byId("problem").textContent = inWords(proposal);
  byId("problem").hidden = !problem;
  byId("problem").classList.toggle("todo", Boolean(proposal?.said?.missing));
  for (const id of ["district", "site", "box"]) byId(id).classList.toggle("todo", !state.box && !byId(id).value.trim());
  byId("file").textContent = word(state.exists ? "old_file" : "new_file", { file: state.file });
  const text = state.exists ? proposal?.diff || (problem ? "" : word("no_change")) : proposal?.text ?? "";
  byId("proposal").replaceChildren(...text.split("\n").map((line) => {
    const span = document.createElement("span");
    span.className = !state.exists ? "same" : line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
    span.textContent = line || " ";
    return span;
  }));
  byId("replace-row").hidden = !state.exists || !proposal?.diff;
  byId("write").disabled = Boolean(problem) || (state.exists && (!proposal?.diff || !byId("replace").checked));
}

function field(value, name, set, list) {
  const input = document.createElement(list ? "select" : "input");
  if (list) input.replaceChildren(...list.map((one) => new Option(word(`kind_${one}`), one)));
  if (list && value && !list.includes(value)) input.add(new Option(value, value));
  input.value = value ?? "";
  input.ariaLabel = word(name);
  input.addEventListener("input", () => { set(input.value); drawing.draw(); soon("proposal", propose); });
  return input;
}

function shapeRow(kind, item, n) {
  const row = document.createElement("div");
  row.className = `row${drawing.is(kind, n)}`;
  Object.assign(row.dataset, { kind, n });
  row.addEventListener("focusin", () => { model.chosen = { kind, n }; drawing.draw(); });
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = String(n + 1);
  const name = field(item.id, "name", (value) => { item.id = value.trim(); });
  const other = kind === "zones" ? field(item.kind, "kind", (value) => { item.kind = value; }, KINDS) : document.createElement("span");
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "small";
  remove.textContent = "✕";
  remove.ariaLabel = `${word("remove")} ${item.id}`;
  remove.addEventListener("click", () => { model[kind].splice(n, 1); model.chosen = null; changed(kind); });
  row.replaceChildren(number, name, other, remove);
  if (kind === "zones") {
    const more = document.createElement("label");
    more.className = "more";
    const dwell = field(item.dwell_s ?? "", "dwell", (value) => { if (Number(value) > 0) item.dwell_s = Number(value); else delete item.dwell_s; });
    dwell.inputMode = "decimal";
    more.append(word("dwell"), dwell, word("seconds"));
    row.append(more);
  }
  return row;
}

function rows() {
  for (const kind of ["zones", "lines", "masks"]) {
    byId(kind).dataset.empty = word(`no_${kind}`);
    byId(kind).replaceChildren(...model[kind].map((item, n) => shapeRow(kind, item, n)));
  }
  byId("pairs").dataset.empty = word("no_pairs");
  byId("pairs").replaceChildren(...model.pairs.map((pair, n) => pairRow(
    pair, n, metres(), drawing.is("pairs", n) !== "",
    () => { soon("ground", fitGround); soon("proposal", propose, 250); },
    () => { model.pairs.splice(n, 1); model.chosen = null; changed("pairs"); },
  )));
}

function tool(name) {
  model.tool = name;
  model.unfinished.length = 0;
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === name));
  byId("hint").textContent = word(`hint_${name}`);
  byId("close-zone").hidden = true;
  if (name === "ground") byId("ground-panel").open = true;
  if (name === "mask") byId("masks-panel").open = true;
  drawing.draw();
}

async function test(name) {
  findings.set(name, { verdict: "", detail: word("testing"), advice: "" });
  showFindings();
  const answer = await ask(`/api/tests/${name}`, draft());
  const found = answer.finding ?? { verdict: "fail", detail: answer.problem ?? "", advice: "" };
  findings.set(name, { ...found, chinese: answer.chinese });
  if (answer.state) showPicture(answer.state.picture);
  model.seen = answer.seen ?? null;
  showFindings();
  drawing.draw();
}

function showFindings() {
  byId("findings").replaceChildren(...[...findings].map(([name, found]) => {
    const item = document.createElement("li");
    item.className = found.verdict;
    const verdict = document.createElement("b");
    verdict.textContent = found.verdict ? word(`verdict_${found.verdict}`) : word(`test_${name}`);
    const advice = document.createElement("span");
    advice.className = "advice";
    const said = (speaking() === "zh" && found.chinese) || found;
    advice.textContent = said.advice;
    item.replaceChildren(verdict, said.detail, advice);
    return item;
  }));
}

function showPicture(picture) {
  byId("no-picture").hidden = Boolean(picture);
  if (!picture) return;
  byId("picture").src = `/picture.jpg?n=${picture.number}`;
  drawing.resize(picture.width, picture.height);
}

async function write() {
  const answer = await ask("/api/write", { draft: draft(), replace: byId("replace").checked, base_sha256: proposal.base_sha256 });
  byId("written").hidden = Boolean(answer.problem);
  byId("problem").hidden = !answer.problem;
  byId("problem").textContent = inWords(answer);
  byId("problem").classList.remove("todo");
  if (answer.problem) return;
  byId("written").textContent = word("written", { file: answer.written });
  byId("replace").checked = false;
  state = await ask("/api/state");
  byId("identity-panel").hidden = Boolean(state.box);
  await propose();
}

function speak(wanted) {
  chooseLanguage(wanted);
  byId("camera-name").textContent = `${state.camera} · ${state.source.rtsp ?? state.source.device ?? state.source.file}`;
  rows();
  tool(model.tool);
  showFindings();
  showProposal();
  fitGround();
}

async function begin() {
  state = await ask("/api/state");
  const before = state.before ?? {};
  Object.assign(model, {
    zones: structuredClone(before.zones ?? []), lines: structuredClone(before.lines ?? []),
    masks: structuredClone(before.masks ?? []),
    pairs: structuredClone(before.calibration ?? []),
  });
  if (before.place) byId("place").value = `${before.place.lon}, ${before.place.lat}`;
  byId("identity-panel").hidden = Boolean(state.box);
  byId("identity-panel").open = !state.box;
  byId("ground-panel").open = model.pairs.length > 0;
  byId("masks-panel").open = model.masks.length > 0;
  showPicture(state.picture);
  remember();
  for (const button of document.querySelectorAll("[data-tool]")) button.addEventListener("click", () => tool(button.dataset.tool));
  for (const button of document.querySelectorAll("[data-test]")) button.addEventListener("click", () => test(button.dataset.test));
  for (const name of ["en", "zh"]) byId(`language-${name}`).addEventListener("click", () => speak(name));
  for (const id of ["district", "site", "box", "hub-host", "hub-port", "place"]) byId(id).addEventListener("input", () => { soon("proposal", propose, 250); if (id === "place") soon("ground", fitGround); });
  byId("datum").addEventListener("input", () => { rows(); fitGround(); soon("proposal", propose); });
  byId("undo").addEventListener("click", undo);
  byId("close-zone").addEventListener("click", () => drawing.close());
  byId("replace").addEventListener("input", showProposal);
  byId("write").addEventListener("click", write);
  byId("finish").addEventListener("click", async () => { await ask("/api/finish", {}); byId("written").hidden = false; byId("written").textContent = word("finished"); });
  addEventListener("resize", () => drawing.draw());
  speak(navigator.language.startsWith("zh") ? "zh" : "en");
  await propose();
}

begin();
