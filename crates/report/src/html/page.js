// Filters: what is not wanted is hidden. Without scripts everything is shown.
"use strict";
(() => {
  const verdict = document.getElementById("verdict");
  const area = document.getElementById("area");
  const text = document.getElementById("text");
  const shown = document.getElementById("shown");
  const fits = (wanted, found) => wanted === "" || wanted === found;
  const apply = () => {
    const words = text.value.trim().toLowerCase();
    let checks = 0;
    for (const scenario of document.querySelectorAll(".scenario[data-name]")) {
      let any = 0;
      for (const check of scenario.querySelectorAll("[data-verdict]")) {
        const here = fits(verdict.value, check.dataset.verdict) && fits(area.value, scenario.dataset.area)
          && (words === "" || `${check.dataset.requirement} ${scenario.dataset.name}`.includes(words));
        check.hidden = !here;
        any += here ? 1 : 0;
      }
      scenario.hidden = any === 0;
      checks += any;
    }
    for (const row of document.querySelectorAll("[data-row]")) {
      row.hidden = words !== "" && !row.dataset.row.includes(words);
    }
    shown.textContent = `${checks} check${checks === 1 ? "" : "s"} shown`;
  };
  document.querySelector(".filters").hidden = false;
  for (const one of [verdict, area, text]) {
    one.addEventListener("input", apply);
    one.addEventListener("change", apply);
  }
  apply();
})();
