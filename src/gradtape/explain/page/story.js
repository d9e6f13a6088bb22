// The data of the page, the groups that are drawn, and what is known at a step of the recording.
const story = JSON.parse(document.getElementById("story").textContent);
const get = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const drawn = (tag, attributes = {}, text) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
};
const number = (count) => count.toLocaleString("en");
const bytes = (count) => {
  for (const [unit, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (count >= size) return `${Number((count / size).toPrecision(3))} ${unit}`;
  }
  return `${count} B`;
};
const cut = (text, room) => (text.length > room ? `${text.slice(0, room - 1)}…` : text);

// The program: its lines, and the sites on them.
const source = new Map(); // "file:line" -> text
story.sources.forEach((file, index) => {
  for (const run of file.runs) run.lines.forEach((text, i) => source.set(`${index}:${run.first + i}`, text));
});
const lineKey = (place) => (place.file === null || place.file === undefined ? null : `${place.file}:${place.line}`);
const sites = new Map(story.sites.filter((site) => site.role !== "walk").map((site) => [site.id, site]));
const SOURCES = new Set(["variable", "watched", "data"]);
const groups = new Map();
for (const site of sites.values()) {
  const line = SOURCES.has(site.role) ? null : lineKey(site);
  const key = line === null ? `site ${site.id}` : line;
  if (!groups.has(key)) groups.set(key, { key, line, sites: [], open: false, order: site.id });
  groups.get(key).sites.push(site);
  site.group = groups.get(key);
}
// What no tape follows is left away where there is much, unless it is on the way to something that is followed.
for (const site of sites.values()) {
  for (const [, from] of site.inputs) if (site.followed && sites.has(from)) sites.get(from).needed = true;
}
const MANY = 12;
const matters = (group) =>
  group.sites.some((site) => site.followed || site.needed || site.ended || site.role === "result");
const others = [...groups.values()].filter((group) => !matters(group));
let all = groups.size <= MANY;
const hidden = (group) => !all && !matters(group);
const drawnGroups = () => [...groups.values()].filter((group) => !hidden(group));
const ofLine = (key) => (groups.has(key) ? groups.get(key) : null);
for (const end of story.ends) {
  end.line_key = lineKey(end);
  const group = ofLine(end.line_key);
  const blamed = group ? group.sites.filter((site) => site.ended || Object.keys(site.left).length) : [];
  for (const site of blamed) site.end = end;
  if (!blamed.length && end.from !== null && sites.has(end.from)) sites.get(end.from).end ??= end;
}
const expression = (site) => {
  const text = source.get(lineKey(site));
  return text && site.stop > site.start ? text.slice(site.start, site.stop) : "";
};

// What is known at a step of the recording.
const moments = story.moments;
let step = moments.length;
let known = new Map();
let told = 0;
let question = null;
const forget = () => {
  known = new Map([...sites.keys()].map((id) => [id, { value: null, adjoint: null, time: 0, clock: -1 }]));
  told = 0;
  question = null;
};
const tell = (moment) => {
  if (moment.kind === "question") {
    question = moment;
    for (const state of known.values()) state.adjoint = null;
    return;
  }
  const state = moment.kind === "answer" ? undefined : known.get(moment.at);
  if (!state) return;
  state.value = moment.value ?? state.value;
  state.time = moment.time;
  if (moment.kind === "adjoint") state.adjoint = moment.adjoint;
  else state.clock = moment.clock;
};
const advance = () => {
  if (step < told) forget();
  for (; told < step; told += 1) tell(moments[told]);
};
const now = () => (step > 0 ? moments[step - 1] : null);
const place = (moment) => {
  if (!moment) return null;
  return moment.kind === "value" || moment.kind === "adjoint" ? sites.get(moment.at) : story.asked[moment.at];
};
