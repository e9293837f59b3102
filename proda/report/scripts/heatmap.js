// The heat map: groups of items by discipline, kind of question and operator of the distractor.

const STEPS = 9; // classes of colour, q0 … q8 for shares, d0 … d8 for changes
const FEW = 10; // answers below which a cell is marked as weak evidence
const heat = { rows: "discipline", columns: "kind", show: "tuned", split: "" };

// It is drawn when it comes near the window, since it reads every item.
function startHeatmap() {
  const frame = byId("heatmap");
  if (!frame) return;
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    needHeatmap();
  }, { rootMargin: "800px" });
  watch.observe(frame);
}

function needHeatmap() {
  const frame = byId("heatmap");
  if (frame && !frame.firstChild) paintHeatmap(frame);
}

function paintHeatmap(frame) {
  const names = data.names, splits = names.splits.filter((_, number) => data.items.rows.some((row) => row[1] === number));
  const change = (key) => (value) => {
    heat[key] = value;
    if (heat.rows === heat.columns) heat.rows = "discipline";
    if (heat.columns === "operator" && !["tuned", "base", "gain"].includes(heat.show)) heat.show = "tuned";
    paintHeatmap(frame);
    frame.querySelectorAll("select")[{ rows: 0, columns: 1, show: 2, split: 3 }[key]].focus();
  };
  const shares = heat.columns === "operator"
    ? [["tuned", "chosen by tuned models"], ["base", "chosen by the base"], ["gain", "change, tuned minus base"]]
    : [["tuned", "right answers, tuned models"], ["base", "right answers, base"], ["gain", "change, tuned minus base"],
      ...names.operators.map((name) => [`chose ${name}`, `wrong answers by “${name}”, tuned`])];
  const columns = heat.columns === "kind" ? names.kinds : names.operators;
  const rows = heat.rows === "kind" ? names.kinds : names.disciplines;
  const cells = grouped(rows, columns);
  const readout = h("p", { class: "readout small", role: "status" }, "Point at a cell, or move to one, to read its numbers.");
  const grid = h("table", { class: "heat", role: "grid", "aria-label": "Heat map" },
    h("thead", {}, h("tr", {}, h("th", {}, heat.rows), [...columns, "all"].map((name) => h("th", { scope: "col" }, h("span", {}, plain(name)))))),
    h("tbody", {}, [...rows, "all"].map((row, r) => h("tr", {}, h("th", { scope: "row" }, plain(row)), [...columns, "all"].map((column, c) => heatCell(cells[r][c], row, column, r === 0 && c === 0))))));
  for (const event of ["mouseover", "focusin"]) {
    grid.addEventListener(event, ({ target }) => { const cell = target.closest("[data-told]"); if (cell) readout.textContent = cell.dataset.told; });
  }
  grid.addEventListener("keydown", (event) => walkGrid(grid, event));
  fill(frame, h("div", { class: "controls" },
    choice("rows", heat.rows, [["discipline", "disciplines"], ["kind", "kinds"]].filter(([name]) => name !== heat.columns), change("rows")),
    choice("columns", heat.columns, [["kind", "kinds"], ["operator", "operators"]], change("columns")),
    choice("show", heat.show, shares, change("show")),
    choice("split", heat.split, [["", "all listed"], ...splits.map((name) => [name, name])], change("split"))),
  h("div", { class: "scroll" }, grid), readout, legend(), onPaper(shares));
}

// What the controls say on the screen, for print.
function onPaper(shares) {
  const [, shown] = shares.find(([name]) => name === heat.show), unit = heat.show === "gain" ? "points" : "%";
  return h("p", { class: "paper small soft" }, `In the cells: ${shown}, in ${unit}; items: ${heat.split || "all listed"}. ${meaning()} Italics: fewer than ${FEW} answers.`);
}

// Counts of answers by row and column, with a last row and column for all.
function grouped(rows, columns) {
  const cells = Array.from({ length: rows.length + 1 }, () => Array.from({ length: columns.length + 1 }, () => ({ tuned: [0, 0], base: [0, 0], chose: [0, 0], items: 0 })));
  const names = data.names, operator = heat.show.startsWith("chose ") ? names.operators.indexOf(heat.show.slice(6)) : -1;
  for (const item of data.items.all()) {
    if (heat.split && names.splits[item.split] !== heat.split) continue;
    const offered = [...new Set(item.options.map(([, made]) => made[0]).filter((number) => number !== undefined))];
    const across = heat.columns === "kind" ? [item.kind] : offered;
    for (const c of [...across, columns.length]) {
      for (const r of [heat.rows === "kind" ? item.kind : item.discipline, rows.length]) tally(cells[r][c], item, c, columns.length, operator);
    }
  }
  return cells;
}

