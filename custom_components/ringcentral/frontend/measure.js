// How wide texts are, and how small a text has to be to fit whole. All widths are in em.

const BASE = 100;
// A text is laid out a little wider than it measures, where a browser rounds or hints.
const SPARE = 1.03;
export const LINE = 1.15;
const SMALLEST = 0.3;

/** Return a function that measures texts in the font of an element; unwrapped, and by its words. */
export function ruler(element) {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `500 ${BASE}px ${getComputedStyle(element).fontFamily}`;
  const width = (text) => (context.measureText(text).width / BASE) * SPARE;
  const space = width(" ");
  return (text) => ({
    width: width(text),
    space,
    // A line may also end after a hyphen.
    words: text.replace(/-/g, "- ").split(/\s+/).filter(Boolean).map(width),
  });
}

/** Return the least width in which a text fits on two lines. */
export function onTwoLines({ width, words, space }) {
  let least = width;
  for (let left = 0, index = 0; index < words.length - 1; index += 1) {
    left += words[index] + (index ? space : 0);
    least = Math.min(least, Math.max(left, width - left));
  }
  return least;
}

function lines({ words, space }, available) {
  let count = 1;
  let used = 0;
  for (const word of words) {
    if (used && used + space + word <= available) used += space + word;
    else {
      if (used) count += 1;
      // A word longer than a line is broken anywhere, with some room lost.
      count += Math.max(0, Math.ceil((word / available) * 1.1 - 1e-9) - 1) * (word > available ? 1 : 0);
      used = word > available ? available : word;
    }
  }
  return count;
}

/** Return by how much to scale a text so that it fits whole in a box: 1, or less. */
export function scale(text, width, height) {
  if (text.width <= width) return 1;
  for (let factor = 1; factor > SMALLEST; factor -= 0.04) {
    const room = Math.floor(height / (factor * LINE) + 1e-9);
    if (room && (text.width <= width / factor || lines(text, width / factor) <= room)) return factor;
  }
  return SMALLEST;
}
