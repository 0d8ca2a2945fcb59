// A picture over the whole window; + and - enlarge, 0 fits, dragging and scrolling move it.
import { $ } from "/static/common.js";

let scale = 1;

function size(step) {
  scale = step === 0 ? 1 : Math.max(1, Math.min(8, scale * (step > 0 ? 1.5 : 1 / 1.5)));
  $("large").style.width = scale === 1 ? "" : `${scale * 100}%`;
  $("pan").classList.toggle("fit", scale === 1);
}

export function zoom(address) {
  $("large").src = address;
  size(0);
  $("zoom").showModal();
}

for (const button of document.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => size(Number(button.dataset.zoom)));
}
$("zoom").addEventListener("keydown", (event) => {
  const step = { "+": 1, "=": 1, "-": -1, 0: 0 }[event.key];
  if (step !== undefined) size(step);
  else if (event.key === "z") $("zoom").close();
});
$("large").addEventListener("click", () => size(scale === 1 ? 1 : 0));
