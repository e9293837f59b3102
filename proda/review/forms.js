// Forms in the place of a card. What was typed is kept as a draft until it is saved or discarded.
import { h } from "./dom.js";
import { phraseOf, remarksOf, termOf } from "./cards.js";

export const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
export const field = (name, label, input, remarks, note) => h("div", { class: "field" }, h("label", {}, h("span", {}, label, note && h("span", { class: "soft" }, ` ${note}`)), input),
  remarksOf(remarks.filter((r) => r.field === name)));
const LISTS = ["when", "aliases", "distinct_from", "preconditions", "exclusions"]; // one entry a line, so that Enter does not save

export function text(name, value, rows, placeholder) {
  if (!rows) return h("input", { name, type: "text", value, placeholder, autocomplete: "off" });
  const area = h("textarea", { name, rows, "data-lines": LISTS.includes(name) });
  area.value = value;
  return area;
}

export function choice(name, value, options) {
  const known = options.some(([id]) => id === value) ? options : [[value, value], ...options];
  return h("select", { name }, known.map(([id, label]) => h("option", { value: id, selected: id === value }, label)));
}

export const relationChoice = (view, value) => choice("relation", value, view.relations.map(([id, phrase]) => [id, phrase === id ? id : `${phrase} (${id})`]));

export function statementForm(view, key, draft, remarks) {
  const s = { ...view.statements[key], ...draft?.statement };
  const own = remarks.filter((r) => !r.concept);
  const ids = [...new Set([view.statements[key].subject, view.statements[key].object])].filter((id) => view.concepts[id] && !view.concepts[id].known && !view.concepts[id].missing);
  return h("form", { class: "card edit", "data-form": "statement" },
    h("header", {}, h("span", { class: "soft" }, "Edit the statement"), h("span", {}, h("b", {}, termOf(view, s.subject)), " … ", h("b", {}, termOf(view, s.object)))),
    remarksOf(own.filter((r) => !r.field)),
    field("text", "Sentence", text("text", s.text, 3), own),
    field("relation", "Relation", relationChoice(view, s.relation), own),
    h("div", { class: "two" },
      field("subject_as", "Subject reads as", text("subject_as", s.subject_as, 0, termOf(view, s.subject)), own),
      field("object_as", "Object reads as", text("object_as", s.object_as, 0, termOf(view, s.object)), own)),
    field("when", "Conditions", text("when", s.when.join("\n"), 2), own, "one a line: during cold working"),
    h("div", { class: "two" },
      field("according_to", "According to", text("according_to", s.according_to), own, "if disputed"),
      field("tense", "Tense", choice("tense", s.tense, [["present", "present"], ["past", "past: a dated event"]]), own)),
    h("figure", { class: "quote" }, h("blockquote", {}, s.quote)),
    ids.map((id) => conceptFields(view, id, draft?.concepts?.[id], remarks.filter((r) => r.concept === id))));
}

function conceptFields(view, id, draft, remarks) {
  const c = { ...view.concepts[id], ...draft };
  const open = Boolean(draft) || remarks.length > 0 || c.drafted;
  return h("details", { class: "concept", "data-concept": id, open },
    h("summary", {}, "Concept ", h("b", {}, c.term), c.drafted ? h("span", { class: "flag" }, " drafted definition") : []),
    remarksOf(remarks.filter((r) => !r.field)),
    h("div", { class: "two" }, field("term", "Term", text("term", c.term), remarks), field("type", "Type", choice("type", c.type, view.types.map((t) => [t, t])), remarks)),
    field("definition", "Definition", text("definition", c.definition, 2), remarks, "a noun phrase without a full stop"),
    h("div", { class: "two" }, field("phrase", "In a sentence", text("phrase", c.phrase), remarks, "an enzyme"),
      field("aliases", "Aliases", text("aliases", c.aliases.join("\n"), 1), remarks, "one a line, true synonyms")),
    h("div", { class: "two" }, field("distinct_from", "Distinct from", text("distinct_from", c.distinct_from.join("\n"), 1), remarks, "ids, one a line"),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "plural", checked: c.plural }), " grammatically plural")));
}

export function readStatement(form) {
  const at = (name) => form.querySelector(`:scope > .field [name=${name}], :scope > .two [name=${name}]`).value;
  const concepts = {};
  for (const part of form.querySelectorAll("[data-concept]")) {
    const of = (name) => part.querySelector(`[name=${name}]`);
    concepts[part.dataset.concept] = { term: of("term").value, type: of("type").value, definition: of("definition").value, phrase: of("phrase").value,
      plural: of("plural").checked, aliases: lines(of("aliases").value), distinct_from: lines(of("distinct_from").value) };
  }
  const statement = { text: at("text"), relation: at("relation"), subject_as: at("subject_as"), object_as: at("object_as"), when: lines(at("when")),
    according_to: at("according_to"), tense: at("tense") };
  return { statement, concepts };
}

export function chainForm(view, name, draft, remarks) {
  const c = { ...view.chains[name], ...draft };
  return h("form", { class: "card edit", "data-form": "chain" },
    h("header", {}, h("span", { class: "soft" }, "Edit the chain")),
    remarksOf(remarks.filter((r) => !r.field)),
    field("explains", "This explains …", text("explains", c.explains, 2), remarks, "how heating bends a bimetal strip"),
    field("preconditions", "Holds if", text("preconditions", c.preconditions.join("\n"), 2), remarks, "one a line"),
    field("exclusions", "Does not cover", text("exclusions", c.exclusions.join("\n"), 2), remarks, "one a line"),
    h("ol", { class: "soft" }, c.statements.map((k) => h("li", {}, `${termOf(view, view.statements[k].subject)} ${phraseOf(view, view.statements[k].relation)} ${termOf(view, view.statements[k].object)}`))));
}

export function readChain(form) {
  const at = (name) => form.querySelector(`[name=${name}]`).value;
  return { explains: at("explains"), preconditions: lines(at("preconditions")), exclusions: lines(at("exclusions")) };
}
