// Says moments in the reader's own time zone: exactly on hover, and the day where a day is written. Without it they are UTC.
"use strict";

const pageLanguage = document.documentElement.lang;
const isEnglish = pageLanguage.startsWith("en");
const language = isEnglish && navigator.language.startsWith("en") ? navigator.language : pageLanguage;
const exactly = new Intl.DateTimeFormat(language, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
});
const A_DAY = /^\d{4}-\d{2}-\d{2}$/; // as the server writes it in English; in other languages as they do

function dayOf(moment, timeZone = undefined) {
  if (!isEnglish) {
    return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone }).format(moment);
  }
  return [moment.getFullYear(), moment.getMonth() + 1, moment.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

const isDay = (said, moment) => (isEnglish ? A_DAY.test(said) : said === dayOf(moment, "UTC"));

function sayLocally(time) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) {
    return;
  }
  const exact = exactly.format(moment);
  if (time.title !== exact) {
    time.title = exact;
  }
  const said = time.textContent.trim();
  if (isDay(said, moment) && said !== dayOf(moment)) {
    time.textContent = dayOf(moment);
  }
}

// A day alone, such as the last one of a dismissal, is the same everywhere.
const sayAll = () => document.querySelectorAll('time[datetime*="T"]').forEach(sayLocally);

sayAll();
new MutationObserver(sayAll).observe(document.body, {
  subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["datetime", "title"],
});
