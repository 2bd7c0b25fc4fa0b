// Ticks all findings of a group at once, and says how many are chosen. Without it every box can still be ticked.
"use strict";

const NONE_CHOSEN = tr("Select findings to act on them together.");
const PREVIEW = "/admin/data-quality/preview";

function boxesIn(place) {
  return [...place.querySelectorAll('input[form="selection"]')];
}

const tickedBoxes = () => boxesIn(document).filter((box) => box.checked);
const findingOf = (box) => `${box.name}=${box.value}`; // whose value is another one once the finding has changed

function showChoice() {
  const count = document.querySelector("[data-chosen-count]");
  if (!count) {
    return;
  }
  for (const all of document.querySelectorAll("[data-choose-all]")) {
    const boxes = boxesIn(all.closest("section"));
    const ticked = boxes.filter((box) => box.checked).length;
    all.hidden = boxes.length < 2;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
  }
  const chosen = tickedBoxes().length;
  const words = chosen ? trN("{n} selected", "{n} selected", chosen) : NONE_CHOSEN;
  if (count.textContent !== words) {
    count.textContent = words;
  }
  count.closest("form").classList.toggle("has-choice", chosen > 0);
}

// The ticks of a page are kept for the way back: with Back, by the preview's own link, or from a form that could not be used.
const placeOfTicks = () => `ticks ${location.pathname}${location.search}`;
const keepTicks = () => sessionStorage.setItem(placeOfTicks(), JSON.stringify(tickedBoxes().map(findingOf)));

function tickAgain() {
  const ticked = JSON.parse(sessionStorage.getItem(placeOfTicks()) ?? "[]");
  for (const box of boxesIn(document)) {
    box.checked ||= ticked.includes(findingOf(box));
  }
}

function arriveAt(from, isBack) {
  if (isBack || from.startsWith(PREVIEW) || document.querySelector("#status.is-problem")) {
    tickAgain();
  }
  showChoice();
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    for (const box of boxesIn(event.target.closest("section"))) {
      box.checked = event.target.checked;
    }
  }
  showChoice();
});

document.addEventListener("htmx:afterSettle", showChoice);
document.addEventListener("patt:leave", keepTicks);
document.addEventListener("patt:arrive", ({ detail }) => arriveAt(detail.from, detail.isBack));
window.addEventListener("pageshow", showChoice);
window.addEventListener("pagehide", keepTicks);
arriveAt(
  document.referrer.replace(location.origin, ""),
  performance.getEntriesByType("navigation")[0].type === "back_forward",
);
