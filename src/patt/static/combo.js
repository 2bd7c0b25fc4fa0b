// A field that finds people while somebody types: the list pattern of the ARIA practices. htmx fetches the options.
"use strict";

const listOf = (field) => document.getElementById(field.getAttribute("aria-controls"));
const optionsOf = (field) => [...listOf(field).querySelectorAll("[role=option]")];
const chosenOf = (field) => optionsOf(field).find((option) => option.getAttribute("aria-selected") === "true");

function select(field, option) {
  for (const each of optionsOf(field)) {
    each.setAttribute("aria-selected", String(each === option));
  }
  field.setAttribute("aria-activedescendant", option?.id ?? "");
  option?.scrollIntoView({ block: "nearest" });
}

function show(field, isOpen) {
  listOf(field).hidden = !isOpen;
  field.setAttribute("aria-expanded", String(isOpen && optionsOf(field).length > 0));
  if (!isOpen) {
    select(field, undefined);
  }
}

function choose(field, option) {
  const form = document.getElementById(field.dataset.combo);
  const slot = form.querySelector("[data-choice]");
  slot.replaceChildren(
    ...[...new URLSearchParams(option.dataset.fields)].map(([name, value]) =>
      Object.assign(document.createElement("input"), { type: "hidden", name, value }),
    ),
  );
  show(field, false);
  form.requestSubmit();
}

function step(field, by) {
  const options = optionsOf(field);
  if (options.length > 0) {
    const here = options.indexOf(chosenOf(field));
    const next = here < 0 && by < 0 ? options.length - 1 : (here + by + options.length) % options.length;
    show(field, true);
    select(field, options[next]);
  }
}

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.("[data-combo]");
  if (!field) {
    return;
  }
  const option = chosenOf(field);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    step(field, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && (option ?? optionsOf(field).length === 1)) {
    choose(field, option ?? optionsOf(field)[0]);
  } else if (event.key === "Escape" && !listOf(field).hidden) {
    show(field, false);
    event.stopPropagation();
  } else {
    return;
  }
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option][data-fields]");
  if (option) {
    choose(document.querySelector(`[aria-controls="${option.closest("[role=listbox]").id}"]`), option);
    return;
  }
  for (const field of document.querySelectorAll("[data-combo]")) {
    if (event.target !== field) {
      show(field, false);
    }
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const field = document.querySelector(`[data-combo][aria-controls="${event.target.id}"]`);
  if (field) {
    show(field, true);
  }
});
