// The look of the board. Nothing newer than Safari 15.4 and Chrome 92 without a plain rule before it.

export const STYLE = `
:host { display: block; --lamp: 20px; --pad: 10px; --column: 14rem;
  --red: #d32f2f; --amber: #b26a00; --violet: #7b1fa2; --green: #2e7d32; --gray: #757575; }
:host([dark]) { --red: #ef5350; --amber: #ffb300; --violet: #ab6bff; --green: #43a047; --gray: #9e9e9e; }
:host([size="large"]) { --lamp: 28px; --pad: 14px; --column: 18rem; font-size: 1.15em; }
:host([size="dense"]) { --lamp: 16px; --pad: 4px; --side: 6px; --column: 160px; --gap: 4px; --between: 7px; font-size: 0.9em; }
ha-card { display: block; padding: 8px; container-type: inline-size; color: var(--primary-text-color);
  background: none; border: none; box-shadow: none; }
[hidden] { display: none !important; }
h2, h3 { margin: 0; font-weight: 400; }
h2 { margin-inline: 4px auto; font-size: 1.5em; }
h3 { padding: 12px 4px 6px; font-size: 1em; line-height: 1.25; color: var(--secondary-text-color); }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: 6px; margin-bottom: 8px; }
.counts { display: contents; }
.counts > * { font-size: 14px; }
input, button { font: inherit; color: inherit; border: 1px solid var(--divider-color); background: none; }
input, .counts > * { min-height: 36px; box-sizing: border-box; padding: 0 12px; border-radius: 18px; }
input { flex: 1 1 9.5rem; max-width: 20rem; min-width: 0; }
input::placeholder { color: var(--secondary-text-color); opacity: 1; }
.counts > * { display: flex; align-items: center; gap: 8px; }
.counts button { cursor: pointer; }
/* A count that is rarely needed comes last. On a wall its place is kept, so that nothing moves when
   it comes; at a desk that place could be a line of its own, an empty one. */
.counts .none { display: none; }
:host([mode="wall"]) .counts .none { display: flex; visibility: hidden; }
.counts [data-kind="unavailable"] { order: 1; }
.counts b { min-width: 2ch; font-weight: 500; text-align: center; font-variant-numeric: tabular-nums; }
.counts .lamp { --lamp: 18px; }
.counts [aria-pressed="true"] { border-color: var(--primary-color); background: var(--secondary-background-color); }
.banner { display: flex; align-items: center; gap: 10px; width: 100%; box-sizing: border-box; margin-bottom: 8px; padding: 10px 14px;
  border: 2px solid var(--amber); border-radius: 10px; font-weight: 500; text-align: start; cursor: pointer;
  background: var(--ha-card-background, var(--card-background-color)); }
.banner .lamp { --color: var(--amber); }
.page:empty { display: none; }
.page { font-variant-numeric: tabular-nums; color: var(--secondary-text-color); }
input:focus-visible, button:focus-visible { outline: 3px solid var(--primary-color); outline-offset: 1px; }
ul { display: grid; gap: var(--gap, 6px); margin: 0; padding: 0; list-style: none;
  grid-template-columns: var(--columns, repeat(auto-fill, minmax(min(100%, var(--column)), 1fr))); }
@container (max-width: 500px) {
  input { flex-basis: 100%; max-width: none; }
  .head { gap: 4px; }
  .counts > * { padding: 0 8px; gap: 5px; }
  .counts b { min-width: 0; }
  :host([mode="wall"]) .counts .none { display: none; }
  .counts .word, .number { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  ul { font-size: 14px; --pad: 8px; --lamp: 20px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 160px), 1fr)); }
}
/* Of a size of its own, so that a text which changes makes the browser lay out this row, not all. */
li { contain: strict; content-visibility: auto; height: calc(2.6em + var(--more, 0em) + 2 * var(--pad) + 2px); }
:host([callers]) { --more: 1em; }
li button { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; column-gap: var(--between, 10px); align-items: center; align-content: center;
  width: 100%; height: 100%; box-sizing: border-box; padding: 0 var(--side, var(--pad)); border-radius: 10px; text-align: start;
  line-height: 1.2; cursor: pointer; overflow: hidden;
  background: linear-gradient(var(--tint, transparent), var(--tint, transparent)), var(--ha-card-background, var(--card-background-color)); }
li button:focus-visible { outline-offset: -3px; }
li .lamp { grid-row: 1 / span 3; }
:host([callers]) li .caller { grid-row: 3; }
.name { grid-column: 2 / 4; font-weight: 500; white-space: nowrap; }
.name.long { font-size: calc(var(--shrink) * 1em); line-height: 1.15; white-space: normal; overflow-wrap: anywhere; }
.state { grid-column: 2; grid-row: 2; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.number { grid-column: 3; grid-row: 2; }
.caller { display: none; grid-column: 2 / 4; white-space: nowrap; font-size: 0.88em; }
.caller.long { line-height: 1.15; white-space: normal; overflow-wrap: anywhere; }
:host([callers]) .caller { display: block; }
.state, .number { font-size: 0.88em; color: var(--secondary-text-color); }
.number, time { font-variant-numeric: tabular-nums; unicode-bidi: isolate; }
time:not(:empty)::before { content: " · "; }
.lamp { display: flex; flex: none; width: var(--lamp); height: var(--lamp); border-radius: 50%; box-sizing: border-box;
  background: var(--color, none); color: #fff; forced-color-adjust: none; }
.lamp svg { width: 70%; height: 70%; margin: auto; fill: currentColor; }
[data-color="red"] { --color: var(--red); }
[data-color="amber"] { --color: var(--amber); }
[data-color="violet"] { --color: var(--violet); }
[data-color="green"] { --color: var(--green); }
:host([dark]) [data-color="amber"] .lamp, :host([dark]) .banner .lamp { color: #000; }
[data-color="none"] .lamp { border: 2px solid var(--gray); color: var(--gray); }
[data-kind="on_call"], [data-kind="dialing"] { --tint: rgba(244, 67, 54, 0.1); }
[data-kind="on_hold"], [data-kind="parked_call"] { --tint: rgba(255, 179, 0, 0.12); }
li[data-kind="ringing"] { --tint: rgba(244, 67, 54, 0.26); }
li[data-kind="ringing"] button { border-color: var(--red); box-shadow: inset 0 0 0 2px var(--red); }
li[data-kind="ringing"] .state, li[data-kind="ringing"] .number { color: inherit; }
li[data-kind="offline"] .name, li[data-kind="no_call"] .name, li[data-kind="unavailable"] .name { color: var(--secondary-text-color); font-weight: 400; }
li[data-kind="ringing"] .lamp { animation: blink 0.4s steps(1) infinite; }
li[data-kind="on_hold"] .lamp, li[data-kind="parked_call"] .lamp { animation: blink 1.6s steps(1) infinite; }
@keyframes blink { 50% { opacity: 0.15; } }
/* A lamp that blinks is a layer of its own: many of them cost more than they say. */
:host([many]) li .lamp { animation: none; }
@media (prefers-reduced-motion: reduce) {
  li .lamp { animation: none !important; }
  li[data-kind="ringing"] .lamp { box-shadow: 0 0 0 4px rgba(244, 67, 54, 0.4); }
}
.spoken, :host([layout="line"]) .state > span { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.nobody { margin: 12px 4px; color: var(--secondary-text-color); }

/* Wall mode: everything is as large as what the board was given to fill. */
:host([mode="wall"]) { height: var(--height, 100%); overflow: hidden; font-size: var(--base, 16px); }
:host([mode="wall"]) ha-card { display: flex; flex-direction: column; height: 100%; box-sizing: border-box; padding: 0.5em; }
:host([mode="wall"]) .head { flex: none; gap: 0.8em; margin-bottom: 0.4em; }
:host([mode="wall"]) .counts > * { font-size: inherit; min-height: 1.5em; padding: 0; gap: 0.4em; }
:host([mode="wall"]) .counts .lamp { --lamp: 1.15em; }
:host([mode="wall"]) .banner { flex: none; padding: 0.3em 0.6em; margin-bottom: 0.4em; font-size: inherit; }
:host([mode="wall"]) .banner .lamp { --lamp: 1.15em; }
:host([mode="wall"]) .parts { flex: 1; min-height: 0; overflow: hidden; font-size: var(--font); }
:host([mode="wall"]) h3 { box-sizing: border-box; height: 1.25em; padding: 0 0.3em; overflow: hidden; line-height: 1.25; }
:host([mode="wall"]) h3 span { font-size: 0.7em; }
:host([mode="wall"]) ul { gap: 0.2em; padding-bottom: 0.2em; font-size: inherit; grid-template-columns: repeat(var(--across), minmax(0, 1fr)); }
:host([mode="wall"]) li { height: var(--row); content-visibility: visible; }
:host([mode="wall"]) li button { padding: 0 0.45em; column-gap: 0.45em; border-width: max(1px, 0.03em); border-radius: 0.25em; }
:host([mode="wall"]) li .lamp { --lamp: 1.35em; }
:host([mode="wall"]) .state, :host([mode="wall"]) .number, :host([mode="wall"]) .caller { font-size: 0.6em; }
:host([mode="wall"]) .name { max-height: 100%; }
:host([layout="double"]) .name { white-space: normal; }
:host([layout="line"]) li button { padding: 0 0.3em; column-gap: 0.3em; }
:host([layout="line"]) li .lamp { --lamp: 1em; grid-row: 1; }
:host([layout="line"]) .name { grid-column: 2; }
:host([layout="line"]) .state { grid-column: 3; grid-row: 1; font-size: 0.75em; }
:host([layout="line"]) li[data-kind="ringing"] button { color: #fff; background: #c62828; border-color: #c62828; box-shadow: none; }
:host([layout="line"]) li[data-kind="ringing"] .lamp { color: #c62828; background: #fff; }
:host([layout="line"]) .number, :host([layout="line"]) .caller { display: none; }
:host([layout="line"]) time:not(:empty)::before { content: none; }
`;
