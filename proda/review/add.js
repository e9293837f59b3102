// Adding a statement from the source: the passage that is selected, and the form that it opens.
import { byId, h, put } from "./dom.js";
import { button, remarksOf } from "./cards.js";
import { conceptField, readConcept } from "./combobox.js";
import { choice, field, lines, relationChoice, text } from "./forms.js";
import { blockOf } from "./source.js";

const EMPTY = { text: "", id: "", type: "entity", definition: "" };
const PLAIN = ["quote", "relation", "text", "subject_as", "object_as", "according_to", "tense"];

// The passage that is selected in the source: { quote, node, start, end }, or { problem } with the reason why it cannot be a quote; null without a selection.
export function selectedPassage() {
  const selection = getSelection();
  if (!selection?.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const source = byId("text");
  if (!source.contains(range.startContainer) || !source.contains(range.endContainer)) return null;
  const from = blockOf(range.startContainer);
  const to = blockOf(range.endContainer);
  if (!from) return null;
  // A third click selects up to the start of the next paragraph.
  const past = to?.node !== from.node && (!to || from.node.nextElementSibling === to.node) && offsetIn(to?.node ?? range.endContainer, range.endContainer, range.endOffset) === 0;
  if (to?.node !== from.node && !past) return { problem: "The selection goes over more than one paragraph. Select a passage of one paragraph." };
  if (from.kind === "page") return { problem: "A page number is no passage. Select words of a paragraph." };
  const end = past ? from.text.length : offsetIn(from.node, range.endContainer, range.endOffset);
  const start = offsetIn(from.node, range.startContainer, range.startOffset);
  const quote = from.text.slice(start, end).trim();
  return quote ? { quote, node: from.node, start, end } : null;
}

// Keep a passage marked in the source while its form is open, as the selection goes with the focus; without a passage, take the mark off.
export function markPassage(passage) {
  if (!CSS.highlights) return; // an old browser shows no mark
  if (!passage) {
    CSS.highlights.delete("passage");
    return;
  }
  const range = document.createRange();
  range.setStart(...nodeAt(passage.node, passage.start));
  range.setEnd(...nodeAt(passage.node, passage.end));
  CSS.highlights.set("passage", new Highlight(range));
}

// The text node that holds an offset in the text of a block, and the offset in it.
function nodeAt(block, offset) {
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  let left = offset;
  let node = walker.nextNode();
  for (; node; node = walker.nextNode()) {
    const length = node.parentElement.classList.contains("unseen") ? 1 : node.data.length;
    if (left <= length) return [node, Math.min(left, node.data.length)];
    left -= length;
  }
  return [block, block.childNodes.length];
}

// A place in a block as an offset in its text; a character that is drawn as its number counts as one.
function offsetIn(node, container, offset) {
  const before = document.createRange();
  before.selectNodeContents(node);
  before.setEnd(container, offset);
  const part = before.cloneContents();
  for (const mark of part.querySelectorAll(".unseen")) mark.textContent = mark.textContent ? " " : "";
  return part.textContent.length;
}

// A button beside the selection, which opens the form; `label` says what it would do now, and is empty where it would do nothing.
export function watchSelection(label) {
  const node = byId("pick");
  const show = () => {
    const said = selectedPassage() ? label() : "";
    node.hidden = !said;
    if (!said) return;
    node.replaceChildren();
    put(node, said);
    const place = getSelection().getRangeAt(0).getBoundingClientRect();
    const pane = byId("text").getBoundingClientRect();
    node.style.left = `${Math.round(Math.max(pane.left + 8, Math.min(place.right - node.offsetWidth / 2, pane.right - node.offsetWidth - 8)))}px`;
    node.style.top = `${Math.round(Math.max(pane.top + 8, Math.min(place.bottom + 6, pane.bottom - node.offsetHeight - 8)))}px`;
  };
  document.addEventListener("selectionchange", show);
  byId("text").addEventListener("scroll", show, { passive: true });
  node.addEventListener("mousedown", (event) => event.preventDefault()); // the selection stays
}

export const newAddition = (quote, subject = null) => ({ quote, subject: subject ?? EMPTY, relation: "causes", object: EMPTY, text: quote, subject_as: "", object_as: "", when: [], according_to: "", tense: "present" });

export function addForm(view, draft, remarks) {
  const of = (name) => text(name, draft[name]);
  const more = Boolean(draft.subject_as || draft.object_as || draft.when.length || draft.according_to || draft.tense !== "present") || remarks.some((r) => ["subject_as", "object_as", "when", "according_to"].includes(r.field));
  const placed = new Set(["quote", "subject", "object", "relation", "text", "subject_as", "object_as", "when", "according_to"]);
  return h("form", { class: "card edit add", "data-form": "add" },
    h("header", {}, h("span", { class: "soft" }, "New statement from the source")),
    remarksOf(remarks.filter((r) => !placed.has(r.field))),
    field("quote", "Passage", text("quote", draft.quote, 3), remarks, "word for word; select it in the source, or type it"),
    conceptField(view, "subject", "Subject", { ...EMPTY, ...draft.subject }, remarks),
    field("relation", "Relation", relationChoice(view, draft.relation), remarks),
    conceptField(view, "object", "Object", { ...EMPTY, ...draft.object }, remarks),
    field("text", "Sentence", text("text", draft.text, 3), remarks, "names both concepts, and says why"),
    h("details", { open: more }, h("summary", {}, "Wording and conditions"),
      h("div", { class: "two" }, field("subject_as", "Subject reads as", of("subject_as"), remarks), field("object_as", "Object reads as", of("object_as"), remarks)),
      field("when", "Conditions", text("when", draft.when.join("\n"), 2), remarks, "one a line: during cold working"),
      h("div", { class: "two" }, field("according_to", "According to", of("according_to"), remarks, "if disputed"),
        field("tense", "Tense", choice("tense", draft.tense, [["present", "present"], ["past", "past: a dated event"]]), remarks))));
}

export function readAddition(form) {
  const at = (name) => form.querySelector(`[name="${name}"]`).value;
  return { ...Object.fromEntries(PLAIN.map((name) => [name, at(name)])), when: lines(at("when")), subject: readConcept(form, "subject"), object: readConcept(form, "object") };
}

// What is sent: each end by its id, or by its name together with a description.
export function additionOf(draft) {
  const concepts = [draft.subject, draft.object].filter((end) => end.fresh && !end.id && end.text).map(({ text: term, type, definition }) => ({ term, type, definition }));
  const same = concepts.length === 2 && concepts[0].term === concepts[1].term;
  return { ...draft, subject: draft.subject.id || draft.subject.text, object: draft.object.id || draft.object.text, concepts: same ? concepts.slice(0, 1) : concepts };
}

export const addActions = () => [button("save", "Add it", "Enter", { class: "accept" }), button("cancel", "Discard", "Esc")];
