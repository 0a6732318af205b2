// The wallboard: a lamp, name, number, state and since when for each followed extension.
// A plain custom element without a build step. Whatever comes from outside becomes textContent.

const TYPE = "custom:ringcentral-wallboard";
const OF = "component.ringcentral.entity";
const STATUS = `${OF}.sensor.status.state`;
const PARKED = `${OF}.sensor.telephony_status.state.parked_call`;

// The entities a row is made of, by translation key. Large accounts lack some: a row takes what is there.
const KEYS = new Set([
  "status", "telephony_status", "call_started",
]);

// What a lamp can show: the group it is counted in, and the integration's own word for it. The names are
// the states of the status sensor, which ranks what an extension does; this card ranks nothing.
const KINDS = {
  ringing: ["ringing", `${STATUS}.ringing`],
  dialing: ["call", `${STATUS}.dialing`],
  on_call: ["call", `${STATUS}.on_call`],
  on_hold: ["call", `${STATUS}.on_hold`],
  parked_call: ["parked", PARKED],
  do_not_disturb: ["busy", `${STATUS}.do_not_disturb`],
  in_meeting: ["busy", `${STATUS}.in_meeting`],
  busy: ["busy", `${STATUS}.busy`],
  available: ["free", `${STATUS}.available`],
  offline: ["offline", `${STATUS}.offline`],
  unknown: ["unknown", "state.default.unknown"],
  unavailable: ["unknown", "state.default.unavailable"],
};
const GROUPS = {
  free: `${STATUS}.available`,
  ringing: `${STATUS}.ringing`,
  call: `${STATUS}.on_call`,
  busy: `${STATUS}.busy`,
  offline: `${STATUS}.offline`,
  parked: PARKED,
  unknown: "state.default.unavailable",
};
const RARE = new Set(["parked", "unknown"]); // not worth a place while nobody is
const CALLS = new Set(["ringing", "dialing", "on_call", "on_hold", "parked_call"]); // timed by the second
// A queue, pick-up group or park location has no status: its calls are all there is.
const OF_CALLS = { call_connected: "on_call", ringing: "ringing", on_hold: "on_hold", parked_call: "parked_call" };

const list = (value) => (value == null ? [] : [].concat(value));

/** The entity that a row shows, and opens. */
const main = (ids) => ids.status ?? ids.telephony_status;

/** Every extension that a configuration asks for: its device, number, and entity ids by key. */
function extensions(hass, config) {
  const found = new Map();
  const areas = new Set(list(config.areas));
  const labels = new Set(list(config.labels));
  const numbers = new Set(list(config.extensions).map(String));
  const takesAll = !areas.size && !labels.size && !numbers.size;
  for (const entity of Object.values(hass.entities)) {
    if (entity.platform !== "ringcentral" || !KEYS.has(entity.translation_key)) continue;
    const device = hass.devices[entity.device_id];
    if (!device) continue;
    let extension = found.get(device.id);
    if (!extension) {
      const number = (device.model ?? "").replace(/^\D+/, "");
      extension = { device, number, name: device.name_by_user || device.name || number, ids: {}, area: device.area_id };
      extension.isTaken = takesAll || areas.has(device.area_id) || numbers.has(number) || device.labels?.some((label) => labels.has(label));
      found.set(device.id, extension);
    }
    extension.ids[entity.translation_key] = entity.entity_id;
    // An entity may be in another area than its device, and have labels of its own.
    extension.isTaken ||= areas.has(entity.area_id) || entity.labels?.some((label) => labels.has(label));
    extension.area ??= entity.area_id;
  }
  const { compare } = new Intl.Collator(hass.locale?.language, { numeric: true });
  const [first, second] = config.sort === "number" ? ["number", "name"] : ["name", "number"];
  return [...found.values()]
    .filter((extension) => extension.isTaken && main(extension.ids))
    .sort((a, b) => compare(a[first], b[first]) || compare(a[second], b[second]));
}

/** What the lamp shows, and the time since which it does. */
function judge({ status, telephony_status: telephony, call_started: call }) {
  const shown = status ?? telephony;
  const kind = status ? status.state : OF_CALLS[telephony?.state] ?? telephony?.state;
  const since = Date.parse(shown?.attributes.since ?? shown?.last_changed);
  if (!shown || kind === "unavailable") return ["unavailable", NaN];
  if (!KINDS[kind]) return ["unknown", NaN];
  // Unlike the state, the call's own start outlives a call that was held meanwhile.
  const began = kind === "on_call" ? Date.parse(call?.state) : NaN;
  return [kind, Number.isNaN(began) ? since : began];
}

