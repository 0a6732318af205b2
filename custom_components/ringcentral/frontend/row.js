// One row of the board: a lamp, name, number, state, and since when. Whatever comes from outside becomes text.

import { mainKey } from "./roster.js";
import { KINDS, isCall, judge } from "./states.js";

const SVG = "http://www.w3.org/2000/svg";

/** Return an element with its attributes and children; strings become text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Return a lamp and what sets its glyph. */
export function makeLamp(kind = "no_call") {
  const path = document.createElementNS(SVG, "path");
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  path.setAttribute("fill-rule", "evenodd");
  picture.append(path);
  const set = (shown) => path.setAttribute("d", KINDS[shown].glyph);
  set(kind);
  return [make("span", { class: "lamp", "aria-hidden": "true" }, picture), set];
}

export const open = (from, entityId) => from.dispatchEvent(new CustomEvent("hass-more-info", { bubbles: true, composed: true, detail: { entityId } }));

export class Row {
  states = {}; // as last shown
  shrink = 1;

  constructor(extension, place) {
    Object.assign(this, extension);
    this.place = place; // by name or number
    this.keys = Object.keys(this.ids);
    this.main = mainKey(this.ids);
    this.search = `${this.name} ${this.number}`.toLocaleLowerCase();
    const [lamp, setGlyph] = makeLamp();
    this.setGlyph = setGlyph;
    this.state = make("span");
    this.time = make("time", { "aria-hidden": "true" });
    this.caller = make("span", { class: "caller" });
    // Names are isolated: they may run in the other direction than the page.
    this.label = make("span", { class: "name" }, make("bdi", {}, this.name));
    this.button = make("button", { type: "button", tabindex: "-1" }, lamp, this.label,
      make("span", { class: "state" }, this.state, this.time), this.caller, make("span", { class: "number" }, this.number));
    this.button.addEventListener("click", () => open(this.button, this.ids[this.main]));
    this.item = make("li", { "data-device": this.device.id }, this.button);
    this.kind = "unknown";
  }

  /** Show states; return whether it is another kind than before. */
  show(states, texts, showsCallers) {
    const before = this.kind;
    for (const key of this.keys) this.states[key] = states[this.ids[key]];
    [this.kind, this.since] = judge(this.states);
    const { group, word, color } = KINDS[this.kind];
    // A queue's calls wait; they ring with its members. Only people and parked calls are counted.
    const isQueue = this.part === "queues";
    this.group = isQueue ? null : group;
    // A place for parked calls has nothing to say until there is one.
    this.isIdlePlace = this.part === "parked" && !isCall(this.kind);
    if (this.item.dataset.kind !== this.kind) {
      this.item.dataset.kind = this.kind;
      this.item.dataset.color = color ?? "none";
      this.setGlyph(this.kind);
    }
    const waiting = isQueue && this.kind === "ringing" ? Number(this.states.active_calls?.state) : 0;
    write(this.state, waiting ? texts.own("waiting", { count: waiting }) : texts.localize(word));
    const caller = showsCallers && isCall(this.kind) ? this.states[this.main]?.attributes?.caller_name ?? "" : "";
    write(this.caller, caller);
    return this.kind !== before;
  }

  /** Show since when, at a time (ms); only a text that is another one is written. */
  tick(now, duration, isShort) {
    if (this.item.hidden) return;
    const isTimed = isCall(this.kind);
    const isShown = !Number.isNaN(this.since) && this.kind !== "no_call" && (!isShort || isTimed);
    write(this.time, isShown ? duration(now - this.since, isTimed && !(isShort && now - this.since > 3_599_000)) : "");
  }

  /** Make a name that is too long smaller, so that it is whole. */
  fit(factor) {
    if (factor === this.shrink) return;
    this.shrink = factor;
    this.label.classList.toggle("long", factor < 1);
    if (factor < 1) this.label.style.setProperty("--shrink", factor.toFixed(2));
    else this.label.style.removeProperty("--shrink");
  }
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
