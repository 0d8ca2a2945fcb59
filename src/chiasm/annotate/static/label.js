// The labelling page: one response at a time, by keys. A choice is kept in the browser, sent, and
// the next item is there at once.
import { $, NAMES, ask, badge, el, join, key, picture, prose, say, theme, veil } from "/static/common.js";
import { Unsent } from "/static/unsent.js";
import { zoom } from "/static/zoom.js";

const FOLD = 1500;
const AHEAD = 6; // items in the page, so that a lost connection stops nobody
const { database, person, guideline } = document.body.dataset;
const tasks = new Map();
const trail = []; // ids: what was labelled, then what comes
const given = []; // ids in the order of labelling, for undo
let at = -1;
let showAll = false;
let loading = null;
let exhausted = false;
let again = 0;
let stored = 0; // answers to labels: what was asked for before the last one is older than it
let clock = { since: 0, spent: 0 };

const unsent = new Unsent(`chiasm:${database}:${person}`, {
  stored(entry, answer) {
    stored += 1;
    progress(answer.progress);
    if (answer.feedback) feedback(entry, answer.feedback);
    if (waiting() < AHEAD) more();
  },
  refused(entry, why) {
    const task = tasks.get(entry.task);
    if (task) task.mine = null;
    said.delete(entry.task);
    say(`A label was not taken: ${why}. Go back to it with ←.`, "bad");
  },
  state(what) {
    const number = unsent.list().length;
    if (what === "ended") say(`Your link has ended; ask for a new one. ${number} labels are kept in this browser until then.`, "bad");
    else if (what === "away") say(`The server does not answer. ${number} ${number === 1 ? "label is" : "labels are"} kept in this browser and sent when it is back. You can go on.`, "bad");
    else if ($("notice").className === "bad") say("");
  },
});

// What this browser said last of each task: the server's list may be older than that.
const said = new Map(unsent.list().map((entry) => [entry.task, entry.outcome]));

const current = () => tasks.get(trail[at]);
const waiting = () => trail.filter((id) => tasks.get(id) && !tasks.get(id).mine).length;

function more() {
  loading ??= fetchMore().then((ok) => {
    loading = null;
    if (ok && ($("item").hidden || !current())) onward(); // else somebody looks at an item
  });
  return loading;
}

// Whether the server answered; sets `exhausted` where it has nothing for this person.
async function fetchMore() {
  const before = stored;
  let work;
  try {
    work = await ask("/api/work");
  } catch (error) {
    if (error.status === 401) say("Your link has ended; ask for a new one.", "bad");
    else setTimeout(more, 2000);
    if (!error.status) say("The server does not answer; trying again.", "bad");
    return false;
  }
  exhausted = !work.tasks.length;
  if (!trail.length) {
    trail.push(...work.done);
    given.push(...work.done);
  }
  for (const task of work.tasks) {
    const outcome = said.get(task.id);
    if (outcome && outcome !== "withdrawn") task.mine = outcome;
    if (!tasks.has(task.id)) tasks.set(task.id, task);
    if (!trail.includes(task.id)) trail.push(task.id);
  }
  if (before === stored) progress(work.progress);
  if (!unsent.running && !unsent.ended) say("");
  return true;
}

function onward() {
  const next = trail.findIndex((id, place) => place > at && tasks.get(id) && !tasks.get(id).mine);
  const any = next >= 0 ? next : trail.findIndex((id) => tasks.get(id) && !tasks.get(id).mine);
  if (any >= 0) show(any);
  else if (exhausted && !loading && !unsent.list().length) finished(true);
  else {
    // What is asked for now may be older than the last labels; when they are stored, ask again.
    finished(false);
    if (!loading && !unsent.list().length) more();
  }
}

function finished(sure) {
  at = trail.length;
  $("item").hidden = true;
  $("choose").classList.toggle("over", true);
  $("done").hidden = !sure;
  clearTimeout(again);
  if (sure) again = setTimeout(() => $("item").hidden && more(), 5000);
}

async function show(place) {
  const id = trail[place];
  at = place;
  if (!tasks.has(id)) {
    try {
      tasks.set(id, await ask(`/api/item/${id}`));
    } catch {
      say("This item can't be loaded now.", "bad");
      return;
    }
    if (at !== place) return;
  }
  const task = tasks.get(id);
  $("done").hidden = true;
  $("item").hidden = false;
  $("choose").classList.remove("over");
  $("feedback").hidden = true;
  $("pictures").replaceChildren(...[...Array(task.images).keys()].map((n) => picture(id, n, showAll, zoom)));
  $("item").classList.toggle("bare", !task.images);
  $("turns").replaceChildren(...task.turns.map((turn) => el("p", { class: turn.length > 300 ? "turn long" : "turn" }, turn)));
  $("options").replaceChildren(...task.options.map((option) => el("li", {}, option)));
  $("options").hidden = !task.options.length;
  $("answer").replaceChildren(...(task.length ? prose(task.answer) : [el("p", { class: "soft" }, "(nothing)")]));
  fold(task.length > FOLD, task.length);
  $("note").value = task.note || "";
  $("noting").hidden = !task.note;
  buttons(task);
  scrollTo(0, 0);
  clock = { since: performance.now(), spent: 0 };
}

function fold(folded, length) {
  $("answer").classList.toggle("folded", folded);
  $("unfold").hidden = length <= FOLD;
  const what = folded ? `Show all ${length.toLocaleString("en")} characters` : "Fold";
  $("unfold").replaceChildren(what, el("kbd", {}, "e"));
}

