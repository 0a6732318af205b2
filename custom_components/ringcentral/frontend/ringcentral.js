// What every page of Home Assistant loads: names and stubs. The board itself is fetched when a
// dashboard shows it, so whoever looks at none pays for these few lines alone.
//
// All files are in a folder named after their version: a new version of all is fetched at the same time.

const TYPE = "custom:ringcentral-wallboard";
const NAME = "RingCentral wallboard";
// The card picker searches these words, in the language of the page.
const DESCRIPTIONS = {
  en: "Phone extensions: who is free, busy, ringing or on a call",
  da: "Telefonnumre: hvem der er ledig, optaget eller i et opkald, og hvor det ringer",
  de: "Telefon-Nebenstellen: wer frei ist, beschäftigt oder im Gespräch, und wo es klingelt",
  es: "Extensiones de teléfono: quién está disponible, ocupado o en una llamada, y qué teléfono suena",
  fr: "Postes téléphoniques : qui est disponible, occupé ou en ligne, et quel poste sonne",
  it: "Interni del telefono: chi è disponibile, occupato o al telefono, e quale telefono squilla",
  ja: "電話の内線：対応可能な人、取り込み中の人、着信中の人、通話中の人",
  nl: "Telefoontoestellen: wie beschikbaar of bezet is, of in gesprek, en waar de telefoon overgaat",
  pl: "Numery wewnętrzne telefonu: kto jest dostępny, zajęty lub rozmawia i gdzie dzwoni telefon",
  pt: "Ramais de telefone: quem está disponível, ocupado ou em uma chamada, e qual telefone toca",
  sv: "Telefonanknytningar: vem som är ledig, upptagen eller i samtal, och var det ringer",
  zh: "电话分机：谁空闲、忙碌、正在响铃或正在通话",
};
const description = () => DESCRIPTIONS[document.documentElement.lang.slice(0, 2)] ?? DESCRIPTIONS.en;

class RingCentralWallboard extends HTMLElement {
  #config = {};
  #hass;
  #board;
  #layout;

  setConfig(config) {
    if (![undefined, "desk", "wall"].includes(config.mode)) throw new Error("mode: desk or wall");
    if (![undefined, "name", "number", "state"].includes(config.sort)) throw new Error("sort: name, number or state");
    this.#config = config;
    this.style.display = "block";
    this.style.height = "100%";
    if (this.#board) this.#board.setConfig(config);
    else this.#load();
  }

  set hass(hass) {
    this.#hass = hass;
    if (this.#board) this.#board.hass = hass;
  }

  set layout(layout) {
    this.#layout = layout;
    if (this.#board) this.#board.layout = layout;
  }

  async #load() {
    try {
      const { Wallboard } = await import("./wallboard.js");
      if (this.#board) return;
      this.#board = new Wallboard();
    } catch {
      // Home Assistant was restarted with another version, or cannot be reached.
      this.textContent = `${NAME}: could not be loaded. Reload the page.`;
      return;
    }
    this.#board.layout = this.#layout;
    this.#board.setConfig(this.#config);
    if (this.#hass) this.#board.hass = this.#hass;
    this.replaceChildren(this.#board);
  }

  getCardSize() {
    return this.#board?.size ?? 8;
  }

  getGridOptions() {
    if (this.#config.mode === "wall") return { columns: "full", rows: 10, min_columns: 6, min_rows: 4 };
    return { columns: "full", rows: "auto", min_columns: 3 };
  }

  static getStubConfig() {
    return {};
  }

  static async getConfigForm() {
    const { hass } = document.querySelector("home-assistant");
    const [{ configForm }, localize] = await Promise.all([import("./editor.js"), hass.loadBackendTranslation("selector", "ringcentral")]);
    return configForm(localize);
  }
}

class RingCentralWallboardStrategy extends HTMLElement {
  static async generate(config, hass) {
    return (await import("./dashboard.js")).dashboard(config, hass);
  }
}

const define = (tag, element) => customElements.get(tag) || customElements.define(tag, element);
define("ringcentral-wallboard", RingCentralWallboard);
define("ll-strategy-dashboard-ringcentral-wallboard", RingCentralWallboardStrategy);

(window.customCards ??= []).push({
  type: "ringcentral-wallboard",
  name: NAME,
  get description() {
    return description();
  },
  preview: true,
  getEntitySuggestion: (hass, entityId) =>
    hass.entities[entityId]?.platform === "ringcentral" ? { config: { type: TYPE } } : null,
});

(window.customStrategies ??= []).push({
  type: "ringcentral-wallboard",
  strategyType: "dashboard",
  name: NAME,
  get description() {
    return description();
  },
});
