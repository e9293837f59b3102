// What the page tells, and what it asks before it rejects.
import { byId, fill, h } from "./dom.js";

const REASONS = ["not stated in the source", "wrong relation", "wrong way round", "true only under a condition that is missing", "too vague", "trivial", "not about the subject", "stated twice"];

export function tell(message, problem = false) {
  const banner = byId("banner");
  banner.hidden = !message || (Array.isArray(message) && !message.length);
  banner.className = problem ? "problem" : "";
  fill(banner, message, banner.hidden ? [] : h("button", { type: "button", "data-do": "dismiss", title: "Close" }, "×"));
}

let fading = 0;
export function toast(message) {
  clearTimeout(fading);
  fill(byId("toast"), message || "");
  byId("toast").classList.toggle("shown", Boolean(message));
  if (message) fading = setTimeout(() => byId("toast").classList.remove("shown"), 5000);
}

export function askReason(about) {
  return new Promise((resolve) => {
    const dialog = byId("reject");
    const input = byId("reason");
    byId("reject-title").textContent = about;
    byId("reason-problem").textContent = "";
    input.value = "";
    const end = (reason) => {
      dialog.onclose = null;
      if (dialog.open) dialog.close();
      resolve(reason);
    };
    fill(byId("reasons"), REASONS.map((reason) => h("li", {}, h("button", { type: "button", on: { click: () => end(reason) } }, reason))));
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      if (input.value.trim()) end(input.value);
      else byId("reason-problem").textContent = "Give a reason: it is kept with the proposal.";
    };
    input.onkeydown = (event) => {
      const reason = REASONS[Number(event.key) - 1];
      if (!input.value && reason && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        end(reason);
      }
    };
    dialog.onclose = () => end(null);
    dialog.showModal();
    input.focus();
  });
}
