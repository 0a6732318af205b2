// The card's editor: a form of Home Assistant's own fields.

const TEXTS = "component.ringcentral.selector.wallboard.options";

/** Return the form in the language of `localize`. */
export function configForm(localize) {
  const text = (key) => localize(`${TEXTS}.${key}`) || key;
  const choices = (name, ...values) => ({
    select: { mode: "dropdown", options: values.map((value) => ({ value, label: text(`${name}_${value}`) })) },
  });
  return {
    schema: [
      { name: "title", selector: { text: {} } },
      { name: "mode", default: "desk", selector: choices("mode", "desk", "wall") },
      { name: "sort", default: "name", selector: choices("sort", "name", "number", "state") },
      // An account's device has no call event.
      { name: "devices", selector: { device: { multiple: true, filter: [{ integration: "ringcentral" }], entity: [{ integration: "ringcentral", domain: "event" }] } } },
      { name: "areas", selector: { area: { multiple: true, device: { integration: "ringcentral" } } } },
      { name: "labels", selector: { label: { multiple: true } } },
      { name: "columns", selector: { number: { min: 1, max: 20, mode: "box" } } },
      { name: "show_offline", default: true, selector: { boolean: {} } },
      { name: "show_callers", default: false, selector: { boolean: {} } },
    ],
    computeLabel: ({ name }) => text(name),
    computeHelper: ({ name }) => (["mode", "columns", "devices", "show_callers"].includes(name) ? text(`${name}_help`) : undefined),
  };
}
