// What fits where: the names in their rows, and on a wall all rows on the screen.

import { fit } from "./fit.js";
import { ruler, scale } from "./measure.js";
import { KINDS } from "./states.js";

// Lines that a name may fill, and the size of a caller's name, in em of the row.
const DESK = { lines: 1.9, caller: 0.88 };
const WALL = { caller: 0.6 };
const DETAIL = 0.6;
const LONGEST_TIME = " · 00:00:00 ";

export class Room {
  #host;
  #measure;
  #names = []; // by the place of a row
  #detail = 0; // em of the longest second line
  #room = 0; // em of a name's width
  #caller = DESK.caller;
  #fitted = "";

  constructor(host) {
    this.#host = host;
  }

  /** Measure all texts of rows. */
  measure(rows, localize, waiting) {
    this.#measure = ruler(this.#host);
    this.#fitted = "";
    this.#names = [];
    for (const row of rows) this.#names[row.place] = this.#measure(row.name);
    const widest = (texts) => texts.reduce((most, text) => Math.max(most, this.#measure(text).width), 0);
    const words = Object.values(KINDS).map(({ word }) => localize(word) || "");
    this.#detail = DETAIL * (widest([...words, waiting]) + widest([LONGEST_TIME]) + widest(rows.map((row) => row.number)) + 0.5);
  }

  /** Make long names of a desk's rows smaller; all rows are of one width. */
  fitDesk(rows) {
    const shown = rows.find((row) => !row.item.hidden);
    if (!shown) return;
    const room = shown.label.clientWidth / parseFloat(getComputedStyle(shown.button).fontSize);
    if (room > 0) this.#fitNames(rows, room, DESK.lines, DESK.caller);
  }

  /**
   * Fill a box with parts of so many rows; return on how many pages the first one is.
   *
   * Undefined if there is nothing to change.
   */
  fitWall(rows, box, sizes, headings, config) {
    const { width, height } = box;
    const wanted = [width, height, ...sizes].join();
    const parts = sizes.filter((size, index) => size || !index);
    if (!width || !height || wanted === this.#fitted || !parts.some(Boolean)) return undefined;
    this.#fitted = wanted;
    const { layout, font, columns, row, room, lines, pages, size } = fit({
      width, height, parts, headings, names: this.#names.filter(Boolean), detail: this.#detail,
      hasCallers: Boolean(config.show_callers), columns: Number(config.columns) || 0,
    });
    this.#host.setAttribute("layout", layout);
    this.#host.style.setProperty("--font", `${font.toFixed(2)}px`);
    this.#host.style.setProperty("--across", columns);
    this.#host.style.setProperty("--row", `${Math.floor(row * 100) / 100}px`);
    this.#fitNames(rows, room, lines, WALL.caller);
    return { count: pages, size };
  }

  #fitNames(rows, room, lines, caller) {
    this.#room = room;
    this.#caller = caller;
    for (const row of rows) {
      row.fit(scale(this.#names[row.place], room, lines));
      this.fitCaller(row);
    }
  }

  /** Make a caller's long name smaller. */
  fitCaller(row) {
    const name = row.caller.textContent;
    const factor = name && this.#room ? scale(this.#measure(name), this.#room / this.#caller, 1.2) : 1;
    row.caller.classList.toggle("long", factor < 1);
    row.caller.style.fontSize = factor < 1 ? `${(this.#caller * factor).toFixed(2)}em` : "";
  }
}

/** Give a wall's board the height that is left of the window, or that of its section. */
export function setHeight(host, isGiven) {
  const top = host.getBoundingClientRect().top + (document.scrollingElement?.scrollTop ?? 0);
  const left = Math.max(200, window.innerHeight - top);
  host.style.setProperty("--height", isGiven ? "100%" : `${left}px`);
  const height = isGiven ? host.clientHeight : left;
  const base = Math.max(13, Math.min(host.clientWidth || window.innerWidth, height * 1.6) / 72);
  host.style.setProperty("--base", `${base.toFixed(1)}px`);
}
