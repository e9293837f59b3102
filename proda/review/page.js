// The review page: what the keys and the buttons do.
import { additionOf, markPassage, newAddition, readAddition, selectedPassage, watchSelection } from "./add.js";
import { termOf } from "./cards.js";
import { decide, load } from "./deciding.js";
import { byId, fill, h } from "./dom.js";
import { draw, forwardToOpen, go, keepDraft, move } from "./drawing.js";
import { readChain, readStatement } from "./forms.js";
import { choose, numbered, pathEnd, pathKeys, showMore, startJoin, takeBack, unfit } from "./join.js";
import { askReason, tell, toast } from "./messages.js";
import { openSearch } from "./search.js";
import { ask, home, item, key, page } from "./session.js";
import { showQuote } from "./source.js";

const KEYS = { j: "next", ArrowRight: "next", k: "previous", ArrowLeft: "previous", n: "undecided", a: "accept", A: "accept-chain", r: "reject", R: "reject-chain",
  e: "edit", E: "edit-chain", c: "join", t: "add", u: "undo", o: "reopen", s: "scroll", "/": "search", "?": "help" };
const JOIN_KEYS = { Enter: "join-save", Backspace: "join-back", 0: "join-more", Escape: "cancel", t: "add", "?": "help" };

let queue = Promise.resolve(); // one decision ends before the next starts, so that fast keys are never lost

function edit(what) {
  if (!key() || (what === "chain" && !home())) return;
  const s = page.view.statements[key()];
  const there = `knowledge/${page.view.source}.yaml`;
  if (what === "statement" && (s.written || s.status === "withdrawn")) return tell(`It is ${s.written ? "in the knowledge" : "withdrawn"}. To change it, edit ${there}.`, true);
  if (what === "chain" && page.view.chains[home()].written) return tell(`The chain is in the knowledge. To change it, edit ${there}.`, true);
  page.editing = what;
  draw({ hints: false });
  byId("card").querySelector("textarea, input")?.focus();
}

function join() {
  if (!key()) return toast("Go to a statement first: a chain starts from it.");
  const problem = unfit(page.view, key());
  if (problem) return tell(problem, true);
  tell("");
  startJoin(key());
  page.editing = "join";
  page.remarks = [];
  byId("panel").scrollTop = 0;
  draw();
}

async function saveJoin() {
  const keys = pathKeys();
  if (keys.length < page.view.lengths[0]) return toast(`A chain has at least ${page.view.lengths[0]} statements.`);
  if (!(await decide({ type: "join", keys }))) return; // the panel stays beside the remarks
  page.editing = "";
  page.chain = page.news.chains[0] ?? page.view.statements[keys[0]].chains.at(-1) ?? "";
  move(page.view.order.findIndex(([, id]) => id === keys[0]));
  draw();
}

// Open the form for a new statement: with the selected passage, or with what was typed before.
function add() {
  const passage = selectedPassage();
  if (passage?.problem) return tell(passage.problem, true);
  keepDraft();
  const draft = page.drafts.get("add");
  if (page.editing !== "add") page.back = page.editing === "join" ? "join" : "";
  if (passage && draft) page.drafts.set("add", { ...draft, quote: passage.quote, text: !draft.text || draft.text === draft.quote ? passage.quote : draft.text });
  else if (!draft) {
    const end = page.back ? pathEnd(page.view) : "";
    page.drafts.set("add", newAddition(passage?.quote ?? "", end ? { text: termOf(page.view, end), id: end, type: "entity", definition: "" } : null));
  }
  page.editing = "add";
  page.remarks = [];
  tell("");
  byId("panel").scrollTop = 0;
  draw();
  if (passage) markPassage(passage);
  const at = page.drafts.get("add");
  byId("card").querySelector(`[name=${!at.quote ? "quote" : !at.subject.text ? "subject" : "object"}]`)?.focus();
}

async function save({ accept = false } = {}) {
  const form = byId("card").querySelector("form[data-form]");
  if (page.editing === "add") return saveAddition(form);
  const name = page.editing === "chain" ? `chain:${home()}` : key();
  const typed = page.editing === "chain" ? readChain(form) : readStatement(form);
  page.drafts.set(name, typed);
  const was = page.editing;
  const done = await decide(was === "chain" ? { type: "edit-chain", chain: home(), edit: typed } : { type: "edit", key: key(), ...typed, accept });
  if (!done) return; // the form stays open beside the remarks
  page.drafts.delete(name);
  page.editing = "";
  if (accept) forwardToOpen();
  draw();
}

async function saveAddition(form) {
  const typed = readAddition(form);
  page.drafts.set("add", typed);
  if (!(await decide({ type: "add", statement: additionOf(typed) }))) return;
  page.drafts.delete("add");
  markPassage(null);
  page.editing = page.back;
  page.back = "";
  if (!page.editing && page.news.statements[0]) go(page.news.statements[0]);
  else draw();
}

function closeForm() {
  if (page.editing === "add") {
    page.drafts.delete("add");
    markPassage(null);
  } else if (page.editing !== "join") page.drafts.delete(page.editing === "chain" ? `chain:${home()}` : key());
  page.editing = page.editing === "add" ? page.back : "";
  page.back = "";
  page.remarks = [];
  tell("");
  draw();
}

function pick(chosen) {
  if (chosen && choose(page.view, chosen)) page.remarks = [];
  draw();
}

const keep = () => document.querySelector("input[name=keep]:checked")?.value ?? page.view.merges[item()[1]].keep;

