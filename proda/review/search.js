// Search over the proposals of the view, by keyboard; concepts that no statement names are listed below.
import { byId, fill, h } from "./dom.js";
import { termOf, tripleOf } from "./cards.js";
import { page } from "./session.js";

const SHOWN = 40; // results of a search

export function openSearch(go) {
  const view = page.view;
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
    const unnamed = view.unnamed.map((c) => termOf(view, c)).filter((term) => words.every((word) => term.toLowerCase().includes(word)));
    byId("unnamed").textContent = unnamed.length ? `Concepts that no statement names: ${unnamed.slice(0, SHOWN).join(", ")}${unnamed.length > SHOWN ? ", …" : ""}. To use one, add a statement (t).` : "";
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
