// Hears what changes while somebody looks at the page: how far jobs are, what others did, lists that have moved on.
"use strict";

const QUIET_MS = 4000; // so long after the last movement of a hand the page may be shown afresh
const POLL_MS = 4000;
const COME_BACK_MS = 30000;
const EVENTS = ["hello", "job", "change", "part", "reset", "bye"];
const LISTS = ["jobs", "runs", "matches"];
const NOT_ALL_DONE = ["failed", "refused", "waiting", "held", "unverified"]; // a failure is never green

let lastTouch = 0;
let lastOwnAction = 0;

const guildOf = () => content().dataset.liveGuild;

// The stream that htmx listens to: open while the page is seen, since a browser has few connections for each site, and
// continued after the last event. While it is not open, lists are looked at again now and then.
class SeenStream extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.mark = null;
    this.source = null;
    document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? this.open() : this.close()));
    document.addEventListener("patt:arrive", () => this.move());
    setInterval(() => this.poll(), POLL_MS);
    this.open();
  }

  get isOpen() {
    return this.source?.readyState === EventSource.OPEN;
  }

  open() {
    if (this.source || !guildOf() || document.visibilityState !== "visible") {
      return;
    }
    this.guild = guildOf();
    const after = encodeURIComponent(this.mark ?? content().dataset.liveMark);
    this.source = new EventSource(`${this.url}?guild=${guildOf()}&after=${after}`);
    for (const name of EVENTS) {
      this.source.addEventListener(name, (event) => this.tell(event));
    }
    this.source.addEventListener("error", () => this.break());
  }

  move() {
    if (this.guild && guildOf() && this.guild !== guildOf()) {
      this.close();
      this.mark = null;
    }
    this.open();
  }

  tell({ type, data, lastEventId }) {
    this.mark = lastEventId || this.mark;
    document.documentElement.classList.add("is-live");
    this.dispatchEvent(new MessageEvent(type, { data }));
    if (type === "part") {
      this.dispatchEvent(new MessageEvent(JSON.parse(data).kind));
    }
  }

  break() {
    document.documentElement.classList.remove("is-live");
    if (this.source?.readyState === EventSource.CLOSED) {
      this.close();
      setTimeout(() => this.open(), COME_BACK_MS);
    }
  }

  close() {
    this.source?.close();
    this.source = null;
    document.documentElement.classList.remove("is-live");
  }

  poll() {
    if (document.visibilityState === "visible" && guildOf() && !this.isOpen) {
      LISTS.forEach((kind) => this.dispatchEvent(new MessageEvent(kind)));
      if (document.querySelector(".work")) {
        takeIn(null);
      }
    }
  }
}

// Jobs

const own = new Set(); // which somebody asked for here, and which have not ended

function make(tag, options = {}, ...children) {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
}

function slotOf(job) {
  const id = `work-${job.place}`;
  const slot = document.getElementById(id) ?? make("div", { className: "works", id });
  if (!slot.isConnected) {
    content().prepend(slot);
  }
  return slot;
}

function elementOf(job) {
  const found = document.getElementById(`job-${job.id}`);
  if (found) {
    return found;
  }
  const bar = make("progress", { ariaLabel: job.title });
  const element = make("div", { className: "work", id: `job-${job.id}` }, make("p", { className: "work-words" }), bar);
  slotOf(job).append(element);
  return element;
}

function showProgress(job) {
  if (job.is_own) {
    own.add(job.id);
  }
  const element = elementOf(job);
  const bar = element.querySelector("progress");
  if (job.total) {
    bar.max = job.total;
    bar.value = job.done;
  } else {
    bar.removeAttribute("value");
  }
  const far = job.total ? [tr("{n} of {total}", { n: numberOf(job.done), total: numberOf(job.total) }), " · "] : [];
  const isAtRule = element.closest("article") !== null; // whose name stands there already
  const title = make("strong", { textContent: isAtRule ? job.short_title : job.title });
  const words = element.querySelector(".work-words");
  words.title = `${job.title}: ${job.sentence}`;
  const who = make("bdi", { textContent: job.who });
  words.replaceChildren(...far, ...trParts("{title} by {who}", { title, who }), ` · ${job.sentence}`);
}

async function showEnd(job) {
  document.getElementById(`job-${job.id}`)?.remove();
  if (own.delete(job.id) || job.is_own) {
    lastOwnAction = Date.now();
    await showAfresh();
    const isAllDone = job.state === "done" && !NOT_ALL_DONE.some((name) => job.counts?.[name]);
    tell(job.sentence, isAllDone ? "result" : "problem");
    const told = `/admin/activity/jobs/${job.id}?guild=${guildOf()}&back=${encodeURIComponent(address())}`;
    await htmx.ajax("GET", told, { swap: "none" }).catch(() => {}); // the same, with its undo
  }
}

