// The banner that says since when there is no connection, to RingCentral or to Home Assistant.

import { moment } from "./duration.js";
import { make, makeLamp, open, write } from "./row.js";

// A connection that comes back at once is nothing to see.
const LOST_FOR = 5_000;

export class Banner {
  #text = make("span");
  #offline = null; // since when this page has no connection to Home Assistant
  #entityId = null;

  constructor() {
    const [lamp] = makeLamp("unknown");
    this.element = make("button", { class: "banner", type: "button", hidden: "" }, lamp, this.#text);
    this.element.addEventListener("click", () => this.#entityId && open(this.element, this.#entityId));
  }

  /** Look at the push connections of accounts, at a time (ms) that is `skew` behind this clock. */
  show(hass, entityIds, skew, own) {
    const now = Date.now() - skew;
    this.#offline = hass.connected === false ? this.#offline ?? now : null;
    const lost = entityIds.map((entityId) => [entityId, hass.states[entityId]])
      .filter(([, state]) => state && state.state !== "on")
      .map(([entityId, state]) => ({ entityId, since: Date.parse(state.last_changed) }));
    if (this.#offline !== null) lost.push({ entityId: null, since: this.#offline });
    const [first] = lost.sort((a, b) => a.since - b.since);
    const isLost = Boolean(first) && now - first.since >= LOST_FOR;
    this.#entityId = isLost ? first.entityId : null;
    if (isLost) write(this.#text, own("no_connection", { time: moment(hass, first.since) }));
    this.element.hidden = !isLost;
  }
}
