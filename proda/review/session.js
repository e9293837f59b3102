// What the page knows: the server's view, which proposal is shown, and what has been typed.
export const page = {
  view: null, // what the server says
  at: 0, // place in view.order
  editing: "", // "statement", "chain", "join" or "add"
  remarks: [], // on the current proposal: of a refusal, or of a check
  chain: "", // which of its chains the current statement is shown in, if it is in several
  back: "", // what is shown again when the form for a new statement closes: "join" or nothing
  news: { statements: [], chains: [] }, // what the last decision added
  drafts: new Map(), // key of a statement, "chain:<name>" or "add" → what was typed
};

export const item = () => page.view.order[page.at];
export const key = () => (item()?.[0] === "statement" ? item()[1] : "");

// The chain that the current statement is shown in; one that was rejected, if it is in no other.
export function home() {
  const chains = page.view.statements[key()]?.chains ?? [];
  if (chains.includes(page.chain)) return page.chain;
  return chains[0] ?? Object.keys(page.view.chains).find((name) => page.view.chains[name].statements.includes(key())) ?? "";
}

export const isOpen = ([kind, id]) => (kind === "merge" ? page.view.merges[id].decision === "proposed" : page.view.statements[id].status === "proposed");

export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { credentials: "omit", ...options });
  } catch {
    return { status: 0, body: { message: "No answer. Is `proda review` still running? All earlier decisions are written; start it again to go on.", remarks: [] } };
  }
  try {
    return { status: response.status, body: await response.json() };
  } catch {
    return { status: response.status, body: { message: `The server answered ${response.status}.`, remarks: [] } };
  }
}
