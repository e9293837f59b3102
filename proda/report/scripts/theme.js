// The colour scheme: that of the system, until the button or the key `t` chooses the other one. The choice is kept where the browser allows.

const SCHEMES = ["light", "dark"];

function scheme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

function otherScheme() {
  const wanted = scheme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = wanted;
  try {
    localStorage.setItem("proda-theme", wanted);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}

function keptScheme() {
  let kept = null;
  try {
    kept = localStorage.getItem("proda-theme");
  } catch {
    // As above.
  }
  if (SCHEMES.includes(kept)) document.documentElement.dataset.theme = kept;
  byId("theme").addEventListener("click", otherScheme);
}
