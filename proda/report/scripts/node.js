// A concept, a statement or a chain, and a sample: what it says, what it is joined with, and what rests on it.

function nodeView(id) {
  const found = nodeOf(id);
  if (!found) return missing(`The knowledge holds no node ${id}.`);
  ({ concept: conceptView, statement: statementView, chain: chainView })[found.sort](found.node);
}

function conceptView(concept) {
  const statements = saying(concept.number);
  const items = [...new Set(statements.flatMap((s) => itemsOn(s.number)))];
  article("node", concept.id, `Concept, ${concept.type}`, concept.term,
    retired(concept), concept.definition && h("p", {}, concept.definition),
    concept.aliases.length > 0 && h("p", { class: "small" }, "Also called ", concept.aliases.join(", "), "."), graphOf({ concept }),
    part("Statements", h("ul", { class: "plain" }, statements.map(statementLine))),
    ...downstream(items, [concept.id, ...statements.map((s) => s.id)]));
}

function statementView(statement) {
  const chain = data.chains.at(statement.chain);
  const ends = [statement.subject, statement.object].map((number) => data.concepts.at(number)).filter(Boolean);
  article("node", statement.id, "Statement", statement.text,
    chain && h("p", { class: "small" }, chain.explains ? ["A step of the explanation of ", h("a", { href: address("node", chain.id) }, chain.explains)] : "A link between chains", ". Concepts: ",
      joined(ends.map((c) => h("a", { href: address("node", c.id) }, c.term))), "."),
    h("p", { class: "small" }, h("q", {}, statement.quote || statement.text), " ", soft(statement.where)),
    graphOf({ chain, statement }),
    part("Probes", probesAt(statement.id, null)),
    part("Samples that teach it", samplesOpen(statement)),
    ...downstream(itemsOn(statement.number), [statement.id]));
}

function chainView(chain) {
  const statements = chain.statements.map((number) => data.statements.at(number));
  const items = [...new Set(statements.flatMap((s) => itemsOn(s.number)))];
  article("node", chain.id, "Chain", chain.explains || chain.id, retired(chain),
    chain.preconditions.length > 0 && h("p", { class: "small" }, "Holds if: ", chain.preconditions.join("; "), "."),
    chain.exclusions.length > 0 && h("p", { class: "small" }, "Does not cover: ", chain.exclusions.join("; "), "."),
    chain.reference && h("p", { class: "small soft" }, chain.reference), graphOf({ chain }),
    part("Statements", h("ol", { class: "steps" }, statements.map(statementLine))),
    ...downstream(items, [chain.id, ...statements.map((s) => s.id)]));
}

const retired = (node) => !node.active && h("p", { class: "missing" }, "Retired: no sample and no item is written from it any more.");
const statementLine = (s) => h("li", {}, h("a", { href: address("node", s.id) }, s.text), " ", soft(counted(s.samples.length, "sample"), ", ", counted(itemsOn(s.number).length, "item")));

// The items that rest on some nodes, the diagnoses that blame one, and the patches that target one.
function downstream(items, nodes) {
  const blamed = [...new Set(nodes.flatMap(blaming))], patches = [...new Set(nodes.flatMap(patchesOn))];
  const line = (item) => {
    const found = result(item);
    return h("li", {}, h("a", { href: address("item", item.id) }, item.stem), " ",
      h("span", { class: `small ${found.state === "passed" ? "good" : found.state === "none" ? "soft" : "bad"}` }, found.scored ? `${found.right} of ${found.scored} right` : "not answered"));
  };
  return [
    part("Items that rest on it", items.length ? [h("ul", { class: "plain" }, items.slice(0, 12).map(line)), rest(items.slice(12), line)] : h("p", { class: "soft" }, "None that this page lists.")),
    blamed.length > 0 && part("Blamed by the diagnosis of", h("ul", { class: "plain" }, blamed.map((d) => h("li", {}, itemLink(d.item), " ", soft(d.category))))),
    part("Patches", patches.length ? patchLines(patches) : h("p", { class: "soft" }, "No patch targets it.")),
  ];
}

function samplesOpen(statement) {
  const shown = samplesOf(statement);
  if (shown.tagName === "DETAILS") shown.open = true;
  return shown;
}

function sampleView(id) {
  const sample = data.samples.find(id);
  if (!sample) return missing(`There is no sample ${id}; it may have been removed from training.`);
  const statements = teaching(sample.number), patch = data.patches.at(sample.patch);
  const items = [...new Set(statements.flatMap((s) => itemsOn(s.number)))];
  article("sample", id, "Sample", sample.question,
    h("p", {}, h("b", {}, "Answer: "), sample.answer, " ", soft(sample.format)),
    part("Teaches", statements.length ? h("ul", { class: "plain" }, statements.map(statementLine)) : h("p", { class: "soft" }, "No statement: it is about a concept, or about the conditions of a chain.")),
    part("Comes from", patch ? patchLines([patch]) : h("p", {}, "The corpus, which is derived from the knowledge.")),
    ...downstream(items, []).slice(0, 1),
    h("p", { class: "small soft" }, "Its whole text, with the explanation: ", h("kbd", {}, `proda show ${id}`)));
}
