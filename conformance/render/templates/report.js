"use strict";
(() => {
  const ROW = "details.row, tr.constraint";
  const KEYS = ["level", "outcome", "area", "id"];
  const form = document.getElementById("filter");
  const query = document.getElementById("query");
  const matches = document.getElementById("matches");
  const rows = [...document.querySelectorAll(ROW)];
  const tables = [...document.querySelectorAll("details.constraints:has(tr.constraint)")].map((table) => [table, table.open]);
  const groups = [...document.querySelectorAll("section.group")].filter((group) => group.querySelector(ROW));

  // The filter: words that all have to match. `key:value` looks at what a row is, anything else at what it says.
  const texts = new Map();
  const text = (row) => {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  };
  const read = (words) =>
    [...words.toLowerCase().matchAll(/"([^"]*)"?|([a-z]+):(\S*)|(\S+)/g)].map(([, quoted, key, value, plain]) =>
      key ? { key, value } : { text: quoted ?? plain });
  const wanted = (row, term) =>
    term.key ? row.closest(`[data-${term.key}]`).dataset[term.key].split(" ").some((one) => one.startsWith(term.value)) : text(row).includes(term.text);
  const apply = () => {
    const terms = read(query.value);
    const unknown = terms.filter((term) => term.key && !KEYS.includes(term.key)).map((term) => term.key);
    const known = terms.filter((term) => !unknown.includes(term.key));
    let count = 0;
    for (const row of rows) {
      row.hidden = !known.every((term) => wanted(row, term));
      if (!row.hidden) count += 1;
    }
    for (const group of groups) group.hidden = ![...group.querySelectorAll(ROW)].some((row) => !row.hidden);
    for (const [table, open] of tables) table.open = known.length ? Boolean(table.querySelector("tr.constraint:not([hidden])")) : open;
    const shown = known.length ? `${count} of ${rows.length} shown` : "";
    const asked = unknown.length ? `${unknown.map((key) => `“${key}:”`).join(", ")} is not known here; ${KEYS.map((key) => `“${key}:”`).join(", ")} are. ` : "";
    matches.textContent = asked + shown;
    query.setAttribute("aria-invalid", String(unknown.length > 0));
  };

  // The address: `#ID` opens a row, `#?level:must` filters.
  const reveal = () => {
    const wish = decodeURIComponent(location.hash.slice(1));
    if (wish.startsWith("?")) {
      query.value = wish.slice(1);
      apply();
      form.scrollIntoView();
      return;
    }
    const target = document.getElementById(wish);
    if (!target) return;
    if (target.closest("[hidden]")) {
      query.value = "";
      apply();
    }
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    target.scrollIntoView();
  };
  query.addEventListener("input", () => {
    apply();
    const filtered = query.value.trim() ? `#?${encodeURIComponent(query.value.trim())}` : location.pathname + location.search;
    history.replaceState(null, "", filtered);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);

  // Copying: a button beside each command, made when its row is opened.
  const copy = async (command) => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(command);
      return document.execCommand("copy");
    }
  };
  const equip = (within) => {
    for (const command of within.querySelectorAll(".command:not([data-equipped])")) {
      command.dataset.equipped = "";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", async () => {
        button.textContent = (await copy(command)) ? "Copied" : "Selected";
        setTimeout(() => { button.textContent = "Copy"; }, 2000);
      });
      command.after(button);
    }
  };
  document.addEventListener("toggle", (event) => { if (event.target.open) equip(event.target); }, true);

  // Paper cannot be opened: what is wrong is printed with all that belongs to it.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll('.row[data-outcome="fail"]:not([hidden], [open]), .row[data-outcome="inconclusive"]:not([hidden], [open])')];
    for (const row of opened) row.open = true;
  });
  addEventListener("afterprint", () => { for (const row of opened) row.open = false; });

  form.hidden = false;
  if (location.hash) reveal();
})();
