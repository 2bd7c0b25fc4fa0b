// What htmx leaves to the page: one command at a time, what was typed and focused, the way back, and what went wrong.
"use strict";

const UNATTENDED = "X-PATT-Unattended"; // a header: nobody does anything, so it keeps no session
const content = () => document.getElementById("content");
const address = () => location.pathname + location.search;

function tell(sentence, tone, sent = null) {
  const status = document.getElementById("status"); // stays, since readers aloud watch this very element
  const isOfToast = status.contains(sent); // htmx looks at the form that was sent once more when the answer is there
  status.className = `status is-${tone}`;
  status.replaceChildren(Object.assign(document.createElement("p"), { textContent: sentence }), ...(isOfToast ? [sent] : []));
  if (isOfToast) {
    sent.hidden = true;
  }
}

// A toast of success goes after a while, unless the pointer or the focus is on it; a problem stays.
const TOLD_MS = 20000;
let told = { text: "", since: 0 };

setInterval(() => {
  const status = document.getElementById("status");
  if (status.textContent !== told.text) {
    told = { text: status.textContent, since: Date.now() };
  }
  if (status.matches(".is-result:not(:hover, :focus-within)") && Date.now() - told.since > TOLD_MS) {
    status.className = "status";
    status.replaceChildren();
  }
}, 1000);

// What a morph leaves alone: what somebody has typed, ticked or opened, unless it was sent and done.
const isField = (node) => node instanceof Element && node.matches("input:not([type=hidden]), select, textarea");
const isBox = (field) => field.type === "checkbox" || field.type === "radio";
const fieldsOf = (place) => place.querySelectorAll("input:not([type=hidden]), select, textarea");
const formOf = (element) => element.getAttribute("form") ?? element.closest("form")?.getAttribute("action") ?? "";
const routeOf = (element) => formOf(element).split("?")[0]; // after a conflict its query names another version
const keyOf = (field) => [routeOf(field), field.name, isBox(field) ? field.getAttribute("value") : ""].join(" ");
const wordsOf = (element) => element.getAttribute("aria-label") ?? element.textContent.trim();
const placeOf = (element) =>
  [element.tagName, element.id, routeOf(element), element.getAttribute("name"), wordsOf(element)].join(" ");

// Whether an address is that of the page which is shown already. A command leads back to it by its full address.
const pathOf = (place) => place.split(/[?#]/)[0];
const isShownAgain = (place) => (command ? pathOf(place) === pathOf(shown) : place.split("#")[0] === shown);

const opened = new WeakSet(); // with a click
const kept = new WeakSet(); // in this morph
let lost = null; // the place of the element that had the focus and is gone

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

function isLeftAlone(old, fresh) {
  if (!isShownAgain(address())) {
    return false;
  }
  if (isField(old)) {
    return isTouched(old) && keyOf(old) === keyOf(fresh);
  }
  const isOpened = old.tagName === "DETAILS" && opened.has(old);
  return isOpened && wordsOf(old.querySelector("summary")) === wordsOf(fresh.querySelector("summary"));
}

function beforeNodeMorphed(old, fresh) {
  if (!(old instanceof Element)) {
    return true;
  }
  kept[isLeftAlone(old, fresh) ? "add" : "delete"](old);
  if (old === document.activeElement && placeOf(old) !== placeOf(fresh)) {
    lost = placeOf(old); // another row has come to where it was: it gets no key press that was meant for this one
  }
  return !old.hasAttribute("data-chosen-count"); // which selection.js writes
}

function beforeNodeRemoved(node) {
  if (node.contains(document.activeElement)) {
    lost = placeOf(document.activeElement);
  }
  return true;
}

function beforeAttributeUpdated(name, element) {
  const owner = element.tagName === "OPTION" ? element.closest("select") : element;
  return !(kept.has(owner) && ["value", "checked", "selected", "open"].includes(name));
}

Object.assign(Idiomorph.defaults.callbacks, { beforeNodeMorphed, beforeNodeRemoved, beforeAttributeUpdated });

function focusAgain() {
  if (lost === null) {
    return;
  }
  const all = [...content().querySelectorAll("a, button, input, select, textarea, summary")];
  const same = all.find((each) => placeOf(each) === lost);
  lost = null;
  (same ?? document.getElementById("status")).focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest?.("summary");
  if (summary) {
    opened.add(summary.parentElement);
  }
});

// The server says of a form that was sent: it is done, so that nothing of it is kept.
document.addEventListener("patt:done", ({ target }) => {
  if (target instanceof HTMLFormElement) {
    target.reset();
    [target.closest("details"), ...target.querySelectorAll("details")].forEach((each) => opened.delete(each));
  }
});

// One command at a time, and its button keeps the focus, which a disabled one would lose.
let command = null;

globalThis.isBusy = () => command !== null;

document.addEventListener("htmx:confirm", (event) => {
  const { target, triggeringEvent } = event.detail;
  const isRenewal = triggeringEvent?.type.startsWith("sse:");
  const isUnderHand = isRenewal && target !== content() && target.contains(document.activeElement);
  if (command || isUnderHand) {
    event.preventDefault();
  }
  if (isRenewal && event.defaultPrevented) {
    const again = () => setTimeout(() => htmx.trigger(event.target, triggeringEvent.type));
    (command ? document : target).addEventListener(command ? "patt:idle" : "focusout", again, { once: true });
  }
});

// Where the guild speaks another language by now, the answer is a page to open whole, with a shell in it.
document.addEventListener("htmx:configRequest", ({ detail }) => {
  detail.headers["X-PATT-Language"] = document.documentElement.lang;
});

document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.requestConfig.verb !== "get") {
    command = { xhr: detail.xhr, button: detail.requestConfig.triggeringEvent?.submitter };
    command.button?.setAttribute("aria-disabled", "true");
    document.documentElement.classList.add("is-busy");
    tell(tr("Working …"), "working", detail.elt);
  }
});

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  if (command?.xhr === detail.xhr) {
    command.button?.removeAttribute("aria-disabled");
    command = null;
    document.documentElement.classList.remove("is-busy");
    document.dispatchEvent(new CustomEvent("patt:idle"));
  }
});

