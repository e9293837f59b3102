// The review page: which proposal is shown, what the keys do, and how decisions reach the server.
import { actionsOf, chainCard, formActions, mergeCard, statementCard, termOf, tripleOf } from "./cards.js";
import { byId, fill, h } from "./dom.js";
import { chainForm, readChain, readStatement, statementForm } from "./forms.js";
import { drawSource, repaintOf, showQuote } from "./source.js";

const REASONS = ["not stated in the source", "wrong relation", "wrong way round", "true only under a condition that is missing", "too vague", "trivial", "not about the subject", "stated twice"];
const KEYS = { j: "next", ArrowRight: "next", k: "previous", ArrowLeft: "previous", n: "undecided", a: "accept", A: "accept-chain", r: "reject", R: "reject-chain",
  e: "edit", E: "edit-chain", u: "undo", o: "reopen", s: "scroll", "/": "search", "?": "help" };
const SHOWN = 40; // results of a search

let view = null; // what the server says
let at = 0; // place in view.order
let editing = ""; // "statement" or "chain"
let remarks = []; // on the current proposal: of a refusal, or of a check
let queue = Promise.resolve(); // one decision ends before the next starts, so that fast keys are never lost
const drafts = new Map(); // key of a statement or "chain:<name>" → what was typed

const item = () => view.order[at];
const key = () => (item()?.[0] === "statement" ? item()[1] : "");
const home = () => {
  const chains = view.statements[key()]?.chains ?? [];
  return chains[0] ?? Object.keys(view.chains).find((name) => view.chains[name].statements.includes(key())) ?? "";
};
const isOpen = ([kind, id]) => (kind === "merge" ? view.merges[id].decision === "proposed" : view.statements[id].status === "proposed");

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "omit", ...options });
  } catch {
    return { status: 0, body: { message: "No answer. Is `proda review` still running? All earlier decisions are written; start it again to go on.", remarks: [] } };
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: response.status, body: { message: `The server answered ${response.status}.`, remarks: [] } };
  }
}

async function load(source, { stay = "" } = {}) {
  const { status, body } = await ask(`state?source=${encodeURIComponent(source)}`);
  if (status !== 200) {
    tell(body.message, true);
    fill(byId("card"), h("p", { class: "problem" }, body.message));
    return false;
  }
  view = body;
  view.phrases = new Map(view.relations);
  document.title = `Review ${view.source}`;
  drawSource(view, view.statements, (k) => go(k));
  const wanted = stay || decodeURIComponent(location.hash.slice(1));
  at = view.order.findIndex(([, id]) => id === wanted);
  if (at < 0) at = Math.max(0, view.order.findIndex(isOpen));
  if (view.changed) tell("The source has changed since these proposals were extracted. Run `proda extract` again; quotes that are gone cannot be accepted.", true);
  remarks = [];
  draw();
  return true;
}

function apply(change) {
  const touched = Object.keys(change.statements);
  const before = Object.keys(view.chains).filter((name) => view.chains[name].written);
  for (const part of ["statements", "chains", "concepts", "merges"]) {
    for (const [id, entry] of Object.entries(change[part])) {
      if (entry === null) delete view[part][id];
      else view[part][id] = entry;
    }
  }
  const current = item()?.join();
  for (const name of ["version", "order", "decided", "total", "undo"]) view[name] = change[name];
  const place = view.order.findIndex((other) => other.join() === current);
  at = place >= 0 ? place : Math.min(at, view.order.length - 1);
  repaintOf(touched, view.statements);
  const written = Object.keys(view.chains).filter((name) => view.chains[name].written && !before.includes(name));
  return written.length ? `Written to knowledge/${view.source}.yaml: ${written.join(", ")}.` : "";
}

