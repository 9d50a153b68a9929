"use strict";
// Words, signs and times: the same as in the terminal (headway.estimate.phrase, headway_viewer.formatting).
const SIGNS = {
  completed: "✓", failed: "✗", crashed: "✗", cancelled: "⊗", running: "▶", waiting: "‖", pending: "·",
  silent: "?", stopped: "■", ended: "□",
};
const OPEN = new Set(["running", "waiting", "pending"]);
const UNKNOWN = "calculating";
let ahead = 0; // seconds that the broker's clock is ahead of ours

const element = (id) => document.getElementById(id);

function make(name, kind, text) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  if (text !== undefined) made.textContent = text;
  return made;
}

function say(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

function paintSign(target, state) {
  const kind = `sign ${state}`;
  if (target.className !== kind) target.className = kind;
  say(target, SIGNS[state] || "·");
}

function now() {
  return Date.now() / 1000 + ahead;
}

function rounded(value) { // as Python rounds: halves to the even neighbour
  const near = Math.round(value);
  return Math.abs(value % 1) === 0.5 && near % 2 ? near - 1 : near;
}

function duration(seconds) {
  const all = Math.max(seconds, 0);
  if (all < 0.95) return all >= 0.05 ? `${all.toFixed(1)} s` : "0 s";
  const whole = rounded(all);
  const two = (large, unit, small, below) => (small ? `${large} ${unit} ${small} ${below}` : `${large} ${unit}`);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 86400) return two(Math.floor(whole / 3600), "h", Math.floor(whole / 60) % 60, "min");
  return two(Math.floor(whole / 86400), "d", Math.floor(whole / 3600) % 24, "h");
}

function unitOf(seconds) {
  if (seconds < 57.5) return ["s", 1, "seconds"];
  if (seconds < 57.5 * 60) return ["min", 60, "minutes"];
  if (seconds < 36 * 3600) return ["h", 3600, "hours"];
  return ["days", 86400, "days"];
}

function figure(value, unit) {
  const step = unit === "s" ? (value < 20 ? 1 : 5) : value < 2.75 ? 0.5 : value < 20 ? 1 : 5;
  const near = rounded(value / step) * step;
  return `${unit === "s" ? Math.max(1, near) : near}`;
}

function words(low, median, high) {
  const apart = (high + 1) / (low + 1);
  if (apart > 20) return UNKNOWN;
  if (high < 5) return "a few seconds";
  const [unit, size, vague] = unitOf(apart <= 2.6 || apart > 6 ? median : high);
  if (apart <= 2.6) return `about ${figure(median / size, unit)} ${unit}`;
  if (apart > 6) return vague;
  const first = figure(low / size, unit);
  const last = figure(high / size, unit);
  if (first === last) return `about ${last} ${unit}`;
  const ends = low / size < 0.75 ? `up to ${last}` : `${first}–${last}`;
  if (median < 570) return `${ends} ${unit}`;
  const [middle, middleSize] = unitOf(median);
  return `about ${figure(median / middleSize, middle)} ${middle} (${middle === unit ? ends : `${ends} ${unit}`})`;
}

// For how long it has run; time in which its process was stopped is told apart.
function lasted(operation) {
  const end = OPEN.has(operation.state) ? now() : operation.ended;
  const paused = (operation.stops || []).reduce((sum, [since, until]) =>
    sum + Math.max(0, Math.min(until === null ? end : until, end) - Math.max(since, operation.started)), 0);
  const worked = duration(end - operation.started - paused);
  return paused >= 1 ? `${worked} (paused for ${duration(paused)})` : worked;
}

function remaining(operation) {
  const made = operation.estimate;
  if (!OPEN.has(operation.state)) return operation.elapsed === null ? "" : lasted(operation);
  if (operation.state === "pending") return "";
  const passed = Math.max(now() - operation.told, 0);
  const told = made ? words(...[made.low, made.median, made.high].map((value) => Math.max(value - passed, 0))) : UNKNOWN;
  if (told !== UNKNOWN) return told;
  if (operation.state === "waiting" && !made) return "";
  return operation.started ? `${lasted(operation)} so far` : UNKNOWN; // which says more
}

