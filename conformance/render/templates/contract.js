"use strict";
(() => {
  const details = [...document.querySelectorAll("details")].map((one) => [one, one.open]);
  const radios = [...document.querySelectorAll('input[name="show"]')];
  const apply = () => {
    const shown = radios.find((radio) => radio.checked).id.slice("show-".length);
    for (const [one, open] of details) one.open = shown === "all" ? open : Boolean(one.querySelector(`.node.${shown}`));
  };
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) if (at.localName === "details") at.open = true;
    target.scrollIntoView();
  };
  for (const radio of radios) radio.addEventListener("change", apply);
  addEventListener("hashchange", reveal);
  if (!radios[0].checked) apply();
  if (location.hash) reveal();
})();