function tally(cell, item, column, all, operator) {
  const names = data.names;
  cell.items += 1;
  [...item.chosen].forEach((letter, model) => {
    const place = names.letters.indexOf(letter);
    if (letter === " " || place < 0) return;
    const side = names.models[model] === "base" ? cell.base : cell.tuned, made = item.options[place]?.[1][0];
    const hit = heat.columns === "kind" ? place === item.answer : column === all ? place !== item.answer : made === column;
    side[0] += hit;
    side[1] += 1;
    if (names.models[model] !== "base") {
      cell.chose[0] += made === operator;
      cell.chose[1] += 1;
    }
  });
}

function heatCell(cell, row, column, first) {
  const share = ([hits, asked]) => (asked ? hits / asked : null);
  const pair = heat.show === "base" ? cell.base : heat.show.startsWith("chose ") ? cell.chose : cell.tuned;
  const gain = heat.show === "gain", [one, two] = [share(cell.tuned), share(cell.base)];
  const value = gain ? (one === null || two === null ? null : one - two) : share(pair);
  const where = `${plain(row)}, ${plain(column)}`;
  if (value === null) return h("td", { class: "none", "data-told": `${where}: no answers`, tabindex: first ? "0" : "-1", role: "gridcell" }, "·");
  const what = heat.columns === "operator" ? (column === "all" ? "wrong" : "chose it") : heat.show.startsWith("chose ") ? heat.show : "right";
  const told = gain ? `${where}: ${signed(100 * value, 1)} points, ${percent(two, 1)} base, ${percent(one, 1)} tuned; ${counted(cell.items, "item")}`
    : `${where}: ${percent(value, 1)} ${what}, ${count(pair[0])} of ${counted(pair[1], "answer")} to ${counted(cell.items, "item")}`;
  const step = Math.min(STEPS - 1, Math.max(0, Math.floor(gain ? (value + 0.6) / 1.2 * STEPS : value * STEPS)));
  const link = h("a", { href: heatLink(row, column), tabindex: first ? "0" : "-1", "aria-label": told }, gain ? signed(100 * value, 0) : (100 * value).toFixed(0));
  return h("td", { class: `${gain ? "d" : "q"}${step}${pair[1] < FEW ? " few" : ""}`, "data-told": told, role: "gridcell" }, link);
}

function heatLink(row, column) {
  const query = { split: heat.split };
  if (row !== "all") query[heat.rows] = row;
  if (column !== "all") query[heat.columns] = column;
  if (heat.show.startsWith("chose ")) query.operator = heat.show.slice(6);
  return addressOf("list", ["items"], query);
}

function legend() {
  const gain = heat.show === "gain", swatches = Array.from({ length: STEPS }, (_, step) => h("span", { class: `${gain ? "d" : "q"}${step}` }));
  return h("p", { class: "legend small soft" }, gain ? "\u221260 points" : "0\u00a0%", h("span", { class: "swatches", "aria-hidden": "true" }, swatches), gain ? "+60 points" : "100\u00a0%",
    h("span", {}, `${meaning()} Italics: fewer than ${FEW} answers.`));
}

function meaning() {
  if (heat.columns === "operator") return "Share of the answers to items that offer such a distractor; all: wrong answers.";
  return heat.show.startsWith("chose ") ? "Share of all answers." : "Chance: 25\u00a0% right.";
}

function walkGrid(grid, event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key], cell = event.target.closest("td");
  if (!step || !cell || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const row = cell.parentElement, rows = [...grid.tBodies[0].rows];
  const next = rows[rows.indexOf(row) + step[0]]?.cells[cell.cellIndex + step[1]];
  if (!next || next.tagName === "TH") return;
  for (const old of grid.querySelectorAll('tbody [tabindex="0"]')) old.tabIndex = -1;
  const target = next.querySelector("a") ?? next;
  target.tabIndex = 0;
  target.focus();
}
