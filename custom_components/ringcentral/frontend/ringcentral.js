// What every page of Home Assistant loads: names and stubs. The board itself is fetched when a
// dashboard shows it, so whoever looks at none pays for these few lines alone.

const TYPE = "custom:ringcentral-wallboard";
const NAME = "RingCentral wallboard";
const DESCRIPTION = "Who is free, busy or on a call: a lamp for each extension";

// The query is that of this file: a new version of both is fetched at the same time.
const board = () => import(`./wallboard.js${new URL(import.meta.url).search}`);

class RingCentralWallboard extends HTMLElement {
  #config;
  #hass;
  #board;

  setConfig(config) {
    this.#config = config;
    if (this.#board) this.#board.setConfig(config);
    else this.#load();
  }

  set hass(hass) {
    this.#hass = hass;
    if (this.#board) this.#board.hass = hass;
  }

  async #load() {
    try {
      const { Wallboard } = await board();
      if (this.#board) return;
      this.#board = new Wallboard();
    } catch {
      // Home Assistant was restarted with another version, or cannot be reached.
      this.textContent = `${NAME}: could not be loaded. Reload the page.`;
      return;
    }
    this.#board.setConfig(this.#config);
    if (this.#hass) this.#board.hass = this.#hass;
    this.replaceChildren(this.#board);
  }

  getCardSize() {
    return 8;
  }

  getGridOptions() {
    return { columns: "full", min_columns: 3 };
  }

  static getStubConfig() {
    return {};
  }

  static async getConfigForm() {
    return (await board()).configForm;
  }
}

class RingCentralWallboardStrategy extends HTMLElement {
  static async generate(config, hass) {
    return (await board()).dashboard(config, hass);
  }
}

const define = (tag, element) => customElements.get(tag) || customElements.define(tag, element);
define("ringcentral-wallboard", RingCentralWallboard);
define("ll-strategy-dashboard-ringcentral-wallboard", RingCentralWallboardStrategy);

(window.customCards ??= []).push({
  type: "ringcentral-wallboard",
  name: NAME,
  description: DESCRIPTION,
  preview: true,
  getEntitySuggestion: (hass, entityId) =>
    hass.entities[entityId]?.platform === "ringcentral" ? { config: { type: TYPE } } : null,
});

(window.customStrategies ??= []).push({
  type: "ringcentral-wallboard",
  strategyType: "dashboard",
  name: NAME,
  description: DESCRIPTION,
});
