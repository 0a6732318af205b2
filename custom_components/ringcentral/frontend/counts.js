// The counts above the rows: one for each group of states, by which the rows may be filtered.

import { make, makeLamp, write } from "./row.js";
import { COUNTS, KINDS } from "./states.js";

export class Counts {
  element = make("div", { class: "counts", role: "group" });
  group = null; // what is filtered by
  #chips = {};
  #onChange;
  #isFixed = false;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Make them in a language. If they are fixed nobody can filter by them, as on a wall. */
  build(localize, { isFixed, hasParked }) {
    this.#isFixed = isFixed;
    this.element.setAttribute("aria-label", localize("ui.components.related-filter-menu.filter"));
    this.element.replaceChildren();
    this.#chips = {};
    for (const [group, { word, looks }] of Object.entries(COUNTS)) {
      if (group !== "parked" || hasParked) this.#add(group, localize(word), looks);
    }
    if (isFixed || !this.#chips[this.group]) this.group = null;
  }

  #add(group, text, looks) {
    const [lamp] = makeLamp(looks);
    const count = make("b");
    const chip = make(this.#isFixed ? "div" : "button", { "data-kind": looks, "data-color": KINDS[looks].color ?? "none" },
      lamp, count, make("span", { class: "word" }, text));
    if (!this.#isFixed) {
      chip.type = "button";
      chip.addEventListener("click", () => {
        this.group = this.group === group ? null : group;
        this.#onChange();
      });
    }
    this.#chips[group] = { chip, count, text };
    this.element.append(chip);
  }

  /** Show how many rows are in each group; return the texts of those with any. */
  show(rows) {
    const counts = Object.fromEntries(Object.keys(this.#chips).map((group) => [group, 0]));
    for (const row of rows) if (row.group in counts && !row.isIdlePlace) counts[row.group] += 1;
    for (const [group, { chip, count }] of Object.entries(this.#chips)) {
      write(count, String(counts[group]));
      chip.classList.toggle("none", group === "unknown" && !counts[group] && this.group !== group);
      if (!this.#isFixed) chip.setAttribute("aria-pressed", this.group === group);
    }
    return Object.entries(this.#chips).filter(([group]) => counts[group]).map(([group, { text }]) => `${counts[group]} ${text}`);
  }
}
