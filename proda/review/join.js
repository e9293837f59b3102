// Joining statements into a chain: the path so far, and the statements that continue it or come before it.
import { h, kbd } from "./dom.js";
import { ICONS, button, remarksOf, termOf, tripleOf } from "./cards.js";

const DIGITS = 9; // candidates that a digit can choose; `0` shows the next ones

let path = []; // keys, in the order of the chain
let chosen = []; // the same keys, in the order in which they were chosen
let first = 0; // of the candidates that have a digit

export const pathKeys = () => path;
export const latest = () => chosen.at(-1) ?? "";

export function startJoin(key) {
  path = [key];
  chosen = [key];
  first = 0;
}

// Why a statement cannot be in a chain; empty if it can.
export function unfit(view, key) {
  const s = view.statements[key];
  if (s.status === "rejected" || s.status === "withdrawn") return `The statement is ${s.status}.`;
  if (!view.steps.has(s.relation)) return `“${view.phrases.get(s.relation) ?? s.relation}” is no step from one thing to the next, so the statement cannot be in a chain.`;
  return s.link ? "The statement is in the knowledge as a link, and a link states what no chain states." : "";
}

// The statements that start where the path ends, then those that end where it starts; in the order of the source.
export function candidates(view) {
  if (!path.length || path.length >= view.lengths[1]) return { after: [], before: [] };
  const { start, end, passed } = reach(view);
  const free = Object.entries(view.statements).filter(([key]) => !path.includes(key) && !unfit(view, key));
  return {
    after: free.filter(([, s]) => s.subject === end && !passed.has(s.object)).map(([key]) => key),
    before: free.filter(([, s]) => s.object === start && !passed.has(s.subject)).map(([key]) => key),
  };
}

function reach(view) {
  const of = path.map((key) => view.statements[key]);
  return { start: of[0].subject, end: of.at(-1).object, passed: new Set([of[0].subject, ...of.map((s) => s.object)]) };
}

export const pathEnd = (view) => reach(view).end;

// Put a candidate at its end of the path. Returns whether it is one.
export function choose(view, key) {
  const { after, before } = candidates(view);
  if (after.includes(key)) path.push(key);
  else if (before.includes(key)) path.unshift(key);
  else return false;
  chosen.push(key);
  first = 0;
  return true;
}

export function numbered(view, digit) {
  const { after, before } = candidates(view);
  return [...after, ...before].slice(first)[digit - 1] ?? "";
}

export function takeBack() {
  if (chosen.length < 2) return false;
  const gone = chosen.pop();
  path = path.filter((key) => key !== gone);
  first = 0;
  return true;
}

export function showMore(view) {
  const { after, before } = candidates(view);
  first = first + DIGITS < after.length + before.length ? first + DIGITS : 0;
}

// A statement of the path that is no longer there, after an undo or a change on disk, ends the joining.
export const isWhole = (view) => path.length > 0 && path.every((key) => view.statements[key] && !unfit(view, key));

export function joinCard(view, remarks) {
  const { start, end } = reach(view);
  const { after, before } = candidates(view);
  const [least, most] = view.lengths;
  const missing = least - path.length;
  const every = [...after, ...before];
  const state = missing > 0 ? `${missing === 1 ? "One more statement is" : "Two more statements are"} needed.` : path.length === most ? "A chain has no more than six statements. Enter saves it." : "Enter saves it.";
  return h("article", { class: "card join", "aria-label": "New chain" },
    h("header", {}, h("span", { class: "soft" }, "New chain"), h("span", { class: "status" }, `${path.length} of ${least} to ${most} statements`)),
    h("ol", { class: "path" }, path.map((key) => h("li", { class: key === latest() ? "latest" : "" }, line(view, key)))),
    h("p", { class: "soft", role: "status" }, state),
    remarksOf(remarks.map((r) => ({ ...r, message: [named(view, r), r.message] }))),
    group(view, ["What comes of ", h("b", {}, termOf(view, end)), "?"], after, every),
    group(view, ["What leads to ", h("b", {}, termOf(view, start)), "?"], before, every),
    every.length > DIGITS ? h("p", {}, button("join-more", `Show ${first + DIGITS < every.length ? `the next of ${every.length}` : "the first ones"}`, "0")) : [],
    every.length || path.length >= most ? [] : h("p", { class: "note nothing" }, "No other statement of this source starts at ", h("b", {}, termOf(view, end)), " or ends at ", h("b", {}, termOf(view, start)),
      ". If the source says it, select the passage and add a statement."),
    path.length >= most ? [] : h("p", { class: "buttons" }, button("add", "Add a statement from the source", "t")));
}

// What a remark is about, in front of its message.
const named = (view, r) => (view.statements[r.statement] ? [tripleOf(view, view.statements[r.statement], { short: true }), ": "] : r.chain ? [h("code", {}, r.chain), ": "] : []);

function group(view, title, keys, every) {
  if (!keys.length) return [];
  return h("section", { class: "candidates" }, h("h3", {}, title), h("ol", {}, keys.map((key) => {
    const digit = every.indexOf(key) - first + 1;
    return h("li", {}, h("button", { type: "button", "data-do": "join-pick", "data-key": key }, h("span", { class: "digit" }, digit > 0 && digit <= DIGITS ? kbd(String(digit)) : []), line(view, key)));
  })));
}

function line(view, key) {
  const s = view.statements[key];
  return h("span", {}, h("span", { class: `icon ${s.status}`, "aria-label": s.status }, ICONS[s.status]), " ", tripleOf(view, s, { short: true }), h("span", { class: "said soft" }, s.text));
}

export const joinActions = (view) => [
  button("join-save", "Save", "Enter", { class: "accept", disabled: path.length < view.lengths[0] }),
  button("join-back", "Take one off", "Backspace", { disabled: chosen.length < 2 }), button("cancel", "Leave", "Esc")];