// What went wrong. An answer of PATT says what it was; the error page of a proxy is not shown.
const NO_ANSWER = tr("The server did not respond. Reload the page to see the current state.");
const TOO_SLOW = tr("The server has not responded within a minute. Reload the page to see the current state.");
const isUnattended = (detail) => UNATTENDED in detail.requestConfig.headers;

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.xhr.status >= 400 && isComingBack) {
    location.reload(); // and its page says what there is instead
  } else if (detail.xhr.status >= 400 && !isUnattended(detail)) {
    detail.shouldSwap = detail.xhr.getResponseHeader("HX-Reswap") === "none";
    if (!detail.shouldSwap) {
      tell(NO_ANSWER, "problem");
    }
  } else if (detail.shouldSwap) {
    bringAlong(detail.serverResponse);
  }
});

// A newer click ends an older request, as it should: htmx would report that as a fault, first under the name of the end of any
// request. A request that failed is reported by the name of what failed.
htmx.logger = (_element, name, detail) => {
  if (name === "htmx:sendAbort" || name === "htmx:afterRequest") {
    delete detail.error;
  }
};

for (const [name, sentence] of [["htmx:sendError", NO_ANSWER], ["htmx:timeout", TOO_SLOW]]) {
  document.addEventListener(name, ({ detail }) => isUnattended(detail) || tell(sentence, "problem"));
}

// The head of a page that is morphed in: its styles and scripts, where they are not here yet; the styles of the page before go.
const STYLES = "link[rel=stylesheet]:not([data-of-all])";
let unneeded = [];
const sourceOf = (element) => element.getAttribute("href") ?? element.getAttribute("src");

function bringAlong(answer) {
  const [head] = answer.match(/^\s*<head>.*?<\/head>/s) ?? [""];
  const needed = new DOMParser().parseFromString(head, "text/html").head;
  const here = new Set([...document.head.querySelectorAll("link, script")].map(sourceOf));
  const wanted = new Set([...needed.querySelectorAll("link")].map(sourceOf));
  unneeded = head ? [...document.head.querySelectorAll(STYLES)].filter((each) => !wanted.has(sourceOf(each))) : [];
  for (const each of needed.querySelectorAll("link[rel=stylesheet], script[src]")) {
    if (!here.has(sourceOf(each))) {
      const fresh = document.createElement(each.localName);
      each.getAttributeNames().forEach((name) => fresh.setAttribute(name, each.getAttribute(name)));
      document.head.append(fresh);
    }
  }
}

// From page to page, and back. Pages are not kept: whatever is shown is what is so now.
let shown = address();

document.addEventListener("htmx:beforeHistoryUpdate", ({ detail }) => {
  const { history: update } = detail;
  if (isShownAgain(update.path)) {
    update.type = "replace";
  } else {
    document.dispatchEvent(new CustomEvent("patt:leave"));
    history.replaceState({ htmx: true, scroll: scrollY }, "", location.href);
  }
});

function arrive({ isBack, scroll }) {
  const from = shown;
  shown = address();
  if (pathOf(from) !== location.pathname || isBack) {
    lost = null;
    scrollTo(0, scroll ?? 0);
    content().focus({ preventScroll: true });
    sayWhereThisIs();
  }
  document.dispatchEvent(new CustomEvent("patt:arrive", { detail: { from, isBack } }));
}

// The shell stays, and says so: which place this is, and what was searched for.
function sayWhereThisIs() {
  for (const field of document.querySelectorAll("form[role=search] input[type=search]")) {
    if (!content().contains(field)) {
      const isAnswered = field.form.getAttribute("action") === location.pathname;
      field.value = isAnswered ? new URLSearchParams(location.search).get(field.name) ?? "" : "";
    }
  }
  for (const link of document.querySelectorAll("nav a[href]")) {
    if (!content().contains(link)) {
      const isHere = `${location.pathname}/`.startsWith(`${link.pathname}/`);
      link[isHere ? "setAttribute" : "removeAttribute"]("aria-current", "page");
    }
  }
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (target === content()) {
    unneeded.splice(0).forEach((style) => style.remove());
  }
  if (target === content() && address() !== shown && !isComingBack) {
    arrive({ isBack: false, scroll: location.hash ? scrollY : 0 });
  } else if (!isComingBack) {
    shown = address(); // a part of the page has an address of its own, such as a question of the Inbox
  }
  focusAgain();
});

let isComingBack = false;

async function comeBack({ state }) {
  if (address() === shown) {
    return; // another place on the same page
  }
  isComingBack = true;
  await htmx.ajax("GET", address(), { target: "#content", swap: "morph" }).catch(() => location.reload());
  isComingBack = false;
  arrive({ isBack: true, scroll: state?.scroll });
}

// htmx would put a page into the body; this one goes to where the others go.
document.addEventListener("DOMContentLoaded", () => { window.onpopstate = comeBack; });