const ACTIONS = {
  next: () => { move(page.at + 1); draw(); },
  previous: () => { move(page.at - 1); draw(); },
  undecided: () => (forwardToOpen() ? draw() : toast("All proposals are decided.")),
  accept: () => item()[0] === "merge" ? decide({ type: "merge", index: Number(item()[1]), decision: "confirmed", keep: keep() }, { advance: true })
    : decide({ type: "accept", key: key() }, { advance: true }),
  "accept-chain": () => home() && decide({ type: "accept-chain", chain: home() }, { advance: true }),
  reject: async () => {
    if (item()[0] === "merge") return decide({ type: "merge", index: Number(item()[1]), decision: "refused", keep: page.view.merges[item()[1]].keep }, { advance: true });
    if (page.view.statements[key()].written) return decide({ type: "reject", key: key(), reason: "-" });
    const reason = await askReason("Why is this statement rejected?");
    return reason && decide({ type: "reject", key: key(), reason }, { advance: true });
  },
  "reject-chain": async () => {
    if (!home()) return false;
    const reason = await askReason("Why is this chain rejected?");
    return reason && decide({ type: "reject-chain", chain: home(), reason }, { advance: true });
  },
  reopen: () => item()[0] === "merge" ? decide({ type: "merge", index: Number(item()[1]), decision: "proposed", keep: page.view.merges[item()[1]].keep })
    : decide({ type: "reopen", key: key() }),
  "reopen-chain": () => decide({ type: "reopen", key: home() }),
  shorten: (button) => decide({ type: "shorten", chain: home(), keys: page.view.chains[home()].shorter[Number(button.dataset.run)] }),
  edit: () => edit("statement"),
  "edit-chain": () => edit("chain"),
  join,
  "join-pick": (button) => pick(button.dataset.key ?? numbered(page.view, Number(button.dataset.digit))),
  "join-back": () => (takeBack() ? pick("") : toast("The chain starts from this statement. Esc leaves.")),
  "join-more": () => { showMore(page.view); draw(); },
  "join-save": saveJoin,
  add,
  save: () => save(),
  "save-accept": () => save({ accept: true }),
  cancel: closeForm,
  undo: () => decide({ type: "undo" }),
  scroll: () => showQuote(key(), page.view.statements),
  search: () => openSearch(go),
  commit: async () => {
    if (page.drafts.size) tell("There are edits that are not saved. They are not part of the commit.", true);
    byId("commit-text").textContent = `${page.view.decided} of ${page.view.total} proposals of ${page.view.source} are decided. The commit holds its source, proposals, topic file, catalogue entry and share of samples, and nothing else.`;
    byId("commit").showModal();
  },
  help: () => byId("help").showModal(),
  dismiss: () => tell(""),
};

// Actions that wait for a person must not hold up the queue while a dialog is open, but nothing else can be pressed then.
function run(name, button) {
  const action = ACTIONS[name];
  if (action && page.view) queue = queue.then(() => action(button)).catch((error) => tell(`The page failed: ${error.message}. Reload it; all decisions are written.`, true));
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || !page.view || document.querySelector("dialog[open]")) return;
  const form = event.target.closest?.("form[data-form]");
  if (form) {
    if (event.key === "Escape") run("cancel");
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && form.dataset.form === "statement") run("save-accept");
    else if (event.key === "Enter" && !event.shiftKey && event.target.matches("input, textarea:not([data-lines])")) run("save");
    else return;
    event.preventDefault();
    return;
  }
  // For a moment after a dialog has closed, its field still has the focus.
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "radio" && !event.target.closest("dialog:not([open])");
  if (event.ctrlKey || event.metaKey || event.altKey || typing || (event.target.type === "radio" && event.key.startsWith("Arrow"))) return;
  if (page.editing === "join") {
    const digit = /^[1-9]$/.test(event.key);
    // Enter on a button that has the focus presses it.
    if ((!digit && !JOIN_KEYS[event.key]) || (event.key === "Enter" && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    run(digit ? "join-pick" : JOIN_KEYS[event.key], digit ? { dataset: { digit: event.key } } : undefined);
    return;
  }
  const name = KEYS[event.key];
  if (!name || (event.repeat && !["next", "previous"].includes(name)) || (page.editing && !["help", "search", "next", "previous", ...(page.editing === "add" ? ["add"] : [])].includes(name))) return;
  event.preventDefault();
  run(name);
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do], [data-go], [data-close]");
  if (!target) return;
  if ("close" in target.dataset) target.closest("dialog").close();
  else if (target.dataset.go) queue = queue.then(() => go(target.dataset.go));
  else run(target.dataset.do, target);
});

document.addEventListener("submit", (event) => {
  if (event.target.dataset.form) {
    event.preventDefault(); // Enter saves, see above
  } else if (event.target.closest("#commit")) {
    event.preventDefault();
    byId("commit").close();
    queue = queue.then(() => decide({ type: "commit" }));
  }
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-form]");
  if (form) form.dataset.touched = "yes";
});

window.addEventListener("beforeunload", (event) => {
  keepDraft();
  if (page.drafts.size) event.preventDefault();
});

watchSelection(() => (!page.view || page.view.fault ? "" : page.editing === "add" ? "Use as the passage" : ["", "join"].includes(page.editing) ? [h("span", {}, "Add a statement"), h("kbd", {}, "t")] : ""));

async function start() {
  const { status, body } = await ask("sources");
  if (status !== 200) return tell(body.message, true);
  const select = byId("source");
  fill(select, body.map((source) => h("option", { value: source }, source)));
  select.onchange = () => {
    keepDraft();
    page.editing = page.back = page.chain = "";
    page.drafts.clear();
    history.replaceState(null, "", "#");
    queue = queue.then(() => load(select.value));
    select.blur();
  };
  if (await load(body[0])) {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))); // the first card is painted
    document.documentElement.dataset.ready = Math.round(performance.now());
  }
}

start();
