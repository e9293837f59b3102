"use strict";
// The page works without this script. It adds filter boxes to long lists, unfolds what a link leads to, and unfolds all before printing.
for (const list of document.querySelectorAll("[data-filter]")) {
  const box = document.createElement("input");
  box.type = "search";
  box.placeholder = box.ariaLabel = list.dataset.filter;
  box.addEventListener("input", () => {
    const wanted = box.value.toLowerCase();
    for (const entry of list.querySelectorAll("[data-entry]")) {
      entry.hidden = !entry.textContent.toLowerCase().includes(wanted);
    }
  });
  list.before(box);
}
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details")) folded.open = true;
});
function reveal() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = wanted; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  if (wanted) wanted.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();
