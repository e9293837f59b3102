// The tables that are embedded in the page. A block is parsed when it is first used; a row becomes an object when it is asked for.

const parsed = new Map();

function block(name) {
  if (!parsed.has(name)) parsed.set(name, JSON.parse(byId(`data-${name}`).textContent));
  return parsed.get(name);
}

class Table {
  constructor({ fields, rows }) {
    this.fields = fields;
    this.rows = rows;
    this.made = new Array(rows.length);
  }

  get length() {
    return this.rows.length;
  }

  at(number) {
    if (number < 0 || number >= this.rows.length) return undefined;
    if (!this.made[number]) {
      const row = { number };
      this.fields.forEach((field, place) => { row[field] = this.rows[number][place]; });
      this.made[number] = row;
    }
    return this.made[number];
  }

  find(id) {
    if (!this.numbers) this.numbers = new Map(this.rows.map((row, number) => [row[0], number]));
    return this.at(this.numbers.get(id) ?? -1);
  }

  all() {
    return this.rows.map((_, number) => this.at(number));
  }
}

const tables = new Map();

function table(name, from) {
  if (!tables.has(name)) tables.set(name, new Table(from()));
  return tables.get(name);
}

const data = {
  get names() { return block("items"); },
  get items() { return table("items", () => block("items").items); },
  get relations() { return table("relations", () => block("nodes").relations); },
  get concepts() { return table("concepts", () => block("nodes").concepts); },
  get statements() { return table("statements", () => block("nodes").statements); },
  get chains() { return table("chains", () => block("nodes").chains); },
  get samples() { return table("samples", () => block("samples")); },
  get diagnoses() { return table("diagnoses", () => block("repairs").diagnoses); },
  get noticed() { return table("noticed", () => block("repairs").noticed); },
  get patches() { return table("patches", () => block("repairs").patches); },
  get commits() { return table("commits", () => block("repairs").commits); },
  get audit() { return table("audit", () => block("repairs").audit); },
};

// key → rows, made once: index("patches on", rows, (row) => row.targets)
const indexes = new Map();

function index(name, rows, keys) {
  if (!indexes.has(name)) {
    const found = new Map();
    for (const row of rows()) {
      for (const key of keys(row)) {
        if (!found.has(key)) found.set(key, []);
        found.get(key).push(row);
      }
    }
    indexes.set(name, found);
  }
  return (key) => indexes.get(name).get(key) ?? [];
}

const patchesOn = (node) => index("patches on", () => data.patches.all(), (p) => p.targets)(node);
const patchesFor = (item) => index("patches for", () => data.patches.all(), (p) => p.items.map(([id]) => id))(item);
const noticedAt = (node) => index("noticed at", () => data.noticed.all(), (e) => [e.node])(node);
const evidenceAt = (node) => index("evidence at", () => data.diagnoses.all().flatMap((d) => d.evidence), ([id]) => [id])(node);
const blaming = (node) => index("blaming", () => data.diagnoses.all(), (d) => d.nodes)(node);
const auditOf = (item) => index("audit of", () => data.audit.all(), (line) => [line.item])(item);
const itemsOn = (statement) => index("items on", () => data.items.all(), (i) => i.statements)(statement);
const saying = (concept) => index("saying", activeStatements, (s) => new Set([s.subject, s.object]))(concept);
const teaching = (sample) => index("teaching", () => data.statements.all(), (s) => s.samples)(sample);

function activeStatements() {
  return data.statements.all().filter((s) => data.chains.at(s.chain)?.active);
}

// How the tuned models did on an item. Without a readable answer of one, `state` is "none".
function result(item) {
  if (!item.result) {
    const answers = [...item.chosen].filter((_, place) => data.names.models[place] !== "base");
    const margins = item.margins.filter((m, place) => m !== null && data.names.models[place] !== "base");
    const letter = data.names.letters[item.answer];
    const scored = answers.filter((a) => a !== " " && a !== "-").length;
    const right = answers.filter((a) => a === letter).length;
    const margin = margins.length ? margins.reduce((a, b) => a + b, 0) / margins.length / 1000 : null;
    const state = !scored ? "none" : right === 0 ? "failed" : 2 * right <= scored ? "most" : "passed";
    item.result = { scored, right, margin, state };
  }
  return item.result;
}

// The models that chose an option.
function choosers(item, place) {
  return data.names.models.filter((_, model) => item.chosen[model] === data.names.letters[place]);
}

// A node of any sort by its id, with its sort; undefined if the knowledge does not hold it.
function nodeOf(id) {
  for (const [sort, from] of [["statement", data.statements], ["chain", data.chains], ["concept", data.concepts]]) {
    const node = from.find(id);
    if (node) return { sort, node };
  }
  return undefined;
}

function wording(id) {
  const found = nodeOf(id);
  if (!found) return id;
  return found.sort === "statement" ? found.node.text : found.sort === "concept" ? found.node.term : found.node.explains || id;
}