function grouped(value) { // "1,234.5"; what the browser has for it takes 30 ms at first
  const [whole, rest] = String(Math.round(value * 10) / 10).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
}

function amount(stage) {
  if (stage.done === null) return "";
  const bytes = ["B", "bytes"].includes(stage.unit);
  const one = (value) => {
    if (!bytes) return grouped(value);
    const power = Math.min(Math.floor(Math.log10(Math.max(Math.abs(value), 1)) / 3), 5);
    return `${(value / 1000 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB", "PB"][power]}`;
  };
  if (stage.unit === "%") return `${one(stage.done)} %`;
  const unit = bytes || !stage.unit ? "" : ` ${stage.unit}`;
  return stage.total === null ? `${stage.done ? one(stage.done) + unit : ""}` : `${one(stage.done)}/${one(stage.total)}${unit}`;
}

// The stage whose count stands for an operation of which no whole is known, as in the terminal
// (headway_viewer.picture.wording.active_stage), or null where it has no total.
function countedStage(operation) {
  const running = operation.stages.filter((stage) => stage.state === "running");
  const ids = new Set(running.map((stage) => stage.id));
  const outermost = running.filter((stage) => !ids.has(stage.parent));
  outermost.sort((one, other) => (other.started || 0) - (one.started || 0) || other.id - one.id);
  const counting = (stage, deep = 0) => {
    if (stage.done || stage.total || deep > 50) return stage;
    for (const inside of running) {
      const found = inside.parent === stage.id ? counting(inside, deep + 1) : null;
      if (found && (found.done || found.total)) return found;
    }
    return null;
  };
  for (const stage of outermost) {
    const found = counting(stage);
    if (found && found.total && found.done < found.total) return found;
  }
  return null;
}

function awaited(reason) { // "for the dpkg lock", with or without its preposition
  if (!reason) return "waiting";
  if (/^(paused$|stopping)/.test(reason)) return reason;
  return /^(for|on|until) /.test(reason) ? `waiting ${reason}` : `waiting for ${reason}`;
}

function stoppedSince(operation) { // its process: Ctrl+Z, SIGSTOP
  const last = (operation.stops || []).slice(-1)[0];
  return last && last[1] === null && OPEN.has(operation.state) ? last[0] : null;
}

// The state that its sign tells: a loop that was left early has completed, but not all of it.
function stateOf(operation) {
  if (OPEN.has(operation.state)) {
    if (stoppedSince(operation) !== null) return "stopped";
    return operation.silent_since === null ? operation.state : "silent";
  }
  return operation.state === "completed" && operation.reason ? "stopped" : operation.state;
}

function doing(operation) {
  const parts = [];
  const stopped = stoppedSince(operation);
  if (OPEN.has(operation.state)) {
    if (operation.unheard_since) parts.push(`host not heard for ${duration(now() - operation.unheard_since)}`);
    else if (operation.no_broker_since) parts.push(`host up, no broker for ${duration(now() - operation.no_broker_since)}`);
    else if (stopped !== null) parts.push(`stopped for ${duration(now() - stopped)}`);
    else if (operation.silent_since !== null) parts.push(`no contact for ${duration(now() - operation.silent_since)}`);
  }
  if (operation.state === "waiting") parts.push(awaited(operation.reason));
  else if (OPEN.has(operation.state)) {
    for (const stage of operation.stages.filter((one) => ["running", "waiting"].includes(one.state)).slice(-2)) {
      parts.push([stage.name, amount(stage), stage.detail || stage.reason].filter(Boolean).join(" "));
    }
    if (operation.stalled_since) parts.push(`no progress for ${duration(now() - operation.stalled_since)}`);
  } else {
    parts.push(stateOf(operation));
    if (operation.exit_status) parts.push(`exit ${operation.exit_status}`);
    const said = operation.error || operation.message || operation.reason;
    if (said !== `exit status ${operation.exit_status}`) parts.push(said);
  }
  return parts.filter(Boolean).join(", ");
}
