// A proposal, and the chain that it belongs to, as elements. `act` names what a button does; page.js carries it out.
import { h, kbd } from "./dom.js";

export const ICONS = { proposed: "○", accepted: "✓", rejected: "✕", withdrawn: "–" };
export const button = (act, label, key, attributes = {}) => h("button", { type: "button", "data-do": act, ...attributes }, label, key && kbd(key));

export const termOf = (view, id) => view.concepts[id]?.term ?? id;
export const phraseOf = (view, relation) => view.phrases.get(relation) ?? relation;

export function tripleOf(view, s, { short = false } = {}) {
  const ends = short ? [termOf(view, s.subject), termOf(view, s.object)] : [s.subject_as || termOf(view, s.subject), s.object_as || termOf(view, s.object)];
  return [h("b", {}, ends[0]), " ", h("i", {}, phraseOf(view, s.relation)), " ", h("b", {}, ends[1])];
}

export function statementCard(view, key, home, remarks) {
  const s = view.statements[key];
  const at = home ? view.chains[home].statements.indexOf(key) + 1 : 0;
  const by = s.added ? ", added by a reviewer" : "";
  const where = home ? `Statement ${at} of ${view.chains[home].statements.length} of a chain` : "Statement without a chain";
  const conditions = [...s.when.map((w) => `${w}`), s.according_to && `according to ${s.according_to}`, s.tense === "past" && "past tense"].filter(Boolean);
  return h("article", { class: `card ${s.status}` },
    h("header", {}, h("span", { class: "soft" }, where, by), status(s)),
    h("h2", { class: "triple" }, tripleOf(view, s)),
    conditions.length ? h("p", { class: "conditions" }, conditions.map((c) => h("span", { class: "tag" }, c))) : [],
    h("p", { class: "sentence" }, s.text),
    remarksOf(remarks.filter((r) => !r.concept)),
    quoteOf(s),
    s.reason ? h("p", { class: "reason" }, h("b", {}, s.status === "rejected" ? "Rejected: " : "Note: "), s.reason) : [],
    placement(view, s),
    h("div", { class: "concepts" }, [...new Set([s.subject, s.object])].map((id) => concept(view, id, remarks.filter((r) => r.concept === id)))));
}

function status(s) {
  const label = s.written ? "in the knowledge" : s.status === "proposed" ? "undecided" : s.status;
  return h("span", { class: `status ${s.status}` }, ICONS[s.status], " ", label);
}

function quoteOf(s) {
  const place = s.place ? s.anchor : "This quote is not found in the source, or found twice.";
  return h("figure", { class: "quote" }, h("blockquote", {}, s.quote), place ? h("figcaption", { class: s.place ? "soft" : "problem" }, place) : []);
}

function placement(view, s) {
  if (s.written) return h("p", { class: "soft" }, "In the knowledge as ", h("code", {}, s.written), ". To change or remove it, edit ", h("code", {}, `knowledge/${view.source}.yaml`), ".");
  if (s.chains.length || s.status === "rejected" || s.status === "withdrawn") return [];
  if (!s.unlinked.length) return h("p", { class: "soft" }, "Accepted, it becomes a link: accepted chains name both concepts.");
  return h("p", { class: "soft" }, "It can become a link once an accepted chain names ", s.unlinked.map((id, n) => [n ? " and " : "", h("b", {}, termOf(view, id))]),
    ". Or join it with others into a chain: press ", kbd("c"), ".");
}

function concept(view, id, remarks) {
  const c = view.concepts[id] ?? { term: id, missing: true };
  const names = [c.phrase && `in a sentence: ${c.phrase}`, c.aliases?.length && `also: ${c.aliases.join("; ")}`, c.plural && "plural", c.distinct_from?.length && `distinct from ${c.distinct_from.join(", ")}`].filter(Boolean);
  return h("section", { class: `concept${c.drafted ? " drafted" : ""}` },
    h("h3", {}, c.term, c.type ? h("span", { class: "soft" }, ` ${c.type}`) : []),
    c.missing ? h("p", { class: "problem" }, "There is no such concept, neither proposed nor in the knowledge.") : h("p", {}, c.definition),
    names.length ? h("p", { class: "soft small" }, names.join(" · ")) : [],
    c.drafted ? h("p", { class: "flag" }, "Drafted: the source gives no definition. Read it with care.") : [],
    c.known ? h("p", { class: "soft small" }, "In the knowledge: ", h("code", {}, c.known)) : [],
    remarksOf(remarks));
}

export function remarksOf(remarks) {
  if (!remarks.length) return [];
  return h("ul", { class: "remarks" }, remarks.map((r) => h("li", { class: r.severity },
    h("span", { "aria-hidden": "true" }, r.severity === "error" ? "✕ " : "! "), r.field ? [h("code", {}, r.field), " "] : [], r.message)));
}

