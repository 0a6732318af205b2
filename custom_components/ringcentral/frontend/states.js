// What a row can show: the color language of docs/colors.md. The kinds are the states of the status
// sensor, which ranks what an extension does; nothing is ranked here.

const ENTITY = "component.ringcentral.entity";
const STATUS = `${ENTITY}.sensor.status.state`;
const TELEPHONY = `${ENTITY}.sensor.telephony_status.state`;

const HANDSET = "M6.6 10.8a15.2 15.2 0 0 0 6.6 6.6l2.2-2.2a1 1 0 0 1 1-.2 11.4 11.4 0 0 0 3.6.5 1 1 0 0 1 1 1V20a1 1 0 0 1-1 1A17 17 0 0 1 3 4a1 1 0 0 1 1-1h3.5a1 1 0 0 1 1 1c0 1.2.2 2.4.6 3.6a1 1 0 0 1-.3 1z";
const QUESTION = "M10.5 16.5h3v3h-3zM7 9a5 5 0 1 1 7.2 4.5c-.5.3-.7.5-.7 1v.5h-3v-1c0-1.4.8-2.5 2-3.1A2 2 0 1 0 10 9z";

// In the order of the status sensor. `group` is the count that a kind belongs to, `word` the
// integration's name for it, `glyph` the shape in the lamp, for whoever sees no colors.
export const KINDS = {
  ringing: { group: "ringing", color: "red", word: `${STATUS}.ringing`,
    glyph: "M21 18v1.5H3V18l2-1.5V11a7 7 0 0 1 5-6.7V4a2 2 0 1 1 4 0v.3a7 7 0 0 1 5 6.7v5.5zM14 20.5a2 2 0 0 1-4 0z" },
  on_call: { group: "call", color: "red", word: `${STATUS}.on_call`, glyph: HANDSET },
  dialing: { group: "call", color: "red", word: `${STATUS}.dialing`, glyph: `${HANDSET}M14 3h7v7l-2.5-2.5-4 4-2-2 4-4z` },
  on_hold: { group: "call", color: "amber", word: `${STATUS}.on_hold`, glyph: "M6.5 5h4v14h-4zM13.5 5h4v14h-4z" },
  parked_call: { group: "parked", color: "amber", word: `${TELEPHONY}.parked_call`,
    glyph: "M7 4h6.5a5.25 5.25 0 0 1 0 10.5h-3V20H7zM10.5 7.3v4h2.7a2 2 0 0 0 0-4z" },
  in_meeting: { group: "busy", color: "red", word: `${STATUS}.in_meeting`, glyph: "M3 6.5h11.5v11H3zM16 10.5l5-4v11l-5-4z" },
  do_not_disturb: { group: "busy", color: "violet", word: `${STATUS}.do_not_disturb`, glyph: "M4 9.8h16v4.4H4z" },
  busy: { group: "busy", color: "red", word: `${STATUS}.busy`, glyph: "M10.3 4.5h3.4v6.6l4.5 2.7-1.7 2.9-6.2-3.7z" },
  available: { group: "free", color: "green", word: `${STATUS}.available`, glyph: "M9.2 19 3.3 13.1l2.4-2.4 3.5 3.5 9.1-9.1 2.4 2.4z" },
  offline: { group: "offline", word: `${STATUS}.offline`, glyph: "M7 4.9 4.9 7l5 5-5 5L7 19.1l5-5 5 5 2.1-2.1-5-5 5-5L17 4.9l-5 5z" },
  no_call: { word: `${TELEPHONY}.no_call`, glyph: "" },
  unknown: { group: "unknown", word: "state.default.unknown", glyph: QUESTION },
  unavailable: { group: "unknown", word: "state.default.unavailable", glyph: QUESTION },
};
export const RANKS = Object.fromEntries(Object.keys(KINDS).map((kind, rank) => [kind, rank]));

// The counts above the rows, in their order: their word, and the kind whose lamp they have.
export const COUNTS = {
  free: { word: `${STATUS}.available`, looks: "available" },
  ringing: { word: `${STATUS}.ringing`, looks: "ringing" },
  call: { word: `${STATUS}.on_call`, looks: "on_call" },
  busy: { word: `${STATUS}.busy`, looks: "busy" },
  offline: { word: `${STATUS}.offline`, looks: "offline" },
  parked: { word: `${TELEPHONY}.parked_call`, looks: "parked_call" },
  unknown: { word: "state.default.unavailable", looks: "unavailable" },
};

const CALLS = new Set(["ringing", "on_call", "dialing", "on_hold", "parked_call"]);

/** Whether a kind is a call: timed by the second. */
export const isCall = (kind) => CALLS.has(kind);

// A queue, pick-up group or park location has no status: its calls are all there is.
const OF_CALLS = { call_connected: "on_call" };

/** Return the kind that states by key amount to, and the time (ms) since when; NaN where there is none. */
export function judge({ status, telephony_status: telephony, call_started: call }) {
  const shown = status ?? telephony;
  const kind = status ? status.state : OF_CALLS[telephony?.state] ?? telephony?.state;
  if (!shown || kind === "unavailable") return ["unavailable", NaN];
  if (!KINDS[kind] || kind === "unknown") return ["unknown", NaN];
  const since = Date.parse(shown.attributes?.since ?? shown.last_changed);
  // Unlike the state, the call's own start outlives a call that was held meanwhile.
  const began = kind === "on_call" ? Date.parse(call?.state) : NaN;
  return [kind, Number.isNaN(began) ? since : began];
}
