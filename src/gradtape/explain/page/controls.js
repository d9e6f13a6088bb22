// Memory over time, the slider and its buttons, and the start of it all.
let cursor = null;
const drawMemory = () => {
  const { points, peak, peak_clock: at, held } = story.memory;
  if (points.length < 2 || !peak) return;
  const figure = get("memory");
  const svg = figure.querySelector("svg");
  const end = points[points.length - 1][0];
  svg.setAttribute("viewBox", `0 0 ${Math.max(1, end)} 100`);
  const path = points.map(([clock, count]) => `L${clock},${98 - (94 * count) / peak}`).join("");
  svg.append(drawn("path", { d: `M0,98${path}L${end},98Z` }));
  cursor = drawn("line", { y1: 0, y2: 100 });
  svg.append(cursor);
  const names = held.slice(0, 3).map(({ site, bytes: count }) => {
    const found = story.sites.find((each) => each.id === site);
    return `${bytes(count)} ${found.name}${found.line ? ` (line ${found.line})` : ""}`;
  });
  const text = `Memory of values: at most ${bytes(peak)}${names.length ? `, of which ${names.join(", ")}` : ""}`;
  figure.querySelector("figcaption").textContent = text;
  svg.setAttribute("aria-label", `${text}, at step ${number(moments.findIndex((moment) => moment.clock >= at) + 1)}`);
  svg.addEventListener("click", (event) => {
    const place = svg.getBoundingClientRect();
    const clock = (end * (event.clientX - place.left)) / place.width;
    const found = moments.findIndex((moment) => moment.clock >= clock);
    go(found < 0 ? moments.length : found + 1);
  });
  figure.hidden = false;
};
const moveMemory = (moment) => {
  if (!cursor) return;
  const clock = moment ? moment.clock : 0;
  cursor.setAttribute("x1", clock);
  cursor.setAttribute("x2", clock);
};

// Going through the recording.
let playing = null;
const go = (to) => {
  step = Math.max(0, Math.min(moments.length, to));
  show();
};
const pause = () => {
  clearInterval(playing);
  playing = null;
  get("play").textContent = "▶▶";
  get("play").setAttribute("aria-label", "Play");
};
const play = () => {
  if (playing) return pause();
  if (step >= moments.length) go(0);
  get("play").textContent = "❚❚";
  get("play").setAttribute("aria-label", "Pause");
  playing = setInterval(() => {
    go(step + 1);
    if (step >= moments.length) pause();
  }, 450);
  return undefined;
};
get("slider").addEventListener("input", (event) => go(Number(event.target.value)));
get("first").addEventListener("click", () => go(0));
get("previous").addEventListener("click", () => go(step - 1));
get("next").addEventListener("click", () => go(step + 1));
get("last").addEventListener("click", () => go(moments.length));
get("play").addEventListener("click", play);
get("open-all").addEventListener("click", () => {
  const [folds, open] = tellOpen();
  for (const group of folds) group.open = !open;
  draw();
  tellOpen();
});
get("others").addEventListener("change", (event) => {
  all = event.target.checked;
  draw();
});
addEventListener("resize", draw);
document.addEventListener("keydown", (event) => {
  const tag = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "BUTTON", "SUMMARY"].includes(tag)) return;
  if (event.key === "ArrowRight") go(step + 1);
  else if (event.key === "ArrowLeft") go(step - 1);
  else if (event.key === "Home") go(0);
  else if (event.key === "End") go(moments.length);
  else if (event.key === " ") play();
  else return;
  event.preventDefault();
});
for (const button of document.querySelectorAll("button[data-asked]")) {
  button.addEventListener("click", () => {
    const asked = Number(button.dataset.asked);
    const found = moments.findIndex((moment) => moment.kind === "question" && moment.at === asked);
    if (found < 0) return;
    go(found + 1);
    get("slider").focus();
  });
}

if (!story.sources.length) document.body.classList.add("no-source");
forget();
drawSource();
drawMemory();
tellOpen();
draw();
