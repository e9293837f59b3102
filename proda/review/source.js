// The source: headings and paragraphs, with the quote of each proposal marked. Blocks are drawn again only if their marks change.
import { byId, fill, h } from "./dom.js";

const TAGS = { heading: (level) => `h${Math.min(level + 1, 6)}`, page: () => "p", row: () => "p", text: () => "p" };
const ORDER = ["rejected", "withdrawn", "accepted", "proposed"]; // of marks that overlap, the later one is shown

let blocks = [];
let nodes = [];
let quotes = new Map(); // block → keys of the statements that quote it
let placed = new Map(); // key → its block
let current = "";
let drawnFor = "";

export function drawSource(document_, statements, go) {
  blocks = document_.blocks;
  quotes = new Map();
  placed = new Map();
  for (const [key, statement] of Object.entries(statements)) place(key, statement);
  nodes = blocks.map(([kind, text, level], number) => {
    const node = h(TAGS[kind](level), { class: kind, "data-block": number });
    paint(node, number, text, kind, statements);
    return node;
  });
  const section = byId("text");
  fill(section, document_.fault ? h("p", { class: "problem" }, `The source cannot be shown. ${document_.fault}`) : [], nodes);
  section.onclick = (event) => {
    const mark = event.target.closest("mark[data-key]");
    if (mark && getSelection().isCollapsed) go(mark.dataset.key); // the end of a selection is no click
  };
}

// The block that holds a node of the source, with its kind and its text; null outside of blocks.
export function blockOf(inside) {
  const node = (inside.nodeType === Node.ELEMENT_NODE ? inside : inside.parentElement)?.closest("[data-block]");
  if (!node) return null;
  const [kind, text] = blocks[Number(node.dataset.block)];
  return { node, kind, text };
}

// Note where a statement is quoted; one that is gone is taken off.
function place(key, statement) {
  const block = statement?.place?.[0];
  const before = placed.get(key);
  if (before === block) return;
  if (before !== undefined) quotes.set(before, quotes.get(before).filter((other) => other !== key));
  if (block === undefined) placed.delete(key);
  else {
    placed.set(key, block);
    quotes.set(block, [...(quotes.get(block) ?? []), key]);
  }
}

// Mark the quote of `key` as the current one, and bring it into view.
export function showQuote(key, statements, { scroll = true } = {}) {
  const touched = new Set([drawnFor, key].map((k) => statements[k]?.place?.[0]).filter((block) => block !== undefined));
  current = drawnFor = key;
  for (const block of touched) repaint(block, statements);
  const mark = byId("text").querySelector("mark.current");
  if (mark && scroll) mark.scrollIntoView({ block: "center", behavior: "instant" });
}

export function repaintOf(keys, statements) {
  const touched = new Set();
  for (const key of keys) {
    touched.add(placed.get(key));
    place(key, statements[key]);
    touched.add(placed.get(key));
  }
  for (const block of touched) if (block !== undefined) repaint(block, statements);
}

function repaint(number, statements) {
  const [kind, text] = blocks[number] ?? [];
  if (nodes[number]) paint(nodes[number], number, text, kind, statements);
}

function paint(node, number, text, kind, statements) {
  const places = (quotes.get(number) ?? []).filter((key) => statements[key]?.place).map((key) => [key, statements[key].place[1], statements[key].place[2]]);
  if (!places.length) {
    fill(node, kind === "page" ? `page ${text}` : text);
    return;
  }
  const ends = [...new Set([0, text.length, ...places.flatMap(([, from, to]) => [from, to])])].sort((a, b) => a - b);
  const pieces = [];
  for (let i = 0; i + 1 < ends.length; i++) {
    const over = places.filter(([, from, to]) => from <= ends[i] && ends[i + 1] <= to).map(([key]) => key);
    const piece = text.slice(ends[i], ends[i + 1]);
    if (!over.length) pieces.push(piece);
    else {
      over.sort((a, b) => ORDER.indexOf(statements[a].status) - ORDER.indexOf(statements[b].status));
      const top = over.includes(current) ? current : over.at(-1);
      pieces.push(h("mark", { class: `${statements[top].status}${top === current ? " current" : ""}`, "data-key": top }, piece));
    }
  }
  fill(node, pieces);
}
