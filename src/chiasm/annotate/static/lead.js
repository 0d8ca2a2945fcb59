// The lead's page: asks for the figures every few seconds, and lets the lead decide between people.
import { $, NAMES, ask, badge, el, join, key, picture, prose, say, theme, veil } from "/static/common.js";
import { Unsent } from "/static/unsent.js";

const { database, person } = document.body.dataset;
const cards = new Map(); // id -> { node, text }
let chosen = 0;
let newest = "";

const unsent = new Unsent(`chiasm:${database}:${person}`, {
  stored: () => refresh(),
  refused: (entry, why) => say(`A decision was not taken: ${why}.`, "bad"),
  state(what) {
    if (what === "ended") say("Your link has ended; start chiasm annotate with --invite for a new one.", "bad");
    else if (what === "away") say("The server does not answer. Decisions are kept in this browser and sent when it is back.", "bad");
    else if ($("notice").className === "bad") say("");
  },
});

async function refresh() {
  let found;
  try {
    found = await ask(`/api/lead?width=${encodeURIComponent($("width").value || 5)}`);
  } catch (error) {
    say(error.status === 401 ? "Your link has ended." : "The server does not answer; trying again.", "bad");
    return;
  }
  if (!unsent.running && !unsent.ended) say("");
  const text = JSON.stringify(found);
  if (text === newest) return;
  newest = text;
  items(found.items);
  who(found.people);
  measures(found.agreement);
  figures(found.rates);
  differ(found);
}

const percent = (rate) => (rate === null || rate === undefined ? "–" : `${(100 * rate).toFixed(1)} %`);
const cell = (...inside) => el("td", {}, ...inside);
const span = ({ low, high }) => (low === null || low === undefined ? "" : el("span", { class: "limits" }, `${percent(low)} to ${percent(high)}`));

function table(place, heads, rows, empty) {
  if (!rows.length) {
    place.replaceChildren(el("tbody", {}, el("tr", {}, el("td", { class: "soft" }, empty))));
    return;
  }
  place.replaceChildren(
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows),
  );
}

const STATES = {
  all: "responses", agreed: "agreed", decided: "decided by a lead", disagreed: "disagreed, to decide",
  third: "wait for a third", begun: "begun", untouched: "not labelled yet",
};

function items(found) {
  const parts = Object.keys(STATES).filter((name) => name in found);
  $("items").replaceChildren(...parts.map((name) => el("div", {}, el("b", {}, String(found[name])), STATES[name])));
}

function who(people) {
  const of = ([k, n]) => (n ? `${k} of ${n}` : "–");
  const rows = people.map((p) =>
    el("tr", {}, el("th", { scope: "row" }, p.name), cell(el("b", {}, String(p.labels))), cell(String(p.flagged)), cell(of(p.repeats)), cell(of(p.gold)), cell(p.seconds === null ? "–" : `${p.seconds} s`), cell(p.last ? new Date(p.last).toLocaleString() : "–")),
  );
  table($("who"), ["", "labels", "flagged", "same on repeats", "right on training items", "time each", "last"], rows, "Nobody is invited yet.");
}

function measures(found) {
  const rows = found.map((row) => {
    const value = row.measure === "pairwise agreement" ? percent(row.rate) : row.rate === null ? "–" : row.rate.toFixed(3);
    const limits = row.low === null ? row.reason : row.measure === "pairwise agreement" ? `${percent(row.low)} to ${percent(row.high)}` : `${row.low.toFixed(3)} to ${row.high.toFixed(3)}`;
    return el("tr", {}, el("th", { scope: "row" }, row.question), cell(row.measure), cell(el("b", {}, value)), el("td", { class: "wrap" }, limits), cell(`${row.k} of ${row.n}`));
  });
  table($("measures"), ["question", "measure", "", "95 % interval", "all agree"], rows, "Nobody has labelled what somebody else labelled too.");
}

