// Hears what changes while somebody looks at the page: how far jobs are, what others did, lists that have moved on.
"use strict";

const LIVE = "/api/v1/admin/live";
const JOBS = "/api/v1/admin/data-quality/jobs";
const QUIET_MS = 4000; // so long after the last movement of a hand the page may be shown afresh
const POLL_MS = 1500;
const COME_BACK_MS = 30000;

const asked = new Map(); // jobs that were asked for on this page, with their forms
const ended = new Map(); // jobs that have lately ended
let stream = null;
let lastMark = null;
let lastTouch = 0;
let lastOwnAction = 0;

globalThis.isLive = () => stream?.readyState === EventSource.OPEN;
const isBusy = () => document.documentElement.classList.contains("is-busy");
const content = () => document.getElementById("content");
const guildOf = () => content().dataset.liveGuild;

function make(tag, options = {}, ...children) {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
}

// Jobs

function slotOf(job) {
  const slot = document.querySelector(`[data-work-at="${CSS.escape(job.place)}"]`);
  if (slot) {
    return slot;
  }
  const spare = make("div", { className: "works" });
  spare.dataset.workAt = job.place;
  content().prepend(spare);
  return spare;
}

function jobElement(job) {
  const found = document.querySelector(`.work[data-job="${job.id}"]`);
  if (found) {
    return found;
  }
  const bar = make("progress");
  bar.setAttribute("aria-label", job.title);
  const element = make("div", { className: "work" }, make("p", { className: "work-words" }), bar);
  element.dataset.job = job.id;
  slotOf(job).append(element);
  return element;
}

function showProgress(job) {
  const element = jobElement(job);
  const bar = element.querySelector("progress");
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else {
    bar.removeAttribute("value");
  }
  const far = job.total ? `${job.done} of ${job.total} · ` : "";
  const isAtRule = element.closest("article") !== null; // whose name stands there already
  const title = make("strong", { textContent: isAtRule ? job.title.split(":")[0] : job.title });
  const words = element.querySelector(".work-words");
  words.title = `${job.title}: ${job.sentence}`;
  words.replaceChildren(far, title, " by ", make("bdi", { textContent: job.who }), ` · ${job.sentence}`);
}

async function showEnd(job) {
  ended.set(job.id, job);
  document.querySelector(`.work[data-job="${job.id}"]`)?.remove();
  if (asked.has(job.id)) {
    const form = asked.get(job.id);
    asked.delete(job.id);
    lastOwnAction = Date.now();
    await showAfresh(form);
    const back = encodeURIComponent(location.pathname + location.search);
    const told = await fetch(`/admin/activity/jobs/${job.id}?guild=${guildOf()}&back=${back}`, { headers: UNATTENDED });
    const status = told.ok ? await partOf(told, "status") : null;
    if (status) {
      show(status);
    } else {
      tell(job.sentence, job.state === "done" ? "result" : "problem");
    }
  }
}

function showJob(job) {
  const hasEnded = job.state === "done" || job.state === "failed";
  return hasEnded ? showEnd(job) : showProgress(job);
}

async function readJob(id) {
  const response = await fetch(`${JOBS}/${id}?guild=${guildOf()}`, { headers: { Accept: JSON_TYPE, ...UNATTENDED } });
  return response.ok ? response.json() : null;
}

