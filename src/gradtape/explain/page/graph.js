// The graph: boxes for lines and operations, edges between them, and what they show at a step.
const ADJOINTS = moments.some((moment) => moment.kind === "adjoint");
const LETTER = 7.3;
const ROOM = 34;
let boxes = []; // {site or group, element, value, adjoint}
let lines = []; // {from, to, element, head}
const label = (item) => {
  if (item.sites && item.line !== null) return (source.get(item.line) ?? "").trim() || item.sites[0].name;
  return (item.sites ? item.sites[0] : item).name;
};
const meaning = (site) => {
  if (site.role === "derived" && sites.has(site.asked)) {
    const other = sites.get(site.asked);
    return `in the derivative of ${expression(other) || other.name}`;
  }
  const found = expression(site);
  return found && found !== site.name ? found : site.kind;
};
const note = (item) => {
  if (item.sites) {
    const count = item.sites.length;
    const times = Math.max(...item.sites.map((site) => site.count));
    let what = `${number(count)} operation${count > 1 ? "s" : ""}`;
    if (item.line === null) what = item.sites[0].kind || item.sites[0].role;
    else if (item.sites.every((site) => site.role === "result")) what = "derivative";
    return times > 1 ? `${what} ×${number(times)}` : what;
  }
  return cut(meaning(item), ROOM - 6) + (item.count > 1 ? ` ×${number(item.count)}` : "");
};
const measure = (item) => {
  const first = item.sites ? item.sites[0] : item;
  const wide = (item.sites ?? [item]).some((site) => site.shape && site.shape.length) ? 26 : 12;
  const letters = Math.min(ROOM, Math.max(label(item).length, note(item).length + 2, wide));
  return {
    id: item.sites ? item.key : item.id,
    item,
    width: letters * LETTER + 20,
    height: ADJOINTS ? 72 : 57,
    order: SOURCES.has(first.role) ? first.id - story.sites.length : first.id, // sources before all else
  };
};
const brief = (text) => text.replace(/^[a-z]+[0-9]*(?=\[)/, "");

const box = (item, x, y, width, height, parent) => {
  const element = drawn("g", { class: "node", tabindex: "-1", transform: `translate(${x},${y})` });
  const first = item.sites ? item.sites[0] : item;
  const foldable = item.sites && item.sites.length > 1;
  element.setAttribute("role", foldable ? "button" : "img");
  if (foldable) element.setAttribute("aria-expanded", "false");
  if ((item.sites ?? [item]).some((site) => site.followed)) element.classList.add("followed");
  if (SOURCES.has(first.role)) element.classList.add("source");
  if ((item.sites ?? [item]).some((site) => site.end)) element.classList.add("cut");
  const room = Math.floor((width - 16) / LETTER);
  element.append(
    drawn("rect", { class: "ring", x: -4, y: -4, width: width + 8, height: height + 8, rx: 9 }),
    drawn("rect", { class: "box", width, height, rx: SOURCES.has(first.role) ? 14 : 6 }),
    drawn("text", { x: 10, y: 18 }, cut(label(item), room)),
    drawn("text", { x: 10, y: 33, class: "small" }, `${foldable ? "▸ " : ""}${cut(note(item), room)}`),
  );
  const value = drawn("text", { x: 10, y: 49, class: "value" });
  const adjoint = drawn("text", { x: 10, y: 64, class: "adjoint" });
  element.append(value);
  if (ADJOINTS) element.append(adjoint);
  parent.append(element);
  boxes.push({ item, element, value, adjoint, room, said: "" });
  return element;
};

const edgesOf = (outer) => {
  // Pairs of ids that are drawn: of a closed group the group itself, of an open one its sites.
  const found = new Map();
  const end = (site) => (outer || !site.group.open ? site.group.key : site.id);
  for (const site of sites.values()) {
    for (const [, from, count] of site.inputs) {
      const other = sites.get(from);
      if (!other || hidden(other.group) || hidden(site.group)) continue;
      const pair = [end(other), end(site)];
      const key = pair.join(">");
      const same = pair[0] === pair[1];
      if (same && site.group.sites.length > 1 && !site.group.open) continue;
      if (!found.has(key)) found.set(key, { pair, count: 0, followed: false, weak: site.role === "result", pairs: [] });
      const edge = found.get(key);
      edge.count += count;
      edge.pairs.push([other, site]);
      edge.followed ||= other.followed && site.followed;
    }
  }
  return [...found.values()];
};

const PAD = 14;
const draw = () => {
  const holder = get("graph");
  if (!sites.size) {
    const text = "No operation on tensors was heard, so there is nothing to draw.";
    holder.replaceChildren(make("p", { class: "empty" }, text));
    show();
    return;
  }
  const focused = document.activeElement?.closest("#graph .node");
  const kept = focused ? focused.dataset.id : null;
  boxes = [];
  lines = [];
  const inner = new Map();
  for (const group of drawnGroups()) {
    if (!group.open) continue;
    const ids = new Set(group.sites.map((site) => site.id));
    const own = [];
    for (const site of group.sites) {
      for (const [, from] of site.inputs) if (ids.has(from)) own.push([from, site.id]);
    }
    inner.set(group, layered(group.sites.map(measure), unique(own), 16, 26));
  }
  const nodes = drawnGroups().map((group) => {
    const found = measure(group);
    if (!group.open) return found;
    const own = inner.get(group);
    return { ...found, width: Math.max(own.width + 2 * PAD, found.width), height: own.height + 44 + PAD };
  });
  const there = (id) => sites.has(id) && !hidden(sites.get(id).group);
  const ends = story.ends.filter((end) => there(end.from) && there(end.to));
  const outer = edgesOf(true);
  const pairs = outer.map((edge) => edge.pair).filter(([a, b]) => a !== b);
  for (const end of ends) pairs.push([sites.get(end.from).group.key, sites.get(end.to).group.key]);
  const whole = layered(nodes, unique(pairs.filter(([a, b]) => a !== b)));
  const loops = 46;
  const size = { width: whole.width + 24 + loops, height: whole.height + 24 };
  const scale = Math.min(1, Math.max(0.8, (holder.clientWidth - 4) / size.width));
  const svg = drawn("svg", {
    width: size.width * scale,
    height: size.height * scale,
    viewBox: `0 0 ${size.width} ${size.height}`,
    role: "group",
    "aria-label": "Operations and what they are made of",
  });
  const root = drawn("g", { transform: "translate(12,12)" });
  const [frames, wires, front] = [drawn("g"), drawn("g", { "pointer-events": "none" }), drawn("g")];
  svg.append(root);
  root.append(frames, wires, front);
  const where = new Map(); // id -> {x, y, width, height} of what is drawn
  for (const { id, item, width, height } of nodes) {
    const at = whole.at(id);
    const x = at.x - width / 2;
    const y = at.y - height / 2;
    const element = box(item, x, y, width, height, item.open ? frames : front);
    where.set(id, { x: at.x, y: at.y, width, height, group: id });
    if (!item.open) continue;
    element.classList.add("group");
    element.setAttribute("aria-expanded", "true");
    element.querySelector(".small").textContent = `▾ ${note(item)}`;
    const shown = boxes[boxes.length - 1];
    shown.value.remove();
    shown.adjoint.remove();
    // Edges run across an open box, and under its title.
    const title = drawn("g", { class: "title", transform: `translate(${x},${y})`, "aria-hidden": "true" });
    title.append(...[...element.querySelectorAll("text")].map((text) => text.cloneNode(true)));
    front.append(title);
    const own = inner.get(item);
    const left = x + (width - own.width) / 2;
    for (const site of item.sites) {
      const spot = own.at(site.id);
      box(site, left + spot.x - spot.width / 2, y + 44 + spot.y - spot.height / 2, spot.width, spot.height, front);
      where.set(site.id, { x: left + spot.x, y: y + 44 + spot.y, width: spot.width, height: spot.height, group: id });
    }
  }
  for (const edge of edgesOf(false)) {
    const a = where.get(edge.pair[0]);
    const b = where.get(edge.pair[1]);
    const bends = a.group === b.group ? [] : whole.bends(a.group, b.group);
    line(wires, a, b, bends, edge.weak ? "weak" : edge.followed ? "followed" : "", edge.pairs);
  }
  for (const end of ends) {
    const a = where.get(sites.get(end.from).group.key);
    const b = where.get(sites.get(end.to).group.key);
    if (a !== b) line(wires, a, b, whole.bends(a.group, b.group), "none", []);
  }
  holder.replaceChildren(svg);
  if (!kept) holder.scrollLeft = (size.width * scale - holder.clientWidth) / 2;
  for (const shown of boxes) listen(shown);
  const first = boxes.find((shown) => shown.element.dataset.id === kept) ?? boxes[0];
  if (first) first.element.setAttribute("tabindex", "0");
  if (kept && first) first.element.focus({ preventScroll: true });
  show();
};
const unique = (pairs) => [...new Map(pairs.map((pair) => [pair.join(">"), pair])).values()];

const line = (parent, a, b, bends, kind, pairs) => {
  const start = { x: a.x, y: a.y + a.height / 2 };
  const stop = { x: b.x, y: b.y - b.height / 2 - 5 };
  let path;
  let head;
  if (stop.y > start.y - 1) {
    path = `M${start.x},${start.y}`;
    let p = start;
    for (const bend of [...bends, { x: stop.x, top: stop.y, bottom: stop.y }]) {
      const half = (bend.top - p.y) / 2;
      path += ` C${p.x},${p.y + half} ${bend.x},${bend.top - half} ${bend.x},${bend.top} V${bend.bottom}`;
      p = { x: bend.x, y: bend.bottom };
    }
    head = `M${stop.x},${stop.y + 5} l-4,-7 h8 z`;
  } else {
    // Against the order: a loop of the program, drawn up the right side.
    const right = { x: a.x + a.width / 2, y: a.y + 6 };
    const back = { x: b.x + b.width / 2, y: b.y - 6 };
    const far = Math.max(right.x, back.x) + 26 + Math.min(14, Math.abs(right.y - back.y) / 40);
    path = `M${right.x},${right.y} C${far},${right.y} ${far},${back.y} ${back.x + 6},${back.y}`;
    head = `M${back.x},${back.y} l7,-4 v8 z`;
    kind += " loop";
  }
  const element = drawn("path", { class: `edge ${kind}`, d: path });
  const tip = drawn("path", { class: `head ${kind}`, d: head });
  parent.append(element, tip);
  lines.push({ element, tip, pairs });
};

// What is shown at the present step.
const latest = (item, what) => {
  const states = (item.sites ?? [item]).map((site) => known.get(site.id)).filter((state) => state[what] !== null);
  return states.reduce((best, state) => (best === null || state.clock >= best.clock ? state : best), null);
};
const spoken = (item, value, adjoint) => {
  const first = item.sites ? item.sites[0] : item;
  const parts = [label(item)];
  if (first.line) parts.push(`line ${first.line}`);
  parts.push(note(item));
  parts.push(value ? `value ${value.value}` : "not yet computed");
  if (adjoint) parts.push(`adjoint ${adjoint.adjoint}`);
  const end = (item.sites ?? [item]).map((site) => site.end).find(Boolean);
  if (end) parts.push(`the derivative of ${end.target} is None: ${end.text}`);
  return parts.join(", ");
};
const show = () => {
  advance();
  const moment = now();
  const site = place(moment);
  const back = moment !== null && moment.kind !== "value";
  for (const shown of boxes) {
    const { item, element, value, adjoint, room } = shown;
    const own = latest(item, "value");
    const gone = latest(item, "adjoint");
    const at = site && site.group && (item === site || (item === site.group && !item.open));
    element.classList.toggle("waiting", !own);
    element.classList.toggle("reached", Boolean(gone) && !item.open);
    element.classList.toggle("current", Boolean(at));
    element.classList.toggle("back", Boolean(at) && back);
    const said = spoken(item, own, gone);
    if (said === shown.said) continue; // writing what is there already would cost more than all the rest
    shown.said = said;
    element.setAttribute("aria-label", said);
    if (!item.open) {
      value.textContent = own ? cut(brief(own.value), room) : "";
      adjoint.textContent = gone ? cut(`∂ ${brief(gone.adjoint)}`, room) : "";
    }
  }
  for (const { element, tip, pairs } of lines) {
    const reached = pairs.some(([a, b]) => known.get(a.id).adjoint !== null && known.get(b.id).adjoint !== null);
    const current = !back && site && pairs.some(([, b]) => b === site);
    element.classList.toggle("reached", reached);
    tip.classList.toggle("reached", reached);
    element.classList.toggle("current", Boolean(current));
  }
  tellStatus(moment, site);
  markSource(site, back);
  if (shownItem) fillCard(shownItem);
  moveMemory(moment);
};

const tellStatus = (moment, site) => {
  const slider = get("slider");
  slider.max = moments.length;
  slider.value = step;
  const status = get("status");
  const count = `${number(step)} of ${number(moments.length)}`;
  if (!moment) {
    status.replaceChildren(`${count} · nothing has happened yet`);
    slider.setAttribute("aria-valuetext", `${count}, the start`);
    return;
  }
  const parts = [];
  const before = step > 1 ? moments[step - 2] : null;
  const missing = moment.clock - (before ? before.clock : 0) - 1;
  if (missing > 0) parts.push(`after ${number(missing)} that were not kept · `);
  const times = site && site.count > 1 ? `, time ${number(moment.time)} of ${number(site.count)}` : "";
  const questions = moment.kind === "question" || moment.kind === "answer";
  const named = make("span", { class: "kind" }, questions ? asking(site) : site.name);
  const said = (kind, text) => make("span", { class: kind }, text ?? "");
  const where = site && site.line ? `line ${site.line}` : "";
  if (moment.kind === "value") {
    parts.push(named, ` ${where}${times} = `, said("value", moment.value));
  } else if (moment.kind === "adjoint") {
    const value = moment.value ?? "";
    parts.push("back at ", named, ` ${where}${times}: value ${value}, adjoint `, said("adjoint", moment.adjoint));
  } else if (moment.kind === "question") {
    parts.push("asked: ", named, ` ${where}${times}`);
  } else {
    parts.push("answer: ", named, " = ", said("adjoint", moment.value));
  }
  status.replaceChildren(`${count} · `, ...parts);
  slider.setAttribute("aria-valuetext", status.textContent);
};
const asking = (asked) => {
  const tape = story.tapes.find((each) => each.id === asked.tape);
  const call = `${tape ? tape.name : "tape"}.${asked.method}(${asked.targets.join(", ")}; ${asked.sources.join(", ")})`;
  return tape && tape.thread ? `${call} in ${tape.thread}` : call;
};
