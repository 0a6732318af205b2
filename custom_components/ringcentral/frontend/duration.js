// How long something has lasted, in few characters.

const two = (number) => String(Math.floor(number) % 60).padStart(2, "0");

/** Return a function that writes milliseconds: of a call as a clock does, else in the largest unit. */
export function durations(language) {
  const formats = {};
  // Making a format costs far more than using it.
  const format = (unit, number) => (formats[unit] ??= new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" })).format(number);
  return (milliseconds, isCall) => {
    const seconds = Math.floor(Math.max(0, milliseconds) / 1000);
    if (isCall && seconds < 3600) return `${Math.floor(seconds / 60)}:${two(seconds)}`;
    if (isCall && seconds < 86400) return `${Math.floor(seconds / 3600)}:${two(seconds / 60)}:${two(seconds)}`;
    if (seconds < 60) return `<${format("minute", 1)}`;
    const [unit, length] = seconds < 3600 ? ["minute", 60] : seconds < 86400 ? ["hour", 3600] : ["day", 86400];
    return format(unit, Math.floor(seconds / length));
  };
}

/** Write a moment (ms) as Home Assistant does: the time, with the date if it is of another day. */
export function moment({ locale = {}, config = {} }, time) {
  const zone = { timeZone: locale.time_zone === "server" ? config.time_zone : undefined };
  const day = new Intl.DateTimeFormat(locale.language, { dateStyle: "short", ...zone });
  const isToday = day.format(time) === day.format(Date.now());
  const hourCycle = { 12: "h12", 24: "h23" }[locale.time_format];
  return new Intl.DateTimeFormat(locale.language, {
    hour: "numeric", minute: "2-digit", hourCycle, ...(isToday ? {} : { day: "numeric", month: "short" }), ...zone,
  }).format(time);
}
