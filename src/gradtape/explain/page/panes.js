// The source beside the graph, the card with all that is known of a box, and the keyboard in the graph.
const rows = new Map();
const drawSource = () => {
  const holder = get("source");
  const error = story.run && story.run.error;
  const cuts = new Set(story.ends.map((end) => end.line_key));
  story.sources.forEach((file, index) => {
    holder.append(make("h3", { title: file.file }, file.name));
    const list = make("ol");
    file.runs.forEach((run, position) => {
      if (position || run.first > 1) list.append(make("li", { class: "gap" }, "…"));
      run.lines.forEach((text, i) => {
        const key = `${index}:${run.first + i}`;
        const code = make("span", { class: "code" }, text);
        const row = make("li", {}, make("span", { class: "number" }, String(run.first + i)), code);
        const group = ofLine(key);
        if (group) {
          const times = Math.max(...group.sites.map((site) => site.count));
          row.classList.add("passed");
          if (times > 1) row.append(make("span", { class: "times" }, `×${number(times)}`));
          row.addEventListener("click", () => reveal(group));
          row.addEventListener("mouseenter", () => choose(group, true));
          row.addEventListener("mouseleave", () => choose(group, false));
        }
        if (cuts.has(key)) row.classList.add("cut");
        if (error && error.file === file.file && error.line === run.first + i) row.classList.add("cut");
        rows.set(key, { row, code, text });
        list.append(row);
      });
    });
    holder.append(list);
  });
};
let marked = [];
const mark = (site, name) => {
  const found = rows.get(lineKey(site));
  if (!found) return null;
  const { row, code, text } = found;
  row.classList.add(...name);
  if (site.stop > site.start) {
    const part = make("mark", {}, text.slice(site.start, site.stop));
    code.replaceChildren(text.slice(0, site.start), part, text.slice(site.stop));
  }
  marked.push(found);
  return row;
};
const markSource = (site, back) => {
  for (const { row, code, text } of marked) {
    row.classList.remove("now", "back", "chosen");
    code.textContent = text;
  }
  marked = [];
  if (site) follow(mark(site, back ? ["now", "back"] : ["now"]));
  if (shownItem) {
    const first = shownItem.sites ? shownItem.sites[0] : shownItem;
    const whole = shownItem.sites && shownItem.sites.length > 1; // a line, not an expression in it
    mark(whole ? { ...first, start: 0, stop: 0 } : first, ["chosen"]);
  }
};
const follow = (row) => {
  if (!row) return;
  const holder = get("source");
  const top = row.offsetTop;
  if (top < holder.scrollTop + 30 || top > holder.scrollTop + holder.clientHeight - 40) {
    holder.scrollTop = top - holder.clientHeight / 2;
  }
};
const choose = (group, on) => {
  for (const { item, element } of boxes) if (item === group) element.classList.toggle("chosen", on);
};
const reveal = (item) => {
  const found = boxes.find((shown) => shown.item === item);
  if (!found) {
    all = true;
    get("others").checked = true;
    draw();
    return reveal(item);
  }
  focusOn(found);
  return undefined;
};

