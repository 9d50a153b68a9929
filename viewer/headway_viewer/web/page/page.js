"use strict";
// The replica of the page: id → operation as `headway ps --json` has it. Names and texts come from
// programs of anybody: they reach the document by `textContent` alone.
const operations = new Map();
const rows = new Map(); // id → the elements of its row
const hosts = new Set(); // of the operations
const open = new Set(); // ids whose details are shown
const changed = new Set(); // ids whose rows are not as they should be
const waiting = []; // lines of the stream that are yet to be taken in
const away = new Set(); // ids of rows of which the browser draws nothing: they are out of view
let moved = true; // whether the list may not be as it should be
let source = null;
let due = false;
let looked = false; // whether the operation of the address was opened

const RANK = { running: 1, waiting: 2, pending: 3, failed: 4, crashed: 4, cancelled: 5, completed: 5, ended: 5 };
const UNREACHED = "No connection to headway web; trying again.";
const SLICE = 8; // milliseconds of work between two frames of the browser
const MANY = 1000; // operations of several hosts: they are counted by host until a filter is typed
let by = null; // what they are counted by, however few they are: "host", or a label; null: as above
const MOST_ADDED = 40; // rows between two frames: the browser lays them out after our work

// What a row is called: where there are several hosts, which one, too.
function titleOf(operation) {
  const name = operation.name || "(no name)";
  return hosts.size > 1 && operation.host ? `${operation.host}: ${name}` : name;
}

function matches(operation, word, exact) {
  const labels = labelsOf(operation);
  if (exact) return labels.includes(word);
  return titleOf(operation).toLowerCase().includes(word) || operation.state.includes(word) || operation.id.startsWith(word)
    || labels.some((label) => label.includes(word));
}

// What a filter of the form key=value means; where it is one of these, it means no other.
function labelsOf(operation) {
  const labels = Object.entries(operation.labels || {}).map(([key, value]) => `${key}=${value}`.toLowerCase());
  if (operation.host) labels.push(`host=${operation.host}`.toLowerCase());
  return labels;
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
  item.addEventListener("contentvisibilityautostatechange", (event) => {
    if (event.target !== item) return;
    if (event.skipped) away.add(id);
    else if (away.delete(id)) refresh(id);
  });
  item.append(button);
  rows.set(id, row);
  return row;
}

function removeRow(id) {
  const row = rows.get(id);
  if (row) row.item.remove();
  rows.delete(id);
  away.delete(id);
}

function paintRow(id) {
  const operation = operations.get(id);
  const row = rows.get(id) || makeRow(id);
  if (row.item.className !== operation.state) row.item.className = operation.state;
  paintSign(row.sign, stateOf(operation));
  say(row.name, titleOf(operation));
  say(row.left, remaining(operation));
  say(row.doing, doing(operation));
  paintBar(row, operation);
  paintMore(row, operation);
}

function paintBar(row, operation) {
  const part = operation.progress === null && operation.state === "running" ? countedStage(operation) : null;
  const share = part ? Math.min(part.done / part.total, 0.999) : operation.progress;
  if (share === null || !(OPEN.has(operation.state) || operation.state === "failed")) {
    if (row.bar) row.bar.remove();
    row.bar = null;
    return;
  }
  if (!row.bar) {
    row.bar = make("progress");
    row.bar.max = 1;
    row.button.after(row.bar);
  }
  if (row.bar.value !== share) row.bar.value = share;
  const told = part ? `${part.name} ${amount(part)}` : `${Math.floor(share * 100)} %`;
  const label = `${titleOf(operation)}, ${told}`;
  if (row.bar.getAttribute("aria-label") !== label) row.bar.setAttribute("aria-label", label);
}

// Frames: what has changed, in slices that leave the browser time to answer a key.

function schedule() {
  if (!due) {
    due = true;
    requestAnimationFrame(frame);
  }
}

function refresh(id) {
  changed.add(id);
  schedule();
}

// What is in view comes first, then the list, then what is out of view.
function frame() {
  due = false;
  const until = performance.now() + SLICE;
  takeWaiting(until);
  paint(until, (id) => rows.has(id) && !away.has(id));
  if (moved && performance.now() < until) moved = !arrange(until);
  if (!moved) paint(until, () => true);
  if (moved || changed.size || waiting.length) schedule();
}

// Take in what has come, half of the time at most: what is there is painted meanwhile.
function takeWaiting(until) {
  let taken = 0;
  while (taken < waiting.length && performance.now() < until - SLICE / 2) {
    take(JSON.parse(waiting[taken]));
    taken += 1;
  }
  waiting.splice(0, taken);
}

