// The theme a reader chose, before anything is painted; the buttons that change it are shown only where this script runs.
"use strict";

document.documentElement.classList.add("has-script"); // what needs one is shown, see [data-script]

const THEME_NAMES = { auto: mark("auto"), light: mark("light"), dark: mark("dark") };
const THEMES = Object.keys(THEME_NAMES);
const THEME_KEY = "patt-theme";
const root = document.documentElement;

// A browser may refuse to keep anything: then the theme lasts as long as the page.
function themeKept() {
  try {
    return localStorage.getItem(THEME_KEY);
  } catch {
    return null;
  }
}

function keepTheme(theme) {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Nothing to do: the page shows it all the same.
  }
}

const nextTheme = () => THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];

function showTheme(theme) {
  root.dataset.theme = THEMES.includes(theme) ? theme : "auto";
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    const names = { theme: tr(THEME_NAMES[root.dataset.theme]), next: tr(THEME_NAMES[nextTheme()]) };
    button.hidden = false;
    button.title = tr("Theme: {theme}", names);
    button.setAttribute("aria-label", tr("Theme: {theme}. Change to {next}", names));
  }
}

showTheme(themeKept());
document.addEventListener("DOMContentLoaded", () => showTheme(root.dataset.theme));
window.addEventListener("storage", ({ key, newValue }) => key === THEME_KEY && showTheme(newValue));
document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-theme-switch]")) {
    keepTheme(nextTheme());
    showTheme(nextTheme());
  }
});
