// A page with the wallboard on it and no Home Assistant behind it: as many people as a test wants,
// who do what it says. The texts are the integration's own.

const FIRST = ["Ana", "Maximilian", "Bo", "Charlotte", "Li", "Giovanni", "Noor", "Sebastian", "Ida", "Aleksandra"];
const LAST = ["Berg", "Featherstonehaugh", "Kim", "de la Cruz Martínez", "Ode", "Wójcik-Kowalczyk", "Fox", "Lindström", "Papadopoulos", "Ng", "Leutheusser-Schnarrenberger"];
const KINDS = ["available", "available", "available", "on_call", "offline", "do_not_disturb", "in_meeting", "busy", "ringing", "on_hold", "available", "dialing"];
const DARK = {
  "--primary-text-color": "#e1e1e1", "--secondary-text-color": "#9b9b9b", "--card-background-color": "#1c1c1c",
  "--primary-background-color": "#111111", "--secondary-background-color": "#282828", "--divider-color": "rgba(225, 225, 225, 0.12)",
};
const LIGHT = {
  "--primary-text-color": "#141414", "--secondary-text-color": "#5e5e5e", "--card-background-color": "#ffffff",
  "--primary-background-color": "#fafafa", "--secondary-background-color": "#e5e5e5", "--divider-color": "rgba(0, 0, 0, 0.12)",
};

const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();

class Stage {
  cards = [];

  constructor({ people = 5, queues = 0, parked = 0, dark = false, language = "en", texts = {}, names = [], at = "0" }) {
    for (const card of document.querySelectorAll("ringcentral-wallboard")) card.remove();
    window.scrollTo(0, 0);
    Object.entries({ ...(dark ? DARK : LIGHT), "--primary-color": "#009ac7" }).forEach(([name, value]) => document.documentElement.style.setProperty(name, value));
    document.body.style.cssText = `margin: 0; padding-top: ${at}; font-family: Roboto, Noto, sans-serif; font-size: 14px; background: var(--primary-background-color);`;
    document.documentElement.lang = language;
    document.dir = ["he", "ar"].includes(language) ? "rtl" : "ltr";
    const localize = (key, values = {}) => (texts[key] ?? "").replace(/\{(\w+)\}/g, (_all, name) => values[name]);
    this.hass = {
      entities: {}, devices: {}, states: {}, areas: {}, localize, connected: true, config: { time_zone: "UTC" },
      locale: { language, time_format: "24", time_zone: "local" }, themes: { darkMode: dark }, loadBackendTranslation: async () => localize,
    };
    this.#add("account", "RingCentral", null, { push_connected: "on" });
    for (let index = 0; index < people; index += 1) {
      const name = names[index] ?? `${FIRST[index % FIRST.length]} ${LAST[Math.floor(index / 3) % LAST.length]}`;
      this.#add(`p${index}`, name, null, { status: KINDS[(index * 7) % KINDS.length], telephony_status: "no_call" }, 101 + index);
    }
    for (let index = 0; index < queues; index += 1) this.#add(`q${index}`, ["Sales", "Customer support", "Billing"][index % 3], "Department", { telephony_status: "no_call", active_calls: "0" }, 301 + index);
    for (let index = 0; index < parked; index += 1) this.#add(`k${index}`, `Park ${index + 1}`, "ParkLocation", { telephony_status: "no_call", active_calls: "0" }, 801 + index);
  }

