"use strict";
(() => {
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const matches = document.getElementById("matches");
  const ROW = "details.row, tr.constraint";
  const rows = [...document.querySelectorAll(ROW)];
  const tables = [...document.querySelectorAll("details.constraints")].map((table) => [table, table.open]);
  const groups = [...document.querySelectorAll("section.group:not(.excluded)")];
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const wanted = (row, term) => {
    const [, key, value] = /^(id|level|outcome|area):(.*)$/.exec(term) || [];
    return key ? row.closest(`[data-${key}]`).dataset[key].split(" ").some((one) => one.startsWith(value)) : text(row).includes(term);
  };
  const apply = () => {
    const terms = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      row.hidden = !terms.every((term) => wanted(row, term));
      count += row.hidden ? 0 : 1;
    }
    for (const group of groups) group.hidden = ![...group.querySelectorAll(ROW)].some((row) => !row.hidden);
    for (const [table, open] of tables) table.open = terms.length ? Boolean(table.querySelector("tr.constraint:not([hidden])")) : open;
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
