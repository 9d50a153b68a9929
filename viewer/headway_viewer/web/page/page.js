"use strict";
// The replica of the page: id → operation as `headway ps --json` has it. Names and texts come from
// programs of anybody: they reach the document by `textContent` alone.
const operations = new Map();
const rows = new Map(); // id → the elements of its row
const hosts = new Set(); // of the operations
const open = new Set(); // ids whose details are shown
const explanations = new Map(); // id → what `headway why` tells of it: {going, told}
const remembered = new Map(); // id → an operation that the broker no longer has, but the history
let changed = new Set();
let ahead = 0; // seconds that the broker's clock is ahead of ours
let source = null;
let due = false;
let looked = false; // whether the operation of the address was opened

const SIGNS = {
  completed: "✓", failed: "✗", crashed: "✗", cancelled: "–", ended: "·", running: "▸", waiting: "‖", pending: "·",
};
const RANK = { running: 0, waiting: 1, pending: 2, failed: 3, crashed: 3, cancelled: 4, completed: 4, ended: 4 };
const OPEN = new Set(["running", "waiting", "pending"]);
const ATTEMPTS = 3; // to learn of the earlier runs of what is looked at
const SLICE = 8; // milliseconds of work between two frames of the browser
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

function now() {
  return Date.now() / 1000 + ahead;
}

// Words: the same as in the terminal (headway.estimate.phrase, headway_viewer.formatting).

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
  if (apart > 20) return "calculating";
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

function remaining(operation) {
  const made = operation.estimate;
  if (!OPEN.has(operation.state)) return operation.elapsed === null ? "" : duration(operation.elapsed);
  if (operation.state === "pending") return "";
  if (!made) return operation.state === "waiting" ? "" : "calculating";
  const passed = Math.max(now() - operation.told, 0);
  return words(...[made.low, made.median, made.high].map((value) => Math.max(value - passed, 0)));
}

function amount(stage) {
  if (stage.done === null) return "";
  const bytes = ["B", "bytes"].includes(stage.unit);
  const one = (value) => {
    if (!bytes) return value.toLocaleString("en", { maximumFractionDigits: 1 });
    const power = Math.min(Math.floor(Math.log10(Math.max(Math.abs(value), 1)) / 3), 5);
    return `${(value / 1000 ** power).toFixed(power ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB", "PB"][power]}`;
  };
  if (stage.unit === "%") return `${one(stage.done)} %`;
  const unit = bytes || !stage.unit ? "" : ` ${stage.unit}`;
  return stage.total === null ? `${stage.done ? one(stage.done) + unit : ""}` : `${one(stage.done)}/${one(stage.total)}${unit}`;
}

function doing(operation) {
  const parts = [];
  if (OPEN.has(operation.state)) {
    if (operation.unheard_since) parts.push(`host not heard for ${duration(now() - operation.unheard_since)}`);
    else if (operation.no_broker_since) parts.push(`host up, no broker for ${duration(now() - operation.no_broker_since)}`);
    else if (operation.silent_since !== null) parts.push("silent");
  }
  if (operation.state === "waiting") parts.push(operation.reason ? `waiting: ${operation.reason}` : "waiting");
  else if (OPEN.has(operation.state)) {
    for (const stage of operation.stages.filter((one) => ["running", "waiting"].includes(one.state)).slice(-2)) {
      parts.push([stage.name, amount(stage), stage.detail || stage.reason].filter(Boolean).join(" "));
    }
    if (operation.stalled_since) parts.push(`no progress for ${duration(now() - operation.stalled_since)}`);
  } else {
    parts.push(operation.state);
    if (operation.exit_status) parts.push(`exit ${operation.exit_status}`);
    const said = operation.error || operation.message || operation.reason;
    if (said !== `exit status ${operation.exit_status}`) parts.push(said);
  }
  return parts.filter(Boolean).join(", ");
}