async function follow(id) {
  while (asked.has(id) && !isLive()) {
    const job = await readJob(id).catch(() => null);
    if (job) {
      await showJob(job);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

globalThis.askForJob = async (form) => {
  const button = form.querySelector("button");
  if (button.getAttribute("aria-disabled") === "true") {
    return;
  }
  button.setAttribute("aria-disabled", "true"); // keeps the focus, which a disabled button would lose
  try {
    const response = await ask(form, { Accept: JSON_TYPE });
    const answer = await response.json();
    tell(answer.sentence ?? answer.detail, response.ok ? "working" : "problem");
    if (response.ok) {
      asked.set(answer.id, form);
      await showJob(ended.get(answer.id) ?? answer);
      follow(answer.id);
    }
  } catch {
    tell("The server did not respond. Reload the page to see the current state.", "problem");
  } finally {
    button.removeAttribute("aria-disabled");
  }
};

function showJobs(jobs) {
  const running = new Set(jobs.map((job) => String(job.id)));
  for (const element of document.querySelectorAll(".work[data-job]")) {
    if (!running.has(element.dataset.job)) {
      element.remove();
    }
  }
  jobs.forEach(showJob);
  for (const id of asked.keys()) {
    if (!running.has(String(id))) {
      readJob(id).then((job) => job && showJob(job));
    }
  }
}

// What others did

const news = make("div", { id: "news", className: "news", hidden: true });
news.setAttribute("role", "status");
document.body.append(news);

function quietButton(words, act) {
  const button = make("button", { className: "quiet", type: "button", textContent: words });
  button.addEventListener("click", act);
  return button;
}

function hideNews() {
  news.hidden = true;
  news.replaceChildren();
}

function say(sentence, ...buttons) {
  news.replaceChildren(make("p", { textContent: sentence }), ...buttons, quietButton("Close", hideNews));
  news.hidden = false;
}

async function showNews() {
  hideNews();
  await showAfresh();
  content().querySelector("h1")?.scrollIntoView({ block: "nearest" });
}

// Whether nothing would be lost or jump under a hand if the page were shown afresh now.
function mayShowAfresh() {
  const selection = document.getSelection();
  return (
    Date.now() - lastTouch > QUIET_MS &&
    !isBusy() &&
    !content().contains(document.activeElement) &&
    !content().querySelector("details[open]") &&
    ![...fieldsOf(content())].some(isTouched) &&
    (selection === null || selection.isCollapsed)
  );
}

async function takeIn(sentence) {
  const fresh = await freshContent();
  if (!fresh || fresh.textContent === content().textContent) {
    return;
  }
  if (mayShowAfresh()) {
    replaceContent(fresh);
    if (sentence) {
      say(sentence);
    }
  } else {
    say(sentence ?? "This page may be out of date.", quietButton("Show", showNews));
  }
}

function isShown(mark) {
  const [epoch, number] = mark.split(".");
  const [epochHere, numberHere] = content().dataset.liveMark.split(".");
  return epoch === epochHere && Number(number) <= Number(numberHere);
}

function hearChange(change) {
  const isMine = change.is_own && (asked.size > 0 || isBusy() || Date.now() - lastOwnAction < QUIET_MS);
  if (!isMine && !isShown(change.cursor)) {
    takeIn(change.sentence);
  }
}

function hearPart({ kind }) {
  for (const part of document.querySelectorAll("[data-live]")) {
    if ((part.dataset.liveOn ?? kind) === kind) {
      lookAgain(part);
    }
  }
}

function hearHello({ jobs, is_continued: isContinued }) {
  showJobs(jobs);
  if (!isContinued) {
    takeIn(null);
    document.querySelectorAll("[data-live]").forEach(lookAgain);
  }
}

// The stream: open while the page is seen, since a browser has few connections for each site.

function leave() {
  stream?.close();
  stream = null;
  document.documentElement.classList.remove("is-live");
  asked.forEach((_, id) => follow(id));
}

function hear(name, act) {
  stream.addEventListener(name, (event) => {
    lastMark = event.lastEventId || lastMark;
    act(JSON.parse(event.data));
  });
}

function listen() {
  if (stream || !guildOf() || document.visibilityState !== "visible") {
    return;
  }
  const after = lastMark ?? content().dataset.liveMark;
  stream = new EventSource(`${LIVE}?guild=${guildOf()}&after=${encodeURIComponent(after)}`);
  hear("hello", (now) => {
    document.documentElement.classList.add("is-live");
    hearHello(now);
  });
  hear("job", showJob);
  hear("change", hearChange);
  hear("part", hearPart);
  hear("reset", () => takeIn(null));
  hear("bye", () => {
    leave();
    say("You are signed out.", quietButton("Sign in", () => location.assign("/login")));
  });
  stream.addEventListener("error", () => {
    document.documentElement.classList.remove("is-live");
    if (stream?.readyState === EventSource.CLOSED) {
      leave();
      setTimeout(listen, COME_BACK_MS);
    }
  });
}

for (const touch of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove", "scroll"]) {
  document.addEventListener(touch, () => { lastTouch = Date.now(); }, { passive: true, capture: true });
}
document.addEventListener("patt:done", () => { lastOwnAction = Date.now(); });
document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? listen() : leave()));
document.addEventListener("patt:fresh", hideNews);
listen();