// Send a decision. Returns whether it was carried out; if not, the page says why and stays where it is.
async function decide(action, { advance = false } = {}) {
  document.body.dataset.busy = "";
  const { status, body } = await ask("decide", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ source: view.source, version: view.version, ...action }),
  });
  delete document.body.dataset.busy;
  if (status === 409) {
    await load(view.source, { stay: item()?.[1] });
    tell(body.message, true);
    return false;
  }
  const news = body.changed ? apply(body.changed) : "";
  if (status !== 200) {
    remarks = body.remarks ?? [];
    const elsewhere = remarks.filter((r) => (r.statement && r.statement !== key()) || (r.chain && !r.statement && r.chain !== home()));
    tell([body.message, elsewhere.map((r) => h("p", {}, r.statement ? h("button", { type: "button", "data-go": r.statement }, "Show it") : [], " ", r.field ? `${r.field}: ` : "", r.message))], true);
    draw({ hints: false });
    return false;
  }
  tell("");
  toast(body.note || news);
  remarks = [];
  if (advance) forward(isOpen);
  draw();
  return true;
}

function draw({ hints = true } = {}) {
  const current = item();
  byId("bar").value = view.total ? view.decided / view.total : 0;
  byId("count").textContent = `${view.decided.toLocaleString("en")} of ${view.total.toLocaleString("en")} decided`;
  byId("undo").disabled = !view.undo;
  byId("undo").title = view.undo ? `Undo (u): ${view.undo}` : "Nothing to undo";
  fill(byId("actions"), editing ? formActions(editing) : actionsOf(view, current));
  if (!current) {
    fill(byId("card"), h("p", {}, "There are no proposals."));
    fill(byId("chain"));
    return;
  }
  history.replaceState(null, "", `#${encodeURIComponent(current[1])}`);
  const chain = key() && home();
  const mine = remarks.filter((r) => !r.statement || r.statement === key());
  const ofChain = mine.filter((r) => r.chain && !r.statement && !r.concept);
  const ofCard = mine.filter((r) => !ofChain.includes(r));
  if (current[0] === "merge") fill(byId("card"), mergeCard(view, current[1], mine));
  else if (editing === "statement") fill(byId("card"), statementForm(view, key(), drafts.get(key()), ofCard));
  else if (editing === "chain") fill(byId("card"), chainForm(view, chain, drafts.get(`chain:${chain}`), ofChain));
  else fill(byId("card"), statementCard(view, key(), chain, ofCard));
  const others = key() ? view.statements[key()].chains.filter((name) => name !== chain) : [];
  fill(byId("chain"), chain ? chainCard(view, chain, key(), editing === "chain" ? [] : ofChain) : [],
    others.map((name) => h("p", { class: "soft also" }, "Also in: ", view.chains[name].explains)));
  showQuote(key(), view.statements);
  if (!editing && hints) hint(key());
}

// What the check would say of the current proposal, shown before it is decided.
let hinted = 0;
function hint(k) {
  const turn = ++hinted;
  if (!k || view.statements[k].status !== "proposed") return;
  setTimeout(async () => {
    if (turn !== hinted) return;
    const { status, body } = await ask(`hints?source=${encodeURIComponent(view.source)}&key=${encodeURIComponent(k)}`);
    if (turn !== hinted || status !== 200 || key() !== k || editing || !body.remarks.length) return;
    remarks = body.remarks;
    draw({ hints: false });
  }, 150);
}

function forward(wanted, step = 1) {
  for (let n = 1; n <= view.order.length; n++) {
    const place = (at + step * n + view.order.length) % view.order.length;
    if (wanted(view.order[place])) {
      move(place);
      return true;
    }
  }
  return false;
}

function move(place) {
  if (place < 0 || place >= view.order.length || place === at) return;
  keepDraft();
  at = place;
  editing = drafts.has(key()) ? "statement" : "";
  remarks = [];
  byId("panel").scrollTop = 0;
}

function go(id) {
  const place = view.order.findIndex(([, other]) => other === id);
  if (place < 0) return;
  move(place);
  draw();
}

function keepDraft() {
  const form = byId("card").querySelector("form[data-form]");
  if (!form || !editing || !form.dataset.touched) return;
  if (editing === "statement") drafts.set(key(), readStatement(form));
  else drafts.set(`chain:${home()}`, readChain(form));
}

