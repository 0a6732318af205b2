// The keyboard's way through the rows: one of them is in the tab order, arrows go on from there.

/** Let one row have the tab stop. */
export function setStop(rows, next) {
  for (const row of rows) if (row.button.tabIndex === 0 && row !== next) row.button.tabIndex = -1;
  if (next) next.button.tabIndex = 0;
}

/**
 * Keep the tab stop on a row that is shown, and the focus of a row that was hidden on the next one.
 *
 * Return whether the focus has to go elsewhere, as no row is left.
 */
export function keepStop(rows, active) {
  const stop = rows.find((row) => row.button.tabIndex === 0);
  const focused = rows.find((row) => row.button === active);
  if (stop && !stop.item.hidden && !focused?.item.hidden) return false;
  const at = rows.indexOf(focused ?? stop);
  const shown = rows.filter((row) => !row.item.hidden);
  const next = shown.find((row) => rows.indexOf(row) > at) ?? shown.at(-1);
  if (!next) return Boolean(focused);
  setStop(rows, next);
  if (focused) next.button.focus();
  return false;
}

/** Return the row that a key leads to from another, or undefined. */
export function neighbor(rows, button, key) {
  const shown = rows.filter((row) => !row.item.hidden);
  const at = shown.findIndex((row) => row.button === button);
  if (at < 0) return undefined;
  const { direction, gridTemplateColumns } = getComputedStyle(shown[at].item.parentElement);
  const onward = direction === "rtl" ? -1 : 1;
  if (key === "ArrowRight") return shown[at + onward];
  if (key === "ArrowLeft") return shown[at - onward];
  if (key === "Home") return shown[0];
  if (key === "End") return shown.at(-1);
  if (key !== "ArrowDown" && key !== "ArrowUp") return undefined;
  // Every part begins a line of its own.
  const columns = gridTemplateColumns.split(" ").length;
  const lines = [];
  for (const row of shown) {
    const line = lines.at(-1);
    if (!line || line.length === columns || line[0].part !== row.part) lines.push([row]);
    else line.push(row);
  }
  const line = lines.findIndex((each) => each.includes(shown[at]));
  const next = lines[line + (key === "ArrowDown" ? 1 : -1)];
  return next?.[Math.min(lines[line].indexOf(shown[at]), next.length - 1)];
}