function paint(until, wanted) {
  for (const id of changed) {
    if (performance.now() > until) return;
    if (!wanted(id)) continue;
    changed.delete(id);
    if (operations.has(id) && rows.has(id)) paintRow(id);
  }
}

function parentOf(operation) {
  const id = (operation.parent || "").split("/")[0];
  return id && id !== operation.id && operations.has(id) ? id : null;
}

// What a row is sorted by, as in the terminal: what goes on, what broke, and the rest, the latest first. It stands where it did while that is the same.
function placeOf(operation) {
  const time = OPEN.has(operation.state) ? operation.started || 0 : -(operation.ended || 0);
  return { id: operation.id, rank: RANK[operation.state] ?? 6, time };
}

// Bring the list up to date, as far as there is time; return whether it is.
function arrange(until) {
  const word = element("filter").value.trim().toLowerCase();
  const exact = word.includes("=") && [...operations.values()].some((operation) => labelsOf(operation).includes(word));
  const shown = [];
  for (const operation of operations.values()) {
    if (parentOf(operation) === null && (!word || matches(operation, word, exact))) shown.push(placeOf(operation));
  }
  shown.sort((one, other) => one.rank - other.rank || one.time - other.time || (one.id < other.id ? -1 : 1));
  summarize(shown.length, word);
  const grouped = !word && (by !== null || (hosts.size > 1 && shown.length >= MANY));
  paintGroups(grouped ? shown.map((place) => operations.get(place.id)) : []);
  if (grouped) shown.length = 0;
  const list = element("operations");
  const focused = document.activeElement;
  const wanted = new Map();
  for (const place of shown) wanted.set(place.id, place);
  for (const [id, row] of rows) {
    const place = wanted.get(id);
    const stays = place && row.place && place.rank === row.place.rank && place.time === row.place.time;
    if (!stays && row.item.parentNode) row.item.remove();
  }
  let at = list.firstChild;
  let added = 0;
  let whole = true;
  for (const place of shown) {
    const id = place.id;
    const row = rows.get(id);
    if (row && row.item === at) {
      at = at.nextSibling;
      continue;
    }
    if (added && (added >= MOST_ADDED || performance.now() > until)) {
      whole = false;
      break;
    }
    changed.delete(id);
    away.delete(id); // until the browser says so
    paintRow(id);
    rows.get(id).place = place;
    list.insertBefore(rows.get(id).item, at);
    added += 1;
  }
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  return whole;
}

// Hosts, or values of a label, in place of their operations, those with trouble first; one is opened by filtering for it.
function paintGroups(members) {
  const key = by || "host";
  const groups = new Map();
  for (const operation of members) {
    const value = (key === "host" ? operation.host : (operation.labels || {})[key]) ?? null;
    if (!groups.has(value)) groups.set(value, { value, trouble: false, counts: {} });
    const group = groups.get(value);
    const state = operation.unheard_since ? "not heard of" : operation.no_broker_since ? "without a broker" : stateOf(operation);
    group.counts[state] = (group.counts[state] || 0) + 1;
    group.trouble ||= ["failed", "crashed", "not heard of", "without a broker"].includes(state);
  }
  const last = ({ value }) => value === null; // what has none stands behind the others
  const shown = [...groups.values()].sort((one, other) => other.trouble - one.trouble || last(one) - last(other) || (one.value < other.value ? -1 : 1));
  const list = element("groups");
  list.hidden = !shown.length;
  while (list.children.length > shown.length) list.lastChild.remove();
  shown.forEach((group, index) => {
    const button = (list.children[index] || list.appendChild(makeGroup())).firstChild;
    button.dataset.filter = `${key}=${group.value}`;
    button.disabled = group.value === null; // no filter says that
    say(button.children[0], group.value ?? "–");
    say(button.children[1], Object.entries(group.counts).map(([state, number]) => `${number} ${state}`).join(", "));
  });
}

function makeGroup() {
  const item = make("li");
  const button = make("button", "row");
  button.type = "button";
  button.append(make("span", "name"), make("span", "doing"));
  button.addEventListener("click", () => {
    element("filter").value = button.dataset.filter;
    rearrange();
    element("filter").focus();
  });
  item.append(button);
  return item;
}

function summarize(shown, word) {
  element("nothing").hidden = shown > 0;
  say(element("nothing"), word ? "No operation matches." : "Nothing is running.");
  const counts = { running: 0, waiting: 0, failed: 0, stopped: 0, completed: 0 };
  for (const operation of operations.values()) {
    const state = operation.state === "crashed" ? "failed" : OPEN.has(operation.state) ? operation.state : stateOf(operation);
    if (state in counts) counts[state] += 1;
  }
  const words = Object.entries(counts).filter(([, number]) => number).map(([state, number]) => `${number} ${state}`);
  say(element("summary"), words.join(", ") || "nothing is running");
  const title = words.length ? `${words[0]} – Headway` : "Headway";
  if (document.title !== title) document.title = title;
}

