// Elements made of text. Nothing on this page is parsed as HTML: what comes from the data is only ever a text node.

const SVG = "http://www.w3.org/2000/svg";

function h(tag, attributes = {}, ...children) {
  return made(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return made(document.createElementNS(SVG, tag), attributes, children);
}

function made(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : value);
  }
  put(node, children);
  return node;
}

function put(node, ...children) {
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null && child !== false) node.append(child);
  }
}

function fill(node, ...children) {
  node.replaceChildren();
  put(node, children);
}

const byId = (id) => document.getElementById(id);
const soft = (...children) => h("span", { class: "small soft" }, ...children);
const note = (...children) => h("span", { class: "note small" }, ...children);
const code = (text) => h("code", {}, text);

// Children with a separator between them.
function joined(children, separator = ", ") {
  return children.flatMap((child, place) => (place ? [separator, child] : [child]));
}

function choice(label, value, options, change) {
  const select = h("select", { on: { change: () => change(select.value) } });
  for (const [name, text] of options) select.append(h("option", { value: name, selected: name === value }, text));
  return h("label", {}, h("span", {}, label), select);
}
