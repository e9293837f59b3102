// The lists of items, patches and flipped items, with their filters. What is chosen stands in the address, so that it can be kept and sent.

const STATES = [
  ["", "any result"], ["failed", "every seed wrong"], ["most", "most seeds wrong"], ["passed", "most seeds right"],
  ["none", "not answered"], ["negative", "negative discrimination"],
];
const SORTS = [["margin", "margin, lowest first"], ["facility", "facility, lowest first"], ["discrimination", "discrimination, lowest first"], ["id", "id"]];
const last = { rows: null, entries: [], address: "" }; // the list that was shown last, for `n`, `p` and the way back

function itemRow(item) {
  const found = result(item);
  const parts = [plain(data.names.disciplines[item.discipline]), data.names.kinds[item.kind], data.names.splits[item.split]];
  if (found.scored) parts.push(`${found.right} of ${found.scored} right`);
  if (found.margin !== null) parts.push(`margin ${signed(found.margin, 3)}`);
  const category = data.diagnoses.find(item.id)?.category;
  if (category) parts.push(category);
  const mark = { failed: "✗", most: "✗", passed: "✓", none: "·" }[found.state];
  return {
    href: address("item", item.id),
    children: [
      h("span", { class: `mark ${found.state === "passed" ? "good" : found.state === "none" ? "soft" : "bad"}`, "aria-hidden": "true" }, mark),
      h("span", { class: "line" }, item.stem),
      h("span", { class: "line meta" }, parts.join(" · ")),
    ],
  };
}

function itemsList(query) {
  const names = data.names, numbered = (all) => [["", "all"], ...all.map((name) => [name, plain(name)])];
  const splits = names.splits.filter((_, number) => data.items.rows.some((row) => row[1] === number));
  const categories = [...new Set(data.diagnoses.all().map((d) => d.category))].sort();
  const controls = (set) => [
    choice("result", query.state ?? "", STATES, set("state")),
    choice("split", query.split ?? "", numbered(splits), set("split")),
    choice("discipline", query.discipline ?? "", numbered(names.disciplines), set("discipline")),
    choice("kind", query.kind ?? "", numbered(names.kinds), set("kind")),
    choice("diagnosis", query.diagnosis ?? "", numbered(categories), set("diagnosis")),
    choice("last round", query.flip ?? "", [["", "any"], ["fixed", "fixed"], ["broken", "broken"]], set("flip")),
    choice("sort by", query.sort ?? "margin", SORTS, set("sort")),
  ];
  listView("Items", "item", query, controls, itemRow, () => chosenItems(query),
    data.items.length ? "" : "There are no items yet. Run dvc repro benchmark.");
}

function chosenItems(query) {
  const names = data.names;
  const wanted = {
    split: names.splits.indexOf(query.split), discipline: names.disciplines.indexOf(query.discipline), kind: names.kinds.indexOf(query.kind),
  };
  const operator = names.operators.indexOf(query.operator);
  const words = wordsOf(query.q);
  const found = data.items.all().filter((item) => {
    for (const field of ["split", "discipline", "kind"]) if (query[field] && item[field] !== wanted[field]) return false;
    const state = result(item).state;
    if (query.state === "negative" ? !(item.discrimination < 0 && item.discrimination !== null) : query.state === "most" ? state !== "failed" && state !== "most" : query.state && state !== query.state) return false;
    if (query.diagnosis && data.diagnoses.find(item.id)?.category !== query.diagnosis) return false;
    if (query.flip && item.flip !== (query.flip === "fixed" ? 1 : -1)) return false;
    if (query.operator && !choseOperator(item, operator)) return false;
    return holds(itemText(item), words);
  });
  const key = query.sort ?? "margin";
  const value = (item) => (key === "margin" ? result(item).margin : item[key]) ?? Infinity;
  if (key !== "id") found.sort((a, b) => value(a) - value(b) || a.number - b.number);
  return found;
}

// Whether a tuned model chose a distractor that the operator made.
function choseOperator(item, operator) {
  return item.options.some(([, made], place) => made[0] === operator && choosers(item, place).some((model) => model !== "base"));
}

function patchRow(patch) {
  const parts = [`round ${patch.round}`, patch.category, counted(patch.adds.length, "sample"), patch.says];
  const target = patch.targets.length ? wording(patch.targets[0]) : patch.id;
  return {
    href: address("patch", patch.id),
    children: [h("span", { class: "line" }, target), h("span", { class: "line meta" }, `${parts.join(" · ")} · ${patch.id}`)],
  };
}

