// The picture and what is drawn on it. Points are shares (0..1) of the picture's width and height.
const SVG = "http://www.w3.org/2000/svg";
const NEAR_PX = 14; // as far from a corner a finger or a mouse may be

export function node(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

// what is drawn as a polygon: the tool, where it is kept, and what a new one begins as
const AREAS = { zone: ["zones", { kind: "zone" }], mask: ["masks", {}] };

export class Drawing {
  // model: {zones, lines, masks, pairs, chosen, wrong, unfinished, fit, seen, tool}; changed(what) is called after every change.
  constructor(svg, model, changed) {
    Object.assign(this, { svg, model, changed, size: [16, 9], drag: null, pointer: null });
    svg.addEventListener("pointerdown", (event) => this.down(event));
    svg.addEventListener("pointermove", (event) => this.move(event));
    svg.addEventListener("pointerup", (event) => this.up(event));
    svg.addEventListener("pointercancel", () => { this.drag = null; });
    svg.addEventListener("dblclick", () => this.close());
    svg.addEventListener("keydown", (event) => this.key(event));
  }

  resize(width, height) {
    this.size = [width, height];
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.draw();
  }

  at(event) {
    const box = this.svg.getBoundingClientRect();
    const clip = (value) => Math.min(1, Math.max(0, Math.round(value * 1e4) / 1e4));
    return [clip((event.clientX - box.left) / box.width), clip((event.clientY - box.top) / box.height)];
  }

  near(a, b) {
    const box = this.svg.getBoundingClientRect();
    return Math.hypot((a[0] - b[0]) * box.width, (a[1] - b[1]) * box.height) <= NEAR_PX;
  }

  // every corner that can be dragged, with a function that moves it
  corners() {
    const { lines, pairs } = this.model;
    return [
      ...pairs.map((pair, n) => ({ kind: "pairs", n, at: pair.image, to: (p) => { pair.image = p; } })),
      ...lines.flatMap((line, n) => ["from", "to"].map((end) => ({ kind: "lines", n, at: line[end], to: (p) => { line[end] = p; } }))),
      ...["zones", "masks"].flatMap((kind) => this.model[kind].flatMap((area, n) => area.polygon.map((at, c) => ({ kind, n, at, to: (p) => { area.polygon[c] = p; } })))),
    ];
  }

  down(event) {
    const at = this.at(event);
    const open = this.model.unfinished;
    if (this.model.tool in AREAS && open.length > 2 && this.near(at, open[0])) return this.close();
    const corner = open.length ? null : this.corners().find((one) => this.near(at, one.at));
    if (corner) {
      this.model.chosen = { kind: corner.kind, n: corner.n };
      this.drag = corner;
      this.svg.setPointerCapture(event.pointerId);
      return this.changed("chosen");
    }
    if (this.model.tool === "move") {
      const hit = event.target.dataset ?? {};
      this.model.chosen = hit.kind ? { kind: hit.kind, n: Number(hit.n) } : null;
      return this.changed("chosen");
    }
    this.place(at);
  }

  place(at) {
    const { model } = this;
    if (model.tool === "ground") {
      model.pairs.push({ image: at });
      model.chosen = { kind: "pairs", n: model.pairs.length - 1 };
      return this.changed("pairs");
    }
    if (model.unfinished.length && this.near(at, model.unfinished.at(-1))) return;
    model.unfinished.push(at);
    if (model.tool === "line" && model.unfinished.length === 2) {
      const [from, to] = model.unfinished.splice(0);
      model.lines.push({ id: model.free("lines", "line"), from, to });
      model.chosen = { kind: "lines", n: model.lines.length - 1 };
      return this.changed("lines");
    }
    this.changed("unfinished");
  }

  move(event) {
    this.pointer = this.at(event);
    if (this.drag) {
      this.drag.to(this.pointer);
      return this.changed(`drag ${this.drag.kind}`);
    }
    if (this.model.unfinished.length) this.draw();
  }

  up() {
    if (!this.drag) return;
    const { kind } = this.drag;
    this.drag = null;
    this.changed(kind);
  }

  close() {
    const { model } = this;
    if (!(model.tool in AREAS) || model.unfinished.length < 3) return;
    const [kind, fields] = AREAS[model.tool];
    model[kind].push({ id: model.free(kind, model.tool), ...fields, polygon: model.unfinished.splice(0) });
    model.chosen = { kind, n: model[kind].length - 1 };
    this.changed(kind);
  }

  key(event) {
    const { model } = this;
    if (event.key === "Enter") return this.close();
    if (event.key === "Escape") { model.unfinished.length = 0; return this.changed("unfinished"); }
    if ((event.key === "Delete" || event.key === "Backspace") && model.chosen) {
      event.preventDefault();
      model[model.chosen.kind].splice(model.chosen.n, 1);
      const { kind } = model.chosen;
      model.chosen = null;
      this.changed(kind);
    }
  }

  px(point) { return [point[0] * this.size[0], point[1] * this.size[1]]; }
  path(points) { return points.map((point) => this.px(point).map((value) => value.toFixed(1)).join(",")).join(" "); }
  is(kind, n) { return this.model.chosen?.kind === kind && this.model.chosen.n === n ? " chosen" : ""; }

  label(point, text, below = false) {
    const [x, y] = this.px(point);
    const size = this.size[0] / Math.max(24, this.svg.getBoundingClientRect().width / 15);
    // at the upper edge a name above its corner would be cut off
    const under = below || y < size * 1.6;
    return node("text", { class: "label", x, y: y + (under ? size * 1.2 : -size * 0.5), "font-size": size }, text);
  }

  draw() {
    const { model } = this;
    const shapes = [];
    for (const piece of model.fit?.grid ?? []) shapes.push(node("polyline", { class: "grid", points: this.path(piece) }));
    for (const [name, [kind]] of Object.entries(AREAS)) {
      model[kind].forEach((area, n) => {
        const wrong = model.wrong?.kind === kind && model.wrong.n === n ? " wrong" : "";
        shapes.push(node("polygon", { class: `${name}${this.is(kind, n)}${wrong}`, points: this.path(area.polygon), "data-kind": kind, "data-n": n }));
        shapes.push(this.label(area.polygon[0], area.id));
      });
    }
    model.lines.forEach((line, n) => shapes.push(...this.gate(line, n)));
    model.pairs.forEach((pair, n) => shapes.push(...this.pair(pair, n)));
    for (const seen of model.seen ?? []) {
      const [left, top] = this.px(seen.box);
      const [right, bottom] = this.px(seen.box.slice(2));
      shapes.push(node("rect", { class: "seen", x: left, y: top, width: right - left, height: bottom - top }));
      shapes.push(this.label(seen.box, `${seen.label} ${seen.confidence}`));
    }
    if (model.unfinished.length) {
      const points = this.pointer ? [...model.unfinished, this.pointer] : model.unfinished;
      shapes.push(node("polyline", { class: "unfinished", points: this.path(points) }));
    }
    const radius = (this.size[0] / this.svg.getBoundingClientRect().width || 1) * 6;
    model.unfinished.forEach((point, n) => shapes.push(this.handle(point, radius, n === 0 ? " first" : "")));
    for (const corner of this.corners()) if (corner.kind !== "pairs") shapes.push(this.handle(corner.at, radius, ""));
    this.svg.replaceChildren(...shapes);
  }

  handle(point, radius, extra) {
    const [cx, cy] = this.px(point);
    return node("circle", { class: `handle${extra}`, cx, cy, r: radius });
  }

  // forward is to the right of the walk from the line's beginning to its end
  gate(line, n) {
    const [ax, ay] = this.px(line.from);
    const [bx, by] = this.px(line.to);
    const length = Math.hypot(bx - ax, by - ay) || 1;
    const [dx, dy] = [(bx - ax) / length, (by - ay) / length];
    const [rx, ry] = [-dy, dx];
    const [mx, my, reach] = [(ax + bx) / 2, (ay + by) / 2, this.size[0] / 30];
    const tip = [mx + rx * reach, my + ry * reach];
    const arrow = [tip, [mx + dx * reach * 0.4, my + dy * reach * 0.4], [mx - dx * reach * 0.4, my - dy * reach * 0.4]];
    return [
      node("line", { class: `gate${this.is("lines", n)}`, x1: ax, y1: ay, x2: bx, y2: by, "data-kind": "lines", "data-n": n }),
      node("polygon", { class: "arrow", points: arrow.map((p) => p.join(",")).join(" ") }),
      this.label(line.from, line.id),
    ];
  }

  pair(pair, n) {
    const [x, y] = this.px(pair.image);
    const arm = (this.size[0] / this.svg.getBoundingClientRect().width || 1) * (this.is("pairs", n) ? 13 : 9);
    const shapes = [node("path", { class: "pair", d: `M${x - arm},${y}H${x + arm}M${x},${y - arm}V${y + arm}`, "data-kind": "pairs", "data-n": n })];
    const back = this.model.fitOf?.[n];
    if (back) {
      const [mx, my] = this.px(back);
      shapes.push(node("line", { class: "miss", x1: x, y1: y, x2: mx, y2: my }));
    }
    return [...shapes, this.label(pair.image, String(n + 1))];
  }
}
