// The contrast of every visible text with what is behind it, by WCAG 2: [{text, ratio, least, cell}, …]
(() => {
  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const solid = (colour) => numbers(colour).length >= 3 && (numbers(colour)[3] ?? 1) > 0.99;
  const behind = (node) => {
    const box = node.closest("svg a.box rect") ?? node.closest("svg a.box")?.querySelector("rect");
    if (box) return getComputedStyle(box).fill;
    for (let part = node; part; part = part.parentElement) {
      const colour = getComputedStyle(part).backgroundColor;
      if (solid(colour)) return colour;
    }
    throw new Error("nothing behind the text");
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || node.closest("script, style, title, noscript, option") || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const ink = node instanceof SVGElement ? style.fill : style.color;
    const [one, two] = [luminance(numbers(ink)), luminance(numbers(behind(node)))];
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    found.push({
      text: text.slice(0, 40), ratio: (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05), least: large ? 3 : 4.5, cell: Boolean(node.closest(".heat td")), ink, behind: behind(node),
    });
  }
  return found;
})()
