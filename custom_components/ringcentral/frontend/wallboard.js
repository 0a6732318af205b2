// The wallboard: what Home Assistant knows of each followed extension, as rows on a page.
// A plain custom element without a build step.

import { Announcer } from "./announcer.js";
import { Banner } from "./banner.js";
import { Counts } from "./counts.js";
import { durations } from "./duration.js";
import { keepStop, neighbor, setStop } from "./focus.js";
import { reorder } from "./order.js";
import { Room, setHeight } from "./room.js";
import { PARTS, byState, connections, extensions } from "./roster.js";
import { Row, make, write } from "./row.js";
import { KINDS } from "./states.js";
import { STYLE } from "./style.js";

const OWN = "component.ringcentral.selector.wallboard.options";
const SECOND = 1000;
// Rows that are sorted by state move at most so often.
const REORDER = SECOND;
const PAGE = 15 * SECOND;
// Beyond so many lamps that blink at once, none does.
const MOST_BLINKING = 40;
const BLINKING = new Set(["ringing", "on_hold", "parked_call"]);

export class Wallboard extends HTMLElement {
  #config = {};
  #hass;
  #shown = {}; // the parts of hass that rows were built of
  #rows = [];
  #parts = {};
  #frame = 0;
  #timer = 0;
  #isInView = false;
  #skew = 0; // milliseconds by which this clock is ahead of Home Assistant's
  #connections = [];
  #page = 0;
  #pages = { count: 1, size: Infinity };
  #turned = 0; // when a page was
  #ordered = 0; // when rows were, by state
  #isHeld = false; // somebody points at the rows
  #counts = new Counts(() => this.#arrange());
  #banner = new Banner();
  #room = new Room(this);
  #announcer;
  #duration = durations();
  #inView = new IntersectionObserver(([entry]) => {
    this.#isInView = entry.isIntersecting;
    this.#wake();
  });
  #box = null; // the size of what rows are to fill on a wall; asking for it would cost a layout each time
  #size = new ResizeObserver(([{ contentRect }]) => {
    this.#box = contentRect;
    this.#fit();
  });
  #resized = () => this.#isWall && this.#setHeight();
  #wake = () => {
    // Nothing is looked at, not even the time, while nobody can see it.
    clearInterval(this.#timer);
    if (!this.#isVisible) return;
    this.#timer = setInterval(() => this.#tick(), SECOND);
    this.#schedule();
  };

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.heading = make("h2");
    this.search = make("input", { type: "search" });
    this.search.addEventListener("input", () => this.#arrange());
    this.page = make("span", { class: "page" });
    this.lists = make("div", { class: "parts" });
    for (const part of PARTS) this.#parts[part] = this.#part();
    this.lists.append(...PARTS.map((part) => this.#parts[part].section));
    this.lists.addEventListener("keydown", (event) => this.#move(event));
    this.lists.addEventListener("focusin", (event) => setStop(this.#rows, this.#rows.find((row) => row.button === event.target)));
    this.lists.addEventListener("pointerenter", () => { this.#isHeld = true; });
    this.lists.addEventListener("pointerleave", () => { this.#isHeld = false; });
    this.nobody = make("p", { class: "nobody", hidden: "" });
    const status = make("p", { class: "spoken", role: "status" });
    this.#announcer = new Announcer(status);
    // Not <header>: a page with two boards would have two banners.
    const head = make("div", { class: "head" }, this.heading, this.#counts.element, this.page, this.search);
    this.shadowRoot.append(make("style", {}, STYLE), make("ha-card", {}, head, this.#banner.element, this.lists, this.nobody, status));
  }

  setConfig(config) {
    this.#config = config;
    this.#shown = {};
    if (this.#isWall) this.setAttribute("mode", "wall");
    else this.removeAttribute("mode");
    this.removeAttribute("layout");
    this.toggleAttribute("callers", Boolean(config.show_callers));
    if (Number(config.columns)) this.style.setProperty("--columns", `repeat(${Number(config.columns)}, minmax(0, 1fr))`);
    else this.style.removeProperty("--columns");
    this.#schedule();
  }

  /** Where the card is: "grid" in a section, which may give it a height. */
  set layout(layout) {
    this.inSection = layout === "grid";
  }

  set hass(hass) {
    // Its texts come with the integration's others; once they are there, `localize` is another one.
    if (!this.#hass) hass.loadBackendTranslation?.("selector", "ringcentral");
    this.#hass = hass;
    this.#schedule();
  }

  /** How high it is about, in 50 pixels. */
  get size() {
    return Math.max(3, Math.ceil(this.offsetHeight / 50));
  }

  connectedCallback() {
    this.#inView.observe(this);
    this.#size.observe(this.lists);
    document.addEventListener("visibilitychange", this.#wake);
    window.addEventListener("resize", this.#resized);
  }

  disconnectedCallback() {
    this.#inView.disconnect();
    this.#size.disconnect();
    document.removeEventListener("visibilitychange", this.#wake);
    window.removeEventListener("resize", this.#resized);
    clearInterval(this.#timer);
    this.#announcer.stop();
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#isInView = false;
  }

  get #isVisible() {
    return this.#isInView && !document.hidden;
  }

  get #isWall() {
    return this.#config.mode === "wall";
  }

  #own = (key, values) => this.#hass.localize(`${OWN}.${key}`, values) || "";

  /** Look once per frame, however many states came. */
  #schedule() {
    if (this.#frame || !this.#hass || !this.#isVisible) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  #update() {
    const { entities, devices, localize, states, themes } = this.#hass;
    const shown = this.#shown;
    this.toggleAttribute("dark", Boolean(themes?.darkMode));
    if (shown.entities !== entities || shown.devices !== devices || shown.localize !== localize) {
      this.#shown = { entities, devices, localize };
      this.#build();
    }
    // A state that is another object has changed; all others cost one comparison.
    const changed = this.#rows.filter((row) => row.keys.some((key) => states[row.ids[key]] !== row.states[key]));
    for (const row of changed) this.#show(row);
    if (changed.length) this.#arrange();
    this.#banner.show(this.#hass, this.#connections, this.#skew, this.#own);
  }

  #show(row) {
    const { localize, states } = this.#hass;
    const before = row.states[row.main];
    const now = states[row.ids[row.main]];
    this.#compare(Date.parse(now?.last_updated), Boolean(before) && before !== now);
    const isOther = row.show(states, { localize, own: this.#own }, this.#config.show_callers);
    if (before && isOther && row.kind === "ringing") this.#announcer.rings(row.name);
    this.#tickRow(row);
    if (this.#config.show_callers) this.#room.fitCaller(row);
  }

  /** Learn how far this clock is off, by a state that came this moment or claims to be of the future. */
  #compare(updated, isNew) {
    const ahead = Date.now() - updated;
    if (Number.isNaN(ahead) || (!isNew && ahead >= 0)) return;
    this.#skew = Math.abs(ahead) < 3 * SECOND ? 0 : ahead;
  }

  #part() {
    const text = make("span");
    const title = make("h3", {}, text);
    const list = make("ul", { role: "list" });
    return { section: make("div", { hidden: "" }, title, list), title, text, list };
  }

  #build() {
    const { localize, locale } = this.#hass;
    const focused = this.shadowRoot.activeElement?.parentElement?.dataset.device;
    this.heading.textContent = this.#config.title ?? "";
    this.heading.hidden = !this.#config.title;
    this.search.hidden = this.#isWall;
    this.search.placeholder = localize("ui.common.search");
    this.search.setAttribute("aria-label", localize("ui.common.search"));
    this.#duration = durations(locale?.language);
    const rows = extensions(this.#hass, this.#config).map((extension, place) => new Row(extension, place));
    this.#room.measure(rows, localize, this.#own("waiting", { count: 88 }));
    rows.forEach((row) => this.#show(row));
    this.#rows = this.#config.sort === "state" ? byState(rows) : rows;
    for (const part of PARTS) {
      const { list, text } = this.#parts[part];
      text.textContent = this.#own(part);
      list.setAttribute("aria-label", text.textContent);
      list.replaceChildren(...this.#rows.filter((row) => row.part === part).map((row) => row.item));
    }
    this.#counts.build(localize, { isFixed: this.#isWall, hasParked: this.#rows.some((row) => row.part === "parked") });
    this.#connections = connections(this.#hass, this.#rows);
    const count = this.#rows.length;
    this.setAttribute("size", count <= 24 ? "large" : count <= 60 ? "normal" : "dense");
    if (this.#isWall) this.#setHeight();
    const again = this.#rows.find((row) => row.device.id === focused) ?? this.#rows[0];
    setStop(this.#rows, again);
    if (focused) again?.button.focus();
    this.#arrange();
    if (!this.#isWall) this.#room.fitDesk(this.#rows);
  }

  /** Hide what is not asked for, count everybody once, and put everything in its place. */
  #arrange() {
    if (this.#config.sort === "state") this.#reorder();
    const { group } = this.#counts;
    const words = this.#isWall ? [] : this.search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const paged = [];
    let visible = 0;
    for (const row of this.#rows) {
      // On a wall, a place for parked calls stays where it is.
      const isOut = (row.isIdlePlace && !this.#isWall) || (row.kind === "offline" && this.#config.show_offline === false);
      const isAsked = group ? row.group === group : !isOut;
      const isHidden = !isAsked || (row.isIdlePlace && !this.#isWall) || !words.every((word) => row.search.includes(word));
      if (row.part === "people" && this.#isWall && !isHidden) paged.push(row);
      else this.#hide(row, isHidden);
      if (!isHidden) visible += 1;
    }
    if (this.#isWall && this.#box) this.#fitWall(paged.length);
    paged.forEach((row, index) => this.#hide(row, Math.floor(index / this.#pages.size) !== this.#page));
    write(this.page, this.#pages.count > 1 ? `${this.#page + 1} / ${this.#pages.count}` : "");
    this.#showParts();
    this.toggleAttribute("many", this.#rows.filter((row) => !row.item.hidden && BLINKING.has(row.kind)).length > MOST_BLINKING);
    const counts = this.#counts.show(this.#rows);
    if (keepStop(this.#rows, this.shadowRoot.activeElement)) this.search.focus();
    this.nobody.hidden = visible > 0;
    if (!visible) write(this.nobody, this.#hass.localize("ui.components.combo-box.no_match"));
    this.#announcer.say(this.#hass.localize(KINDS.ringing.word), counts);
  }

  #hide(row, isHidden) {
    if (row.item.hidden === isHidden) return;
    row.item.hidden = isHidden;
    this.#tickRow(row);
  }

  get #isHeaded() {
    return this.#rows.some((row) => row.part !== this.#rows[0].part);
  }

  /** Head the parts where there are several of them, also where one of them is empty now. */
  #showParts() {
    const isHeaded = this.#isHeaded;
    for (const part of PARTS) {
      const { section, title } = this.#parts[part];
      section.hidden = !this.#rows.some((row) => row.part === part && !row.item.hidden);
      title.hidden = !isHeaded;
    }
  }

  #reorder() {
    if (Date.now() - this.#ordered < REORDER) return; // the next second does it
    const rows = byState(this.#rows);
    if (rows.every((row, index) => row === this.#rows[index])) return;
    this.#ordered = Date.now();
    this.#rows = rows;
    reorder(rows, (row) => this.#parts[row.part].list, this.shadowRoot);
  }

  #tick() {
    for (const row of this.#rows) this.#tickRow(row);
    if (!this.#hass) return;
    this.#banner.show(this.#hass, this.#connections, this.#skew, this.#own);
    const isDue = !this.#isHeld && !this.shadowRoot.activeElement && Date.now() - this.#turned >= PAGE;
    if (isDue && this.#pages.count > 1) this.#turn(1);
    else if (this.#config.sort === "state") this.#arrange();
  }

  /** Show the next page of people, or the one before. */
  #turn(by) {
    const { count } = this.#pages;
    const hasFocus = this.#rows.some((row) => row.button === this.shadowRoot.activeElement);
    this.#page = (this.#page + by + count) % count;
    this.#turned = Date.now();
    this.#arrange();
    if (hasFocus) this.#rows.find((row) => !row.item.hidden).button.focus();
  }

  #tickRow(row) {
    row.tick(Date.now() - this.#skew, this.#duration, this.getAttribute("layout") === "line");
  }

  #setHeight() {
    setHeight(this, this.inSection && this.#config.grid_options?.rows !== "auto");
  }

  #fit() {
    if (!this.#rows.length) return;
    if (this.#isWall) this.#arrange();
    else this.#room.fitDesk(this.#rows);
  }

  #fitWall(people) {
    const sizes = PARTS.map((part) => (part === "people" ? people : this.#rows.filter((row) => row.part === part).length));
    const pages = this.#room.fitWall(this.#rows, this.#box, sizes, this.#isHeaded ? sizes.filter(Boolean).length : 0, this.#config);
    if (!pages) return;
    this.#pages = pages;
    this.#turned = Date.now();
    if (this.#page >= pages.count) this.#page = 0;
    for (const row of this.#rows) this.#tickRow(row);
  }

  #move(event) {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (by && this.#pages.count > 1) {
      event.preventDefault();
      this.#turn(by);
      return;
    }
    const next = neighbor(this.#rows, event.target, event.key);
    if (!next) return;
    event.preventDefault();
    next.button.focus();
  }
}
customElements.define("ringcentral-wallboard-board", Wallboard);
