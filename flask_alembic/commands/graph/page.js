"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = new Map(data.revisions.map(one => [one.id, one]));
const $ = id => document.getElementById(id);
const stage = $("stage"), view = $("view"), map = $("map"), list = $("list");
const boxes = new Map([...view.querySelectorAll(".node")].map(box => [box.dataset.id, box]));
const routes = [...view.querySelectorAll(".route")];
const rows = new Map();
let at = {x: 0, y: 0, k: 1}, chosen = null, found = data.revisions, next = 0;

for (const one of data.revisions) {
  one.children = [];
  one.words = [one.id, one.doc, one.file, one.date, one.state, ...one.labels,
    ...one.operations, one.head ? "head" : "", ...Object.keys(one.states)]
    .filter(Boolean).join("\n").toLowerCase();
}
for (const one of data.revisions)
  for (const parent of one.parents) byId.get(parent)?.children.push(one.id);

function element(tag, text, kind) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function show() {
  view.setAttribute("transform", `translate(${at.x} ${at.y}) scale(${at.k})`);
  view.classList.toggle("far", at.k < 0.5);
  view.classList.toggle("afar", at.k < 0.17);
  drawMap();
}

function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const k = Math.min(3, Math.max(smallest(), at.k * factor));
  at = {x: x - (x - at.x) * k / at.k, y: y - (y - at.y) * k / at.k, k};
  show();
}

function smallest() {
  return Math.min(1, stage.clientWidth / data.width, stage.clientHeight / data.height) || 1;
}

function fit() {
  const k = smallest();
  at = {x: (stage.clientWidth - data.width * k) / 2, y: (stage.clientHeight - data.height * k) / 2, k};
  show();
}

function center(one, k = at.k) {
  at = {x: stage.clientWidth / 2 - one.place[0] * k, y: stage.clientHeight / 2 - one.place[1] * k, k};
  show();
}

function choose(id, move = true) {
  const one = byId.get(id);
  if (!one) return;
  for (const each of [boxes, rows]) {
    each.get(chosen)?.classList.remove("chosen");
    each.get(id)?.classList.add("chosen");
  }
  chosen = id;
  for (const route of routes)
    route.classList.toggle("near", route.dataset.from === id || route.dataset.to === id);
  rows.get(id)?.scrollIntoView({block: "nearest"});
  describe(one);
  history.replaceState(null, "", "#" + encodeURIComponent(id));
  if (move) center(one, Math.max(at.k, 0.9));
}

function describe(one) {
  const details = $("details");
  details.replaceChildren(element("h2", one.id), element("p", one.doc));
  const part = (title, items, make = text => element("p", text)) => {
    if (!items.length) return;
    details.append(element("h3", title), ...items.map(make));
  };
  const link = id => {
    const button = element("button", `${id}  ${byId.get(id)?.doc ?? ""}`, "link");
    button.onclick = () => choose(id);
    const line = element("p");
    line.append(button);
    return line;
  };
  part("Databases", Object.entries(one.states),
    ([name, state]) => element("p", `${name}: ${state === "current" ? "is here" : state}`,
      "sign " + ({current: "applied", unknown: "none"}[state] ?? state)));
  const list = element("ul");
  for (const words of one.operations) list.append(element("li", words));
  part("Operations", one.operations.length ? [list] : ["none that the source shows"],
    item => typeof item === "string" ? element("p", item) : item);
  part("File", [one.file]);
  part("Created", one.date ? [one.date] : []);
  part("Labels", one.labels);
  part(one.parents.length > 1 ? "Merges" : "Follows", one.parents, link);
  part("Depends on", one.depends, link);
  part(one.children.length > 1 ? "Branches into" : "Followed by", one.children, link);
}

function search() {
  const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  found = data.revisions.filter(one => words.every(word => one.words.includes(word)));
  const ids = new Set(found.map(one => one.id));
  for (const [id, row] of rows) row.parentNode.hidden = !ids.has(id);
  for (const [id, box] of boxes) box.classList.toggle("found", ids.has(id));
  for (const each of [view, list.parentNode]) each.classList.toggle("searching", words.length > 0);
  $("count").textContent = words.length
    ? `${found.length} of ${data.revisions.length}; Enter goes to the next`
    : `${data.revisions.length} revisions, the newest first`;
  next = 0;
  drawMap();
}

function drawMap() {
  const width = map.clientWidth, height = map.clientHeight, sharp = window.devicePixelRatio || 1;
  if (!width || !data.height) return;
  map.width = width * sharp;
  map.height = height * sharp;
  const pen = map.getContext("2d"), style = getComputedStyle(document.documentElement);
  pen.scale(sharp, sharp);
  const sx = width / data.width, sy = height / data.height;
  const searching = view.classList.contains("searching"), ids = new Set(found.map(one => one.id));
  for (const one of data.revisions) {
    pen.globalAlpha = searching && !ids.has(one.id) ? 0.15 : 1;
    pen.fillStyle = style.getPropertyValue(`--${one.state}-edge`);
    const w = Math.max(3, data.box[0] * sx), h = Math.max(1, data.box[1] * sy * 0.9);
    pen.fillRect(one.place[0] * sx - w / 2, one.place[1] * sy - h / 2, w, h);
  }
  pen.globalAlpha = 1;
  pen.strokeStyle = style.getPropertyValue("--accent");
  pen.lineWidth = 2;
  const top = Math.max(1, -at.y / at.k * sy), left = Math.max(1, -at.x / at.k * sx);
  pen.strokeRect(left, top,
    Math.min(width - 1, (stage.clientWidth - at.x) / at.k * sx) - left,
    Math.max(4, Math.min(height - 1, (stage.clientHeight - at.y) / at.k * sy) - top));
}

