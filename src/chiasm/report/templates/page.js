"use strict";
// The browser of the cases. All text goes through textContent; the state is the address's fragment,
// so that every view has a link: #benchmark=mossbench&case=12&outcome=over_refusal&differ=1
(() => {
  const holder = document.getElementById("data");
  const data = JSON.parse(holder.textContent);
  const { looks, benchmarks } = data;
  const $ = (id) => document.getElementById(id);
  const letters = Object.keys(looks);
  const narrow = matchMedia("(max-width: 56rem)"); // list or case, not both
  const STEP = narrow.matches ? 30 : 200; // rows of the list at a time
  let state = {};
  let found = []; // indices of the cases that pass the filters
  let shownRows = STEP;
  const revealed = new Set(); // cases whose images were asked for
  let revealAll = false;

  // ---- small helpers

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
      else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== ""));
    return element;
  }
  const badge = (letter, long) =>
    make("span", { class: `badge o-${looks[letter].word}`, title: looks[letter].label },
      long ? `${letter} ${looks[letter].label}` : letter);
  const missing = (letter) => looks[letter]?.kind === "missing";
  const mainAxis = (run) => ["choice", "safety", "usefulness"].find((axis) => run.axes.includes(axis));
  const idOf = (b, i) => b.cases.prefix + b.cases.ids[i];

  // Reasons come as word -> places; the page asks place -> word.
  for (const b of benchmarks) {
    for (const run of b.runs) {
      run.why = {};
      for (const [axis, words] of Object.entries(run.reasons)) {
        run.why[axis] = new Map();
        for (const [word, places] of Object.entries(words)) for (const at of places) run.why[axis].set(at, word);
      }
    }
    b.index = new Map(b.cases.ids.map((id, i) => [id, i]));
  }

  // ---- state: read from and written to the address

  function read() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=") && hash !== "") return false; // an anchor of the page
    const given = new URLSearchParams(hash);
    const text = (name) => given.get(name) ?? "";
    const b = Math.max(0, benchmarks.findIndex((one) => one.name === text("benchmark")));
    const prefix = benchmarks[b].cases.prefix;
    const id = text("case").startsWith(prefix) ? text("case").slice(prefix.length) : text("case");
    state = {
      b, id, q: text("q"), category: text("category"), sub: text("sub"), model: text("model"),
      differ: text("differ") === "1", theme: text("theme"),
      outcomes: new Set(text("outcome").split(",").filter((word) => letters.some((l) => looks[l].word === word))),
    };
    if (text("images") === "1") revealAll = true;
    return true;
  }

  function address(changes) {
    const to = { ...state, ...changes };
    const out = new URLSearchParams();
    if (benchmarks.length > 1 || to.id) out.set("benchmark", benchmarks[to.b].name);
    for (const name of ["q", "category", "sub", "model", "theme"]) if (to[name]) out.set(name, to[name]);
    if (to.outcomes.size) out.set("outcome", [...to.outcomes].join(","));
    if (to.differ) out.set("differ", "1");
    if (to.id) out.set("case", to.id);
    return `#${out.toString() || "benchmark="}`;
  }
  const go = (changes) => { location.hash = address(changes); };
  const swap = (changes) => { location.replace(address(changes)); }; // without a step in the history

  // ---- filters

  function runsOf(b) {
    const chosen = state.model === "" ? -1 : Number(state.model);
    return b.runs[chosen] ? [b.runs[chosen]] : b.runs;
  }

  function* lettersOf(b, runs, i) {
    for (const run of runs) for (const axis of run.axes) for (let e = 0; e < b.epochs; e++) {
      const letter = run[axis][i * b.epochs + e];
      if (letter !== ".") yield letter;
    }
  }

  function disagree(b, i) {
    const seen = new Set();
    for (const run of b.runs) {
      const axis = mainAxis(run);
      for (let e = 0; axis && e < b.epochs; e++) {
        const letter = run[axis][i * b.epochs + e];
        if (letter !== "." && !missing(letter)) seen.add(letter);
      }
    }
    return seen.size > 1;
  }

  // What is searched: query, id, category, and the answers where they are in the page.
  const hay = new Map();
  function haystack(b, i) {
    const key = `${state.b}/${i}`;
    if (!hay.has(key)) {
      const words = [idOf(b, i), b.queries[i] ?? "", b.categories[b.category[i]] ?? "", b.subs[b.sub[i]] ?? ""];
      if (b.texts === "embed") {
        const block = embedded(state.b, Math.floor(i / b.perBlock));
        for (const run of block.said) for (const said of run[i % b.perBlock]) if (said) words.push(said.text);
      }
      hay.set(key, words.join("\n").toLowerCase());
    }
    return hay.get(key);
  }

  function filter() {
    const b = benchmarks[state.b];
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(letters.filter((l) => state.outcomes.has(looks[l].word)));
    const runs = runsOf(b);
    const counts = new Map();
    found = [];
    for (let i = 0; i < b.cases.ids.length; i++) {
      if (state.category && b.categories[b.category[i]] !== state.category) continue;
      if (state.sub && b.subs[b.sub[i]] !== state.sub) continue;
      if (state.differ && !disagree(b, i)) continue;
      if (words.length && !words.every((word) => haystack(b, i).includes(word))) continue;
      const here = new Set(lettersOf(b, runs, i));
      for (const letter of here) counts.set(letter, (counts.get(letter) ?? 0) + 1);
      if (!wanted.size || [...wanted].some((letter) => here.has(letter))) found.push(i);
    }
    return counts;
  }

  // ---- drawing

  function fill(select, options, value) {
    select.replaceChildren(...options.map(([key, label]) => make("option", { value: key }, label)));
    select.value = options.some(([key]) => key === value) ? value : "";
  }

  function drawFilters(counts) {
    const b = benchmarks[state.b];
    fill($("benchmark"), benchmarks.map((one, i) => [String(i), one.name]), String(state.b));
    $("benchmark-label").hidden = benchmarks.length < 2;
    const categories = b.categories.map((name) => [JSON.stringify([name, ""]), name]);
    if (state.sub) categories.push([JSON.stringify([state.category, state.sub]), `${state.category} › ${state.sub}`]);
    fill($("category"), [["", "all"], ...categories],
      state.category || state.sub ? JSON.stringify([state.category, state.sub]) : "");
    fill($("model"), [["", "any"], ...b.runs.map((run, i) => [String(i), run.note ? `${run.model} (${run.note})` : run.model])], state.model);
    $("differ").checked = state.differ;
    $("reveal").checked = revealAll;
    if (document.activeElement !== $("q")) $("q").value = state.q;
    const present = letters.filter((l) => counts.has(l) || state.outcomes.has(looks[l].word));
    $("outcomes").replaceChildren(...present.map((letter) => {
      const { word, label } = looks[letter];
      const pressed = state.outcomes.has(word);
      const toggle = () => {
        const outcomes = new Set(state.outcomes);
        if (!outcomes.delete(word)) outcomes.add(word);
        swap({ outcomes });
      };
      return make("button", { type: "button", "aria-pressed": String(pressed), "data-outcome": word, on: { click: toggle } },
        badge(letter), `${label} ${counts.get(letter) ?? 0}`);
    }));
  }

  function row(b, i) {
    const id = b.cases.ids[i];
    const strip = b.runs.map((run) => {
      const letter = run[mainAxis(run)]?.[i * b.epochs] ?? ".";
      const look = looks[letter];
      return make("span", { class: look ? `o-${look.word}` : null, title: `${run.model}: ${look ? look.label : "not asked"}` }, letter);
    });
    return make("li", {}, make("a", { href: address({ id }), "data-case": id },
      make("span", { class: "id" }, make("span", {}, idOf(b, i)), make("span", {}, b.categories[b.category[i]] ?? "")),
      b.queries[i] ? make("span", { class: "query" }, b.queries[i]) : "",
      make("span", { class: "strip" }, ...strip)));
  }

  let drawn = ""; // the filters that the list was last drawn for
  function drawList() {
    const b = benchmarks[state.b];
    const at = found.indexOf(b.index.get(state.id));
    if (at >= shownRows) shownRows = at + STEP;
    const key = `${address({ id: "" })} ${shownRows}`;
    if (key !== drawn) {
      $("list").replaceChildren(...found.slice(0, shownRows).map((i) => row(b, i)));
      $("count").textContent = `${found.length} of ${b.cases.ids.length} cases`;
      $("more").hidden = found.length <= shownRows;
      drawn = key;
    }
    for (const link of $("list").querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
    const link = at < 0 ? null : $("list").children[at].firstChild;
    if (!link) return;
    link.setAttribute("aria-current", "true");
    const pane = $("list").parentElement; // scrolled by itself, so that the page stays where it is
    const top = link.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    if (top < 0 || top > pane.clientHeight / 2) pane.scrollTop += top - pane.clientHeight / 4;
  }

  function drawCase() {
    const b = benchmarks[state.b];
    const i = b.index.get(state.id);
    const place = $("case");
    if (i === undefined) {
      place.replaceChildren(make("p", { class: "empty" }, state.id ? `No case ${state.id}.` : "Choose a case, or press j."));
      return;
    }
    const at = found.indexOf(i);
    const category = [b.categories[b.category[i]], b.subs[b.sub[i]]].filter(Boolean).join(" › ");
    const truth = { u: "dangerous", s: "benign" }[b.truth[i]] ?? "";
    const step = (name, move, label) =>
      make("button", { type: "button", id: name, on: { click: () => walk(move) } }, label);
    $("now").textContent = at >= 0 ? `${idOf(b, i)}, ${at + 1} of ${found.length}` : idOf(b, i);
    place.replaceChildren(
      make("header", {},
        make("button", { type: "button", id: "back", on: { click: () => go({ id: "" }) } }, "← All cases"),
        make("h3", {}, idOf(b, i)),
        make("span", { class: "soft" }, [category, truth, at >= 0 ? `${at + 1} of ${found.length}` : "outside the filter"].filter(Boolean).join(" · ")),
        step("previous", -1, "← k"), step("next", 1, "j →")),
      make("div", { class: "asked bare" }, make("p", { class: "turn" }, b.queries[i] ?? "")),
      make("div", { class: "answers" }, ...b.runs.map((run) => answer(b, run, i, null))));
    if (b.texts === "none") return;
    const [block, within] = [Math.floor(i / b.perBlock), i % b.perBlock];
    const current = state.id;
    texts(state.b, block).then((told) => {
      if (state.id !== current || benchmarks[state.b] !== b) return; // another case by now
      place.querySelector(".asked").replaceWith(asked(b, i, told.cases[within]));
      place.querySelector(".answers").replaceChildren(
        ...b.runs.map((run, r) => answer(b, run, i, told.said[r][within])));
    }, (error) => place.append(make("p", { class: "empty", role: "alert" }, error.message)));
  }

  function asked(b, i, facts) {
    const images = (facts.images ?? []).filter(Boolean).map((source) => picture(b, i, source));
    const turns = (facts.turns ?? [b.queries[i] ?? ""]).map((turn) =>
      make("p", { class: turn.length > 400 ? "turn long" : "turn" }, turn));
    const options = (facts.options ?? []).map((option, o) =>
      make("li", { class: o === facts.answer ? "right" : null }, option + (o === facts.answer ? "  ✓" : "")));
    const known = ["description", "hazard", "warning", "reference"].filter((name) => facts[name]);
    const words = make("div", {}, ...turns, options.length ? make("ol", { class: "options", type: "A" }, ...options) : "",
      known.length ? make("details", {}, make("summary", {}, "What the benchmark knows, and the model was not shown"),
        make("dl", { class: "knows" }, ...known.flatMap((name) => [make("dt", {}, name), make("dd", {}, facts[name])]))) : "");
    return make("div", { class: images.length ? "asked" : "asked bare" },
      images.length ? make("div", {}, ...images) : "", words);
  }

  function picture(b, i, source) {
    const id = idOf(b, i);
    const open = revealAll || revealed.has(id);
    const image = make("img", { src: source, alt: `Image of ${id}`, decoding: "async", on: { error: () => {
      frame.replaceChildren(make("p", { class: "empty" }, `The image is not there: ${source.slice(0, 200)}`));
    } } });
    const button = make("button", { type: "button", "aria-pressed": String(open), on: { click: () => reveal(id) } }, open ? "Blur" : "Show image");
    const frame = make("figure", { class: open ? "picture" : "picture veiled" }, image, button);
    return frame;
  }

  function answer(b, run, i, said) {
    const parts = [];
    for (let e = 0; e < b.epochs; e++) {
      const at = i * b.epochs + e;
      const verdicts = run.axes.filter((axis) => run[axis][at] !== ".").flatMap((axis) =>
        [badge(run[axis][at], true), run.why[axis].get(at) ?? ""]);
      if (!verdicts.length) continue;
      const told = said?.[e];
      const text = told?.text ? make("p", { class: "text", tabindex: "0" }, told.text) : said ? make("p", { class: "empty" }, "No text.") : "";
      parts.push(make("div", { class: "said" }, make("div", { class: "verdicts" }, ...verdicts), text,
        folded("Reasoning", told?.thought),
        ...Object.entries(told?.why ?? {}).map(([axis, words]) => folded(`Judge on ${axis}`, words)),
        folded("Error", told?.error)));
    }
    if (!parts.length) parts.push(make("p", { class: "empty" }, "Not asked."));
    return make("section", { class: "answer", "aria-label": run.model }, make("h4", {}, run.model, run.note ? make("small", {}, run.note) : ""), ...parts);
  }
  const folded = (title, text) => text ? make("details", {}, make("summary", {}, title), make("p", {}, text)) : "";

  // ---- texts: in the page, or in scripts beside it, since a page opened as a file can't fetch

  const held = new Map(); // name of a block -> its value, or a promise of it
  const waiting = new Map();
  window.chiasmBlock = (name, value) => waiting.get(name)?.(value);

  function embedded(b, block) {
    const name = `${b}-${block}`;
    if (!held.has(name)) held.set(name, JSON.parse($(`block-${name}`).textContent));
    return held.get(name);
  }

  const trusted = window.trustedTypes && benchmarks.some((b) => b.texts === "files")
    ? window.trustedTypes.createPolicy("chiasm", { createScriptURL: (url) => {
        if (/\/block-\d+-\d+\.js$/.test(url)) return url;
        throw new TypeError(`not a block of this page: ${url}`);
      } })
    : { createScriptURL: (url) => url };

  function texts(b, block) {
    if (benchmarks[b].texts === "embed") return Promise.resolve(embedded(b, block));
    const name = `${b}-${block}`;
    if (!held.has(name)) {
      const folder = encodeURIComponent(holder.dataset.folder);
      held.set(name, new Promise((resolve, reject) => {
        waiting.set(name, resolve);
        const script = document.createElement("script");
        script.src = trusted.createScriptURL(`${folder}/block-${name}.js`);
        script.onload = () => script.remove();
        script.onerror = () => { held.delete(name); reject(new Error(`The texts are not there: ${holder.dataset.folder}/block-${name}.js belongs beside this page.`)); };
        document.head.append(script);
      }));
    }
    return held.get(name);
  }

  // ---- what a person does

  function walk(move) {
    const b = benchmarks[state.b];
    const at = found.indexOf(b.index.get(state.id));
    const next = at < 0 ? found[0] : found[at + move];
    if (next !== undefined) swap({ id: b.cases.ids[next] });
  }

  function reveal(id) {
    if (revealAll) { revealAll = false; revealed.clear(); } else if (!revealed.delete(id)) revealed.add(id);
    unveil();
  }

  function unveil() {
    const open = revealAll || revealed.has(idOf(benchmarks[state.b], benchmarks[state.b].index.get(state.id) ?? 0));
    for (const frame of $("case").querySelectorAll(".picture")) {
      frame.classList.toggle("veiled", !open);
      const button = frame.querySelector("button");
      if (button) { button.textContent = open ? "Blur" : "Show image"; button.setAttribute("aria-pressed", String(open)); }
    }
    $("reveal").checked = revealAll;
  }

  function theme() {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = state.theme || (dark ? "dark" : "light");
    swap({ theme: now === "dark" ? "light" : "dark" });
  }

  const none = { q: "", category: "", sub: "", model: "", differ: false, outcomes: new Set() };
  const keys = {
    j: () => walk(1), ArrowRight: () => walk(1), k: () => walk(-1), ArrowLeft: () => walk(-1),
    "/": () => { $("cases").scrollIntoView(); $("q").focus(); $("q").select(); },
    "?": () => $("keys").showModal(),
    b: () => state.id && reveal(idOf(benchmarks[state.b], benchmarks[state.b].index.get(state.id))),
    B: () => { revealAll = !revealAll; revealed.clear(); unveil(); },
    d: () => swap({ differ: !state.differ }), r: () => swap(none), t: theme,
    Escape: () => state.id && go({ id: "" }),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    if (event.target.closest("input[type=search], select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.target.closest(".scroll, .text") && event.key.startsWith("Arrow")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  let typing = 0;
  $("q").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => swap({ q: $("q").value.trim() }), 120); });
  $("benchmark").addEventListener("change", (e) => swap({ ...none, id: "", b: Number(e.target.value) }));
  $("category").addEventListener("change", (e) => {
    const [category, sub] = e.target.value ? JSON.parse(e.target.value) : ["", ""];
    swap({ category, sub });
  });
  $("model").addEventListener("change", (e) => swap({ model: e.target.value }));
  $("differ").addEventListener("change", (e) => swap({ differ: e.target.checked }));
  $("reveal").addEventListener("change", (e) => { revealAll = e.target.checked; revealed.clear(); unveil(); });
  $("reset").addEventListener("click", () => swap(none));
  $("more").addEventListener("click", () => { shownRows += STEP; drawList(); });
  $("filters").addEventListener("submit", (e) => e.preventDefault());
  $("theme").addEventListener("click", theme);
  $("help").addEventListener("click", () => $("keys").showModal());

  // ---- start

  function draw() {
    if (state.theme) document.documentElement.dataset.theme = state.theme;
    else delete document.documentElement.dataset.theme;
    drawFilters(filter());
    drawList();
    drawCase();
  }
  let leap = location.hash.includes("="); // a link from above, or from outside, leads to the cases
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href*='=']");
    leap = Boolean(link && !link.closest("#cases"));
  });
  function update() {
    const before = state;
    if (!read()) return;
    if (narrow.matches && before.id !== state.id) leap = true;
    if (before.b !== state.b || before.q !== state.q || before.category !== state.category) shownRows = STEP;
    draw();
    if (leap) $("cases").scrollIntoView();
    leap = false;
  }
  window.addEventListener("hashchange", update);
  if (!read()) state = { b: 0, id: "", theme: "", ...none };
  draw();
  if (leap && (state.id || location.hash.includes("outcome"))) $("cases").scrollIntoView();
  leap = false;
})();