const STYLE = `
:host { display: block; --lamp: 14px; --pad: 10px; --column: 14rem; }
:host([size="large"]) { --lamp: 20px; --pad: 16px; --column: 18rem; font-size: 1.15em; }
:host([size="dense"]) { --lamp: 12px; --pad: 4px; --side: 6px; --column: 160px; --gap: 4px; --between: 7px; font-size: 0.9em; }
ha-card { display: block; padding: 8px; container-type: inline-size; color: var(--primary-text-color);
  background: none; border: none; box-shadow: none; }
[hidden] { display: none !important; }
h2 { margin: 0; margin-inline: 4px auto; font-size: 1.5em; font-weight: 400; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-bottom: 12px; }
.groups { display: flex; flex-wrap: wrap; gap: 6px; }
input, button { font: inherit; color: inherit; border: 1px solid var(--divider-color); background: none; }
input, .groups button { min-height: 36px; box-sizing: border-box; padding: 0 12px; border-radius: 18px; }
input { flex: 1 1 8rem; max-width: 20rem; min-width: 0; }
.groups button { display: flex; align-items: center; gap: 8px; cursor: pointer; }
.groups b { font-weight: 500; font-variant-numeric: tabular-nums; }
.groups [aria-pressed="true"] { border-color: var(--primary-color); background: var(--secondary-background-color); }
input:focus-visible, button:focus-visible { outline: 2px solid var(--primary-color); outline-offset: 1px; }
ul { display: grid; gap: var(--gap, 6px); margin: 0; padding: 0; list-style: none;
  grid-template-columns: var(--columns, repeat(auto-fill, minmax(min(100%, var(--column)), 1fr))); }
@container (max-width: 500px) {
  input { max-width: none; }
  ul { font-size: 14px; --pad: 8px; --lamp: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 160px), 1fr)); }
}
/* Of a size of its own, so that a text which changes makes the browser lay out this row, not all. */
li { contain: strict; content-visibility: auto; height: calc(2.6em + 2 * var(--pad) + 2px); }
li button { display: grid; grid-template-columns: auto 1fr auto; column-gap: var(--between, 10px); align-items: center; width: 100%; box-sizing: border-box;
  height: 100%; padding: var(--pad) var(--side, var(--pad)); border-radius: 10px; text-align: start; line-height: 1.3; cursor: pointer;
  background: var(--ha-card-background, var(--card-background-color)); }
li button:focus-visible { outline-offset: -2px; }
li .lamp { grid-row: span 2; }
.name { grid-column: 2 / 4; font-weight: 500; }
.name, .state { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.state, .number { font-size: 0.88em; color: var(--secondary-text-color); }
.number, time { font-variant-numeric: tabular-nums; }
time:not(:empty)::before { content: " · "; }
li[data-kind="ringing"] button { border-color: var(--red-color, #f44336); background: var(--secondary-background-color);
  box-shadow: inset 0 0 0 1px var(--red-color, #f44336); }
/* Browsers of before 2023 drop a rule with a mix they do not know: plain colors first. */
@supports (background: color-mix(in srgb, red, blue)) {
  .groups [aria-pressed="true"] { background: color-mix(in srgb, var(--primary-color) 20%, transparent); }
  li[data-kind="ringing"] button { background: color-mix(in srgb, var(--red-color, #f44336) 14%, var(--card-background-color)); }
}
li[data-kind="ringing"] .state { color: inherit; }
.lamp { position: relative; flex: none; width: var(--lamp); height: var(--lamp); border-radius: 50%; box-sizing: border-box;
  background: var(--color); forced-color-adjust: none; }
.groups .lamp { --lamp: 12px; }
[data-kind="ringing"], [data-kind="dialing"], [data-kind="on_call"] { --color: var(--red-color, #f44336); }
[data-kind="on_hold"], [data-kind="parked_call"], [data-kind="in_meeting"], [data-kind="busy"] { --color: var(--amber-color, #ffc107); }
[data-kind="do_not_disturb"] { --color: var(--purple-color, #926bc7); }
[data-kind="available"] { --color: var(--green-color, #4caf50); }
[data-kind="offline"] .lamp, [data-kind="unknown"] .lamp, [data-kind="unavailable"] .lamp {
  background: none; border: 2px solid var(--secondary-text-color); opacity: 0.7; }
[data-kind="do_not_disturb"] .lamp::after { content: ""; position: absolute; inset: 42% 20%; background: #fff; }
li[data-kind="ringing"] .lamp { animation: blink 0.4s steps(1) infinite; }
li[data-kind="on_hold"] .lamp, li[data-kind="parked_call"] .lamp { animation: blink 1.6s steps(1) infinite; }
@keyframes blink { 50% { opacity: 0.15; } }
@media (prefers-reduced-motion: reduce) {
  li .lamp { animation: none !important; }
  li[data-kind="ringing"] .lamp { box-shadow: 0 0 0 4px rgb(244 67 54 / 40%); }
}
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.nobody { margin: 12px 4px; color: var(--secondary-text-color); }
`;