// What a row is called: where there are several hosts, which one, too.
function titleOf(operation) {
  const name = operation.name || "(no name)";
  return hosts.size > 1 && operation.host ? `${operation.host}: ${name}` : name;
}

function matches(operation, word) {
  return titleOf(operation).toLowerCase().includes(word) || operation.state.includes(word) || operation.id.startsWith(word)
    || Object.entries(operation.labels || {}).some(([key, value]) => `${key}=${value}`.toLowerCase().includes(word));
}

// Rows.

function makeRow(id) {
  const item = make("li");
  const button = make("button", "row");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  const row = {
    item, button, bar: null, more: null,
    sign: make("span", "sign"), name: make("span", "name"), left: make("span", "left"), doing: make("span", "doing"),
  };
  row.sign.setAttribute("aria-hidden", "true");
  button.append(row.sign, row.name, row.left, row.doing);
  button.addEventListener("click", () => {
    if (!open.delete(id)) open.add(id);
    history.replaceState(null, "", open.has(id) ? `#${id}` : location.pathname);
    paintRow(id);
  });
  item.append(button);
  rows.set(id, row);
  return row;
}

function paintRow(id) {
  const operation = operations.get(id);
  const row = rows.get(id) || makeRow(id);
  row.item.className = operation.state;
  say(row.sign, SIGNS[operation.state] || "·");
  say(row.name, titleOf(operation));
  say(row.left, remaining(operation));
  say(row.doing, doing(operation));
  paintBar(row, operation);
  paintMore(row, operation);
}

function paintBar(row, operation) {
  const shown = operation.progress !== null && (OPEN.has(operation.state) || operation.state === "failed");
  if (!shown) {
    if (row.bar) row.bar.remove();
    row.bar = null;
    return;
  }
  if (!row.bar) {
    row.bar = make("progress");
    row.bar.max = 1;
    row.button.after(row.bar);
  }
  row.bar.value = operation.progress;
  row.bar.setAttribute("aria-label", `${titleOf(operation)}, ${Math.floor(operation.progress * 100)} %`);
}

function paintMore(row, operation) {
  const shown = open.has(operation.id);
  row.button.setAttribute("aria-expanded", String(shown));
  if (!shown) {
    if (row.more) row.more.remove();
    row.more = null;
    return;
  }
  if (!row.more) {
    row.more = make("div", "more");
    row.facts = make("dl");
    row.stages = make("ol", "stages");
    row.stages.setAttribute("aria-label", "Stages");
    row.legend = make("p", "legend");
    for (const [key, words] of [["chain", "made its length"], ["usual", "usual"]]) {
      const entry = row.legend.appendChild(make("span", "entry"));
      entry.append(make("span", `key ${key}`), words);
    }
    row.actions = make("div", "actions");
    row.answer = make("span");
    row.answer.setAttribute("role", "status");
    row.more.append(row.facts, row.stages, row.legend, row.actions);
    row.item.append(row.more);
  }
  const told = explained(operation);
  paintFacts(row.facts, operation, told);
  paintStages(row.stages, operation, told);
  row.legend.children[0].hidden = row.stages.querySelector(".chain") === null;
  row.legend.children[1].hidden = row.stages.querySelector(".usual:not([hidden])") === null;
  paintActions(row, operation);
}

function basis(estimate) {
  const runs = `${estimate.runs} earlier run${estimate.runs === 1 ? "" : "s"}`;
  return [estimate.basis.includes("history") && runs, estimate.basis.includes("rate") && "its rate"].filter(Boolean).join(" and ");
}

