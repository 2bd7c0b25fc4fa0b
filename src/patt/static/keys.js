// The keyboard: a control that has a key says so with data-key, and this presses it. Lists are walked with j and k.
"use strict";

const KEYS_OFF = "patt keys off";
const GO_MS = 1500; // so long after g the letter of a place counts

let goUntil = 0;
let lastPicked = null;
let isByPointer = false;
let loading = null; // the request for the next question: what is pressed meanwhile is meant for that one
let waiting = [];

const areKeysOff = () => localStorage.getItem(KEYS_OFF) === "1";
const openMenu = () => document.querySelector("details.menu[open]");
const currentRow = () => document.querySelector("[data-row]:has([aria-current])");
const linkOf = (row) => row.querySelector("a");

function isTyping(element) {
  const field = element.closest("input, select, textarea");
  return field !== null && !["checkbox", "radio", "button", "submit"].includes(field.type);
}

function openDialog(dialog) {
  dialog.showModal();
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(), { once: true });
}

function find() {
  openDialog(document.getElementById("palette"));
}

function press(control) {
  if (control.matches("input:not([type=checkbox]), select, textarea")) {
    control.focus();
  } else {
    control.click();
  }
  if (control.matches("summary")) {
    const menu = control.parentElement;
    (menu.open ? menu.querySelector("button, a, input, textarea") : control)?.focus();
  }
}

function controlOf(key) {
  const inMenu = openMenu()?.querySelectorAll(".menu-item")[Number(key) - 1];
  return inMenu ?? [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find((each) => each.checkVisibility());
}

function walk(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  const here = rows.indexOf(currentRow());
  const row = rows[here < 0 ? 0 : here + step];
  if (row) {
    linkOf(row).focus();
    linkOf(row).click();
  }
}

function pick(isRange) {
  const rows = [...document.querySelectorAll("[data-row]")];
  const here = rows.indexOf(currentRow());
  const box = rows[here]?.querySelector(".row-pick");
  if (!box) {
    return;
  }
  box.checked = !box.checked;
  const from = isRange && lastPicked !== null ? rows.indexOf(lastPicked) : here;
  for (const row of rows.slice(Math.min(from, here), Math.max(from, here) + 1)) {
    const each = row.querySelector(".row-pick");
    each && (each.checked = box.checked);
  }
  lastPicked = rows[here];
  box.dispatchEvent(new Event("change", { bubbles: true }));
}

function escape() {
  const menu = openMenu();
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return;
  }
  for (const box of document.querySelectorAll(".row-pick:checked")) {
    box.checked = false;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function act(event) {
  if (Date.now() < goUntil) {
    goUntil = 0;
    return document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
  }
  switch (event.key) {
    case "j": return () => walk(1);
    case "k": return () => walk(-1);
    case "x": return () => pick(false);
    case "X": return () => pick(true);
    case "g": return () => { goUntil = Date.now() + GO_MS; };
    default: return controlOf(event.key);
  }
}

document.addEventListener("pointerdown", () => { isByPointer = true; }, { capture: true, passive: true });

document.addEventListener("keydown", (event) => {
  isByPointer = false;
  const isFind = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    escape();
    return;
  }
  if (!isFind && (areKeysOff() || event.ctrlKey || event.altKey || event.metaKey || event.isComposing)) {
    return;
  }
  if (document.querySelector("dialog[open]") || (!isFind && isTyping(event.target))) {
    return;
  }
  if (loading && !isFind) {
    event.preventDefault();
    waiting.push(event.key);
    return;
  }
  const found = isFind || event.key === "/" ? find : act(event);
  if (found) {
    event.preventDefault();
    typeof found === "function" ? found() : press(found);
  }
});

// One menu at a time, and none under a click elsewhere.
document.addEventListener("click", (event) => {
  const menu = openMenu();
  if (menu && !menu.contains(event.target)) {
    menu.open = false;
  }
});

// A text to send is copied.
document.addEventListener("click", async (event) => {
  const copier = event.target.closest("[data-copies]");
  if (copier) {
    await navigator.clipboard.writeText(document.getElementById(copier.dataset.copies).textContent);
    copier.closest("details").open = false;
    tell(tr("Copied. Paste it where they read it."), "result");
  }
});

// The list of keys, and the switch that turns the single ones off.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) {
    openDialog(document.getElementById(opener.dataset.opens));
  }
});

function showSwitch() {
  for (const box of document.querySelectorAll("[data-keys-switch]")) {
    box.checked = !areKeysOff();
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-switch]")) {
    event.target.checked ? localStorage.removeItem(KEYS_OFF) : localStorage.setItem(KEYS_OFF, "1");
  }
});
showSwitch();

// The open question: its row is marked, that of the answered one is done and stays where it is, and its heading is read.
const rowOf = (key) => document.querySelector(`[data-row="${CSS.escape(key)}"]`);

function showDone() {
  const done = document.querySelector("#question > [data-done]");
  const row = done && rowOf(done.dataset.done);
  row?.querySelector(".row-done").replaceChildren(...done.childNodes);
  done?.remove();
}

function showCurrent(key) {
  document.querySelector("[data-row] [aria-current]")?.removeAttribute("aria-current");
  const row = rowOf(key);
  row?.querySelector(".row-done").replaceChildren();
  if (row) {
    linkOf(row).setAttribute("aria-current", "true");
    if (!isByPointer) { // nothing moves under it
      linkOf(row).scrollIntoView({ block: "nearest" });
    }
  } else if (document.getElementById("questions")) {
    htmx.ajax("GET", location.href, { target: "#questions", select: "#questions", swap: "morph" }); // its next rows
  }
}

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target.id === "question") {
    loading = detail.xhr;
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.xhr === loading && !detail.successful) {
    loading = null;
    waiting = [];
  }
});

function pressWaiting() {
  loading = null;
  const meant = waiting.splice(0);
  meant.forEach((key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })));
}

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id !== "question") {
    return;
  }
  showDone();
  const key = event.target.dataset.question;
  if (key) {
    showCurrent(key);
  }
  document.querySelector(".panes")?.classList.add("is-open");
  const isAnswered = event.detail.requestConfig?.verb === "post"; // the next question is read aloud
  if (isAnswered || document.activeElement === document.body) {
    document.querySelector("#question .question")?.focus({ preventScroll: true });
  }
  setTimeout(pressWaiting);
});

// The palette: opened by / or Ctrl-K where the page has it, walked with the arrow keys.
document.addEventListener("keydown", (event) => {
  const palette = event.target.closest?.("#palette");
  if (!palette || !["ArrowDown", "ArrowUp"].includes(event.key)) {
    return;
  }
  const stops = [palette.querySelector("input[type=search]"), ...palette.querySelectorAll(".palette-list a")];
  const next = stops[stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1)];
  event.preventDefault();
  next?.focus();
});
