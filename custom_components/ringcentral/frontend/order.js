// Rows that change places: put in order with few moves, and seen to move there.

// Beyond so many rows a movement is too much to watch.
const MOST = 300;
const DURATION = 500; // milliseconds

/** Put the elements of a list in an order with as few moves as a change of one of them needs. */
function put(list, items) {
  let cursor = list.firstElementChild;
  for (const item of items) {
    if (cursor === item) {
      cursor = cursor.nextElementSibling;
    } else if (cursor?.nextElementSibling === item) {
      const moved = cursor;
      cursor = item.nextElementSibling;
      list.append(moved);
      // It was the last but one: it is the end now.
      cursor ??= moved;
    } else {
      list.insertBefore(item, cursor);
    }
  }
}

/** Put rows in an order within their lists; they move there, unless motion is unwanted. */
export function reorder(rows, listOf, root) {
  const active = root.activeElement;
  const shown = rows.filter((row) => !row.item.hidden);
  const isMoving = shown.length <= MOST && !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const before = isMoving ? shown.map((row) => row.item.getBoundingClientRect()) : [];
  const lists = new Map();
  for (const row of rows) {
    const list = listOf(row);
    lists.set(list, [...(lists.get(list) ?? []), row.item]);
  }
  for (const [list, items] of lists) put(list, items);
  // An element that is moved loses the focus.
  if (active && root.activeElement !== active) active.focus({ preventScroll: true });
  if (!isMoving) return;
  const after = shown.map((row) => row.item.getBoundingClientRect());
  shown.forEach(({ item }, index) => {
    const x = before[index].left - after[index].left;
    const y = before[index].top - after[index].top;
    if (!before[index].width || (!x && !y)) return;
    item.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: DURATION, easing: "ease-in-out" });
  });
}