function paintFacts(list, operation, told) {
  const usual = operation.usual;
  const estimate = operation.estimate;
  const facts = [
    ["id", operation.id],
    ["process", [operation.pid, operation.user && `of ${operation.user}`, operation.host && `on ${operation.host}`].filter(Boolean).join(" ")],
    ["started", operation.started && new Date(operation.started * 1000).toLocaleString()],
    ["running for", operation.started && OPEN.has(operation.state) && duration(now() - operation.started)],
    [usual && usual.runs === 1 ? "one earlier run" : "usually", usual && duration(typeof usual === "number" ? usual : usual.median)],
    ["estimate from", OPEN.has(operation.state) && estimate && basis(estimate)],
    ["held by", operation.holder && ((operations.get(operation.holder) || {}).name || operation.holder)],
    ["this run", told && told.earlier && told.earlier.length && told.verdict],
    ["error", operation.error],
  ].filter(([, value]) => value);
  const text = JSON.stringify(facts);
  if (list.dataset.text === text) return;
  list.dataset.text = text;
  list.replaceChildren(...facts.flatMap(([name, value]) => [make("dt", "", name), make("dd", name === "error" ? "error" : "", String(value))]));
}

// What `headway why` tells of an operation that is looked at: asked once while it goes on, once when it has ended.
function explained(operation) {
  const going = OPEN.has(operation.state);
  let kept = explanations.get(operation.id);
  if (!kept || kept.going !== going) {
    kept = { going, told: kept ? kept.told : null };
    explanations.set(operation.id, kept);
    explain(operation.id, kept, 1);
  }
  return kept.told;
}

async function explain(id, kept, attempt) {
  const told = await ask(id);
  kept.told = told || kept.told;
  changed.add(id);
  schedule();
  // The lookup may have failed, or the history not have stored the run yet.
  if ((!told || !told.usual) && attempt < ATTEMPTS) setTimeout(() => explain(id, kept, attempt + 1), 3000 * attempt);
}

