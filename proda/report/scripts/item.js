// One item, and why it was answered as it was: options → diagnosis → statements with probes and samples → patches, verdict, commit → run.

function itemView(id) {
  const item = data.items.find(id);
  if (!item) return missing(`There is no item ${id} on this page. Sealed items are only listed with proda report --sealed.`);
  const found = result(item), names = data.names;
  const diagnosis = data.diagnoses.find(id);
  const broken = new Map();
  item.options.forEach(([, , , breaks], place) => {
    for (const model of choosers(item, place)) {
      for (const number of model === "base" ? [] : breaks) broken.set(number, [...(broken.get(number) ?? []), model]);
    }
  });
  const facts = [
    plain(names.disciplines[item.discipline]), names.kinds[item.kind], names.splits[item.split],
    found.scored ? `${found.right} of ${counted(found.scored, "seed")} right` : "not answered",
    found.margin === null ? null : `margin ${signed(found.margin, 3)}`,
    item.facility === null ? null : `facility ${percent(item.facility)}`,
    item.discrimination === null ? null : `discrimination ${signed(item.discrimination, 2)}`,
    item.flip ? `${item.flip > 0 ? "fixed" : "broken"} by the last round` : null,
  ];
  article("item", id, "Item", item.stem,
    h("p", { class: "small soft" }, facts.filter(Boolean).join(" · ")),
    part("Options", optionsOf(item)),
    part("Diagnosis", diagnosisOf(item, diagnosis)),
    part("Statements that the item rests on", h("ol", { class: "steps" }, item.statements.map((number) => statementStep(number, diagnosis, broken.get(number))))),
    part("Patches", patchesUnder(item, diagnosis)),
    auditOf(id).length > 0 && part("Change in the last round", h("ul", { class: "plain" }, auditOf(id).map(changeLine))),
    part("Run", h("p", {}, "These answers come from ", h("a", { href: "#run" }, "the present run"), ".")),
    h("p", { class: "small soft" }, "In a terminal: ", h("kbd", {}, `proda show ${id}`)));
}

function optionsOf(item) {
  return h("ul", { class: "options" }, item.options.map(([text, made, because, breaks], place) => {
    const right = place === item.answer, models = choosers(item, place);
    const how = made.map((number) => data.names.operators[number]).join(" and ");
    return h("li", { class: right ? "right" : models.length ? "chosen" : null },
      h("span", { class: "letter" }, data.names.letters[place]), text,
      (how || because) && note(soft([how, because].filter(Boolean).join(": "))),
      breaks.length > 0 && note("contradicts ", contradicted(item, breaks)),
      (right || models.length > 0) && note(h("b", { class: right ? "good" : "bad" }, [right && "right", models.length && `chosen by ${models.join(", ")}`].filter(Boolean).join(", "))));
  }));
}

// One statement in full, several by their number in the list below.
function contradicted(item, breaks) {
  const statements = breaks.map((number) => data.statements.at(number));
  if (statements.length === 1) return nodeLink(statements[0].id);
  const link = (s) => h("a", { href: address("node", s.id), title: s.text }, `statement ${item.statements.indexOf(s.number) + 1 || s.id}`);
  return joined(statements.map(link));
}

function diagnosisOf(item, diagnosis) {
  if (!diagnosis) {
    if (data.names.splits[item.split] !== "dev") {
      const same = data.diagnoses.all().filter((d) => data.items.find(d.item)?.chain === item.chain);
      return h("p", {}, `Not diagnosed: the debugger does not read ${data.names.splits[item.split]} items. `,
        same.length ? ["Diagnosed dev items of the same chain: ", joined(same.map((d) => itemLink(d.item))), "."] : "No dev item of the same chain is diagnosed.");
    }
    const state = result(item).state;
    if (state === "passed") return h("p", {}, "Not diagnosed: most seeds answer it right.");
    return h("p", {}, "Not diagnosed yet. Run ", h("kbd", {}, "dvc repro diagnose"), ".");
  }
  return h("div", { class: "diagnosis" },
    h("p", {}, h("b", {}, diagnosis.category), " ", soft(diagnosis.confidence, diagnosis.older ? "; the item has been reworded since" : "")),
    diagnosis.reason && h("p", {}, diagnosis.reason),
    diagnosis.nodes.length > 0 && h("p", {}, "Blamed: ", joined(diagnosis.nodes.map((node) => nodeLink(node)))));
}