function edit(what) {
  if (!key() || (what === "chain" && !home())) return;
  const s = view.statements[key()];
  if (what === "statement" && (s.written || s.status === "withdrawn")) return tell(`It is ${s.written ? "in the knowledge" : "withdrawn"}. To change it, edit knowledge/${view.source}.yaml.`, true);
  if (what === "chain" && view.chains[home()].written) return tell(`The chain is in the knowledge. To change it, edit knowledge/${view.source}.yaml.`, true);
  editing = what;
  draw({ hints: false });
  byId("card").querySelector("textarea, input")?.focus();
}

async function save({ accept = false } = {}) {
  const form = byId("card").querySelector("form[data-form]");
  const name = editing === "chain" ? `chain:${home()}` : key();
  const typed = editing === "chain" ? readChain(form) : readStatement(form);
  drafts.set(name, typed);
  const was = editing;
  const done = await decide(was === "chain" ? { type: "edit-chain", chain: home(), edit: typed } : { type: "edit", key: key(), ...typed, accept });
  if (!done) return; // the form stays open beside the remarks
  drafts.delete(name);
  editing = "";
  if (accept) forward(isOpen);
  draw();
}

function closeForm() {
  drafts.delete(editing === "chain" ? `chain:${home()}` : key());
  editing = "";
  remarks = [];
  draw();
}

function tell(message, problem = false) {
  const banner = byId("banner");
  banner.hidden = !message || (Array.isArray(message) && !message.length);
  banner.className = problem ? "problem" : "";
  fill(banner, message, banner.hidden ? [] : h("button", { type: "button", "data-do": "dismiss", title: "Close" }, "×"));
}

let fading = 0;
function toast(message) {
  clearTimeout(fading);
  fill(byId("toast"), message || "");
  byId("toast").classList.toggle("shown", Boolean(message));
  if (message) fading = setTimeout(() => byId("toast").classList.remove("shown"), 5000);
}

function askReason(about) {
  return new Promise((resolve) => {
    const dialog = byId("reject");
    const input = byId("reason");
    byId("reject-title").textContent = about;
    byId("reason-problem").textContent = "";
    input.value = "";
    const end = (reason) => {
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      resolve(reason);
    };
    fill(byId("reasons"), REASONS.map((reason) => h("li", {}, h("button", { type: "button", on: { click: () => end(reason) } }, reason))));
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim()) end(input.value);
      else byId("reason-problem").textContent = "Give a reason: it is kept with the proposal.";
    };
    input.onkeydown = (event) => {
      const reason = REASONS[Number(event.key) - 1];
      if (!input.value && reason && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        end(reason);
      }
    };
    dialog.onclose = () => end(null);
    dialog.showModal();
    input.focus();
  });
}

const keep = () => document.querySelector("input[name=keep]:checked")?.value ?? view.merges[item()[1]].keep;

const ACTIONS = {
  next: () => { move(at + 1); draw(); },
  previous: () => { move(at - 1); draw(); },
  undecided: () => (forward(isOpen) ? draw() : toast("All proposals are decided.")),
  accept: () => item()[0] === "merge" ? decide({ type: "merge", index: Number(item()[1]), decision: "confirmed", keep: keep() }, { advance: true })
    : decide({ type: "accept", key: key() }, { advance: true }),
  "accept-chain": () => home() && decide({ type: "accept-chain", chain: home() }, { advance: true }),
  reject: async () => {
    if (item()[0] === "merge") return decide({ type: "merge", index: Number(item()[1]), decision: "refused", keep: view.merges[item()[1]].keep }, { advance: true });
    if (view.statements[key()].written) return decide({ type: "reject", key: key(), reason: "-" });
    const reason = await askReason("Why is this statement rejected?");
    return reason && decide({ type: "reject", key: key(), reason }, { advance: true });
  },
  "reject-chain": async () => {
    if (!home()) return false;
    const reason = await askReason("Why is this chain rejected?");
    return reason && decide({ type: "reject-chain", chain: home(), reason }, { advance: true });
  },
  reopen: () => item()[0] === "merge" ? decide({ type: "merge", index: Number(item()[1]), decision: "proposed", keep: view.merges[item()[1]].keep })
    : decide({ type: "reopen", key: key() }),
  "reopen-chain": () => decide({ type: "reopen", key: home() }),
  shorten: (button) => decide({ type: "shorten", chain: home(), keys: view.chains[home()].shorter[Number(button.dataset.run)] }),
  edit: () => edit("statement"),
  "edit-chain": () => edit("chain"),
  save: () => save(),
  "save-accept": () => save({ accept: true }),
  cancel: closeForm,
  undo: () => decide({ type: "undo" }),
  scroll: () => showQuote(key(), view.statements),
  search: () => openSearch(),
  commit: async () => {
    if (drafts.size) tell("There are edits that are not saved. They are not part of the commit.", true);
    byId("commit-text").textContent = `${view.decided} of ${view.total} proposals of ${view.source} are decided. The commit holds its source, proposals, topic file, catalogue entry and share of samples, and nothing else.`;
    byId("commit").showModal();
  },
  help: () => byId("help").showModal(),
  dismiss: () => tell(""),
};

