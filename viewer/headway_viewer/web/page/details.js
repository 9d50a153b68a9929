"use strict";
// What an opened row shows: facts, the stages against their usual, and the requests that may be sent.
const MOST_INSIDE = 50; // operations that a row tells of
const ATTEMPTS = 3; // to learn of the earlier runs of what is looked at …
const FAILURES = 8; // … and where nothing is answered: a busy machine may have no time for it
const explanations = new Map(); // id → what `headway why` tells of it: {going, told}
const remembered = new Map(); // id → an operation that the broker no longer has, but the history

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
    row.inside = make("ol", "inside");
    row.inside.setAttribute("aria-label", "Operations inside");
    row.more.append(row.facts, row.stages, row.legend, row.inside, row.actions);
    row.item.append(row.more);
  }
  const told = explained(operation);
  paintFacts(row.facts, operation, told);
  paintStages(row.stages, operation, told);
  row.legend.children[0].hidden = row.stages.querySelector(".chain") === null;
  row.legend.children[1].hidden = row.stages.querySelector(".usual:not([hidden])") === null;
  paintInside(row.inside, operation);
  paintActions(row, operation);
}

// The operations that it runs: they have no rows of their own.
function paintInside(list, operation) {
  const children = [...operations.values()].filter((one) => parentOf(one) === operation.id);
  list.hidden = !children.length;
  while (list.children.length > Math.min(children.length, MOST_INSIDE)) list.lastChild.remove();
  children.slice(-MOST_INSIDE).forEach((child, index) => {
    const item = list.children[index] || list.appendChild(make("li"));
    if (!item.children.length) {
      item.append(make("span", "sign"), make("span", "name"), make("span", "doing"));
      item.firstChild.setAttribute("aria-hidden", "true");
    }
    const share = child.progress !== null && OPEN.has(child.state) ? `${Math.floor(child.progress * 100)} %` : "";
    const words = [share, doing(child), remaining(child)].filter(Boolean).join(", ");
    paintSign(item.children[0], stateOf(child));
    say(item.children[1], child.name || "(no name)");
    say(item.children[2], words);
  });
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
    ["running for", operation.started && OPEN.has(operation.state) && operation.reason !== "paused" && lasted(operation)],
    [usual && usual.runs === 1 ? "one earlier run" : "usually", usual && duration(typeof usual === "number" ? usual : usual.median)],
    ["estimate from", OPEN.has(operation.state) && estimate && basis(estimate)],
    ["labels", Object.entries(operation.labels || {}).map(([key, value]) => `${key}=${value}`).join(", ")],
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
  refresh(id);
  // The lookup may have failed, or the history not have stored the run yet.
  const again = told ? !told.usual && attempt < ATTEMPTS : attempt < FAILURES;
  if (again && operations.has(id)) setTimeout(() => explain(id, kept, attempt + 1), 3000 * attempt);
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
  refresh(id);
}

function lookAt(id) {
  if (!/^[0-9a-z]{3,32}$/.test(id)) return;
  if (!operations.has(id)) return remember(id);
  open.add(id);
  refresh(id);
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