// From the filter to the first row that it leaves: Enter there opens it. The list may be a frame behind.
function enterList() {
  if (moved) moved = !arrange(performance.now() + SLICE);
  const first = element("groups").querySelector("button:enabled") || element("operations").querySelector("button");
  if (first) first.focus();
}

function rearrange() {
  moved = true;
  schedule();
}

// The stream.

function take(line) {
  ahead = line.time - Date.now() / 1000;
  if (line.type === "snapshot") {
    const others = new Set(line.others); // each comes by itself
    const here = new Set(line.operations.map((operation) => operation.id));
    for (const id of operations.keys()) if (!here.has(id) && !others.has(id)) operations.delete(id);
    for (const operation of line.operations) put(operation, line.time);
    for (const operation of remembered.values()) if (!operations.has(operation.id)) put(operation, line.time);
    const address = location.hash.slice(1);
    if (!looked && others.has(address)) open.add(address);
    else if (!looked) lookAt(address);
    looked = moved = true;
    for (const id of [...rows.keys()]) if (!operations.has(id)) removeRow(id);
  } else if (line.type === "operation") {
    const before = put(line.operation, line.time);
    if (before && OPEN.has(before.state) && !OPEN.has(line.operation.state)) {
      say(element("ended"), `${titleOf(line.operation)} ${stateOf(line.operation)}`);
    }
  } else if (line.type === "removed") {
    for (const id of line.operations) {
      operations.delete(id);
      removeRow(id);
      open.delete(id);
      explanations.delete(id);
    }
    moved = true;
  }
  schedule();
}

// Keep an operation as it is now; return what it was.
function put(operation, told) {
  operation.told = told;
  const before = operations.get(operation.id);
  for (const time of ["started", "ended"]) { // of another broker they differ by a little, and no row has to move
    if (before && before[time] !== null && Math.abs(operation[time] - before[time]) < 1) operation[time] = before[time];
  }
  if (operation.host && !hosts.has(operation.host)) {
    hosts.add(operation.host);
    if (hosts.size === 2) for (const id of operations.keys()) changed.add(id); // each is named by its host now
  }
  operations.set(operation.id, operation);
  changed.add(operation.id);
  const parent = parentOf(operation);
  if (open.has(parent)) changed.add(parent);
  // What the list depends on: where the row stands, how it is counted, and what a filter looks at.
  moved ||= !before || ["state", "started", "ended", "parent", "name", "reason", "unheard_since", "no_broker_since"].some((name) => before[name] !== operation[name]);
  return before;
}

function note(text) {
  element("note").hidden = !text;
  say(element("note"), text);
}

function follow() {
  if (source) return;
  source = new EventSource("/events");
  source.addEventListener("by", (event) => {
    by = JSON.parse(event.data);
    rearrange();
  });
  waiting.length = 0; // of another connection
  source.addEventListener("line", (event) => {
    waiting.push(event.data);
    schedule();
  });
  source.addEventListener("note", (event) => note(event.data));
  source.addEventListener("open", () => note(""));
  source.addEventListener("error", () => {
    if (source.readyState !== EventSource.CLOSED) return note(UNREACHED);
    source = null;
    tellRefusal();
    setTimeout(() => { if (!document.hidden) follow(); }, 2000);
  });
}

// Why the stream is refused: another token since the server was started anew, or too many pages.
async function tellRefusal() {
  const stop = new AbortController();
  let words = UNREACHED;
  try {
    const response = await fetch("/events", { signal: stop.signal });
    words = response.ok ? "" : (await response.text()).trim();
  } catch {
    // It is not reached at all.
  }
  stop.abort();
  note(words);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) return follow();
  if (source) source.close();
  source = null;
});
window.addEventListener("hashchange", () => lookAt(location.hash.slice(1)));
element("filter").addEventListener("input", rearrange);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== element("filter")) {
    event.preventDefault();
    element("filter").focus();
  } else if (event.key === "Escape" && document.activeElement === element("filter")) {
    element("filter").value = "";
    rearrange();
  } else if (event.key === "Enter" && document.activeElement === element("filter")) {
    event.preventDefault();
    enterList();
  }
});
setInterval(() => { // times pass; what is out of view is painted when it comes into view
  for (const [id, row] of rows) {
    if (row.item.parentNode && !away.has(id) && OPEN.has(operations.get(id).state)) changed.add(id);
  }
  if (changed.size) schedule();
}, 1000);
element("readable").hidden = location.protocol === "https:" || ["127.0.0.1", "localhost", "[::1]"].includes(location.hostname);
follow();
