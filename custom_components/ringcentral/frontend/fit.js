// Wall mode: the largest type with which everybody fits on a screen. All lengths are in em of a name,
// if not in pixels.

import { onTwoLines } from "./measure.js";

// What a cell is made of: beside the texts, and in all. A line has no state and number: the glyph in
// its lamp says what is, and a person's details are a click away.
const LAYOUTS = {
  double: { beside: 2.7, height: 3.75, names: 2.4 },
  single: { beside: 2.7, height: 2.65, names: 1.25 },
  line: { beside: 4.4, height: 1.3, names: 1.25 },
};
const GAP = 0.2;
const HEADING = 1.25;
const CALLER = 0.75;
// Pixels of type below which nobody reads it: the people are shown page by page then.
const LEAST = 8;
// Of the height of the screen: type of which a wall is read with ease. Where more than a name is of
// that size, a line's type has to be so much larger to be worth what it leaves out.
const EASY = 1 / 65;
const WORTH = 1.9;
// Names beyond this share are made smaller one by one, rather than all.
const MOST = { double: 0.95, single: 0.95, line: 0.8 };

const share = (widths, most) => [...widths].sort((a, b) => a - b)[Math.max(0, Math.ceil(widths.length * most) - 1)] ?? 0;

/** Return the width and height that a cell of each layout needs. */
function needs(names, detail, hasCallers) {
  const one = names.map((name) => name.width);
  const two = names.map(onTwoLines);
  return Object.entries(LAYOUTS).map(([layout, { beside, height, names: lines }]) => ({
    layout,
    lines,
    beside,
    width: beside + GAP + Math.max(share(layout === "double" ? two : one, MOST[layout]), layout === "line" ? 0 : detail),
    height: height + GAP + (hasCallers && layout !== "line" ? CALLER : 0),
  }));
}

function best(cells, parts, headings, width, height, columns) {
  let found = { value: 0 };
  const most = Math.max(...parts);
  const choices = columns ? [columns] : Array.from({ length: Math.min(most, 80) }, (_, index) => index + 1);
  for (const count of choices) {
    const rows = parts.reduce((sum, people) => sum + Math.ceil(people / count), 0);
    for (const cell of cells) {
      const font = Math.min(width / count / cell.width, height / (rows * cell.height + headings * HEADING));
      const isEasy = font >= height * EASY && cell.layout !== "line";
      const value = font < LEAST ? font / 100 : font * (isEasy ? WORTH : 1);
      // A tie goes to fewer columns: wider cells leave more room for long names.
      if (value > found.value * 1.001) found = { value, font, rows, columns: count, cell };
    }
  }
  return found;
}

/**
 * Return how to fill a box with parts of so many rows: layout, columns, font and row height (px),
 * and on how many pages the first part is, with how many rows each.
 *
 * `parts` are numbers of rows, `names` measured texts, `detail` the width of the longest second line.
 */
export function fit({ width, height, parts, headings, names, detail, hasCallers, columns }) {
  const cells = needs(names, detail, hasCallers);
  let pages = 1;
  let size = parts[0];
  let found = best(cells, parts, headings, width, height, columns);
  while (found.font < LEAST && size > 1 && pages < 100) {
    pages += 1;
    size = Math.ceil(parts[0] / pages);
    found = best(cells, [size, ...parts.slice(1)], headings, width, height, columns);
  }
  const { font, rows, cell } = found;
  const row = (height - headings * HEADING * font) / rows - GAP * font;
  const room = width / found.columns / font - GAP - cell.beside;
  return { layout: cell.layout, columns: found.columns, font, row, pages, size, room, lines: cell.lines };
}