function buttons(task) {
  $("outcomes").replaceChildren(
    ...task.outcomes.map((outcome, number) =>
      el(
        "button",
        { type: "button", class: `o-${outcome}`, title: NAMES[outcome][1], "aria-pressed": String(task.mine === outcome), onclick: () => choose(outcome) },
        el("kbd", {}, String(number + 1)),
        el("span", {}, el("b", {}, NAMES[outcome][0]), el("small", {}, NAMES[outcome][1])),
      ),
    ),
  );
  document.querySelector('[data-key="f"]').setAttribute("aria-pressed", String(task.mine === "flagged"));
}

function choose(outcome) {
  const task = current();
  if (!task || $("item").hidden) return;
  const note = $("note").value.slice(0, 4000);
  const seconds = Math.min(86400, Math.round((clock.spent + performance.now() - clock.since) / 100) / 10);
  task.mine = outcome;
  task.note = note;
  if (given.includes(task.id)) given.splice(given.indexOf(task.id), 1);
  given.push(task.id);
  $("note").blur();
  said.set(task.id, outcome);
  unsent.add({ key: key(), task: task.id, outcome, note, seconds });
  onward();
}

function undo() {
  const id = given.pop();
  if (!id) return;
  const show_ = () => show(trail.indexOf(id));
  said.set(id, "withdrawn");
  unsent.add({ key: key(), task: id, outcome: "withdrawn", note: "", seconds: null });
  const task = tasks.get(id);
  if (task) {
    task.mine = null;
    task.note = "";
    show_();
  } else {
    tasks.delete(id);
    show_().then(() => {
      if (tasks.has(id)) {
        tasks.get(id).mine = null;
        buttons(tasks.get(id));
      }
    });
  }
}

function feedback(entry, found) {
  show(trail.indexOf(entry.task)).then(() => {
    const right = found.right;
    $("feedback").className = right ? "right" : "wrong";
    $("feedback").replaceChildren(
      el("p", {}, el("strong", {}, right ? "As expected: " : "Expected: "), badge(found.outcome), right ? "" : el("span", {}, " You said ", badge(entry.outcome))),
      found.why ? el("p", {}, found.why) : null,
      el("button", { type: "button", class: "main", onclick: () => step(1) }, "Go on", el("kbd", {}, "→")),
    );
    $("feedback").hidden = false;
    $("feedback").scrollIntoView({ block: "nearest" });
  });
}

function progress({ done, left, pace }) {
  $("bar").max = Math.max(1, done + left);
  $("bar").value = done;
  const rest = pace && left ? `, ${Math.max(1, Math.round(pace))} s each, ${duration(left * pace)} left` : "";
  $("progress").textContent = `${done} of ${done + left}`;
  $("progress").append(el("span", { class: "pace" }, rest));
  $("thanks").textContent = `You labelled ${done}. New ones may come where people differ.`;
}

function duration(seconds) {
  return seconds < 90 ? `${Math.ceil(seconds / 10) * 10} s` : `${Math.ceil(seconds / 60)} min`;
}

function step(by) {
  if (!$("feedback").hidden && by > 0) return onward();
  const place = at + by;
  if (place >= 0 && place < trail.length) show(place);
  else if (by > 0) more().then(() => at + 1 < trail.length && show(at + 1));
}

const frames = () => [...document.querySelectorAll("figure.picture:not(.lost)")];

const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  k: () => step(-1),
  j: () => step(1),
  u: undo,
  f: () => choose("flagged"),
  n() {
    $("noting").hidden = false;
    $("note").focus();
  },
  b() {
    const hidden = !frames().some((frame) => frame.classList.contains("veiled"));
    for (const frame of frames()) veil(frame, hidden);
  },
  B() {
    showAll = !showAll;
    for (const frame of frames()) veil(frame, !showAll);
  },
  z() {
    const [frame] = frames();
    if (!frame) return;
    veil(frame, false);
    zoom(frame.querySelector("img").src);
  },
  e: () => current() && current().length > FOLD && fold(!$("answer").classList.contains("folded"), current().length),
  g: () => $("guideline").showModal(),
  "?": () => $("keys").showModal(),
  t: theme,
};

function press(name) {
  if (KEYS[name]) KEYS[name]();
  else if (/^[1-9]$/.test(name) && current() && $("feedback").hidden) {
    const outcome = current().outcomes[Number(name) - 1];
    if (outcome) choose(outcome);
  } else if (name === "Enter" && !$("feedback").hidden) step(1);
  else return false;
  return true;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const dialog = document.querySelector("dialog[open]");
  if (dialog) {
    if ((event.key === "g" && dialog.id === "guideline") || (event.key === "?" && dialog.id === "keys")) dialog.close();
    return;
  }
  if (event.target === $("note")) {
    if (event.key === "Escape") $("note").blur();
    return;
  }
  if (event.key === "Enter" && event.target.tagName === "BUTTON") return;
  if (press(event.key)) event.preventDefault();
});
for (const button of document.querySelectorAll("[data-key]")) {
  button.addEventListener("click", () => press(button.dataset.key));
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) clock.spent += performance.now() - clock.since;
  clock.since = performance.now();
});

const seen = `chiasm:${database}:${person}:seen`;
try {
  if (localStorage.getItem(seen) !== guideline) $("welcome").showModal();
} catch {
  $("welcome").showModal();
}
$("welcome").addEventListener("close", () => {
  clock = { since: performance.now(), spent: 0 };
  try {
    localStorage.setItem(seen, guideline);
  } catch {
    // Asked again next time.
  }
});
join().then((said) => said && say(said, "bad"));
unsent.flush();
more();
