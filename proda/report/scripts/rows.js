// A list of any length: only the rows in sight are elements. Arrow keys, j and k move, Enter follows the row's link.

const ROW = { wide: 58, narrow: 84 }; // pixels; the style sheet gives a row the same height
const SPARE = 6; // rows drawn above and below those in sight

class Rows {
  // `draw(entry)` returns {href, children}; `label` names the list.
  constructor(label, draw) {
    this.draw = draw;
    this.entries = [];
    this.active = 0;
    this.space = h("div", { class: "space", role: "list", "aria-label": label });
    this.node = h("div", { class: "rows", tabindex: "-1" }, this.space);
    this.node.addEventListener("scroll", () => this.paint(), { passive: true });
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.node.addEventListener("focusin", (event) => {
      const place = event.target.closest("[data-place]")?.dataset.place;
      if (place !== undefined) this.active = Number(place);
    });
    this.watch = new ResizeObserver(() => this.paint());
    this.watch.observe(this.node);
  }

  get height() {
    return matchMedia("(max-width: 44rem)").matches ? ROW.narrow : ROW.wide;
  }

  show(entries, active = 0) {
    this.entries = entries;
    this.active = Math.min(Math.max(active, 0), Math.max(entries.length - 1, 0));
    this.first = -1;
    if (this.node.isConnected) {
      this.node.scrollTop = this.active ? Math.max(0, this.active * this.height - this.node.clientHeight / 2) : 0;
      this.paint(true);
    }
  }

  paint(force = false) {
    const height = this.height, total = this.entries.length;
    const first = Math.max(0, Math.floor(this.node.scrollTop / height) - SPARE);
    const last = Math.min(total, Math.ceil((this.node.scrollTop + this.node.clientHeight) / height) + SPARE);
    if (!force && first === this.first && last === this.last && height === this.drawnAt) return;
    [this.first, this.last, this.drawnAt] = [first, last, height];
    this.space.style.height = `${total * height}px`;
    const focused = this.space.contains(document.activeElement) ? document.activeElement.closest("[data-place]")?.dataset.place : null;
    const rows = [];
    for (let place = first; place < last; place++) {
      const { href, children } = this.draw(this.entries[place], place);
      const link = h("a", { class: "row", href, "data-place": place, tabindex: place === this.active ? "0" : "-1" }, children);
      const row = h("div", { role: "listitem", class: "slot", "aria-setsize": total, "aria-posinset": place + 1 }, link);
      row.style.top = `${place * height}px`;
      rows.push(row);
    }
    fill(this.space, rows);
    if (Number(focused ?? NaN) === this.active) this.link(focused)?.focus({ preventScroll: true });
  }

  link(place) {
    return this.space.querySelector(`[data-place="${place}"]`);
  }

  focus() {
    if (!this.entries.length) return;
    const height = this.height, top = this.active * height;
    if (top < this.node.scrollTop) this.node.scrollTop = top;
    else if (top + height > this.node.scrollTop + this.node.clientHeight) this.node.scrollTop = top + height - this.node.clientHeight;
    this.paint(true);
    this.link(this.active)?.focus({ preventScroll: true });
  }

  move(by) {
    this.active = Math.min(Math.max(this.active + by, 0), this.entries.length - 1);
    this.focus();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.node.clientHeight / this.height) - 1);
    const steps = {
      ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -this.entries.length, End: this.entries.length,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(steps[event.key]);
  }
}