// Actions that wait for a person must not hold up the queue while a dialog is open, but nothing else can be pressed then.
function run(name, button) {
  const action = ACTIONS[name];
  if (action && view) queue = queue.then(() => action(button)).catch((error) => tell(`The page failed: ${error.message}. Reload it; all decisions are written.`, true));
}

function openSearch() {
  const dialog = byId("search");
  const input = byId("words");
  let hits = [];
  let chosen = 0;
  const texts = view.order.map(([kind, id]) => {
    const s = view.statements[id];
    return kind === "merge" ? view.merges[id].concepts.map((c) => termOf(view, c)).join(" ").toLowerCase()
      : [id, termOf(view, s.subject), termOf(view, s.object), s.text, s.quote, s.status, ...s.chains.flatMap((c) => [c, view.chains[c].explains])].join(" ").toLowerCase();
  });
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    hits = view.order.map((_, n) => n).filter((n) => words.every((word) => texts[n].includes(word)));
    chosen = 0;
    byId("found").textContent = words.length ? `${hits.length.toLocaleString("en")} found${hits.length > SHOWN ? `, ${SHOWN} shown` : ""}` : "";
    list();
  };
  const list = () => {
    fill(byId("hits"), (input.value.trim() ? hits.slice(0, SHOWN) : []).map((n, place) => {
      const [kind, id] = view.order[n];
      const label = kind === "merge" ? `merge ${view.merges[id].concepts.join(", ")}` : tripleOf(view, view.statements[id], { short: true });
      return h("li", {}, h("button", { type: "button", class: place === chosen ? "chosen" : "", on: { click: () => end(n) } }, label,
        kind === "merge" ? [] : h("span", { class: "soft small" }, ` ${view.statements[id].status === "proposed" ? "undecided" : view.statements[id].status}`)));
    }));
  };
  const end = (n) => {
    dialog.close();
    go(view.order[n][1]);
  };
  input.oninput = show;
  input.onkeydown = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = Math.max(0, Math.min(Math.min(hits.length, SHOWN) - 1, chosen + (event.key === "ArrowDown" ? 1 : -1)));
      list();
    } else if (event.key === "Enter" && hits.length && input.value.trim()) {
      event.preventDefault();
      end(hits[chosen]);
    } else if (event.key === "Escape") {
      event.preventDefault(); // a search field would only clear itself
      dialog.close();
    }
  };
  input.value = "";
  show();
  dialog.showModal();
  input.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || !view || document.querySelector("dialog[open]")) return;
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
  const name = KEYS[event.key];
  if (!name || (event.repeat && !["next", "previous"].includes(name)) || (editing && !["help", "search", "next", "previous"].includes(name))) return;
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
  if (drafts.size) event.preventDefault();
});

async function start() {
  const { status, body } = await ask("sources");
  if (status !== 200) return tell(body.message, true);
  const select = byId("source");
  fill(select, body.map((source) => h("option", { value: source }, source)));
  select.onchange = () => {
    keepDraft();
    editing = "";
    drafts.clear();
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