  #add(id, name, modelId, states, number) {
    this.hass.devices[id] = { id, name, model: number ? `Extension ${number}` : null, model_id: modelId, area_id: null, labels: [], via_device_id: id === "account" ? null : "account" };
    for (const [key, state] of Object.entries(states)) {
      const entityId = `sensor.${id}_${key}`;
      this.hass.entities[entityId] = { entity_id: entityId, device_id: id, platform: "ringcentral", translation_key: key, area_id: null, labels: [] };
      this.hass.states[entityId] = { entity_id: entityId, state, attributes: {}, last_changed: ago(65), last_updated: ago(65) };
    }
  }

  /** Show a card with a configuration; several are below each other. */
  async show(config) {
    const card = document.createElement("ringcentral-wallboard");
    card.setConfig({ type: "custom:ringcentral-wallboard", ...config });
    card.hass = this.hass;
    document.body.append(card);
    this.cards.push(card);
    for (let tries = 0; !card.querySelector("ringcentral-wallboard-board")?.shadowRoot.querySelector("li[data-kind]"); tries += 1) {
      if (tries > 600) throw new Error("no row came");
      await new Promise(requestAnimationFrame);
    }
    await this.settled();
  }

  get board() {
    return document.querySelector("ringcentral-wallboard-board").shadowRoot;
  }

  /** Wait for two frames: one in which the board looks, and one in which it is drawn. */
  async settled() {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
  }

  /** Set states by device and key, as one message of Home Assistant does; a state may have attributes. */
  set(changes, age = 0) {
    const states = { ...this.hass.states };
    for (const [id, keys] of Object.entries(changes)) {
      for (const [key, wanted] of Object.entries(keys)) {
        const entityId = `sensor.${id}_${key}`;
        const { state, ...attributes } = typeof wanted === "string" ? { state: wanted } : wanted;
        states[entityId] = { entity_id: entityId, state, attributes, last_changed: ago(age), last_updated: ago(0) };
      }
    }
    this.hass = { ...this.hass, states };
    for (const card of this.cards) card.hass = this.hass;
  }

  #texts() {
    return [...this.board.querySelectorAll("li:not([hidden])")];
  }

  /** Return what cannot be seen whole, or covers another: nothing, if all is well. */
  faults() {
    const found = [];
    const frame = { left: 0, top: 0, right: document.documentElement.clientWidth, bottom: window.innerHeight };
    const outside = (box, of) => box.left < of.left - 1 || box.top < of.top - 1 || box.right > of.right + 1 || box.bottom > of.bottom + 1;
    const inner = (element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect();
    };
    const boxes = [];
    for (const item of this.#texts()) {
      const box = item.getBoundingClientRect();
      const name = item.querySelector(".name").textContent;
      if (outside(box, frame)) found.push(`${name}: off the screen`);
      boxes.push([box, name]);
      const texts = [...item.querySelectorAll(".name bdi, .state, .number, .caller")].filter((each) => each.textContent && getComputedStyle(each).display !== "none");
      const places = texts.map((each) => [inner(each), each.className || "name"]);
      for (const [place, which] of places) {
        if (which === "state" && this.board.host.getAttribute("layout") === "line") continue;
        if (outside(place, box)) found.push(`${name}: ${which} is cut`);
      }
      for (const each of texts) if (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline") found.push(`${name}: ${each.className} is too wide`);
      const [first, ...others] = places;
      for (const [place, which] of others) {
        if (which !== "state" && place.width && place.left < first[0].right - 1 && place.right > first[0].left + 1 && place.top < first[0].bottom - place.height * 0.35 && place.bottom > first[0].top) found.push(`${name}: covered by ${which}`);
      }
    }
    // Sorted by where they begin, only neighbors can overlap.
    boxes.sort(([a], [b]) => a.top - b.top || a.left - b.left);
    for (let index = 1; index < boxes.length; index += 1) {
      const [[a, first], [b, second]] = [boxes[index - 1], boxes[index]];
      if (b.top < a.bottom - 0.5 && b.left < a.right - 0.5 && b.right > a.left + 0.5) found.push(`${first} overlaps ${second}`);
    }
    if (document.scrollingElement.scrollHeight > window.innerHeight + 1) found.push("the page scrolls");
    return found;
  }

  /** Return the type's size and what the screen is filled with. */
  look() {
    const items = this.#texts();
    const boxes = items.map((item) => item.getBoundingClientRect());
    return {
      rows: items.length,
      font: parseFloat(getComputedStyle(items[0].querySelector("button")).fontSize),
      layout: this.board.host.getAttribute("layout"),
      right: Math.max(...boxes.map((box) => box.right)) / document.documentElement.clientWidth,
      bottom: Math.max(...boxes.map((box) => box.bottom)) / window.innerHeight,
      page: this.board.querySelector(".page").textContent,
    };
  }
}

window.Stage = Stage;