// The card with all there is to say of a node.
let shownItem = null;
const card = get("card");
const fillCard = (item) => {
  const first = item.sites ? item.sites[0] : item;
  const alone = !item.sites || item.sites.length === 1;
  const value = latest(item, "value");
  const adjoint = latest(item, "adjoint");
  const list = make("dl");
  const say = (name, text, kind = "") => {
    if (text === "" || text === null || text === undefined) return;
    list.append(make("dt", {}, name), make("dd", { class: kind }, String(text)));
  };
  say("value", value ? value.value : step ? "not yet computed" : "", "value");
  say("adjoint", adjoint ? adjoint.adjoint : "", "adjoint");
  if (value && first.count > 1) say("time", `${number(value.time)} of ${number(first.count)}`);
  if (alone) {
    if (first.shape) say("type", `${first.dtype}[${first.shape.join(", ")}]`);
    say("rule", first.kind);
    if (first.asked !== null && sites.has(first.asked)) say("derivative of", named(sites.get(first.asked)));
    const inputs = first.inputs.map(([, from]) => sites.get(from)).filter(Boolean).map(named);
    say("made of", [...new Set([...inputs, ...Object.values(first.numbers)])].join(", "));
  }
  const all = item.sites ?? [item];
  const sum = (what) => all.reduce((total, site) => total + site[what], 0);
  if (sum("bytes")) say("bytes made", bytes(sum("bytes")));
  if (sum("flops")) say("flops", number(sum("flops")));
  for (const site of all) {
    for (const [how, count] of Object.entries(site.left)) say("left", count > 1 ? `${how} ×${number(count)}` : how);
  }
  if (!all.some((site) => site.followed)) say("tape", "no tape follows it");
  card.replaceChildren(make("strong", {}, alone && item.sites === undefined ? first.name : label(item)));
  if (first.line) card.append(` · line ${first.line}${alone ? ` · ${first.name}` : ""}`);
  card.append(list);
  for (const end of new Set(all.map((site) => site.end).filter(Boolean))) {
    card.append(make("p", { class: "none" }, `∂${end.target}/∂${end.source} is None. ${end.text} ${end.remedy}`));
  }
};
const named = (site) => (site.line && !SOURCES.has(site.role) ? `${site.name} (line ${site.line})` : site.name);
const openCard = (shown) => {
  shownItem = shown.item;
  fillCard(shown.item);
  card.hidden = false;
  const at = shown.element.getBoundingClientRect();
  const size = card.getBoundingClientRect();
  let left = at.right + 12;
  let top = at.top;
  if (left + size.width > innerWidth - 6) {
    left = Math.max(6, Math.min(at.left, innerWidth - size.width - 6));
    top = at.bottom + 10;
    if (top + size.height > innerHeight - 6) top = at.top - size.height - 10;
  }
  card.style.left = `${left}px`;
  card.style.top = `${Math.max(6, Math.min(top, innerHeight - size.height - 6))}px`;
  const moment = now();
  markSource(place(moment), moment !== null && moment.kind !== "value");
};
const closeCard = () => {
  card.hidden = true;
  shownItem = null;
  const moment = now();
  markSource(place(moment), moment !== null && moment.kind !== "value");
};
const focusOn = (shown) => {
  for (const other of boxes) other.element.setAttribute("tabindex", "-1");
  shown.element.setAttribute("tabindex", "0");
  shown.element.focus();
};
const fold = (item) => {
  if (!item.sites || item.sites.length < 2) return;
  item.open = !item.open;
  closeCard();
  draw();
  tellOpen();
};
const nearest = (shown, key) => {
  const center = (each) => {
    const at = each.element.getBoundingClientRect();
    return { x: at.left + at.width / 2, y: at.top + 20 };
  };
  const from = center(shown);
  let best = null;
  for (const other of boxes) {
    if (other === shown) continue;
    const to = center(other);
    const [x, y] = [to.x - from.x, to.y - from.y];
    const [along, across] = { ArrowDown: [y, x], ArrowUp: [-y, x], ArrowRight: [x, y], ArrowLeft: [-x, y] }[key];
    if (along < 4) continue;
    const far = along + 2.5 * Math.abs(across);
    if (!best || far < best.far) best = { far, other };
  }
  return best && best.other;
};
const listen = (shown) => {
  const { element, item } = shown;
  element.dataset.id = item.sites ? `group ${item.key}` : `site ${item.id}`;
  element.addEventListener("mouseenter", () => openCard(shown));
  element.addEventListener("mouseleave", closeCard);
  element.addEventListener("focus", () => {
    element.scrollIntoView({ block: "nearest", inline: "nearest" });
    openCard(shown);
  });
  element.addEventListener("blur", closeCard);
  element.addEventListener("click", () => {
    focusOn(shown);
    fold(item);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") fold(item);
    else if (event.key === "Escape") closeCard();
    else if (event.key.startsWith("Arrow")) {
      const other = nearest(shown, event.key);
      if (other) {
        focusOn(other);
      }
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
};
const tellOpen = () => {
  const folds = [...groups.values()].filter((group) => group.sites.length > 1);
  const open = folds.length > 0 && folds.every((group) => group.open);
  get("others-label").hidden = !others.length;
  get("others").checked = all;
  get("open-all").hidden = !folds.length || sites.size > 400;
  get("open-all").textContent = open ? "Close all lines" : "Open all lines";
  return [folds, open];
};
