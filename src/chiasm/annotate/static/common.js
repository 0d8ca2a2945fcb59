// What the pages share. Nothing here or elsewhere makes markup from text: elements are made one by
// one, and words go in as text.

export const NAMES = JSON.parse(document.getElementById("names").textContent);
export const $ = (id) => document.getElementById(id);

export function el(tag, props = {}, ...inside) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...inside.filter((part) => part !== null && part !== undefined && part !== false));
  return node;
}

const SPANS = { b: "strong", i: "em", code: "code" };

function words(spans) {
  return spans.map(([kind, text]) => (SPANS[kind] ? el(SPANS[kind], {}, text) : text));
}

// Blocks of chiasm.annotate.markdown -> elements.
export function prose(blocks) {
  return blocks.map(([kind, mark, spans]) => {
    if (kind === "h") return el("h3", { class: `h${mark}` }, ...words(spans));
    if (kind === "quote") return el("blockquote", {}, ...words(spans));
    if (kind === "pre") return el("pre", {}, ...words(spans));
    if (kind === "li") {
      return el("p", { class: "li" }, el("span", { class: "mark" }, mark), el("span", {}, ...words(spans)));
    }
    return el("p", {}, ...words(spans));
  });
}

export function badge(outcome) {
  return el("span", { class: `badge o-${outcome}` }, NAMES[outcome] ? NAMES[outcome][0] : outcome);
}

export async function ask(path) {
  const answer = await fetch(path, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(15000) });
  if (!answer.ok) throw Object.assign(new Error(await reason(answer)), { status: answer.status });
  return answer.json();
}

export function send(path, body) {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-chiasm": "1" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(15000),
  });
}

export async function reason(answer) {
  try {
    return String((await answer.json()).detail);
  } catch {
    return `error ${answer.status}`;
  }
}

// 128 random bits; crypto.randomUUID is missing on pages without HTTPS on other hosts.
export function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function say(text, kind = "") {
  const place = $("notice");
  if (place.textContent !== text) place.textContent = text;
  place.className = kind;
  place.hidden = !text;
}

export function picture(task, number, shown, zoom) {
  const image = el("img", { src: `/image/${task}/${number}`, alt: "The picture of this item", draggable: "false" });
  const frame = el("figure", { class: shown ? "picture" : "picture veiled" }, image);
  image.addEventListener("error", () => {
    frame.classList.add("lost");
    frame.replaceChildren(el("p", { class: "soft" }, "This picture can't be shown. Flag the item if you need it."));
  });
  image.addEventListener("click", () => !frame.classList.contains("veiled") && zoom && zoom(image.src));
  frame.append(el("button", { type: "button", onclick: () => veil(frame) }, "Show"));
  relabel(frame);
  return frame;
}

export function veil(frame, hidden) {
  frame.classList.toggle("veiled", hidden);
  relabel(frame);
}

function relabel(frame) {
  const button = frame.querySelector("button");
  if (button) button.replaceChildren(frame.classList.contains("veiled") ? "Show the picture" : "Blur", el("kbd", {}, "b"));
}

export function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("chiasm-theme", root.dataset.theme);
}

// An invitation is in the part of the address that browsers keep to themselves; it may be opened on
// any page, in place of another person's too.
const LINK = /^#[\w-]{30,}$/;

export async function join() {
  if (!LINK.test(location.hash)) return "";
  const token = location.hash.slice(1);
  history.replaceState(null, "", "/");
  try {
    const answer = await send("/api/join", { token });
    if (!answer.ok) return `This link does not work: ${await reason(answer)}.`;
  } catch {
    return "The server does not answer. Open your link once more in a while.";
  }
  location.replace("/");
  return "Opening …";
}

addEventListener("hashchange", async () => {
  const failed = await join();
  if (failed) say(failed, "bad");
});

try {
  const kept = localStorage.getItem("chiasm-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // Without storage the page works; it forgets the colours.
}
