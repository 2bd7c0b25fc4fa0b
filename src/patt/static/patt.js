// Sends the pages' buttons to the API, tells what came of it, and shows the page as it is afterwards.
"use strict";

const JSON_TYPE = "application/json";
const FORM_FIELD = "form_token";
const OWN_FIELDS = ["back", FORM_FIELD];

function formToken() {
  return document.querySelector("meta[name=form-token]")?.content ?? "";
}

function tell(sentence, tone) {
  const status = document.getElementById("status");
  const text = document.createElement("p");
  text.textContent = sentence;
  status.className = `status is-${tone}`;
  status.replaceChildren(text);
}

function setBusy(isBusy) {
  document.documentElement.classList.toggle("is-busy", isBusy);
  for (const button of document.querySelectorAll("form[data-api] button")) {
    button.disabled = isBusy;
  }
}

function bodyOf(form) {
  const fields = [...new FormData(form)].filter(([name, value]) => !OWN_FIELDS.includes(name) && value !== "");
  const body = Object.fromEntries(fields);
  for (const { name } of form.querySelectorAll("input[type=checkbox]")) {
    body[name] = fields.filter(([each]) => each === name).map(([, value]) => value);
  }
  return Object.keys(body).length ? JSON.stringify(body) : undefined;
}

async function send(form) {
  const body = bodyOf(form);
  const headers = { Accept: JSON_TYPE, "X-Form-Token": formToken() };
  if (body) {
    headers["Content-Type"] = JSON_TYPE;
  }
  const response = await fetch(form.dataset.api, { method: "POST", headers, body });
  if (response.status === 401) {
    location.assign("/login");
  }
  const answer = await response.json();
  const sentence = answer.sentence ?? [answer.detail, ...(answer.problems ?? [])].join(" ");
  return { sentence, tone: response.ok ? "result" : "problem" };
}

async function showAfresh() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const content = page.getElementById("content");
  if (response.ok && content) {
    document.getElementById("content").replaceWith(content);
  }
}

function focusAgain(form) {
  const sameForm = document.querySelector(`form[data-api="${CSS.escape(form.dataset.api)}"] button`);
  (sameForm ?? document.getElementById("status")).focus({ preventScroll: true });
}

async function run(form) {
  tell("Working …", "working");
  setBusy(true);
  try {
    const { sentence, tone } = await send(form);
    await showAfresh();
    tell(sentence, tone);
  } catch {
    tell("The server did not answer. Reload the page to see what is so now.", "problem");
  } finally {
    setBusy(false);
    focusAgain(form);
  }
}

// Parts that name the address where they can be had anew are looked at again while somebody looks at the page.
const LOOK_AGAIN_MS = 4000;

async function lookAgain(part) {
  const response = await fetch(part.dataset.live, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!response.ok || !fresh || !part.isConnected || part.contains(document.activeElement)) {
    return;
  }
  if (part.dataset.liveThen === "afresh" && !fresh.dataset.live) {
    await showAfresh();
  } else {
    part.replaceWith(fresh);
  }
}

async function lookAgainWhileSeen() {
  const isBusy = document.documentElement.classList.contains("is-busy");
  if (document.visibilityState === "visible" && !isBusy) {
    await Promise.allSettled([...document.querySelectorAll("[data-live]")].map(lookAgain));
  }
  setTimeout(lookAgainWhileSeen, LOOK_AGAIN_MS);
}

setTimeout(lookAgainWhileSeen, LOOK_AGAIN_MS);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-api]")) {
    event.preventDefault();
    run(form);
  }
});
