// How the page gets the state of a review from the server, and how decisions reach it.
import { byId, fill, h } from "./dom.js";
import { draw, forwardToOpen, go } from "./drawing.js";
import { tell, toast } from "./messages.js";
import { ask, home, isOpen, item, key, page } from "./session.js";
import { drawSource, repaintOf } from "./source.js";

export async function load(source, { stay = "" } = {}) {
  const { status, body } = await ask(`state?source=${encodeURIComponent(source)}`);
  if (status !== 200) {
    tell(body.message, true);
    fill(byId("card"), h("p", { class: "problem" }, body.message));
    return false;
  }
  const view = body;
  page.view = view;
  view.phrases = new Map(view.relations);
  view.steps = new Set(view.relations.filter(([, , step]) => step).map(([id]) => id));
  document.title = `Review ${view.source}`;
  drawSource(view, view.statements, (k) => go(k));
  const wanted = stay || decodeURIComponent(location.hash.slice(1));
  page.at = view.order.findIndex(([, id]) => id === wanted);
  if (page.at < 0) page.at = Math.max(0, view.order.findIndex(isOpen));
  if (view.changed) tell("The source has changed since these proposals were extracted. Run `proda extract` again; quotes that are gone cannot be accepted.", true);
  page.remarks = [];
  draw();
  return true;
}

// Take over what a decision changed. Returns what was written into the knowledge, in words.
function apply(change) {
  const { view } = page;
  const touched = Object.keys(change.statements);
  const before = Object.keys(view.chains).filter((name) => view.chains[name].written);
  page.news = Object.fromEntries(["statements", "chains"].map((part) => [part, Object.keys(change[part]).filter((id) => change[part][id] && !view[part][id])]));
  for (const part of ["statements", "chains", "concepts", "merges"]) {
    for (const [id, entry] of Object.entries(change[part])) {
      if (entry === null) delete view[part][id];
      else view[part][id] = entry;
    }
  }
  const current = item()?.join();
  for (const name of ["version", "order", "decided", "total", "undo"]) view[name] = change[name];
  const place = view.order.findIndex((other) => other.join() === current);
  page.at = place >= 0 ? place : Math.max(0, Math.min(page.at, view.order.length - 1));
  repaintOf(touched, view.statements);
  const written = Object.keys(view.chains).filter((name) => view.chains[name].written && !before.includes(name));
  return written.length ? `Written to knowledge/${view.source}.yaml: ${written.join(", ")}.` : "";
}

// Send a decision. Returns whether it was carried out; if not, the page says why and stays where it is.
export async function decide(action, { advance = false } = {}) {
  document.body.dataset.busy = "";
  const { status, body } = await ask("decide", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ source: page.view.source, version: page.view.version, ...action }),
  });
  delete document.body.dataset.busy;
  if (status === 409) {
    await load(page.view.source, { stay: item()?.[1] });
    tell(body.message, true);
    return false;
  }
  const news = body.changed ? apply(body.changed) : "";
  if (status !== 200) {
    page.remarks = body.remarks ?? [];
    const here = ["join", "add"].includes(page.editing); // the form says all of it
    const elsewhere = here ? [] : page.remarks.filter((r) => (r.statement && r.statement !== key()) || (r.chain && !r.statement && r.chain !== home()));
    tell([body.message, elsewhere.map((r) => h("p", {}, r.statement ? h("button", { type: "button", "data-go": r.statement }, "Show it") : [], " ", r.field ? `${r.field}: ` : "", r.message))], true);
    draw({ hints: false });
    return false;
  }
  tell("");
  toast([body.note, news].filter(Boolean).join(" "));
  page.remarks = [];
  if (advance) forwardToOpen();
  draw();
  return true;
}