export function chainCard(view, name, key, remarks) {
  const chain = view.chains[name];
  const n = Object.keys(view.chains).indexOf(name) + 1;
  const undecided = chain.statements.filter((k) => view.statements[k].status === "proposed").length;
  const dead = chain.status === "rejected" || chain.status === "withdrawn";
  return h("section", { class: `chain ${chain.status}` },
    h("header", {}, h("span", { class: "soft" }, `Chain ${n} of ${Object.keys(view.chains).length}${chain.added ? ", joined by a reviewer" : ""}`),
      h("span", { class: `status ${chain.written ? "accepted" : chain.status}` }, chain.written ? "✓ in the knowledge" : dead ? `✕ ${chain.status}` : chain.blocking.length ? "cannot be accepted" : undecided ? `${undecided} undecided` : "complete")),
    h("h3", {}, "Explains ", chain.explains),
    ["preconditions", "exclusions"].filter((f) => chain[f].length).map((f) => h("p", { class: "soft small" }, f === "exclusions" ? "Does not cover: " : "Holds if: ", chain[f].join("; "))),
    h("ol", {}, chain.statements.map((k) => h("li", { class: `${view.statements[k].status}${k === key ? " current" : ""}` },
      h("button", { type: "button", "data-go": k, "aria-current": k === key ? "step" : false },
        h("span", { class: "icon", "aria-label": view.statements[k].status }, ICONS[view.statements[k].status]), h("span", {}, tripleOf(view, view.statements[k], { short: true })))))),
    remarksOf(remarks),
    dead ? h("p", { class: "reason" }, chain.reason) : [],
    chain.blocking.length && !dead ? blocked(view, chain) : [],
    chain.written ? [] : h("p", { class: "buttons" },
      dead ? button("reopen-chain", "Reopen the chain") : [
        chain.blocking.length ? [] : button("accept-chain", undecided ? "Accept the chain" : "Write the chain", "A", { class: "accept" }),
        button("reject-chain", "Reject the chain", "R"), button("edit-chain", "Edit", "E")]),
    h("p", { class: "soft small" }, "id ", h("code", {}, name)));
}

function blocked(view, chain) {
  const steps = chain.blocking.map((k) => chain.statements.indexOf(k) + 1);
  return h("div", { class: "note" }, h("p", {}, `It cannot be accepted: statement ${steps.join(", ")} ${steps.length > 1 ? "are" : "is"} ${view.statements[chain.blocking[0]].status}. `,
    chain.shorter.length ? "What is left can be a shorter chain; say then what it explains." : "Fewer than three consecutive statements are left, so reject the chain."),
    chain.shorter.map((run, n) => button("shorten", `Shorten to statements ${chain.statements.indexOf(run[0]) + 1}–${chain.statements.indexOf(run.at(-1)) + 1}`, "", { "data-run": n })));
}

export function mergeCard(view, index, remarks) {
  const m = view.merges[index];
  return h("article", { class: `card merge ${m.decision}` },
    h("header", {}, h("span", { class: "soft" }, "Proposed merge"), h("span", { class: `status ${m.decision === "confirmed" ? "accepted" : m.decision === "refused" ? "rejected" : "proposed"}` },
      m.decision === "proposed" ? "○ undecided" : m.decision === "confirmed" ? "✓ confirmed" : "✕ refused")),
    h("h2", { class: "triple" }, "Are these one concept?"),
    h("p", {}, h("b", {}, "Why: "), m.why || "no reason is given"),
    h("div", { class: "concepts" }, m.concepts.map((id, n) => h("div", {}, view.concepts[id]?.missing && m.says[n] ? h("section", { class: "concept" }, h("h3", {}, view.concepts[id].term)) : concept(view, id, []),
      view.concepts[id]?.missing && m.says[n] ? h("p", { class: "small" }, m.says[n]) : [],
      h("label", { class: "keep" }, h("input", { type: "radio", name: "keep", value: m.ids[n], checked: m.ids[n] === m.keep, disabled: m.decision !== "proposed" }), ` keep ${m.ids[n]}`)))),
    h("p", { class: "soft" }, "Merged, the other name becomes an alias of the one that is kept. A refused merge is never proposed again."),
    remarksOf(remarks));
}

export function formActions(what) {
  return [button("save", "Save", "Enter"), what === "statement" ? button("save-accept", "Save and accept", "Ctrl+Enter", { class: "accept" }) : [], button("cancel", "Discard", "Esc")];
}

export function actionsOf(view, item) {
  const move = [button("previous", "‹", "k", { title: "Previous (k)", class: "move" }), button("next", "›", "j", { title: "Next (j)", class: "move" })];
  if (!item) return move;
  if (item[0] === "merge") {
    const open = view.merges[item[1]].decision === "proposed";
    return [open ? [button("accept", "Confirm", "a", { class: "accept" }), button("reject", "Refuse", "r", { class: "reject" })] : button("reopen", "Reopen", "o"), move];
  }
  const s = view.statements[item[1]];
  if (s.status === "withdrawn") return [h("span", { class: "soft grow" }, "Withdrawn: its passage is no longer in the source"), move];
  if (s.written) return [h("span", { class: "soft grow" }, "In the knowledge"), s.link ? [] : button("join", "Chain", "c", { title: "Build a chain from here (c)" }), move];
  const decided = s.status !== "proposed";
  const link = !s.chains.length && s.status === "accepted";
  return [
    s.status === "accepted" && !link ? [] : button("accept", link ? "Write as a link" : "Accept", "a", { class: "accept" }),
    s.status === "rejected" ? [] : button("reject", "Reject", "r", { class: "reject" }),
    button("edit", "Edit", "e"), s.status === "rejected" ? [] : button("join", "Chain", "c", { title: "Build a chain from here (c)" }), decided ? button("reopen", "Reopen", "o") : [], move];
}
