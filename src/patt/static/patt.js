// Sends the forms that stay on their page, shows the sentence that comes back, and the page as it is afterwards.
"use strict";

const JSON_TYPE = "application/json";
const UNATTENDED = { "X-PATT-Unattended": "1" }; // nobody does anything: it keeps no session

function show(status) {
  const here = document.getElementById("status"); // stays, since readers aloud watch this very element
  here.className = status.className;
  here.replaceChildren(...status.childNodes);
}

function tell(sentence, tone) {
  const status = document.createElement("div");
  status.className = `status is-${tone}`;
  status.append(Object.assign(document.createElement("p"), { textContent: sentence }));
  show(status);
}

function setBusy(isBusy) {
  document.documentElement.classList.toggle("is-busy", isBusy);
  for (const button of document.querySelectorAll("form[data-stay] button, form[data-job] button")) {
    button.disabled = isBusy;
  }
}

async function ask(form, headers) {
  const body = new URLSearchParams(new FormData(form));
  const response = await fetch(form.getAttribute("action"), { method: "POST", headers, body });
  if (response.status === 401) {
    location.assign("/login");
  }
  return response;
}

async function partOf(response, id) {
  return new DOMParser().parseFromString(await response.text(), "text/html").getElementById(id);
}

// What somebody has ticked, typed, opened and focused, so that a fresh page does not take it away.
const fieldsOf = (content) => content.querySelectorAll("input:not([type=hidden]), select, textarea");
const actionOf = (element) => element.form?.getAttribute("action") ?? "";
const isBox = (field) => field.type === "checkbox" || field.type === "radio";
const routeOf = (field) => actionOf(field).split("?")[0]; // after a conflict its query names another version
const keyOf = (field) => [routeOf(field), field.name, isBox(field) ? field.value : ""].join(" ");
const wordsOf = (element) => element.getAttribute("aria-label") ?? element.textContent.trim();
const placeOf = (element) =>
  [element.tagName, element.id, actionOf(element), element.getAttribute("href"), wordsOf(element)].join(" ");

function isTouched(field) {
  if (isBox(field)) {
    return field.checked !== field.defaultChecked;
  }
  if (field.tagName === "SELECT") {
    const usual = [...field.options].findIndex((each) => each.defaultSelected);
    return field.selectedIndex !== Math.max(usual, 0);
  }
  return field.value !== field.defaultValue;
}

function remember(content, sentForm) {
  const touched = [...fieldsOf(content)].filter((field) => isTouched(field) && (!sentForm || field.form !== sentForm));
  return {
    fields: new Map(touched.map((field) => [keyOf(field), isBox(field) ? field.checked : field.value])),
    opened: [...content.querySelectorAll("details[open]")].map((each) => each.closest("[id]")?.id),
    focused: content.contains(document.activeElement) ? placeOf(document.activeElement) : null,
  };
}

function restore(content, { fields, opened, focused }) {
  for (const field of fieldsOf(content)) {
    if (fields.has(keyOf(field))) {
      field[isBox(field) ? "checked" : "value"] = fields.get(keyOf(field));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }
  for (const each of content.querySelectorAll("details")) {
    each.open ||= opened.includes(each.closest("[id]")?.id);
  }
  const places = focused ? [...content.querySelectorAll("a, button, input, select, textarea, summary")] : [];
  places.find((each) => placeOf(each) === focused)?.focus({ preventScroll: true });
}

async function freshContent() {
  const response = await fetch(location.href, { headers: { Accept: "text/html", ...UNATTENDED } });
  return response.ok ? partOf(response, "content") : null;
}

function replaceContent(fresh, sentForm) {
  const content = document.getElementById("content");
  const kept = remember(content, sentForm);
  content.replaceWith(fresh);
  restore(fresh, kept);
  document.dispatchEvent(new CustomEvent("patt:fresh"));
}

async function showAfresh(sentForm) {
  const fresh = await freshContent();
  if (fresh) {
    replaceContent(fresh, sentForm);
  }
}

function focusAgain(form) {
  const sameForm = document.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"] button`);
  (sameForm ?? document.getElementById("status")).focus({ preventScroll: true });
}

async function run(form) {
  tell("Working …", "working");
  setBusy(true);
  try {
    const response = await ask(form, { "X-PATT-Fragment": "1" });
    const status = await partOf(response, "status");
    await showAfresh(response.ok ? form : undefined);
    show(status);
  } catch {
    tell("The server did not respond. Reload the page to see the current state.", "problem");
  } finally {
    setBusy(false);
    focusAgain(form);
    document.dispatchEvent(new CustomEvent("patt:done"));
  }
}

// Parts that name the address where they can be had anew are looked at again while somebody looks at the page, where
// nothing tells when they change: live.js hears it, and says so.
const LOOK_AGAIN_MS = 4000;

// By a part's id: whether it changed once more while it was being looked at. Only one look at a time, so that an older
// answer never comes after a newer one.
const lookedAt = new Map();

async function lookAgain({ id }) {
  if (lookedAt.has(id)) {
    lookedAt.set(id, true);
    return;
  }
  try {
    do {
      lookedAt.set(id, false);
      await look(id);
    } while (lookedAt.get(id));
  } finally {
    lookedAt.delete(id);
  }
}

async function look(id) {
  const address = document.getElementById(id)?.dataset.live;
  if (!address) {
    return;
  }
  const response = await fetch(address, { headers: { Accept: "text/html", ...UNATTENDED } });
  const fresh = await partOf(response, id);
  const part = document.getElementById(id);
  if (!response.ok || !fresh || !part) {
    return;
  }
  if (part.contains(document.activeElement)) {
    part.addEventListener("focusout", () => lookAgain(part), { once: true });
  } else if (part.dataset.liveThen === "afresh" && !fresh.dataset.live) {
    await showAfresh();
  } else {
    const kept = remember(part);
    part.replaceWith(fresh);
    restore(fresh, kept);
  }
}

async function lookAgainWhileSeen() {
  const isBusy = document.documentElement.classList.contains("is-busy");
  const isTold = globalThis.isLive?.() ?? false;
  if (document.visibilityState === "visible" && !isBusy && !isTold) {
    await Promise.allSettled([...document.querySelectorAll("[data-live]")].map(lookAgain));
  }
  setTimeout(lookAgainWhileSeen, LOOK_AGAIN_MS);
}

setTimeout(lookAgainWhileSeen, LOOK_AGAIN_MS);

document.addEventListener("submit", (event) => {
  const form = event.target;
  const act = form.matches("[data-job]") ? globalThis.askForJob : form.matches("[data-stay]") ? run : null;
  if (act) {
    event.preventDefault();
    act(form);
  }
});
