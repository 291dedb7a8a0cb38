"use strict";
(() => {
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const matches = document.getElementById("matches");
  const rows = [...document.querySelectorAll("details.row")];
  const groups = [...document.querySelectorAll("section.group:not(.excluded)")];
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const wanted = (row, term) => {
    const [, key, value] = /^(id|level|outcome|area):(.*)$/.exec(term) || [];
    return key ? row.dataset[key].startsWith(value) : text(row).includes(term);
  };
  const apply = () => {
    const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      row.hidden = !terms.every((term) => wanted(row, term));
      count += row.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = !group.querySelector("details.row:not([hidden])");
    matches.textContent = terms.length ? `${count} of ${rows.length} shown` : "";
  };
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const row = target.closest("details.row");
    if (row && row.hidden) {
      query.value = "";
      apply();
    }
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    target.scrollIntoView();
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", apply);
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
})();
