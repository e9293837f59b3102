"use strict";
// The page reads without this. It adds a filter box to long lists, and opens what is folded before printing.
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
