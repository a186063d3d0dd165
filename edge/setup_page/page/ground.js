// The calibration's panel: places of the points, the fit's figures, and the view from above.
import { node } from "./drawing.js";
import { speaking, word } from "./words.js";

const number = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? null : Number(text));

// two numbers from one field, so that a pair can be pasted from a map
export const twoNumbers = (text) => {
  const found = text.split(/[\s,，;]+/).filter(Boolean).map(Number);
  return found.length === 2 && found.every(Number.isFinite) ? found : null;
};

export const placed = (pair, metres) => (metres ? pair.east_m != null && pair.north_m != null : pair.lon != null && pair.lat != null);

export function pairRow(pair, n, metres, chosen, changed, removed) {
  const row = document.createElement("div");
  row.className = `row${chosen ? " chosen" : ""}`;
  const label = document.createElement("span");
  label.className = "number";
  label.textContent = String(n + 1);
  const names = metres ? ["east_m", "north_m"] : ["lon", "lat"];
  const words = metres ? ["east", "north"] : ["lon", "lat"];
  const inputs = names.map((name, which) => {
    const input = document.createElement("input");
    input.inputMode = "text";
    input.value = pair[name] ?? "";
    input.placeholder = word(words[which]);
    input.ariaLabel = `${n + 1} ${word(words[which])}`;
    input.addEventListener("input", () => {
      const both = twoNumbers(input.value);
      if (both) {
        [pair[names[0]], pair[names[1]]] = both;
        inputs.forEach((one, index) => { one.value = both[index]; });
      } else pair[name] = number(input.value);
      changed();
    });
    return input;
  });
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "small";
  remove.textContent = "✕";
  remove.ariaLabel = word("remove");
  remove.addEventListener("click", removed);
  row.replaceChildren(label, ...inputs, remove);
  return row;
}

export function showFit(element, fit, count) {
  element.className = "fit";
  if (count < 4) { element.textContent = word("fit_needs", { n: count }); return; }
  if (!fit || fit.problem) { element.textContent = (speaking() === "zh" && fit?.said?.chinese) || fit?.problem || ""; element.classList.add("bad"); return; }
  if (fit.exact) { element.textContent = word("fit_exact", { step: fit.step_m }); return; }
  const worst = Math.max(...fit.errors_m);
  const px = Math.max(...fit.errors_px.map((one) => one ?? Infinity));
  element.textContent = word("fit_good", { rms: fit.rms_m.toFixed(2), worst: worst.toFixed(2), px: px.toFixed(1), step: fit.step_m });
  element.classList.add(fit.rms_m <= 0.5 ? "good" : "bad");
}

export function showPlan(svg, fit) {
  const usable = Boolean(fit && !fit.problem && fit.plan.length);
  svg.toggleAttribute("hidden", !usable);
  if (!usable) return;
  const all = [...fit.plan, ...fit.plan_mapped.filter(Boolean)];
  const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])];
  const span = Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys), 1e-6);
  const [x0, y1] = [Math.min(...xs), Math.max(...ys)];
  const at = (p) => [8 + ((p[0] - x0) / span) * 84, 8 + ((y1 - p[1]) / span) * 84];
  const shapes = [node("title", {}, word("plan_title"))];
  fit.plan.forEach((place, n) => {
    const [x, y] = at(place);
    const mapped = fit.plan_mapped[n];
    if (mapped) {
      const [mx, my] = at(mapped);
      shapes.push(node("line", { class: "miss", x1: x, y1: y, x2: mx, y2: my }), node("circle", { class: "pair", cx: mx, cy: my, r: 2.4 }));
    }
    shapes.push(node("circle", { cx: x, cy: y, r: 1.4, fill: "#17202a" }), node("text", { x: x + 2.5, y: y - 2.5, "font-size": 5 }, String(n + 1)));
  });
  svg.replaceChildren(...shapes);
}
