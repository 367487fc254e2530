// Says, while somebody writes {{ in a form that asks for it, what is known about customers, needs and products.
// A list box in the manner of a combobox: arrows choose, Enter or Tab puts it in, Escape closes.
(() => {
  "use strict";
  const MOST = 8;
  const begun = (field) => {
    const before = field.value.slice(0, field.selectionStart);
    const found = before.match(/\{\{\s*([\w.-]*)$|\{%\s*(?:if|unless|case|elsif|for\s+\w+\s+in)\s+([\w.-]*)$/);
    return found ? (found[1] ?? found[2] ?? "") : null;
  };

  const mount = (form) => {
    if (form.dataset.suggesting) return;
    form.dataset.suggesting = "yes";
    const known = JSON.parse(document.getElementById(form.dataset.placeholders).textContent);
    const list = document.createElement("ul");
    list.id = "placeholder-list";
    list.className = "ts-suggestions";
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", form.dataset.placeholdersLabel);
    list.hidden = true;
    let field = null;
    let at = 0;

    const close = () => {
      list.hidden = true;
      if (field?.matches("input")) field.setAttribute("aria-expanded", "false");
      field?.removeAttribute("aria-activedescendant");
    };
    const choose = (to) => {
      const options = [...list.children];
      at = (to + options.length) % options.length;
      options.forEach((option, place) => option.setAttribute("aria-selected", String(place === at)));
      field.setAttribute("aria-activedescendant", options[at].id);
      options[at].scrollIntoView({ block: "nearest" });
    };
    const put = (name) => {
      const start = field.selectionStart - begun(field).length;
      const isOutput = /\{\{\s*$/.test(field.value.slice(0, start));
      const after = field.value.slice(field.selectionEnd);
      const text = (isOutput && field.value[start - 1] === "{" ? " " : "") + name + (isOutput && !/^\s*(\}\}|\|)/.test(after) ? " }}" : "");
      field.setRangeText(text, start, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      close();
    };
    const suggest = (target) => {
      const asked = begun(target);
      if (asked === null) return close();
      const wanted = asked.toLowerCase();
      const fitting = known.filter(([name]) => name.toLowerCase().startsWith(wanted)).concat(known.filter(([name, words]) => !name.toLowerCase().startsWith(wanted) && `${name} ${words}`.toLowerCase().includes(wanted))).slice(0, MOST);
      if (!fitting.length || (fitting.length === 1 && fitting[0][0] === asked)) return close();
      field = target;
      field.setAttribute("aria-autocomplete", "list");
      field.setAttribute("aria-controls", list.id);
      if (field.matches("input")) field.setAttribute("role", "combobox"); // a text area may not be one
      if (field.matches("input")) field.setAttribute("aria-expanded", "true");
      list.replaceChildren(
        ...fitting.map(([name, words], place) => {
          const option = document.createElement("li");
          option.id = `placeholder-${place}`;
          option.setAttribute("role", "option");
          const code = document.createElement("code");
          code.textContent = name;
          option.append(code, ` ${words}`);
          // Before the field loses the focus.
          option.addEventListener("pointerdown", (event) => { event.preventDefault(); put(name); });
          return option;
        }),
      );
      field.closest("label, .mb-3, div")?.after(list);
      list.hidden = false;
      choose(0);
    };

    const isText = (target) => target.matches?.("textarea, input[type=text], input:not([type])");
    form.addEventListener("input", ({ target }) => { if (isText(target)) suggest(target); });
    form.addEventListener("keydown", (event) => {
      if (list.hidden || event.target !== field) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && !event.altKey) choose(at + step);
      else if (event.key === "Enter" || event.key === "Tab") put(list.children[at].querySelector("code").textContent);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
    form.addEventListener("focusout", close);
  };

  const mountAll = () => document.querySelectorAll("form[data-placeholders]").forEach(mount);
  document.addEventListener("DOMContentLoaded", mountAll);
  document.addEventListener("htmx:afterSettle", mountAll);
})();
