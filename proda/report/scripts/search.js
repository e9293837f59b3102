// The search over concepts, statements, chains, items, patches and samples: entries that hold every word, in any order.

const texts = new Map(); // row → its words in lower case

function textOf(row, make) {
  if (!texts.has(row)) texts.set(row, make().toLowerCase());
  return texts.get(row);
}

const wordsOf = (query) => (query ?? "").toLowerCase().split(/\s+/).filter(Boolean);
const holds = (text, words) => words.every((word) => text.includes(word));
const itemText = (item) => textOf(item, () => [item.id, item.stem, ...item.options.map(([text]) => text)].join(" "));
const patchText = (patch) => textOf(patch, () => [patch.id, patch.reason, ...patch.targets, ...patch.targets.map(wording)].join(" "));

const SEARCHED = [
  ["concept", () => data.concepts, (c) => `${c.id} ${c.term} ${c.aliases.join(" ")} ${c.definition}`, (c) => [address("node", c.id), c.term, c.definition]],
  ["statement", () => data.statements, (s) => `${s.id} ${s.text}`, (s) => [address("node", s.id), s.text, s.id]],
  ["chain", () => data.chains, (c) => `${c.id} ${c.explains}`, (c) => [address("node", c.id), c.explains || c.id, c.id]],
  ["item", () => data.items, null, (i) => [address("item", i.id), i.stem, `${plain(data.names.disciplines[i.discipline])}, ${data.names.kinds[i.kind]}, ${data.names.splits[i.split]}`]],
  ["patch", () => data.patches, null, (p) => [address("patch", p.id), p.reason || p.id, p.id]],
  ["sample", () => data.samples, (s) => `${s.id} ${s.question} ${s.answer}`, (s) => [address("sample", s.id), s.question, s.answer]],
];

function matches(query) {
  const words = wordsOf(query);
  if (!words.length) return [];
  return SEARCHED.flatMap(([sort, from, text, show]) => {
    const rows = from().all().filter((row) => holds(sort === "item" ? itemText(row) : sort === "patch" ? patchText(row) : textOf(row, () => text(row)), words));
    return rows.map((row) => ({ sort, row, show }));
  });
}

function searchView(query) {
  const field = byId("query");
  if (document.activeElement !== field) field.value = query.q ?? "";
  const rows = new Rows("Search results", ({ sort, row, show }) => {
    const [href, text, meta] = show(row);
    return { href, children: [h("span", { class: "line" }, text), h("span", { class: "line meta" }, h("b", {}, sort), ` · ${meta}`)] };
  });
  const entries = matches(query.q);
  const sorts = SEARCHED.map(([sort]) => [sort, entries.filter((entry) => entry.sort === sort).length]).filter(([, number]) => number);
  const told = entries.length ? sorts.map(([sort, number]) => counted(number, sort)).join(", ") : wordsOf(query.q).length ? "Nothing holds all of these words." : "Type one or more words.";
  fill(byId("view"), h("h1", {}, "Search"), h("p", { class: "found small soft", role: "status" }, told), rows.node);
  const here = addressOf("search", [], query);
  rows.show(entries, last.address === here && last.rows ? last.rows.active : 0);
  Object.assign(last, { rows, entries, address: here });
}

function startSearch() {
  const field = byId("query");
  let waiting = 0;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const wanted = addressOf("search", [], field.value.trim() ? { q: field.value.trim() } : {});
      if (routeNow().kind === "search") history.replaceState(history.state, "", wanted);
      else history.pushState(null, "", wanted);
      follow({ keepFocus: true });
    }, 120);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || routeNow().kind !== "search") return;
    event.preventDefault();
    last.rows?.focus();
  });
  byId("find").addEventListener("submit", (event) => {
    event.preventDefault();
    if (routeNow().kind === "search") last.rows?.focus();
  });
}