function patchesList(query) {
  const distinct = (key) => [["", "all"], ...[...new Set(data.patches.all().map((p) => String(p[key])))].sort().map((name) => [name, name])];
  const controls = (set) => [
    choice("round", query.round ?? "", distinct("round"), set("round")),
    choice("category", query.category ?? "", distinct("category"), set("category")),
    choice("verdict", query.says ?? "", distinct("says"), set("says")),
  ];
  const chosen = () => {
    const words = wordsOf(query.q);
    return data.patches.all().filter((p) => ["round", "category", "says"].every((key) => !query[key] || String(p[key]) === query[key]) && holds(patchText(p), words));
  };
  listView("Patches", "patch", query, controls, patchRow, chosen,
    data.patches.length ? "" : "There are no patches yet. Run proda repair --dry-run to see what a repair would write.");
}

function auditRow(line) {
  const item = data.items.find(line.item);
  const parts = [line.better ? "fixed" : "broken", `${line.before} → ${line.after} right`, line.level === "nothing" ? "no patch under it" : line.level];
  if (line.patch) parts.push(line.patch, line.says || "not judged yet");
  return {
    href: address("item", line.item),
    children: [
      h("span", { class: `mark ${line.better ? "good" : "bad"}`, "aria-hidden": "true" }, line.better ? "▲" : "▼"),
      h("span", { class: "line" }, item ? item.stem : line.item),
      h("span", { class: "line meta" }, parts.join(" · ")),
    ],
  };
}

function auditList(query) {
  const levels = ["proof", "probably", "could have", "nothing"].filter((level) => data.audit.all().some((line) => line.level === level));
  const controls = (set) => [
    choice("change", query.change ?? "", [["", "all"], ["fixed", "fixed"], ["broken", "broken"]], set("change")),
    choice("evidence", query.level ?? "", [["", "all"], ...levels.map((level) => [level, level === "nothing" ? "no patch under it" : level])], set("level")),
  ];
  const chosen = () => {
    const words = wordsOf(query.q);
    return data.audit.all().filter((line) => (!query.change || Boolean(line.better) === (query.change === "fixed"))
      && (!query.level || line.level === query.level)
      && holds(`${line.item} ${line.patch} ${data.items.find(line.item)?.stem ?? ""}`.toLowerCase(), words));
  };
  listView("Audit of the last round", "line", query, controls, auditRow, chosen,
    data.audit.length ? "" : "There is no round of repair to audit, or git does not hold the results before it.",
    "A line for each flipped item and each patch under it. “could have”: the patch touches what the item rests on. “probably”: it touches a"
    + " statement that a wrong answer contradicts. “proof”: retraining with and without it showed it. Other commits: proda audit A..B.");
}

// A heading, filters, the number found, and the rows.
function listView(title, word, query, controls, draw, chosen, empty, explained = "") {
  const name = routeNow().path[0];
  const rows = new Rows(title, draw);
  const told = h("p", { class: "found small soft", role: "status" });
  const refresh = (active = 0) => {
    const entries = chosen();
    told.textContent = empty || `${counted(entries.length, word)}${entries.length ? "" : ". Change a filter to see more."}`;
    rows.show(entries, active);
    last.rows = rows;
    last.entries = entries;
    last.address = addressOf("list", [name], query);
  };
  const set = (key) => (value) => {
    if (value) query[key] = value;
    else delete query[key];
    history.replaceState(history.state, "", addressOf("list", [name], query));
    refresh();
  };
  const text = h("input", {
    type: "search", id: "filter", placeholder: "Filter by text", "aria-label": "Filter by text", value: query.q ?? "",
    on: {
      input: () => set("q")(text.value),
      keydown: (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); rows.focus(); } },
    },
  });
  fill(byId("view"), h("h1", {}, title), explained && h("p", { class: "small soft" }, explained),
    h("div", { class: "controls" }, text, controls(set), query.operator && chip(`chose ${query.operator}`, () => set("operator")(""))), told, rows.node);
  refresh(last.address === addressOf("list", [name], query) && last.rows ? last.rows.active : 0);
}

function chip(text, remove) {
  const button = h("button", { type: "button", class: "chip", "aria-label": `${text}: remove this filter`, on: { click: () => { button.remove(); remove(); } } }, text, " ×");
  return button;
}
