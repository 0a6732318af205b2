// Who is on the board, in which part of it, and in which order.

import { RANKS } from "./states.js";

// The entities a row is made of, by translation key. Large accounts lack some: a row uses what is there.
const KEYS = new Set(["status", "telephony_status", "call_started", "active_calls"]);

// Parts of the board, in their order. What holds calls without being a person says so by its model id.
export const PARTS = ["people", "queues", "parked"];
const PART_OF = { Department: "queues", GroupCallPickup: "queues", ParkLocation: "parked" };

/** Return the key of the entity that a row shows, and opens. */
export const mainKey = (ids) => (ids.status ? "status" : "telephony_status");

const list = (value) => (value == null ? [] : [].concat(value));

/** Return every extension that a configuration asks for: device, number, part, and entity ids by key. */
export function extensions(hass, config) {
  const asked = {
    devices: new Set(list(config.devices)),
    areas: new Set(list(config.areas)),
    labels: new Set(list(config.labels)),
    numbers: new Set(list(config.extensions).map(String)),
  };
  const wantsAll = Object.values(asked).every((each) => !each.size);
  const found = new Map();
  for (const entity of Object.values(hass.entities)) {
    if (entity.platform !== "ringcentral" || !KEYS.has(entity.translation_key)) continue;
    const device = hass.devices[entity.device_id];
    if (!device) continue;
    let extension = found.get(device.id);
    if (!extension) {
      const number = (device.model ?? "").replace(/^\D+/, "");
      const name = device.name_by_user || device.name || number;
      extension = { device, number, name, ids: {}, area: device.area_id };
      extension.isAsked = wantsAll || asked.devices.has(device.id) || asked.areas.has(device.area_id)
        || asked.numbers.has(number) || Boolean(device.labels?.some((label) => asked.labels.has(label)));
      found.set(device.id, extension);
    }
    extension.ids[entity.translation_key] = entity.entity_id;
    // An entity may be in another area than its device, and have labels of its own.
    extension.isAsked ||= asked.areas.has(entity.area_id) || Boolean(entity.labels?.some((label) => asked.labels.has(label)));
    extension.area ??= entity.area_id;
  }
  const shown = [...found.values()].filter((extension) => extension.isAsked && extension.ids[mainKey(extension.ids)]);
  for (const extension of shown) {
    extension.part = extension.ids.status ? "people" : PART_OF[extension.device.model_id] ?? "parked";
  }
  return shown.sort(byName(hass.locale?.language, config.sort === "number"));
}

function byName(language, byNumber) {
  const { compare } = new Intl.Collator(language, { numeric: true });
  const [first, second] = byNumber ? ["number", "name"] : ["name", "number"];
  return (a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part) || compare(a[first], b[first]) || compare(a[second], b[second]);
}

const byRank = (a, b) => PARTS.indexOf(a.part) - PARTS.indexOf(b.part) || RANKS[a.kind] - RANKS[b.kind] || a.place - b.place;

/** Return rows by what they show; who shows the same is in the order of the roster. */
export const byState = (rows) => [...rows].sort(byRank);

/** Return the entity ids of the push connections of the accounts that devices belong to. */
export function connections(hass, rows) {
  const accounts = new Set(rows.map((row) => row.device.via_device_id));
  return Object.values(hass.entities)
    .filter((entity) => entity.platform === "ringcentral" && entity.translation_key === "push_connected" && accounts.has(entity.device_id))
    .map((entity) => entity.entity_id);
}
