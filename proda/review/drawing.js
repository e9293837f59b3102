// What is shown: the current proposal or a form in its place, its chain, and the quote in the source; and how one gets to another.
import { addActions, addForm, readAddition } from "./add.js";
import { actionsOf, chainCard, formActions, mergeCard, statementCard } from "./cards.js";
import { byId, fill, h } from "./dom.js";
import { chainForm, readChain, readStatement, statementForm } from "./forms.js";
import { choose, isWhole, joinActions, joinCard, latest } from "./join.js";
import { toast } from "./messages.js";
import { ask, home, isOpen, item, key, page } from "./session.js";
import { showQuote } from "./source.js";

export function draw({ hints = true } = {}) {
  const { view } = page;
  const current = item();
  if (page.editing === "join" && !isWhole(view)) page.editing = "";
  byId("bar").value = view.total ? view.decided / view.total : 0;
  byId("count").textContent = `${view.decided.toLocaleString("en")} of ${view.total.toLocaleString("en")} decided`;
  byId("undo").disabled = !view.undo;
  byId("undo").title = view.undo ? `Undo (u): ${view.undo}` : "Nothing to undo";
  fill(byId("actions"), page.editing === "join" ? joinActions(view) : page.editing === "add" ? addActions() : page.editing ? formActions(page.editing) : actionsOf(view, current));
  if (page.editing === "join") fill(byId("card"), joinCard(view, page.remarks));
  else if (page.editing === "add") fill(byId("card"), addForm(view, page.drafts.get("add"), page.remarks));
  else if (!current) fill(byId("card"), h("p", {}, "There are no proposals."));
  if (page.editing === "join" || page.editing === "add" || !current) {
    fill(byId("chain"));
    showQuote(page.editing === "join" ? latest() : "", view.statements);
    return;
  }
  history.replaceState(null, "", `#${encodeURIComponent(current[1])}`);
  drawProposal(view, current);
  if (!page.editing && hints) hint(key());
}

function drawProposal(view, current) {
  const chain = key() && home();
  const mine = page.remarks.filter((r) => !r.statement || r.statement === key());
  const ofChain = mine.filter((r) => r.chain && !r.statement && !r.concept);
  const ofCard = mine.filter((r) => !ofChain.includes(r));
  if (current[0] === "merge") fill(byId("card"), mergeCard(view, current[1], mine));
  else if (page.editing === "statement") fill(byId("card"), statementForm(view, key(), page.drafts.get(key()), ofCard));
  else if (page.editing === "chain") fill(byId("card"), chainForm(view, chain, page.drafts.get(`chain:${chain}`), ofChain));
  else fill(byId("card"), statementCard(view, key(), chain, ofCard));
  const others = key() ? view.statements[key()].chains.filter((name) => name !== chain) : [];
  fill(byId("chain"), chain ? chainCard(view, chain, key(), page.editing === "chain" ? [] : ofChain) : [],
    others.map((name) => h("p", { class: "soft also" }, "Also in: ", view.chains[name].explains)));
  showQuote(key(), view.statements);
}

// What the check would say of the current proposal, shown before it is decided.
let hinted = 0;
function hint(k) {
  const turn = ++hinted;
  if (!k || page.view.statements[k].status !== "proposed") return;
  setTimeout(async () => {
    if (turn !== hinted) return;
    const { status, body } = await ask(`hints?source=${encodeURIComponent(page.view.source)}&key=${encodeURIComponent(k)}`);
    if (turn !== hinted || status !== 200 || key() !== k || page.editing || !body.remarks.length) return;
    page.remarks = body.remarks;
    draw({ hints: false });
  }, 150);
}

export function forward(wanted, step = 1) {
  const { order } = page.view;
  for (let n = 1; n <= order.length; n++) {
    const place = (page.at + step * n + order.length) % order.length;
    if (wanted(order[place])) {
      move(place);
      return true;
    }
  }
  return false;
}

export const forwardToOpen = () => forward(isOpen);

export function move(place) {
  if (place < 0 || place >= page.view.order.length || place === page.at) return;
  keepDraft();
  page.at = place;
  page.editing = page.drafts.has(key()) ? "statement" : "";
  page.remarks = [];
  byId("panel").scrollTop = 0;
}

// Show a proposal; while a chain is built, its quote in the source chooses it.
export function go(id) {
  if (page.editing === "join") {
    if (choose(page.view, id)) page.remarks = [];
    else toast("That statement does not continue the chain at either end.");
    draw();
    return;
  }
  const place = page.view.order.findIndex(([, other]) => other === id);
  if (place < 0) return;
  move(place);
  draw();
}

export function keepDraft() {
  const form = byId("card").querySelector("form[data-form]");
  if (!form || !page.editing || !form.dataset.touched) return;
  if (page.editing === "statement") page.drafts.set(key(), readStatement(form));
  else if (page.editing === "add") page.drafts.set("add", readAddition(form));
  else page.drafts.set(`chain:${home()}`, readChain(form));
}