async function ask(id) {
  try {
    const response = await fetch(`/operations/${encodeURIComponent(id)}/why`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

// The stages against time and against their usual: those of the run, then those that it usually has.
function paintStages(list, operation, told) {
  const begun = operation.started || 0;
  const end = operation.ended || now();
  const lines = stageLines(operation, told, begun, end);
  const whole = Math.max(end - begun, 0.001, ...lines.map((line) => (line.usual ? line.usual.start + line.usual.seconds : 0)));
  while (list.children.length > lines.length) list.lastChild.remove();
  lines.forEach((line, index) => {
    const item = list.children[index] || list.appendChild(makeStage());
    item.className = line.chain ? `${line.state} chain` : line.state;
    const [name, time, count] = item.children;
    const [bar, usual] = time.children;
    say(name, line.name);
    place(bar, line.start, line.seconds, whole);
    place(usual, line.usual ? line.usual.start : null, line.usual ? line.usual.seconds : 0, whole);
    const words = [line.amount, line.start === null ? line.state : duration(line.seconds), line.usual && `${line.usual.runs === 1 ? "before" : "usually"} ${duration(line.usual.seconds)}`];
    say(count, words.filter(Boolean).join(", "));
    if (line.chain) count.append(make("span", "unseen", ", made its length"));
  });
}

function makeStage() {
  const item = make("li");
  const time = make("span", "time");
  time.setAttribute("aria-hidden", "true");
  time.append(make("span", "took"), make("span", "usual"));
  item.append(make("span", "name"), time, make("span", "count"));
  return item;
}

function place(bar, start, seconds, whole) {
  bar.hidden = start === null;
  bar.style.left = `${(Math.max(start || 0, 0) / whole) * 100}%`;
  bar.style.width = `${(Math.max(seconds, 0) / whole) * 100}%`;
}

function stageLines(operation, told, begun, end) {
  const usuals = new Map(told && told.stages ? told.stages.map((stage) => [stage.name, stage]) : []);
  const paths = new Map(); // stage → the path of its names, by which the history knows it
  const times = new Map();
  const lines = operation.stages.map((stage) => {
    const path = paths.has(stage.parent) ? `${paths.get(stage.parent)} / ${stage.name}` : stage.name;
    times.set(path, (times.get(path) || 0) + 1);
    const name = times.get(path) > 1 ? `${path} #${times.get(path)}` : path;
    paths.set(stage.id, name);
    const known = usuals.get(name);
    usuals.delete(name);
    const start = stage.started === null ? null : stage.started - begun;
    const seconds = start === null ? 0 : (stage.ended || end) - stage.started;
    const chain = Boolean(known && known.chain);
    return { name: stage.name, state: stage.state, start, seconds, amount: amount(stage), usual: usualOf(known), chain };
  });
  if (lines.every((line) => line.chain || line.start === null)) for (const line of lines) line.chain = false;
  for (const stage of usuals.values()) {
    const usual = usualOf(stage);
    if (stage.seconds === null && usual) {
      lines.push({ name: stage.name, state: "did not run", start: null, seconds: 0, amount: "", usual, chain: false });
    }
  }
  return lines;
}

function usualOf(stage) {
  if (!stage || !stage.usual || stage.usual_start === null) return null;
  return { start: stage.usual_start, seconds: stage.usual.median, runs: stage.usual.runs };
}

// An operation that the broker no longer has, by the address of its page: what the history knows.
async function remember(id) {
  const told = await ask(id);
  if (!told || operations.has(id)) return;
  const seconds = told.seconds || 0;
  const stages = (told.stages || []).filter((stage) => stage.start !== null).map((stage, index) => (
    { id: index, parent: null, name: stage.name, state: "completed", started: stage.start, ended: stage.end, done: null, total: null, unit: null }
  ));
  explanations.set(id, { going: false, told });
  remembered.set(id, {
    id, name: told.name, state: told.state, reason: told.reason, started: 0, ended: seconds, elapsed: told.seconds, stages,
    progress: null, estimate: null, usual: told.usual, silent_since: null, error: null, message: null, parent: null,
  });
  put(remembered.get(id), now());
  open.add(id);
  schedule();
}

function lookAt(id) {
  if (!/^[0-9a-z]{3,32}$/.test(id)) return;
  if (!operations.has(id)) return remember(id);
  open.add(id);
  changed.add(id);
  schedule();
}

function paintActions(row, operation) {
  const wanted = [];
  if (OPEN.has(operation.state)) {
    if (operation.state === "waiting" && operation.reason === "paused") wanted.push("resume");
    else wanted.push("pause");
    if (operation.cancellable) wanted.push("cancel");
  }
  if (row.actions.dataset.verbs === wanted.join()) return;
  row.actions.dataset.verbs = wanted.join();
  row.actions.replaceChildren(...wanted.map((verb) => makeAction(row, operation.id, verb)), row.answer);
}

function makeAction(row, id, verb) {
  const button = make("button", "", verb[0].toUpperCase() + verb.slice(1));
  button.type = "button";
  button.addEventListener("click", async () => {
    if (verb === "cancel" && !button.dataset.sure) {
      button.dataset.sure = "yes";
      button.textContent = "Really cancel?";
      setTimeout(() => { delete button.dataset.sure; button.textContent = "Cancel"; }, 5000);
      return;
    }
    button.disabled = true;
    try {
      const response = await fetch(`/operations/${encodeURIComponent(id)}/${verb}`, { method: "POST" });
      const text = await response.text();
      const answer = response.ok ? JSON.parse(text) : { answer: "refused", reason: text.trim() };
      say(row.answer, [answer.answer, answer.reason].filter(Boolean).join(": "));
    } catch {
      say(row.answer, "headway web does not answer");
    }
    button.disabled = false;
  });
  return button;
}

// Frames: what has changed, in slices that leave the browser time to answer a key.

function schedule() {
  if (!due) {
    due = true;
    requestAnimationFrame(frame);
  }
}

function frame() {
  due = false;
  const until = performance.now() + SLICE;
  for (const id of changed) {
    changed.delete(id);
    if (operations.has(id)) paintRow(id);
    if (performance.now() > until) break;
  }
  if (changed.size) schedule();
  else arrange();
}

function order(one, other) {
  const rank = (RANK[one.state] ?? 5) - (RANK[other.state] ?? 5);
  if (rank) return rank;
  if (OPEN.has(one.state)) return (one.started || 0) - (other.started || 0) || (one.id < other.id ? -1 : 1);
  return (other.ended || 0) - (one.ended || 0) || (one.id < other.id ? -1 : 1);
}

function arrange() {
  const word = element("filter").value.trim().toLowerCase();
  const shown = [...operations.values()]
    .filter((one) => !one.parent || !operations.has(one.parent))
    .filter((one) => !word || matches(one, word))
    .sort(order);
  const list = element("operations");
  let at = list.firstChild;
  for (const operation of shown) {
    const row = rows.get(operation.id);
    if (!row) continue;
    if (row.item === at) at = at.nextSibling;
    else list.insertBefore(row.item, at);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
  element("nothing").hidden = shown.length > 0;
  say(element("nothing"), word ? "No operation matches." : "Nothing is running.");
  const count = (...states) => [...operations.values()].filter((one) => states.includes(one.state)).length;
  const words = [[count("running"), "running"], [count("waiting"), "waiting"], [count("failed", "crashed"), "failed"], [count("completed"), "completed"]]
    .filter(([number]) => number).map(([number, word]) => `${number} ${word}`);
  say(element("summary"), words.join(", ") || "nothing is running");
  document.title = words.length ? `${words[0]} – Headway` : "Headway";
}

// The stream.

function take(line) {
  ahead = line.time - Date.now() / 1000;
  if (line.type === "snapshot") {
    operations.clear();
    for (const operation of line.operations) put(operation, line.time);
    for (const operation of remembered.values()) if (!operations.has(operation.id)) put(operation, line.time);
    if (!looked) lookAt(location.hash.slice(1));
    looked = true;
    for (const [id, row] of rows) {
      if (!operations.has(id)) {
        row.item.remove();
        rows.delete(id);
      }
    }
  } else if (line.type === "operation") {
    const before = operations.get(line.operation.id);
    put(line.operation, line.time);
    if (before && OPEN.has(before.state) && !OPEN.has(line.operation.state)) {
      say(element("ended"), `${titleOf(line.operation)} ${line.operation.state}`);
    }
  } else if (line.type === "removed") {
    for (const id of line.operations) {
      operations.delete(id);
      const row = rows.get(id);
      if (row) row.item.remove();
      rows.delete(id);
      open.delete(id);
      explanations.delete(id);
    }
  }
  schedule();
}

function put(operation, told) {
  operation.told = told;
  if (operation.host) {
    hosts.add(operation.host);
    if (hosts.size === 2) for (const id of operations.keys()) changed.add(id); // each is named by its host now
  }
  operations.set(operation.id, operation);
  changed.add(operation.id);
}

function note(text) {
  element("note").hidden = !text;
  say(element("note"), text);
}

function follow() {
  if (source) return;
  source = new EventSource("/events");
  source.addEventListener("line", (event) => take(JSON.parse(event.data)));
  source.addEventListener("note", (event) => note(event.data));
  source.addEventListener("open", () => note(""));
  source.addEventListener("error", () => {
    note("No connection to headway web; trying again.");
    if (source.readyState === EventSource.CLOSED) {
      source = null;
      setTimeout(() => { if (!document.hidden) follow(); }, 2000);
    }
  });
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return follow();
  if (source) source.close();
  source = null;
});
window.addEventListener("hashchange", () => lookAt(location.hash.slice(1)));
element("filter").addEventListener("input", arrange);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== element("filter")) {
    event.preventDefault();
    element("filter").focus();
  } else if (event.key === "Escape" && document.activeElement === element("filter")) {
    element("filter").value = "";
    arrange();
  }
});
setInterval(() => {
  for (const operation of operations.values()) if (OPEN.has(operation.state)) changed.add(operation.id);
  if (changed.size) schedule();
}, 1000);
follow();
