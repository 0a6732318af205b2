// The dashboard that the integration offers: a board of everybody, and one for each area.

import { extensions } from "./roster.js";

const TYPE = "custom:ringcentral-wallboard";

/** Return a dashboard of one view for everybody, and one for each area when there are several. */
export function dashboard(config, hass) {
  const { type: _type, ...options } = config;
  const areas = [...new Set(extensions(hass, options).map((extension) => extension.area))].filter((area) => hass.areas[area]);
  const view = (title, path, icon, card) => ({ title, path, icon, type: "panel", cards: [{ type: TYPE, ...options, ...card }] });
  return {
    views: [
      view(config.title ?? "RingCentral", "wallboard", "mdi:phone-in-talk", {}),
      ...(areas.length > 1 ? areas.map((area) => view(hass.areas[area].name, area, hass.areas[area].icon, { areas: [area], title: hass.areas[area].name })) : []),
    ],
  };
}
