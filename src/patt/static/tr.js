// What scripts say, in the language of the page. English stands in the scripts; for others the page loads a table of texts.
"use strict";

const mark = (text) => text; // a text that is translated later
const textOf = (text) => globalThis.TEXTS?.[text] ?? text;

// The pieces of a sentence, for elements in it: `{name}` stands for the value of that name.
const piecesOf = (text, values) => text.split(/\{(\w+)\}/).map((piece, place) => (place % 2 ? values[piece] : piece));
const trParts = (text, values) => piecesOf(textOf(text), values);
const tr = (text, values) => trParts(text, values).join("");

const numberOf = (n) => n.toLocaleString(document.documentElement.lang);

function trN(one, many, n) {
  const forms = globalThis.TEXTS?.[one];
  const form = new Intl.PluralRules(document.documentElement.lang).select(n);
  return piecesOf(forms?.[form] ?? (n === 1 ? one : many), { n: numberOf(n) }).join("");
}