/** An element with its attributes and children; strings become text, never markup. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export class Wallboard extends HTMLElement {
  #config = {};
  #hass;
  #shown = {}; // the parts of hass that rows were built of
  #rows = [];
  #groups = {};
  #group = null;
  #frame = 0;
  #timer = 0;
  #isInView = false;
  #spoken = 0;
  #speech = 0;
  #rings = []; // names of those that began to ring and were not spoken of yet
  #skew = 0; // milliseconds by which this clock is ahead of Home Assistant's
  #observer = new IntersectionObserver(([entry]) => {
    this.#isInView = entry.isIntersecting;
    this.#wake();
  });
  #wake = () => {
    // Nothing is looked at, not even the time, while nobody can see it.
    clearInterval(this.#timer);
    if (!this.#isVisible) return;
    this.#timer = setInterval(() => this.#rows.forEach((row) => this.#tell(row)), 1000);
    this.#schedule();
  };

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.title_ = make("h2");
    this.search = make("input", { type: "search" });
    this.search.addEventListener("input", () => this.#filter());
    this.chips = make("div", { class: "groups", role: "group" });
    for (const group of Object.keys(GROUPS)) this.chips.append(this.#chip(group));
    this.list = make("ul", { role: "list" });
    this.list.addEventListener("keydown", (event) => this.#move(event));
    this.list.addEventListener("focusin", (event) => this.#enter(event.target));
    this.nobody = make("p", { class: "nobody", hidden: "" });
    this.status = make("p", { class: "spoken", role: "status" });
    const header = make("header", {}, this.title_, this.chips, this.search);
    this.shadowRoot.append(make("style", {}, STYLE), make("ha-card", {}, header, this.list, this.nobody, this.status));
  }

  setConfig(config) {
    this.#config = config;
    this.#shown = {};
    if (Number(config.columns)) this.style.setProperty("--columns", `repeat(${Number(config.columns)}, minmax(0, 1fr))`);
    else this.style.removeProperty("--columns");
    this.#schedule();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#schedule();
  }

  connectedCallback() {
    this.#observer.observe(this);
    document.addEventListener("visibilitychange", this.#wake);
  }

  disconnectedCallback() {
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#wake);
    clearInterval(this.#timer);
    clearTimeout(this.#speech);
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#isInView = false;
  }

  get #isVisible() {
    return this.#isInView && !document.hidden;
  }

  /** Look once per frame, however many states came. */
  #schedule() {
    if (this.#frame || !this.#hass || !this.#isVisible) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#update();
    });
  }

  #update() {
    const { entities, devices, localize, states } = this.#hass;
    const shown = this.#shown;
    if (shown.entities !== entities || shown.devices !== devices || shown.localize !== localize) {
      this.#shown = { entities, devices, localize };
      this.#build();
    }
    // A state that is another object has changed; all others cost one comparison.
    const changed = this.#rows.filter((row) => row.keys.some((key) => states[row.ids[key]] !== row.states[key]));
    for (const row of changed) {
      const before = row.states[row.main];
      for (const key of row.keys) row.states[key] = states[row.ids[key]];
      const now = row.states[row.main];
      this.#compare(Date.parse(now?.last_updated), Boolean(before) && before !== now);
      const kind = row.kind;
      this.#show(row);
      if (before && row.kind === "ringing" && kind !== "ringing") this.#rings.push(row.name);
    }
    if (changed.length) this.#filter();
  }

  /** Learn how far this clock is off, by a state that came this moment or claims to be of the future. */
  #compare(updated, isNew) {
    const ahead = Date.now() - updated;
    if (Number.isNaN(ahead) || (!isNew && ahead >= 0)) return;
    this.#skew = Math.abs(ahead) < 3000 ? 0 : ahead;
  }

  #build() {
    const { localize } = this.#hass;
    const focused = this.shadowRoot.activeElement?.parentElement?.dataset.device;
    this.title_.textContent = this.#config.title ?? "";
    this.title_.hidden = !this.#config.title;
    this.search.placeholder = localize("ui.common.search");
    this.search.setAttribute("aria-label", localize("ui.common.search"));
    this.chips.setAttribute("aria-label", localize("ui.components.related-filter-menu.filter"));
    for (const [group, { text }] of Object.entries(this.#groups)) text.textContent = localize(GROUPS[group]);
    this.#rows = extensions(this.#hass, this.#config).map((extension) => this.#row(extension));
    this.list.replaceChildren(...this.#rows.map((row) => row.item));
    const count = this.#rows.length;
    this.setAttribute("size", count <= 24 ? "large" : count <= 60 ? "normal" : "dense");
    const again = this.#rows.find((row) => row.device.id === focused) ?? this.#rows[0];
    if (again) this.#enter(again.button);
    if (focused) again?.button.focus();
    this.#filter();
  }

  #row(extension) {
    const [state, time] = [make("span"), make("time", { "aria-hidden": "true" })];
    const name = make("span", { class: "name", title: extension.name, dir: "auto" }, extension.name);
    const button = make("button", { type: "button", tabindex: "-1" },
      make("span", { class: "lamp" }), name, make("span", { class: "state" }, state, time),
      make("span", { class: "number" }, extension.number));
    button.addEventListener("click", () => this.dispatchEvent(new CustomEvent("hass-more-info", {
      bubbles: true, composed: true, detail: { entityId: main(extension.ids) },
    })));
    const item = make("li", { "data-device": extension.device.id }, button);
    const words = `${extension.name} ${extension.number}`.toLocaleLowerCase();
    return { ...extension, item, button, state, time, words, keys: Object.keys(extension.ids), main: extension.ids.status ? "status" : "telephony_status", states: {} };
  }

  #chip(group) {
    const [count, text] = [make("b"), make("span")];
    const kind = Object.keys(KINDS).find((each) => KINDS[each][0] === group);
    const looks = { call: "on_call", busy: "busy" }[group] ?? kind;
    const button = make("button", { type: "button", "aria-pressed": "false", "data-kind": looks }, make("span", { class: "lamp" }), count, text);
    button.addEventListener("click", () => {
      this.#group = this.#group === group ? null : group;
      this.#filter();
    });
    this.#groups[group] = { button, count, text };
    return button;
  }

  #show(row) {
    [row.kind, row.since] = judge(row.states);
    // A place for parked calls has nothing to say until there is one.
    row.isIdlePlace = !row.ids.status && !CALLS.has(row.kind);
    [row.group, row.word] = KINDS[row.kind];
    row.item.dataset.kind = row.kind;
    row.state.textContent = this.#hass.localize(row.word);
    this.#tell(row);
  }

  /** Show since when; only a text that is another one is written. */
  #tell(row) {
    if (row.item.hidden) return;
    const text = Number.isNaN(row.since) ? "" : this.#duration(Math.max(0, (Date.now() - this.#skew - row.since) / 1000), CALLS.has(row.kind));
    if (row.time.textContent !== text) row.time.textContent = text;
  }

  #duration(seconds, isCall) {
    const whole = Math.floor(seconds);
    if (isCall && whole < 86400) {
      const two = (number) => String(Math.floor(number) % 60).padStart(2, "0");
      return whole < 3600 ? `${Math.floor(whole / 60)}:${two(whole)}` : `${Math.floor(whole / 3600)}:${two(whole / 60)}:${two(whole)}`;
    }
    if (whole < 60) return `<${this.#duration(60)}`;
    const [unit, length] = whole < 3600 ? ["minute", 60] : whole < 86400 ? ["hour", 3600] : ["day", 86400];
    const language = this.#hass.locale?.language;
    this.formats ??= {};
    // Making a format costs far more than using it.
    const format = (this.formats[`${language} ${unit}`] ??= new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }));
    return format.format(Math.floor(whole / length));
  }

  /** Hide what is not asked for, and count everybody once. */
  #filter() {
    const counts = Object.fromEntries(Object.keys(GROUPS).map((group) => [group, 0]));
    const words = this.search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    for (const row of this.#rows) {
      const isOut = row.isIdlePlace || (this.#config.show_offline === false && row.kind === "offline");
      if (!row.isIdlePlace && row.group) counts[row.group] += 1;
      const isAsked = (!this.#group || row.group === this.#group) && words.every((word) => row.words.includes(word));
      const hidden = !isAsked || (isOut && this.#group !== row.group);
      if (row.item.hidden !== hidden) {
        row.item.hidden = hidden;
        this.#tell(row);
      }
      if (!hidden) visible += 1;
    }
    for (const [group, { button, count }] of Object.entries(this.#groups)) {
      if (count.textContent !== String(counts[group])) count.textContent = counts[group];
      button.hidden = RARE.has(group) && !counts[group] && this.#group !== group;
      button.setAttribute("aria-pressed", this.#group === group);
    }
    this.#keepFocus();
    this.nobody.hidden = visible > 0;
    if (!visible) this.nobody.textContent = this.#hass.localize("ui.components.combo-box.no_match");
    this.#speak(counts);
  }

  /** Tell screen readers who began to ring, and the counts; what comes too soon after the last is caught up with. */
  #speak(counts) {
    clearTimeout(this.#speech);
    const wait = this.#spoken + (this.#rings.length ? 3000 : 15000) - Date.now();
    if (wait > 0) {
      this.#speech = setTimeout(() => this.#speak(counts), wait);
      return;
    }
    const { localize } = this.#hass;
    const rings = [...new Set(this.#rings)].map((name) => `${name}: ${localize(KINDS.ringing[1])}`);
    const told = Object.keys(counts).filter((group) => counts[group])
      .map((group) => `${counts[group]} ${localize(GROUPS[group])}`);
    this.#rings = [];
    const text = [...rings, ...told].join(", ");
    if (this.status.textContent === text) return;
    this.#spoken = Date.now();
    this.status.textContent = text;
  }

  /** Let one visible row have the tab stop, and the focus of a row that was hidden go on to the next. */
  #keepFocus() {
    const stop = this.#rows.find((row) => row.button.tabIndex === 0);
    const focused = this.#rows.find((row) => row.button === this.shadowRoot.activeElement);
    if (stop && !stop.item.hidden && !focused?.item.hidden) return;
    const at = this.#rows.indexOf(focused ?? stop);
    const visible = this.#rows.filter((row) => !row.item.hidden);
    const next = visible.find((row) => this.#rows.indexOf(row) > at) ?? visible.at(-1);
    if (!next) {
      if (focused) this.search.focus();
      return;
    }
    this.#enter(next.button);
    if (focused) next.button.focus();
  }

  /** One row is in the tab order, so that 200 are one step; arrows go on from there. */
  #enter(button) {
    this.list.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
    button.setAttribute("tabindex", "0");
  }

  #move(event) {
    const rows = this.#rows.filter((row) => !row.item.hidden);
    const at = rows.findIndex((row) => row.button === event.target);
    const style = getComputedStyle(this.list);
    const columns = style.gridTemplateColumns.split(" ").length;
    const onward = style.direction === "rtl" ? -1 : 1;
    const to = {
      ArrowRight: at + onward, ArrowLeft: at - onward, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: rows.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    rows[to]?.button.focus();
  }
}
customElements.define("ringcentral-wallboard-board", Wallboard);

export const configForm = {
  schema: [
    { name: "title", selector: { text: {} } },
    { name: "areas", selector: { area: { multiple: true, device: { integration: "ringcentral" } } } },
    { name: "labels", selector: { label: { multiple: true } } },
    { name: "extensions", selector: { text: { multiple: true } } },
    { name: "sort", selector: { select: { mode: "dropdown", options: [{ value: "name", label: "Name" }, { value: "number", label: "Number" }] } } },
    { name: "columns", selector: { number: { min: 1, max: 12, mode: "box" } } },
    { name: "show_offline", default: true, selector: { boolean: {} } },
  ],
  computeLabel: ({ name }) => ({
    title: "Title", areas: "Areas", labels: "Labels", extensions: "Extension numbers",
    sort: "Order", columns: "Columns (empty: as many as fit)", show_offline: "Show who is offline",
  })[name],
};

/** A dashboard of one view for everybody, and one for each area when there are several. */
export function dashboard(config, hass) {
  const { type: _type, ...options } = config;
  const all = extensions(hass, options);
  const areas = [...new Set(all.map((extension) => extension.area))].filter((area) => hass.areas[area]);
  const view = (title, path, icon, card) => ({ title, path, icon, type: "panel", cards: [{ type: TYPE, ...options, ...card }] });
  return {
    views: [
      view(config.title ?? "RingCentral", "wallboard", "mdi:phone-in-talk", {}),
      ...(areas.length > 1 ? areas.map((area) => view(hass.areas[area].name, area, hass.areas[area].icon, { areas: [area], title: hass.areas[area].name })) : []),
    ],
  };
}