const hearJob = (job) => (["done", "failed"].includes(job.state) ? showEnd(job) : showProgress(job));

// What others did

const news = make("div", { id: "news", className: "news", hidden: true, role: "status" });
document.body.append(news);

function quietButton(words, act) {
  const button = make("button", { className: "button is-s", type: "button", textContent: words });
  button.addEventListener("click", act);
  return button;
}

function hideNews() {
  news.hidden = true;
  news.replaceChildren();
}

function say(sentence, ...buttons) {
  news.replaceChildren(make("p", { textContent: sentence }), ...buttons, quietButton(tr("Close"), hideNews));
  news.hidden = false;
}

async function freshPage() {
  if (!guildOf()) {
    return null; // such as a page that shows a secret once
  }
  const headers = { "HX-Request": "true", "HX-Target": "content", [UNATTENDED]: "1" };
  const from = address();
  const response = await fetch(from, { headers });
  const isUsable = response.ok && !response.headers.has("HX-Redirect") && !isBusy() && from === address();
  return isUsable ? response.text() : null;
}

function showPage(page) {
  htmx.swap("#content", page, { swapStyle: "morph", swapDelay: 0, settleDelay: 0 }, { contextElement: content() });
}

async function showAfresh() {
  const page = await freshPage();
  if (page !== null) {
    hideNews();
    showPage(page);
  }
}

async function showNews() {
  await showAfresh();
  content().querySelector("h1")?.scrollIntoView({ block: "nearest" });
}

// Whether nothing would be lost or jump under a hand if the page were shown afresh now.
function mayShowAfresh() {
  const selection = document.getSelection();
  return (
    Date.now() - lastTouch > QUIET_MS &&
    !document.getElementById("questions") && // the Inbox moves when somebody asks for it
    !isBusy() &&
    (document.activeElement === content() || !content().contains(document.activeElement)) &&
    !content().querySelector("details[open]") &&
    ![...fieldsOf(content())].some(isTouched) &&
    (selection === null || selection.isCollapsed)
  );
}

// What a page says, without what changes all the time: times and the progress of jobs.
function saidBy(page) {
  const said = page.cloneNode(true);
  said.querySelectorAll("time, .works, [data-chosen-count]").forEach((each) => each.remove());
  return said.textContent.replace(/\s+/g, " ");
}

async function takeIn(sentence) {
  const page = await freshPage();
  const fresh = page && new DOMParser().parseFromString(page, "text/html").getElementById("content");
  if (!fresh || saidBy(fresh) === saidBy(content())) {
    return;
  }
  if (mayShowAfresh()) {
    showPage(page);
    if (sentence) {
      say(sentence);
    }
  } else {
    say(sentence ?? tr("This page may be out of date."), quietButton(tr("Show"), showNews));
  }
}

function isShown(mark) {
  const [epoch, number] = mark.split(".");
  const [epochHere, numberHere] = (content().dataset.liveMark ?? "").split(".");
  return epoch === epochHere && Number(number) <= Number(numberHere);
}

function hearChange(change) {
  const isFromHere = change.is_own && (own.size > 0 || isBusy() || Date.now() - lastOwnAction < QUIET_MS);
  if (guildOf() && !isFromHere && !isShown(change.cursor)) {
    takeIn(change.sentence);
  }
}

function hearHello({ jobs, is_continued: isContinued }) {
  const running = new Set(jobs.map((job) => `job-${job.id}`));
  document.querySelectorAll(".work").forEach((each) => running.has(each.id) || each.remove());
  jobs.forEach(showProgress);
  if (!isContinued) {
    own.clear();
    hearReset();
  }
}

function hearReset() {
  LISTS.forEach((kind) => stream.dispatchEvent(new MessageEvent(kind)));
  takeIn(null);
}

function hearBye() {
  stream.close();
  say(tr("You are signed out."), quietButton(tr("Sign in"), () => location.assign("/login")));
}

// htmx asks for the stream once; an event that comes during a command waits for its answer.
let stream = null;

function hear(name, act) {
  stream.addEventListener(name, ({ data }) => {
    const told = JSON.parse(data);
    if (isBusy() && name !== "change") {
      document.addEventListener("patt:idle", () => act(told), { once: true });
    } else {
      act(told);
    }
  });
}

htmx.createEventSource = (url) => {
  stream = new SeenStream(url);
  hear("hello", hearHello);
  hear("job", hearJob);
  hear("change", hearChange);
  hear("reset", hearReset);
  hear("bye", hearBye);
  return stream;
};

for (const touch of ["pointermove", "pointerdown", "keydown", "wheel", "touchmove", "scroll"]) {
  document.addEventListener(touch, () => { lastTouch = Date.now(); }, { passive: true, capture: true });
}
document.addEventListener("patt:idle", () => { lastOwnAction = Date.now(); hideNews(); });
document.addEventListener("patt:arrive", hideNews);