for (const one of data.revisions) {
  const item = element("li"), button = element("button", undefined, one.state);
  button.append(element("code", one.id + (one.labels.length ? ` (${one.labels.join(", ")})` : "")),
    element("span", one.doc));
  button.title = one.doc;
  button.onclick = () => choose(one.id);
  item.append(button);
  list.append(item);
  rows.set(one.id, button);
}

let drag = null;
const touches = new Map();
stage.addEventListener("pointerdown", event => {
  if (event.target.closest("#tools")) return;
  touches.set(event.pointerId, event);
  drag = {x: event.clientX - at.x, y: event.clientY - at.y, far: 0, box: event.target.closest(".node")};
});
stage.addEventListener("pointermove", event => {
  if (!touches.has(event.pointerId)) return;
  if (touches.size === 2) {
    const apart = () => { const [a, b] = [...touches.values()]; return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY); };
    const before = apart();
    touches.set(event.pointerId, event);
    const [a, b] = [...touches.values()], frame = stage.getBoundingClientRect();
    drag = null;
    zoom(apart() / (before || 1), (a.clientX + b.clientX) / 2 - frame.left, (a.clientY + b.clientY) / 2 - frame.top);
    return;
  }
  touches.set(event.pointerId, event);
  if (!drag) return;
  drag.far += Math.abs(event.movementX) + Math.abs(event.movementY);
  if (drag.far > 4) {
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("moving");
    at = {...at, x: event.clientX - drag.x, y: event.clientY - drag.y};
    show();
  }
});
for (const end of ["pointerup", "pointercancel"])
  stage.addEventListener(end, event => {
    touches.delete(event.pointerId);
    stage.classList.remove("moving");
    if (end === "pointerup" && drag?.box && drag.far <= 4) choose(drag.box.dataset.id, false);
    drag = null;
  });
stage.addEventListener("wheel", event => {
  event.preventDefault();
  const frame = stage.getBoundingClientRect();
  if (event.ctrlKey || event.metaKey)
    return zoom(Math.exp(-event.deltaY * 0.0022), event.clientX - frame.left, event.clientY - frame.top);
  const step = event.deltaMode === 1 ? 30 : 1;
  const [dx, dy] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
  at = {...at, x: at.x - dx * step, y: at.y - dy * step};
  show();
}, {passive: false});
map.addEventListener("pointerdown", event => jump(event));
map.addEventListener("pointermove", event => { if (event.buttons) jump(event); });
function jump(event) {
  const frame = map.getBoundingClientRect();
  center({place: [(event.clientX - frame.left) / frame.width * data.width,
    (event.clientY - frame.top) / frame.height * data.height]});
}

function heads() { return data.revisions.filter(one => one.head); }
function places() { return data.revisions.filter(one => Object.values(one.states).includes("current")); }
function turn(ones) {
  if (!ones.length) return;
  const place = ones.findIndex(one => one.id === chosen);
  choose(ones[(place + 1) % ones.length].id);
}
$("nearer").onclick = () => zoom(1.4);
$("farther").onclick = () => zoom(1 / 1.4);
$("whole").onclick = fit;
$("newest").onclick = () => turn(heads());
$("here").onclick = () => turn(places());
$("here").hidden = !places().length;
$("search").addEventListener("input", search);
$("search").addEventListener("keydown", event => {
  if (event.key === "Enter" && found.length) choose(found[next++ % found.length].id);
  if (event.key === "Escape") { $("search").value = ""; search(); stage.focus(); }
});
document.addEventListener("keydown", event => {
  if (event.target === $("search") || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = 80, keys = {
    "+": () => zoom(1.4), "=": () => zoom(1.4), "-": () => zoom(1 / 1.4), "0": fit,
    h: () => turn(heads()), d: () => turn(places()), "/": () => $("search").focus(),
    ArrowUp: () => { at.y += step; show(); }, ArrowDown: () => { at.y -= step; show(); },
    ArrowLeft: () => { at.x += step; show(); }, ArrowRight: () => { at.x -= step; show(); },
  };
  if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
});
addEventListener("resize", show);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawMap);

search();
const wanted = decodeURIComponent(location.hash.slice(1));
const first = byId.get(wanted) ?? places()[0] ?? data.revisions[0];
if (first) choose(first.id);
else $("details").textContent = "There are no revisions yet.";
document.body.dataset.ready = String(data.revisions.length);
