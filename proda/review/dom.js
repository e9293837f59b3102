// Elements made of text. Nothing on this page is parsed as HTML: what comes from documents is only ever a text node.

// Characters that are drawn as nothing, or that change the direction of what follows.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/;

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : value);
  }
  put(node, ...children);
  return node;
}

export function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child === undefined || child === null || child === false) continue;
    if (typeof child === "object") node.append(child);
    else for (const piece of seen(String(child))) node.append(piece);
  }
}

export function fill(node, ...children) {
  node.replaceChildren();
  put(node, ...children);
}

// The text, with each unseen character as its number.
function seen(text) {
  if (!UNSEEN.test(text)) return [text];
  return text.split(new RegExp(`(${UNSEEN.source})`)).filter(Boolean).map((piece) => {
    if (piece.length > 1 || !UNSEEN.test(piece)) return piece;
    const mark = document.createElement("span");
    mark.className = "unseen";
    mark.textContent = `U+${piece.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    return mark;
  });
}

export const byId = (id) => document.getElementById(id);
export const kbd = (key) => h("kbd", {}, key);
