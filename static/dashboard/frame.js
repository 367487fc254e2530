// What every dashboard page needs: confirmations, keyboard, toasts, copying, the ticking of live parts.
// All handlers are delegated: pages come and go by htmx without being wired again.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);

  // --- Confirmations: an element with data-confirm says in a dialog what will happen, before it happens -------------
  let confirmed = null;
  const ask = (source) =>
    new Promise((resolve) => {
      const dialog = byId("confirm");
      byId("confirm-title").textContent = source.dataset.confirmTitle || source.textContent.trim();
      dialog.querySelector("[data-confirm-text]").textContent = source.dataset.confirm;
      const yes = dialog.querySelector("[data-confirm-yes]");
      yes.textContent = source.dataset.confirmYes || source.textContent.trim();
      yes.className = `btn ${source.dataset.confirmDanger !== undefined ? "btn-danger" : "btn-primary"}`;
      dialog.returnValue = "no";
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
      dialog.showModal();
    });
  document.addEventListener(
    "submit",
    async (event) => {
      const button = event.submitter;
      const source = button?.dataset.confirm ? button : event.target.dataset.confirm ? event.target : null;
      if (!source || confirmed === event.target) {
        confirmed = null;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const form = event.target;
      if (await ask(source)) {
        confirmed = form;
        form.requestSubmit(button);
      }
    },
    true,
  );

  // --- Dialogs opened by name ------------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) byId(opener.dataset.open)?.showModal();
    if (event.target.closest("[data-close-toast]")) event.target.closest("[data-toast]").remove();
    // A click on the backdrop closes, as people expect.
    if (event.target instanceof HTMLDialogElement) event.target.close("no");
    const copier = event.target.closest("[data-copy]");
    if (copier) copy(copier);
    const width = event.target.closest("[data-width-of]");
    if (width) resize(width);
    const toggler = event.target.closest("[data-toggle-class]");
    if (toggler) toggle(toggler);
  });
  const toggle = (button) => {
    const [target, name] = button.dataset.toggleClass.split(" ");
    const on = byId(target).classList.toggle(name);
    button.setAttribute("aria-pressed", String(on));
  };
  const resize = (button) => {
    const frame = byId(button.dataset.widthOf);
    frame.classList.remove("w390", "w600");
    if (button.dataset.width) frame.classList.add(button.dataset.width);
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  };
  const copy = async (button) => {
    const text = button.dataset.copy || byId(button.dataset.copyFrom).textContent;
    try {
      await navigator.clipboard.writeText(text);
      say(button.dataset.copied || "✓");
    } catch {
      getSelection().selectAllChildren(byId(button.dataset.copyFrom) || button);
    }
  };

  // --- Toasts --------------------------------------------------------------------------------------------------------
  const say = (text) => {
    const toast = document.createElement("div");
    toast.className = "ts-toast";
    toast.dataset.toast = "";
    toast.textContent = text;
    byId("toasts")?.append(toast);
    retire(toast);
  };
  const retire = (toast) => {
    if (toast.classList.contains("ts-toast-error") || toast.dataset.retiring) return;
    toast.dataset.retiring = "yes";
    setTimeout(() => toast.remove(), 7000);
  };
  const settle = () => document.querySelectorAll("[data-toast]").forEach(retire);
  document.addEventListener("DOMContentLoaded", settle);
  document.addEventListener("htmx:afterSettle", settle);
  // On a narrow screen tabs go on at the side: the chosen one shall be seen.
  document.addEventListener("DOMContentLoaded", () => document.querySelector(".ts-tabs a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }));
  document.addEventListener("htmx:sendError", () => say(document.body.dataset.offline || "No connection to the server."));

  // --- Keyboard ------------------------------------------------------------------------------------------------------
  let prefix = "";
  const isTyping = (element) =>
    element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]"))
      return;
    if (event.key === "/") return press(event, document.querySelector("[data-search]"), "focus");
    if (event.key === "?") return press(event, byId("shortcuts"), "showModal");
    const keys = prefix ? `${prefix} ${event.key}` : event.key;
    prefix = event.key === "g" && !prefix ? "g" : "";
    if (prefix) setTimeout(() => (prefix = ""), 1200);
    const target = document.querySelector(`[data-shortcut="${CSS.escape(keys)}"]`);
    if (target) return press(event, target, "click");
    if (event.key === "j" || event.key === "k") step(event, event.key === "j" ? 1 : -1);
  });
  const press = (event, element, act) => {
    if (!element) return;
    event.preventDefault();
    element[act]();
    if (act === "focus") element.select?.();
  };
  const step = (event, by) => {
    const items = [...document.querySelectorAll("[data-queue-item]")];
    if (!items.length) return;
    const at = items.findIndex((item) => item.contains(document.activeElement));
    const next = items[Math.min(Math.max(at + by, 0), items.length - 1)];
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };

  // --- Live parts: one tick for all of them, none while nobody looks ---------------------------------------------------
  setInterval(() => {
    if (!document.hidden) document.body.dispatchEvent(new CustomEvent("tick"));
  }, 5000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) document.body.dispatchEvent(new CustomEvent("tick"));
  });
  // A live part that somebody is reading with the keyboard or has selected text in is left alone.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.target.closest?.("[data-live]");
    if (!live || event.detail.requestConfig.triggeringEvent?.type !== "tick") return;
    const selection = getSelection();
    const isRead = !selection.isCollapsed && live.contains(selection.anchorNode);
    if (isRead || live.contains(document.activeElement) || live.querySelector("details[open]")) event.preventDefault();
  });

  // --- Moving between pages: the new page is announced and gets the focus -----------------------------------------------
  // In the moment in which it appears: settling comes later, and would take the focus from who types already.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target !== document.body) return;
    const wanted = document.querySelector("[autofocus]") || byId("main");
    wanted?.focus({ preventScroll: true });
  });

  // --- Links that stand for a whole row -------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, label, select, summary") || !getSelection().isCollapsed) return;
    row.querySelector("a")?.click();
  });

  // --- A select or a checkbox that applies at once ----------------------------------------------------------------------
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
    const chooser = event.target.closest("[data-shows]");
    if (chooser) showChosen(chooser);
  });
  const showChosen = (chooser) => {
    for (const part of document.querySelectorAll(`[data-shown-for="${chooser.dataset.shows}"]`)) {
      part.hidden = !part.dataset.shownWhen.split(" ").includes(chooser.value);
    }
  };
  const showAll = () => document.querySelectorAll("select[data-shows]").forEach(showChosen);
  document.addEventListener("DOMContentLoaded", showAll);
  document.addEventListener("htmx:afterSettle", showAll);

  // --- Widths of shares: the style attribute is forbidden by the page's policy, its object is not -----------------------
  const measure = () => {
    for (const bar of document.querySelectorAll("[data-share]")) bar.style.width = `${bar.dataset.share}%`;
  };
  document.addEventListener("DOMContentLoaded", measure);
  document.addEventListener("htmx:afterSettle", measure);
})();
