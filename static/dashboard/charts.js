// Draws the tables of <figure data-chart> as charts. The table is the data and stays as the alternative; the library is
// fetched only on pages that have a chart.
(() => {
  "use strict";
  const library = document.currentScript.dataset.library;
  let loading = null;
  const load = () =>
    (loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    }));

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const read = (table) => ({
    labels: [...table.tBodies[0].rows].map((row) => row.cells[0].dataset.label || row.cells[0].textContent.trim()),
    series: [...table.tHead.rows[0].cells].slice(1).map((cell, index) => ({
      label: cell.textContent.trim(),
      colour: cell.dataset.colour,
      values: [...table.tBodies[0].rows].map((row) => Number(row.cells[index + 1].dataset.value)),
    })),
  });

  const draw = (figure) => {
    const table = figure.querySelector("table");
    if (!table || !table.tBodies[0]?.rows.length) return;
    const { labels, series } = read(table);
    const isLying = figure.dataset.chart === "lying";
    const ink = colour("--tblr-secondary-color");
    const line = colour("--tblr-border-color");
    let canvas = figure.querySelector("canvas");
    const known = canvas && Chart.getChart(canvas);
    const datasets = series.map((one) => ({
      label: one.label,
      data: one.values,
      backgroundColor: colour(one.colour),
      borderRadius: 3,
      maxBarThickness: isLying ? 26 : 34,
    }));
    figure.classList.add("drawn");
    if (known) {
      known.data.labels = labels;
      known.data.datasets = datasets;
      return known.update("none");
    }
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.color = ink;
    new Chart(canvas, {
      type: "bar",
      data: { labels, datasets },
      options: {
        indexAxis: isLying ? "y" : "x",
        responsive: true,
        maintainAspectRatio: false,
        animation: false,
        interaction: { mode: "index", axis: isLying ? "y" : "x", intersect: false },
        plugins: {
          legend: { position: "bottom", labels: { boxWidth: 10, boxHeight: 10, usePointStyle: true, pointStyle: "rectRounded" } },
        },
        scales: {
          x: { stacked: true, grid: { display: isLying, color: line }, border: { display: false }, ticks: { precision: 0 } },
          y: { stacked: true, beginAtZero: true, grid: { display: !isLying, color: line }, border: { display: false }, ticks: { precision: 0 } },
        },
      },
    });
  };

  const drawAll = async (root) => {
    const figures = [...root.querySelectorAll("figure[data-chart]")];
    if (!figures.length) return;
    try {
      await load();
    } catch {
      return; // The tables stay.
    }
    figures.filter((figure) => figure.isConnected).forEach(draw);
  };
  const redraw = () => {
    if (!window.Chart) return;
    for (const figure of document.querySelectorAll("figure[data-chart].drawn")) {
      Chart.getChart(figure.querySelector("canvas"))?.destroy();
      draw(figure);
    }
  };
  // Charts that left the page give back what they hold.
  document.addEventListener("htmx:beforeCleanupElement", (event) => {
    if (window.Chart && event.target.tagName === "CANVAS") Chart.getChart(event.target)?.destroy();
  });
  document.addEventListener("DOMContentLoaded", () => drawAll(document));
  document.addEventListener("htmx:afterSettle", (event) => drawAll(event.target.isConnected ? event.target.parentElement || document : document));
  document.addEventListener("touchstone:theme", redraw);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-as-table]");
    if (!button) return;
    const on = button.closest(".card").querySelector("figure[data-chart]").classList.toggle("as-table");
    button.setAttribute("aria-pressed", String(on));
  });
})();
