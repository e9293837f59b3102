// The address of the page after "#" says what is shown: a part of the summary, a list, the search, or one thing.
//
//     #scores                                 a section of the summary
//     #list/items?state=failed&kind=bridge    a list with its filters
//     #item/physics/bimetal-strip-bends:dev-bridge

const ONE = { item: itemView, node: nodeView, sample: sampleView, patch: patchView, commit: commitView };
const LISTS = { items: itemsList, patches: patchesList, audit: auditList };

const escaped = (text) => encodeURIComponent(text).replaceAll("%2F", "/").replaceAll("%3A", ":");
const address = (kind, id) => `#${kind}/${escaped(id)}`;

function addressOf(kind, path, query) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString();
  return `#${[kind, ...path].join("/")}${asked ? `?${asked}` : ""}`;
}

function routeNow() {
  const hash = location.hash.slice(1);
  const [kind] = hash.split(/[/?]/, 1);
  if (!(kind in ONE) && kind !== "list" && kind !== "search") return { kind: "", path: [hash], query: {} };
  const [path, asked] = kind in ONE ? [hash, ""] : hash.split("?", 2);
  let rest = path.slice(kind.length + 1);
  try {
    rest = decodeURIComponent(rest);
  } catch {
    // A wrong escape is shown as it stands, as an id that is not there.
  }
  return { kind, path: [rest], query: Object.fromEntries(new URLSearchParams(asked ?? "")) };
}

let followed = null; // the address that the page shows

function follow({ keepFocus = false } = {}) {
  const { kind, path, query } = routeNow(), view = byId("view");
  followed = location.hash;
  byId("summary").hidden = kind !== "";
  view.hidden = kind === "";
  for (const link of document.querySelectorAll(".top nav a")) {
    const mine = kind === "list" ? link.getAttribute("href") === `#list/${path[0]}` : kind === "" && link.getAttribute("href") === "#top";
    if (mine) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (kind === "") {
    fill(view);
    reveal(path[0]);
    return;
  }
  if (kind in ONE) ONE[kind](path[0]);
  else if (kind === "search") searchView(query);
  else (LISTS[path[0]] ?? (() => missing(`There is no list ${path[0]}.`)))(query);
  if (keepFocus) return;
  scrollTo(0, 0);
  if (kind !== "search" && last.rows?.node.isConnected && last.rows.active) last.rows.focus();
  else view.focus({ preventScroll: true });
}

// A browser says that the address has changed only after the keys that were pressed meanwhile.
function catchUp() {
  if (location.hash !== followed) follow();
}

// Unfold and show the part of the summary that a link leads to.
function reveal(id) {
  const wanted = id && byId(decodeURIComponent(id));
  if (id === "disciplines") needHeatmap();
  for (let part = wanted; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (wanted) wanted.scrollIntoView();
}

keptScheme();
startHeatmap();
startSearch();
startKeys();
addEventListener("hashchange", catchUp);
addEventListener("beforeprint", () => {
  needHeatmap();
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
follow();
document.documentElement.dataset.ready = Math.round(performance.now()); // milliseconds since the page was asked for
