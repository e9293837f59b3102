// A field for a concept: type, choose from a list, or describe a new one below it.
import { fill, h } from "./dom.js";
import { remarksOf } from "./cards.js";
import { ask } from "./session.js";

const WAIT_MS = 120;

// `draft` is { text, id, type, definition, fresh }: what was typed, the concept that it is, the description of a new one, and whether it is new.
export function conceptField(view, name, label, draft, remarks) {
  const list = h("ul", { class: "options", id: `${name}-options`, role: "listbox", "aria-label": label, hidden: true });
  const input = h("input", { name, type: "text", value: draft.text, autocomplete: "off", spellcheck: "false", role: "combobox", "aria-expanded": "false", "aria-autocomplete": "list",
    "aria-controls": `${name}-options`, "data-id": draft.id });
  const note = h("p", { class: "soft small chosen" });
  const own = remarks.filter((r) => r.concept && r.concept === slug(draft.text));
  const fresh = h("fieldset", { class: "new", hidden: !draft.fresh || Boolean(draft.id) }, h("legend", {}, "New concept"),
    h("label", {}, h("span", {}, "Type"), h("select", { name: `${name}-type` }, view.types.map((t) => h("option", { value: t, selected: t === draft.type }, t)))),
    h("label", { class: "wide" }, h("span", {}, "Definition ", h("span", { class: "soft" }, "a noun phrase without a full stop")), h("input", { name: `${name}-definition`, type: "text", value: draft.definition, autocomplete: "off" })),
    remarksOf(own));
  let found = [];
  let at = -1;
  let turn = 0;
  let waiting = 0;

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const show = () => {
    fill(list, found.map((c, n) => h("li", { id: `${name}-${n}`, role: "option", "aria-selected": String(n === at), class: n === at ? "chosen" : "" }, h("b", {}, c.term), ` ${c.type} `,
      h("span", { class: "soft small" }, c.id.includes("/") ? `${c.id}: ` : c.known ? "in the knowledge: " : "", c.definition))));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    if (at >= 0) input.setAttribute("aria-activedescendant", `${name}-${at}`);
    list.querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
  };
  const settle = (concept) => {
    input.dataset.id = concept?.id ?? "";
    const text = input.value.trim();
    fresh.hidden = Boolean(concept) || !text;
    fill(note, concept ? [concept.known ? "In the knowledge: " : concept.definition ? "Proposed: " : "", concept.definition] : text ? "There is no concept of this name. Describe it, or choose another." : "");
  };
  const take = (concept) => {
    turn++;
    clearTimeout(waiting);
    input.value = concept.term;
    input.dispatchEvent(new Event("input", { bubbles: true })); // the form has been touched
    clearTimeout(waiting);
    settle(concept);
    close();
  };
  const look = async (open) => {
    const now = ++turn;
    const text = input.value.trim();
    if (!text) {
      found = [];
      settle(null);
      close();
      return;
    }
    const { status, body } = await ask(`concepts?source=${encodeURIComponent(view.source)}&words=${encodeURIComponent(text)}`);
    if (now !== turn || status !== 200) return;
    found = body.found;
    at = -1;
    settle(body.exact ? found.find((c) => c.id === body.exact) ?? { id: body.exact } : null);
    if (open && document.activeElement === input) show();
  };

  input.addEventListener("input", () => {
    input.dataset.id = "";
    clearTimeout(waiting);
    waiting = setTimeout(() => look(true), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
      at = list.hidden ? 0 : Math.max(0, Math.min(found.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)));
      show();
    } else if (event.key === "Enter" && !list.hidden && at >= 0) take(found[at]);
    else if (event.key === "Escape" && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault(); // the field keeps the focus
    const option = event.target.closest("li");
    if (option) take(found[[...list.children].indexOf(option)]);
  });
  if (draft.text) look(false);
  return h("div", { class: "field concept-field" }, h("label", {}, h("span", {}, label), input), list, note, remarksOf(remarks.filter((r) => r.field === name && !r.concept)), fresh);
}

// The id that the server gives a term, as far as a remark needs to find its field.
const slug = (text) => text.trim().toLowerCase().replace(/^(an?|the) /, "").replace(/['’]/g, "").replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");

export function readConcept(form, name) {
  const at = (part) => form.querySelector(`[name="${part}"]`);
  return { text: at(name).value.trim(), id: at(name).dataset.id ?? "", type: at(`${name}-type`).value, definition: at(`${name}-definition`).value, fresh: !at(name).closest(".field").querySelector(".new").hidden };
}