// A statement under an item: what it says, whether it is blamed or contradicted, its source, probes and samples.
function statementStep(number, diagnosis, models) {
  const statement = data.statements.at(number);
  const blamed = diagnosis?.nodes.includes(statement.id);
  return h("li", {},
    h("a", { href: address("node", statement.id) }, statement.text),
    blamed && [" ", h("b", { class: "tag bad" }, "blamed")],
    models && [" ", h("b", { class: "tag bad" }, `contradicted by ${[...new Set(models)].join(", ")}`)],
    note(h("q", {}, statement.quote || statement.text), " ", soft(statement.where)),
    probesAt(statement.id, diagnosis ?? { evidence: [] }),
    samplesOf(statement));
}

// Under an item, `diagnosis` is that of the item; elsewhere every diagnosis counts.
function probesAt(id, diagnosis) {
  const own = (diagnosis ? diagnosis.evidence.filter(([node]) => node === id) : evidenceAt(id)).map(([, text]) => text);
  const told = [...new Set(own)].map((text) => note("Probes of the models that support a diagnosis. ", text));
  told.push(...noticedAt(id).map((e) => note("Probes of all tuned models. ", e.text)));
  return told.length ? told : note(soft("No probe of it failed for most seeds, or none was asked."));
}

const SHOWN_SAMPLES = 3;

function samplesOf(statement) {
  const rows = statement.samples.map((number) => data.samples.at(number)).sort((a, b) => (b.patch >= 0) - (a.patch >= 0));
  const line = (sample) => h("li", {}, h("a", { href: address("sample", sample.id) }, sample.question), " ", soft(sample.answer, sample.patch >= 0 ? " · from a patch" : ""));
  if (!rows.length) return note("No sample teaches it.");
  return h("details", { class: "small" }, h("summary", {}, `Taught by ${counted(rows.length, "sample")}`),
    h("ul", {}, rows.slice(0, SHOWN_SAMPLES).map(line)), rest(rows.slice(SHOWN_SAMPLES), line));
}

// The remainder of a long list, made when it is asked for.
function rest(rows, line) {
  if (!rows.length) return null;
  const button = h("button", { type: "button", class: "link", on: { click: () => { button.replaceWith(h("ul", {}, rows.map(line))); } } }, `Show ${count(rows.length)} more`);
  return button;
}

function patchesUnder(item, diagnosis) {
  const nodes = [...(diagnosis?.nodes ?? []), ...item.statements.map((number) => data.statements.at(number).id)];
  const found = [...new Set([...patchesFor(item.id), ...nodes.flatMap(patchesOn)])];
  if (!found.length) return h("p", {}, "No patch was written for it or for its statements.");
  return patchLines(found);
}

function patchLines(patches) {
  const line = (p) => h("li", {}, h("a", { href: address("patch", p.id) }, code(p.id)), " ", soft(p.category, ", "), h("span", { class: "small" }, "verdict: ", verdict(p.says)),
    p.commit && [soft(", commit "), h("a", { href: address("commit", p.commit) }, code(p.commit))]);
  return [h("ul", { class: "plain" }, patches.slice(0, 12).map(line)), rest(patches.slice(12), line)];
}

function changeLine(line) {
  return h("li", {}, h("b", { class: line.better ? "good" : "bad" }, line.better ? "fixed" : "broken"), `: ${line.before} → ${line.after} seeds right; `,
    line.patch ? [`${line.level} because of `, h("a", { href: address("patch", line.patch) }, code(line.patch)), " (", verdict(line.says || "not judged yet"), ")"] : "no patch lies under it");
}

const itemLink = (id) => (data.items.find(id) ? h("a", { href: address("item", id), title: data.items.find(id).stem }, code(id)) : code(id));
const nodeLink = (id) => (nodeOf(id) ? h("a", { href: address("node", id), title: id }, wording(id)) : code(id));

// The frame of a view of one thing. Its id is that of the link that leads to it.
function article(kind, id, sort, title, ...children) {
  const place = last.entries.findIndex((entry) => (entry.item ?? entry.id) === id);
  const step = (by, key, text) => {
    const other = last.entries[place + by];
    if (place < 0 || !other) return null;
    return h("a", { href: address(kind, other.item ?? other.id), rel: by < 0 ? "prev" : "next", title: `key ${key}` }, text);
  };
  fill(byId("view"), h("article", { id: `${kind}/${id}`, "aria-labelledby": "view-title" },
    h("p", { class: "trail small" }, last.rows ? h("a", { href: last.address }, "← Back to the list") : h("a", { href: "#top" }, "← Summary"),
      h("span", {}, step(-1, "p", "Previous"), " ", step(1, "n", "Next"))),
    h("p", { class: "eyebrow" }, sort, " ", code(id)),
    h("h1", { id: "view-title" }, title), children));
}

const part = (title, ...children) => h("section", {}, h("h2", {}, title), children);

function missing(text) {
  fill(byId("view"), h("h1", {}, "Not on this page"), h("p", { class: "missing" }, text), h("p", {}, h("a", { href: "#top" }, "To the summary")));
}
