// Ticks all findings of a group at once, and says how many are chosen. Without it every box can still be ticked.
"use strict";

const NONE_CHOSEN = "Select findings to act on them together.";
const TICKS = `ticks ${location.pathname}${location.search}`;

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
  const words = chosen ? `${chosen} selected` : NONE_CHOSEN;
  if (count.textContent !== words) {
    count.textContent = words;
  }
  count.closest("form").classList.toggle("has-choice", chosen > 0);
}

// Somebody comes back with Back, by the preview's own link, or from a form that could not be used.
function isBack() {
  const { type } = performance.getEntriesByType("navigation")[0];
  const isFromPreview = document.referrer.startsWith(`${location.origin}/admin/data-quality/preview`);
  return type === "back_forward" || isFromPreview || document.querySelector("#status.is-problem") !== null;
}

function tickAgain() {
  const ticked = isBack() ? JSON.parse(sessionStorage.getItem(TICKS) ?? "[]") : [];
  for (const box of boxesIn(document)) {
    box.checked ||= ticked.includes(findingOf(box));
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) {
    for (const box of boxesIn(event.target.closest("section"))) {
      box.checked = event.target.checked;
    }
  }
  showChoice();
});

// The page's other buttons show it afresh, with boxes that nobody has ticked; the way back shows it as it was left.
new MutationObserver(showChoice).observe(document.body, { childList: true });
window.addEventListener("pageshow", showChoice);
window.addEventListener("pagehide", () => sessionStorage.setItem(TICKS, JSON.stringify(tickedBoxes().map(findingOf))));
tickAgain();
showChoice();
