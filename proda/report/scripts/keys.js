// The keyboard. `?` lists the keys; they are off while a field has the focus.

const KEYS = [
  ["?", "this help"], ["/", "search"], ["f", "filter the list by text"], ["1 2 3 4", "summary, items, patches, audit"],
  ["↑ ↓ or k j", "move in a list"], ["Enter", "open"], ["p n", "the previous and the next of the list"], ["b", "back"],
  ["g", "to the graph; arrow keys move in it"], ["h", "to the heat map; arrow keys move in it"], ["t", "light or dark"], ["Esc", "leave a field, close this help"],
];
const GOTO = { 1: "#top", 2: "#list/items", 3: "#list/patches", 4: "#list/audit" };

function startKeys() {
  const help = byId("help");
  fill(help, h("h2", { id: "help-title" }, "Keys"), h("dl", {}, KEYS.map(([keys, meaning]) => [h("dt", {}, joined(keys.split(" ").map((key) => (key === "or" ? key : h("kbd", {}, key))), " ")), h("dd", {}, meaning)])),
    h("form", { method: "dialog" }, h("button", {}, "Close")));
  byId("help-button").addEventListener("click", () => help.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const field = event.target.closest?.("input, select, textarea");
    if (field) {
      if (event.key === "Escape") field.blur();
      return;
    }
    const act = actions[event.key] ?? (GOTO[event.key] && (() => { location.hash = GOTO[event.key]; }));
    if (!act) return;
    event.preventDefault();
    catchUp();
    act();
  });
}

const actions = {
  "?": () => byId("help").showModal(),
  "/": () => { byId("query").focus(); byId("query").select(); },
  f: () => byId("filter")?.focus(),
  j: () => !byId("view").hidden && last.rows?.node.isConnected && last.rows.focus(),
  ArrowDown: () => (!byId("view").hidden && last.rows?.node.isConnected ? last.rows.focus() : scrollBy({ top: 60 })),
  n: () => document.querySelector('.trail [rel="next"]')?.click(),
  p: () => document.querySelector('.trail [rel="prev"]')?.click(),
  b: () => history.back(),
  g: () => document.querySelector(".graph .middle")?.focus(),
  h: () => toHeatmap(),
  t: () => otherScheme(),
};

function toHeatmap() {
  if (routeNow().kind !== "") location.hash = "#disciplines";
  needHeatmap();
  setTimeout(() => document.querySelector('.heat tbody [tabindex="0"]')?.focus());
}
