// Numbers and names as text.

const count = (number) => number.toLocaleString("en-GB");
const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)}\u00a0%`;
const signed = (value, digits) => `${value < 0 ? "\u2212" : "+"}${Math.abs(value).toFixed(digits)}`;
const plain = (name) => name.replaceAll("-", " ");

// "1 item", "2 items", "3 patches", "4 diagnoses"
function counted(number, word) {
  const plural = word.endsWith("is") ? `${word.slice(0, -2)}es` : /(s|x|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
  return `${count(number)} ${number === 1 ? word : plural}`;
}

// What retraining or a rebuild found, in the colour of its direction. The word says it too.
function verdict(text) {
  const direction = /^(helps|necessary|sufficient)/.test(text) ? "good" : /^(hurts|harm)/.test(text) ? "bad" : "soft";
  return h("span", { class: direction }, text);
}