function figures(found) {
  const rate = (part) => (part ? cell(el("b", {}, percent(part.rate)), span(part), part.reason ? el("span", { class: "limits" }, part.reason) : "") : cell("–"));
  const rows = found.map((row) =>
    el("tr", {}, el("th", { scope: "row" }, row.model, el("span", { class: "limits" }, `${row.benchmark}, ${row.view}, judge ${row.judge}`)), cell(row.metric), rate(row.raw), rate(row.human), rate(row.adjusted), cell(String(row.labels)), el("td", { class: "wrap" }, row.needed === null ? row.why || "–" : String(row.needed))),
  );
  table($("figures"), ["run", "rate", "judge alone", "people alone", "adjusted", "labels", "labels still needed"], rows, "There are no labels yet that a rate could be made of.");
}

function differ(found) {
  const rest = found.disagreed - found.disagreements.length;
  $("count").textContent = found.disagreed ? `${found.open} open, ${found.disagreed - found.open} decided${rest ? `, ${rest} not shown` : ""}.` : "None so far.";
  const ids = new Set(found.disagreements.map((one) => one.id));
  for (const id of [...cards.keys()]) if (!ids.has(id)) cards.delete(id);
  for (const one of found.disagreements) {
    const text = JSON.stringify(one);
    const known = cards.get(one.id);
    if (known && known.text === text) continue;
    const shown = known ? !known.node.querySelector(".veiled") : false;
    cards.set(one.id, { node: card(one, shown), text, outcomes: one.outcomes, id: one.id });
  }
  const order = found.disagreements.map((one) => cards.get(one.id).node);
  const now = [...$("cards").children];
  if (now.length !== order.length || now.some((node, i) => node !== order[i])) $("cards").replaceChildren(...order);
  choose(Math.min(chosen, Math.max(0, order.length - 1)), false);
}

function card(one, shown) {
  const pictures = [...Array(one.images).keys()].map((n) => picture(one.id, n, shown, null));
  const sides = one.labels.map((label) =>
    el("div", { class: "side" }, el("span", { class: "who" }, label.who), badge(label.outcome), label.note ? el("p", {}, label.note) : null),
  );
  const decided = one.decision && el("span", { class: "soft" }, `decided by ${one.decision.by}: `, badge(one.decision.outcome));
  const waits = one.waits && !one.decision ? el("span", { class: "soft" }, "a third person is asked too") : null;
  const buttons = one.outcomes.map((outcome, number) =>
    el("button", { type: "button", class: `o-${outcome}`, title: NAMES[outcome][1], onclick: () => decide(one.id, outcome) }, el("kbd", {}, String(number + 1)), NAMES[outcome][0]),
  );
  return el(
    "article",
    { class: one.images ? "card" : "card bare", "data-task": one.id },
    one.images ? el("div", {}, ...pictures) : null,
    el("div", {}, ...one.turns.map((turn) => el("p", { class: "turn" }, turn)), el("div", { class: "prose answer", tabindex: "0" }, ...prose(one.answer)), el("div", { class: "sides" }, ...sides), el("div", { class: "decide" }, ...buttons, decided, waits)),
  );
}

function decide(task, outcome) {
  unsent.add({ key: key(), task, outcome, note: "", seconds: null });
}

function choose(place, scroll = true) {
  const nodes = [...$("cards").children];
  chosen = Math.max(0, Math.min(place, nodes.length - 1));
  nodes.forEach((node, i) => node.classList.toggle("chosen", i === chosen));
  if (scroll && nodes[chosen]) nodes[chosen].scrollIntoView({ block: "start" });
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.tagName === "INPUT") return;
  const node = $("cards").children[chosen];
  if (event.key === "j" || event.key === "ArrowRight") choose(chosen + 1);
  else if (event.key === "k" || event.key === "ArrowLeft") choose(chosen - 1);
  else if (event.key === "t") theme();
  else if (event.key === "b" && node) for (const frame of node.querySelectorAll(".picture:not(.lost)")) veil(frame);
  else if (/^[1-9]$/.test(event.key) && node) {
    const outcome = cards.get(node.dataset.task).outcomes[Number(event.key) - 1];
    if (outcome) decide(node.dataset.task, outcome);
  } else return;
  event.preventDefault();
});
$("width").addEventListener("change", () => refresh());
join().then((said) => said && say(said, "bad"));
unsent.flush();
refresh();
setInterval(() => document.hidden || refresh(), 3000);
