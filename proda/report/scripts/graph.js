// The knowledge around a node, as a drawing of links: concepts are boxes, statements are arrows between them.
//
// A chain is a column of its concepts from the first to the last; a concept is a column of one. To the left stand concepts of which other
// statements lead to it, to the right those that it leads to. On a narrow screen the neighbours of a concept stand above and below it.

const BOX = { height: 58, gap: 14, line: 15, letter: 6.7 };
const MOST_BESIDE = { one: 8, path: 2 };

function graphOf(focus) {
  const frame = h("div", { class: "graph", tabindex: "-1" });
  const draw = () => {
    const width = Math.round(frame.clientWidth) || 800;
    if (frame.dataset.width === String(width)) return;
    const held = frame.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    frame.dataset.width = width;
    fill(frame, drawing(plan(focus), width));
    if (held) [...frame.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
  };
  new ResizeObserver(draw).observe(frame);
  frame.addEventListener("keydown", (event) => walkGraph(frame, event));
  return h("figure", { class: "graph-figure" }, frame,
    h("figcaption", { class: "small soft" }, "Boxes are concepts, arrows are statements; a thick red arrow is blamed by a diagnosis. An item fails if most seeds answer it wrong. Follow a link to see what is around it: arrow keys move, Enter follows."));
}

// The concepts of the column, the statements between them, and the neighbours of each.
function plan({ concept, chain, statement }) {
  const path = chain ? chain.statements.map((number) => data.statements.at(number)) : [];
  const column = concept ? [concept.number] : path.length ? [path[0].subject, ...path.map((s) => s.object)] : [];
  const own = new Set(path.map((s) => s.number)), most = concept ? MOST_BESIDE.one : MOST_BESIDE.path;
  const beside = column.map((number) => {
    const others = saying(number).filter((s) => !own.has(s.number)).sort((a, b) => blaming(b.id).length - blaming(a.id).length || itemsOn(b.number).length - itemsOn(a.number).length);
    const into = others.filter((s) => s.object === number), from = others.filter((s) => s.subject === number);
    return { into: into.slice(0, most), from: from.slice(0, most), more: Math.max(0, into.length - most) + Math.max(0, from.length - most) };
  });
  return { column, path, beside, statement: statement?.number, lone: Boolean(concept) };
}

function drawing({ column, path, beside, statement, lone }, width) {
  const narrow = width < 620, boxes = [], arrows = [];
  const boxWidth = narrow ? width - 34 : Math.min(230, Math.round(width * 0.25));
  const left = narrow ? 32 : (width - boxWidth) / 2;
  const step = BOX.height + BOX.gap;
  let y = 8, before = null;
  column.forEach((number, place) => {
    const { into, from, more } = beside[place];
    const rows = narrow ? 1 : Math.max(into.length, from.length, 1);
    if (narrow && lone) for (const s of into) { y += 18; boxes.push({ number: s.subject, x: left, y, width: boxWidth, arrow: s, toward: "in" }); y += step; }
    const own = { number, x: left, y: y + ((rows - 1) * step) / 2, width: boxWidth, middle: true, more };
    if (narrow && lone && into.length) own.y += 8;
    boxes.push(own);
    if (before) arrows.push(down(before, own, path[place - 1], path[place - 1].number === statement));
    if (!narrow) {
      into.forEach((s, row) => boxes.push({ number: s.subject, x: 2, y: y + (row + (rows - into.length) / 2) * step, width: boxWidth, arrow: s, toward: "in", own }));
      from.forEach((s, row) => boxes.push({ number: s.object, x: width - boxWidth - 2, y: y + (row + (rows - from.length) / 2) * step, width: boxWidth, arrow: s, toward: "out", own }));
    }
    y += (rows - 1) * step + BOX.height + (narrow && lone && into.length ? 8 : 0) + 44;
    if (narrow && lone) for (const s of from) { boxes.push({ number: s.object, x: left, y, width: boxWidth, arrow: s, toward: "out" }); y += step + 18; }
    before = own;
  });
  const centre = boxes.find((box) => box.middle);
  for (const box of boxes) if (box.arrow) arrows.push(narrow ? gutter(box, centre) : across(box));
  const height = Math.max(...boxes.map((box) => box.y + BOX.height), 0) + 10;
  return drawn("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Knowledge around this node" },
    drawn("defs", {}, ["", "-bad"].map((kind) => drawn("marker", { id: `tip${kind}`, class: `tip${kind}`, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, drawn("path", { d: "M0 0L8 4L0 8z" })))),
    arrows, boxes.map(boxNode));
}

const down = (one, two, s, here) => arrow(s, [[one.x + one.width / 2, one.y + BOX.height], [two.x + two.width / 2, two.y - 2]], { x: one.x + one.width / 2 + 8, y: (one.y + BOX.height + two.y) / 2 + 4, anchor: "start", room: 230 }, here);

function across(box) {
  const { own } = box, into = box.toward === "in";
  const start = into ? [box.x + box.width, box.y + BOX.height / 2] : [own.x + own.width, own.y + BOX.height / 2];
  const end = into ? [own.x - 2, own.y + BOX.height / 2] : [box.x - 2, box.y + BOX.height / 2];
  const near = into ? { x: start[0] + 6, anchor: "start" } : { x: end[0] - 6, anchor: "end" };
  return arrow(box.arrow, [start, end], { ...near, y: box.y + BOX.height / 2 + (box.y > own.y + 4 ? 15 : -6), room: Math.abs(end[0] - start[0]) - 10 });
}

function gutter(box, centre) {
  const into = box.toward === "in", x = 12, mine = box.y + BOX.height / 2, its = centre.y + BOX.height / 2;
  const points = [[box.x, mine], [x, mine], [x, its], [centre.x, its]];
  const label = { x: box.x + 2, y: box.y - 5, anchor: "start", room: box.width };
  return arrow(box.arrow, into ? points : points.reverse(), label);
}

function arrow(s, points, label, here = false) {
  const bad = blaming(s.id).length > 0, relation = data.relations.at(s.relation);
  const text = short(relation?.phrase ?? "", Math.floor(label.room / BOX.letter));
  const path = points.map(([x, y], place) => `${place ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return drawn("a", { href: address("node", s.id), class: `arrow${bad ? " blamed" : ""}${here ? " here" : ""}`, "aria-label": s.text },
    drawn("title", {}, s.text), drawn("path", { d: path, class: "hit" }), drawn("path", { d: path, class: "stroke", "marker-end": `url(#tip${bad ? "-bad" : ""})` }),
    drawn("text", { x: label.x, y: label.y, "text-anchor": label.anchor }, text));
}

function boxNode(box) {
  const concept = data.concepts.at(box.number);
  if (!concept) return null;
  const items = [...new Set(saying(box.number).flatMap((s) => itemsOn(s.number)))];
  const wrong = items.filter((item) => ["failed", "most"].includes(result(item).state)).length;
  const letters = Math.floor((box.width - 16) / 7.3), lines = wrapped(concept.term, letters);
  const fails = items.length ? `${count(wrong)} of ${counted(items.length, "item")} ${wrong === 1 ? "fails" : "fail"}` : "no items";
  const facts = [fails, box.more ? `+${count(box.more)} not drawn` : null].filter(Boolean).join("; ");
  const first = BOX.height / 2 + 4.5 - lines.length * BOX.line / 2;
  return drawn("a", { href: address("node", concept.id), class: `box${box.middle ? " middle" : ""}`, transform: `translate(${box.x} ${box.y})`, "aria-label": `${concept.term}, ${facts}` },
    drawn("title", {}, [concept.term, concept.definition, facts].filter(Boolean).join("\n")),
    drawn("rect", { width: box.width, height: BOX.height, rx: 6 }),
    lines.map((text, place) => drawn("text", { x: 10, y: first + place * BOX.line }, text)),
    drawn("text", { x: 10, y: first + lines.length * BOX.line, class: "facts" }, short(facts, Math.floor((box.width - 16) / 6.2))));
}

const short = (text, letters) => (text.length > letters ? `${text.slice(0, Math.max(letters - 1, 1)).trimEnd()}…` : text);

// At most two lines of whole words, where words fit.
function wrapped(text, letters) {
  if (text.length <= letters) return [text];
  const cut = text.lastIndexOf(" ", letters);
  const place = cut > letters / 3 ? cut : letters;
  return [text.slice(0, place).trimEnd(), short(text.slice(place).trim(), letters)];
}

// An arrow key moves to the nearest link in its direction.
function walkGraph(frame, event) {
  const directions = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const direction = directions[event.key], from = document.activeElement;
  if (!direction || !frame.contains(from) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  if (from === frame) {
    frame.querySelector(".middle")?.focus();
    return;
  }
  const middle = (link) => { const box = (link.querySelector(".stroke") ?? link).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
  const [x, y] = middle(from);
  let best = null;
  for (const link of frame.querySelectorAll("a")) {
    const [otherX, otherY] = middle(link);
    const along = (otherX - x) * direction[0] + (otherY - y) * direction[1];
    const aside = Math.abs((otherX - x) * direction[1]) + Math.abs((otherY - y) * direction[0]);
    if (link === from || along < 4 || aside > 2.5 * along) continue;
    if (!best || along + 2 * aside < best.far) best = { link, far: along + 2 * aside };
  }
  best?.link.focus();
}
