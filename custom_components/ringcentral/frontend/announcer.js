// What screen readers hear: who starts to ring, and the counts. What comes too soon waits its turn.

import { write } from "./row.js";

const AFTER_RING = 3_000;
const AFTER_COUNTS = 15_000;

export class Announcer {
  #element;
  #rings = []; // names of those that began to ring and were not announced yet
  #last = 0;
  #timer = 0;

  constructor(element) {
    this.#element = element;
  }

  rings(name) {
    this.#rings.push(name);
  }

  /** Announce; `ringing` is the word for it, and `counts` are texts. */
  say(ringing, counts) {
    clearTimeout(this.#timer);
    const wait = this.#last + (this.#rings.length ? AFTER_RING : AFTER_COUNTS) - Date.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.say(ringing, counts), wait);
      return;
    }
    const text = [...new Set(this.#rings)].map((name) => `${name}: ${ringing}`).concat(counts).join(", ");
    this.#rings = [];
    if (this.#element.textContent === text) return;
    this.#last = Date.now();
    write(this.#element, text);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
