// A patch with its verdict, and a commit with the patches that it added.

function patchView(id) {
  const patch = data.patches.find(id);
  if (!patch) return missing(`There is no patch ${id} in samples/patches. It may have been reverted.`);
  const samples = (ids) => {
    const line = (each) => h("li", {}, data.samples.find(each) ? h("a", { href: address("sample", each) }, data.samples.find(each).question) : code(each));
    return [h("ul", {}, ids.slice(0, 6).map(line)), rest(ids.slice(6), line)];
  };
  const tone = { "still fails": "bad", "passes now": "good" };
  article("patch", id, `Patch of round ${patch.round}`, `${patch.category}: ${patch.targets.length ? wording(patch.targets[0]) : id}`,
    patch.reason && h("p", {}, patch.reason),
    part("Targets", patch.targets.length ? h("ul", { class: "plain" }, patch.targets.map((node) => h("li", {}, nodeLink(node), " ", soft(code(node))))) : h("p", { class: "soft" }, "None.")),
    part("Items that failed", patch.items.length ? h("ul", { class: "plain" }, patch.items.map(([item, state]) => h("li", {}, itemLink(item), " ", h("span", { class: `small ${tone[state] ?? "soft"}` }, state))))
      : h("p", { class: "soft" }, "None: a probe or a comparison of samples found the gap.")),
    patch.adds.length > 0 && part(`Adds ${counted(patch.adds.length, "sample")}`, samples(patch.adds)),
    patch.removes.length > 0 && part(`Removes ${counted(patch.removes.length, "sample")} from training`, h("ul", {}, patch.removes.map((each) => h("li", {}, code(each))))),
    patch.rewords.length > 0 && part(`Rewords ${counted(patch.rewords.length, "sample")}`, h("ul", {}, patch.rewords.map(([each, question]) => h("li", {}, question, " ", soft(code(each)))))),
    patch.edits.length > 0 && part(`Makes ${counted(patch.edits.length, "edit")} to the knowledge`,
      h("ul", {}, patch.edits.map(([file, concept, other]) => h("li", {}, nodeLink(concept), " is set apart from ", nodeLink(other), " in ", code(file))))),
    part("Verdict", h("p", {}, h("b", {}, verdict(patch.says)), patch.why ? `: ${patch.why}` : ""),
      patch.shown.length > 0 && h("ul", {}, patch.shown.map(([item, shown]) => h("li", {}, itemLink(item), " ", verdict(shown)))),
      h("p", { class: "small" }, h("a", { href: `#round-${patch.round}` }, `The verdict on round ${patch.round}`))),
    part("Commit", patch.commit ? h("p", {}, "Added in ", h("a", { href: address("commit", patch.commit) }, code(patch.commit)), ".") : h("p", { class: "soft" }, "Not committed yet, or git's history cannot be read here.")));
}

function commitView(id) {
  const commit = data.commits.find(id);
  if (!commit) return missing(`This page holds no commit ${id}. In a terminal: git show ${id}`);
  const added = index("added in", () => data.patches.all(), (p) => [p.commit])(id);
  const areas = Object.entries(commit.areas);
  article("commit", id, "Commit", commit.subject,
    h("p", { class: "small soft" }, `${commit.author}, ${commit.date}`),
    areas.length > 0 && h("p", { class: "small" }, "Changes ", joined(areas.map(([area, files]) => `${area}: ${counted(files, "file")}`)), "."),
    part("Patches that it added", added.length ? patchLines(added) : h("p", { class: "soft" }, "None that is still there.")),
    part("Run", h("p", {}, "Its effect is in the results of ", h("a", { href: "#run" }, "the present run"), ", unless it is newer than that run's commit.")),
    h("p", { class: "small soft" }, "In a terminal: ", h("kbd", {}, `proda diff ${id}~1..${id}`)));
}
