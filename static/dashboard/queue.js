// Queues by keyboard: a does the first thing (publishes, takes), r opens the reasons and 1 to 7 chooses one, x chooses, u
// takes back (what has the focus, else what was decided last), Enter opens. j and k move (frame.js). What was decided makes
// room, and the next one that waits gets the focus.
(() => {
  "use strict";
  const queue = () => document.querySelector("[data-queue]");
  let decided = null;
  const isOpen = (item) => !item.matches("[data-decided]");

  document.addEventListener("keydown", (event) => {
    if (!queue() || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("textarea, select, [contenteditable], input:not([type=checkbox])")) return;
    const item = event.target.closest?.("[data-queue-item]") ?? null;
    const press = (control) => {
      if (!control) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      control.click();
    };
    const reasons = item?.querySelector("[data-reasons][open]");
    if (reasons && event.key === "Escape") return press(reasons.querySelector("summary"));
    if (reasons && /^[1-9]$/.test(event.key)) return press(reasons.querySelectorAll("button")[event.key - 1]);
    if (event.key === "x") return press(item?.querySelector("[data-pick]"));
    if (event.key === "Enter" && item && event.target === item) return press(item.querySelector("[data-open]"));
    const own = item?.querySelector(`[data-key="${event.key}"]`);
    if ("ar".includes(event.key)) return press(own);
    if (event.key === "u") return press(own ?? (decided?.isConnected && decided.querySelector("[data-key=u]")));
  }, true);

  // How many are chosen, and what the question before a decision on all of them says.
  const count = () => {
    const form = document.querySelector("[data-bulk]");
    if (!form) return;
    const n = document.querySelectorAll("[data-pick]:checked").length;
    form.hidden = n === 0;
    const label = form.querySelector("[data-bulk-count]");
    label.textContent = (n === 1 ? label.dataset.one : label.dataset.many).replace("{n}", n);
    for (const button of form.querySelectorAll("[data-confirm-many]")) button.dataset.confirm = button.dataset.confirmMany.replace("{n}", n);
  };
  document.addEventListener("change", (event) => { if (event.target.matches("[data-pick]")) count(); });

  document.addEventListener("htmx:afterSwap", ({ target, detail }) => {
    const place = detail?.elt ?? target;
    if (!queue() || !detail?.requestConfig?.elt?.matches?.("[data-decide]")) return;
    count();
    const items = [...document.querySelectorAll("[data-queue-item]")];
    const at = items.findIndex((item) => item === place || item.contains(place));
    decided = items[at];
    const next = [...items.slice(at + 1), ...items.slice(0, at + 1)].find(isOpen);
    if (next) next.focus();
    else location.reload();
  });
})();
