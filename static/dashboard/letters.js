// The editor of a letter's blocks: fields that write the JSON into the text field beside them, moved by buttons, keys or
// the pointer. And the preview that follows what is written. Which kinds and fields there are, the server says.
(() => {
  "use strict";
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "class") element.className = value;
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child));
    return element;
  };

  const mount = (root) => {
    if (root.dataset.mounted) return;
    root.dataset.mounted = "yes";
    const text = root.querySelector("textarea");
    const { kinds, choices, words } = JSON.parse(document.getElementById(root.dataset.letter).textContent);
    const known = Object.fromEntries(kinds.map((one) => [one.kind, one]));
    const editor = root.querySelector("[data-letter-editor]");
    const announce = make("div", { class: "visually-hidden", "aria-live": "polite" });
    let blocks;
    try {
      blocks = JSON.parse(text.value || "[]");
    } catch {
      return; // What is no JSON can only be mended as text.
    }
    const write = () => {
      text.value = JSON.stringify(blocks, null, 2);
      text.dispatchEvent(new Event("input", { bubbles: true }));
    };

    const labelled = (label, ...fields) => make("label", { class: "d-block" }, make("span", { class: "ts-cell-sub" }, label), ...fields);
    const typed = (tag, block, name, attributes = {}) => {
      const field = make(tag, { class: "form-control", ...attributes, oninput: () => { block[name] = field.value; write(); } });
      field.value = block[name] ?? "";
      return field;
    };
    const chosen = (block, name, after) => {
      const field = make("select", { class: "form-select", onchange: () => { block[name] = field.value; write(); after?.(); } });
      const options = choices[name].some(([value]) => value === block[name]) ? choices[name] : [[block[name] ?? "", block[name] || (choices[name].length ? words.choose : words.none)], ...choices[name]];
      for (const [value, shown] of options) field.append(make("option", { value, selected: value === (block[name] ?? "") }, shown));
      return field;
    };
    // A picture of the workspace, a new one, or one that lies elsewhere.
    const picture = (block, label) => {
      const shown = make("img", { class: "ts-letter-picture", alt: "", src: block.src?.startsWith("/m/") || block.src?.startsWith("https:") ? block.src : undefined, hidden: !block.src });
      const file = make("input", { class: "form-control", type: "file", accept: "image/jpeg,image/png,image/webp", "aria-label": words.upload, onchange: async () => {
        announce.textContent = words.uploading;
        const body = new FormData();
        body.set("file", file.files[0]);
        body.set("alt", block.alt ?? "");
        body.set("csrfmiddlewaretoken", root.closest("form").querySelector("[name=csrfmiddlewaretoken]").value);
        const answer = await fetch(root.dataset.upload, { method: "POST", body, headers: { Accept: "application/json" } });
        const told = await answer.json();
        announce.textContent = told.problem ?? "";
        if (told.problem) return file.after(make("div", { class: "invalid-feedback d-block" }, told.problem));
        choices.src.unshift([told.address, told.name]);
        block.src = told.address;
        write();
        draw();
      } });
      return make("div", { class: "d-grid gap-2" }, labelled(label, chosen(block, "src", draw)), make("div", { class: "ts-row" }, labelled(words.upload, file), labelled(words.address, typed("input", block, "src", { type: "text" }))), shown);
    };
    const FIELDS = {
      line: (block, name, label) => labelled(label, typed("input", block, name, { type: "text" })),
      area: (block, name, label) => labelled(label, typed("textarea", block, name, { rows: "5" })),
      code: (block, name, label) => labelled(label, typed("textarea", block, name, { rows: "10", class: "form-control ts-mono", spellcheck: "false" })),
      choice: (block, name, label) => labelled(label, chosen(block, name)),
      picture: (block, _name, label) => picture(block, label),
    };

    const move = (from, to) => {
      if (to < 0 || to >= blocks.length || to === from) return;
      blocks.splice(to, 0, ...blocks.splice(from, 1));
      draw();
      write();
      editor.querySelectorAll("[data-block]")[to].focus();
      announce.textContent = `${words.moved} ${to + 1}`;
    };
    const small = (shown, label, act, disabled = false) => make("button", { type: "button", class: "btn btn-ghost-secondary", "aria-label": label, title: label, disabled, onclick: act }, shown);
    let dragged = null;
    const drawBlock = (block, place) => {
      const kind = known[block.kind];
      if (!kind) return make("div", { class: "ts-block" }, make("pre", { class: "ts-json" }, JSON.stringify(block)));
      const handle = make("span", { class: "ts-drag", title: words.drag, "aria-hidden": "true" }, "⠿");
      const head = make(
        "div", { class: "ts-block-head" }, handle, make("span", {}, `${place + 1}. ${kind.name}`), make("span", { class: "ms-auto" }),
        small("↑", `${words.up}: ${kind.name}`, () => move(place, place - 1), place === 0),
        small("↓", `${words.down}: ${kind.name}`, () => move(place, place + 1), place === blocks.length - 1),
        small("×", `${words.remove}: ${kind.name}`, () => { blocks.splice(place, 1); draw(); write(); announce.textContent = `${words.removed}: ${kind.name}`; }),
      );
      const card = make(
        "div",
        {
          class: "ts-block", "data-block": true, tabindex: "-1", role: "group", "aria-label": `${place + 1}. ${kind.name}`,
          onkeydown: (event) => {
            if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
            event.preventDefault();
            move(place, place + (event.key === "ArrowUp" ? -1 : 1));
          },
          ondragstart: (event) => { dragged = place; event.dataTransfer.effectAllowed = "move"; },
          ondragend: () => { dragged = null; card.draggable = false; },
          ondragover: (event) => { if (dragged !== null) { event.preventDefault(); card.classList.add("is-target"); } },
          ondragleave: () => card.classList.remove("is-target"),
          ondrop: (event) => { event.preventDefault(); if (dragged !== null) move(dragged, place); },
        },
        head, kind.fields.length ? make("div", { class: "ts-block-body" }, ...kind.fields.map(([name, how, label]) => FIELDS[how](block, name, label))) : null,
      );
      // Only its handle drags: text in the fields can still be selected.
      handle.addEventListener("pointerdown", () => (card.draggable = true));
      handle.addEventListener("pointerup", () => (card.draggable = false));
      return card;
    };
    const draw = () => {
      const adder = make("select", { class: "form-select w-auto", "aria-label": words.add }, ...kinds.map((one) => make("option", { value: one.kind }, one.name)));
      const add = () => {
        const block = { kind: adder.value };
        if (block.kind === "products") block.count = "3";
        blocks.push(block);
        draw();
        write();
        [...editor.querySelectorAll("[data-block]")].pop().querySelector("input, textarea, select, button")?.focus();
      };
      editor.replaceChildren(announce, ...(blocks.length ? blocks.map(drawBlock) : [make("p", { class: "ts-quiet" }, words.empty)]), make("div", { class: "d-flex gap-2 mt-3" }, adder, make("button", { type: "button", class: "btn", onclick: add }, `+ ${words.add}`)));
    };
    root.querySelector("[data-letter-text]").hidden = true;
    editor.hidden = false;
    draw();
  };

  // --- A preview that follows its form: the frame keeps its place, only what is in it changes ---------------------------
  const follow = (frame) => {
    if (frame.dataset.mounted) return;
    frame.dataset.mounted = "yes";
    const form = document.getElementById(frame.dataset.livePreview);
    let waiting = 0;
    let asked = 0;
    const renew = async () => {
      const mine = ++asked;
      const answer = await fetch(frame.dataset.address, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const text = await answer.text();
      const inside = frame.contentDocument;
      if (mine !== asked || !answer.ok || !inside?.documentElement) return;
      // Parsed as the frame's own, whose policy lets a letter have its inline styles; this page's does not.
      const page = new inside.defaultView.DOMParser().parseFromString(text, "text/html");
      const top = inside.scrollingElement?.scrollTop ?? 0;
      inside.replaceChild(inside.importNode(page.documentElement, true), inside.documentElement);
      if (inside.scrollingElement) inside.scrollingElement.scrollTop = top;
    };
    const later = () => {
      clearTimeout(waiting);
      waiting = setTimeout(renew, 500);
    };
    form.addEventListener("input", later);
    for (const field of form.elements) if (!form.contains(field)) field.addEventListener("input", later);
  };

  const mountAll = () => {
    document.querySelectorAll("[data-letter]").forEach(mount);
    document.querySelectorAll("iframe[data-live-preview]").forEach(follow);
  };
  document.addEventListener("DOMContentLoaded", mountAll);
  document.addEventListener("htmx:afterSettle", mountAll);
})();
