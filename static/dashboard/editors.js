// The editor of a guide's blocks: fields that write the JSON into the text field beside them. Blocks, and what stands in
// them, are moved by a handle, by buttons, or by Alt and an arrow key. And the questions of a need.
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

  const BLANK = {
    text: () => ({ kind: "text", heading: "", markdown: "" }),
    checklist: () => ({ kind: "checklist", heading: "", items: [{ criterion: "", why: "" }] }),
    comparison: () => ({ kind: "comparison", heading: "", columns: [{ sku: "" }, { sku: "" }], rows: [{ label: "", values: ["", ""] }] }),
    not_for: () => ({ kind: "not_for", heading: "", items: [""] }),
    care: () => ({ kind: "care", heading: "", steps: [{ when: "", markdown: "" }] }),
    changed: () => ({ kind: "changed", heading: "", situations: [{ situation: "", markdown: "" }] }),
    question: () => ({ kind: "question", question: "", answer: "" }),
    situation: () => ({ kind: "situation", heading: "" }),
  };

  const mount = (root) => {
    if (root.dataset.mounted) return;
    root.dataset.mounted = "yes";
    const text = root.querySelector("textarea");
    if (text.readOnly) return;
    const vocabulary = JSON.parse(document.getElementById(root.dataset.blocks).textContent);
    const w = vocabulary.words;
    const names = Object.fromEntries(vocabulary.kinds);
    const editor = root.querySelector("[data-blocks-editor]");
    const announce = make("div", { class: "visually-hidden", "aria-live": "polite" });
    let blocks = [];
    try {
      blocks = JSON.parse(text.value || "[]");
    } catch {
      return; // What is no JSON can only be mended as text.
    }

    let waiting = 0;
    const write = () => {
      text.value = JSON.stringify(blocks.map(tidy), null, 2);
      clearTimeout(waiting);
      waiting = setTimeout(renew, 600);
    };
    // Optional fields that are empty are left out: they are not part of what was written.
    const tidy = (block) => {
      const kept = structuredClone(block);
      const drop = (object, ...keys) => keys.forEach((key) => !object[key] && delete object[key]);
      drop(kept, "heading");
      if (kept.sources && !kept.sources.length) delete kept.sources;
      (kept.kind === "checklist" ? kept.items : []).forEach((item) => drop(item, "how", "evidence", "key", "attribute"));
      (kept.columns ?? []).forEach((column) => {
        drop(column, "note");
        for (const key of ["pros", "cons"]) if (!column[key]?.length) delete column[key];
        if (column.source && !column.source.url && !column.source.title) delete column.source;
      });
      (kept.rows ?? []).forEach((row) => drop(row, "meaning", "must_have"));
      (kept.situations ?? []).forEach((one) => drop(one, "url"));
      return kept;
    };
    const renew = async () => {
      const frame = document.getElementById("guide-preview");
      const form = root.closest("form");
      if (!frame || !form) return;
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(root.dataset.preview, { method: "POST", body });
      if (!answer.ok || !frame.contentDocument) return;
      // The frame keeps its own page; only what is in it changes, so that it doesn't jump while somebody writes.
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      frame.contentDocument.body.replaceChildren(...[...page.body.childNodes].map((node) => frame.contentDocument.importNode(node, true)));
    };

    const line = (label, object, key, attributes = {}) => {
      const field = make("input", { class: "form-control", ...attributes, oninput: () => { object[key] = field.value; write(); } });
      field.value = object[key] ?? "";
      return make("label", { class: "d-block" }, make("span", { class: "ts-cell-sub" }, label), field);
    };
    const area = (label, object, key) => {
      const field = make("textarea", { class: "form-control", rows: "4", oninput: () => { object[key] = field.value; write(); } });
      field.value = object[key] ?? "";
      return make("label", { class: "d-block" }, make("span", { class: "ts-cell-sub" }, label), field);
    };
    // Several short texts, one a line.
    const points = (label, object, key) => {
      const field = make("textarea", { class: "form-control", rows: "2", oninput: () => { object[key] = field.value.split("\n").map((text) => text.trim()).filter(Boolean); write(); } });
      field.value = (object[key] ?? []).join("\n");
      return make("label", { class: "d-block" }, make("span", { class: "ts-cell-sub" }, label), field);
    };
    const check = (label, object, key) => {
      const field = make("input", { type: "checkbox", class: "form-check-input", onchange: () => { object[key] = field.checked; write(); } });
      field.checked = Boolean(object[key]);
      return make("label", { class: "form-check mb-0" }, field, make("span", { class: "form-check-label" }, label));
    };
    const choice = (label, options, object, key, after) => {
      const field = make("select", { class: "form-select", onchange: () => { object[key] = field.value; after?.(); write(); } });
      const known = options.some(([value]) => value === object[key]);
      for (const [value, shown] of known ? options : [[object[key] ?? "", object[key] || "…"], ...options]) {
        const option = make("option", { value }, shown);
        option.selected = value === object[key];
        field.append(option);
      }
      return make("label", { class: "d-block" }, make("span", { class: "ts-cell-sub" }, label), field);
    };
    const small = (shown, label, act, disabled = false) => make("button", { type: "button", class: "btn btn-ghost-secondary", "aria-label": label, title: label, disabled, onclick: act }, shown);
    // --- Things in an order; `along` moves what must stay in step with them ---
    const shift = (list, from, to) => list.splice(to, 0, ...list.splice(from, 1));
    const put = (path, list, from, to, along) => {
      if (to < 0 || to >= list.length || to === from) return;
      shift(list, from, to);
      along?.(from, to);
      draw();
      write();
      editor.querySelector(`[data-place="${path}.${to}"]`).focus();
      announce.textContent = `${w.moved} ${to + 1}`;
    };
    const drag = (event, path, list, place, along) => {
      if (event.button) return;
      event.preventDefault();
      const grip = event.currentTarget;
      const all = list.map((_one, index) => editor.querySelector(`[data-place="${path}.${index}"]`));
      const edge = (one) => { const box = one.getBoundingClientRect(); return box.top + Math.min(box.height / 2, 48); };
      let to = place;
      const mark = (name, isSo) => all.forEach((one, index) => one.classList.toggle(name, isSo(index)));
      const follow = ({ clientY }) => {
        if (clientY < 64 || clientY > innerHeight - 64) scrollBy(0, clientY < 64 ? -16 : 16);
        const above = all.findIndex((one, index) => index < place && clientY < edge(one));
        const below = all.findLastIndex((one, index) => index > place && clientY > edge(one));
        to = above >= 0 ? above : below >= 0 ? below : place;
        mark("is-before", (index) => index === to && to < place);
        mark("is-after", (index) => index === to && to > place);
      };
      const end = ({ type }) => {
        for (const name of ["pointermove", "pointerup", "pointercancel"]) grip.removeEventListener(name, name === "pointermove" ? follow : end);
        for (const name of ["is-dragged", "is-before", "is-after"]) mark(name, () => false);
        if (type === "pointerup") put(path, list, place, to, along);
      };
      grip.setPointerCapture(event.pointerId);
      mark("is-dragged", (index) => index === place);
      grip.addEventListener("pointermove", follow);
      grip.addEventListener("pointerup", end);
      grip.addEventListener("pointercancel", end);
    };
    const movers = (path, list, place, name, along) => [
      list.length > 1 && make("span", { class: "ts-drag", "aria-hidden": "true", title: w.drag, onpointerdown: (event) => drag(event, path, list, place, along) }, "⠿"),
      list.length > 1 && small("↑", `${w.up}: ${name}`, () => put(path, list, place, place - 1, along), place === 0),
      list.length > 1 && small("↓", `${w.down}: ${name}`, () => put(path, list, place, place + 1, along), place === list.length - 1),
    ];
    const keys = (path, list, place, along) => (event) => {
      if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation(); // what stands in a block moves in it, not the block
      put(path, list, place, event.key === "ArrowUp" ? place - 1 : place + 1, along);
    };
    const plus = (label, act) => make("button", { type: "button", class: "btn btn-sm", onclick: () => { act(); draw(); write(); } }, `+ ${label}`);
    const items = (path, list, of, blank, label, { along, removed } = {}) => [
      ...list.map((one, place) => make(
        "div", { class: "ts-item", "data-place": `${path}.${place}`, tabindex: "-1", role: "group", "aria-label": `${place + 1}`, onkeydown: keys(path, list, place, along) },
        list.length > 1 && make("div", { class: "ts-item-head" }, make("span", { class: "ts-cell-sub me-auto" }, `${place + 1}`), ...movers(path, list, place, `${place + 1}`, along), small("×", `${w.remove} ${place + 1}`, () => { list.splice(place, 1); removed?.(place); draw(); write(); })),
        ...of(one, place),
      )),
      make("div", {}, plus(label, () => list.push(blank()))),
    ];
    const sources = (block, at) => items(`${at}.sources`, block.sources ?? [], (one) => [make("div", { class: "ts-row" }, line(w.source_title, one, "title"), line(w.source_url, one, "url", { type: "url" }))], () => ({ title: "", url: "" }), w.addSource);
    const comparison = (block, at) => {
      const name = (column) => vocabulary.products.find(([sku]) => sku === column.sku)?.[1] ?? column.sku;
      return [
        ...items(`${at}.columns`, block.columns, (column) => {
          const source = column.source ?? {};
          const keep = (input) => { input.addEventListener("input", () => { column.source = source; write(); }); return input; };
          return [make("div", { class: "ts-row" }, choice(w.product, vocabulary.products, column, "sku", draw), line(w.note, column, "note")), make("div", { class: "ts-row" }, points(w.pros, column, "pros"), points(w.cons, column, "cons")), make("div", { class: "ts-row" }, keep(line(w.source_title, source, "title")), keep(line(w.source_url, source, "url", { type: "url" })))];
        }, () => { block.rows.forEach((row) => row.values.push("")); return { sku: "" }; }, w.addColumn, {
          along: (from, to) => block.rows.forEach((row) => shift(row.values, from, to)),
          removed: (place) => block.rows.forEach((row) => row.values.splice(place, 1)),
        }),
        ...items(`${at}.rows`, block.rows, (row) => {
          while (row.values.length > block.columns.length) row.values.pop();
          while (row.values.length < block.columns.length) row.values.push("");
          return [
            make("div", { class: "ts-row" }, line(w.row, row, "label"), line(w.meaning, row, "meaning")), check(w.must_have, row, "must_have"),
            make("div", { class: "ts-row" }, ...block.columns.map((column, place) => line(`${w.value} ${name(column) || place + 1}`, row.values, place))),
          ];
        }, () => ({ label: "", values: block.columns.map(() => "") }), w.addRow),
      ];
    };
    const FIELDS = {
      text: (block) => [area(w.markdown, block, "markdown")],
      checklist: (block, at) => items(`${at}.items`, block.items, (one) => [line(w.criterion, one, "criterion"), line(w.why, one, "why"), make("div", { class: "ts-row" }, line(w.how, one, "how"), line(w.evidence, one, "evidence"), choice(w.attribute, vocabulary.attributes, Object.assign(one, { attribute: one.attribute ?? "" }), "attribute"))], () => ({ criterion: "", why: "" }), w.addItem),
      comparison,
      not_for: (block, at) => items(`${at}.items`, block.items, (_one, place) => [line(w.item, block.items, place)], () => "", w.addItem),
      care: (block, at) => items(`${at}.steps`, block.steps, (one) => [line(w.when, one, "when"), area(w.markdown, one, "markdown")], () => ({ when: "", markdown: "" }), w.addItem),
      changed: (block, at) => items(`${at}.situations`, block.situations, (one) => [line(w.situation, one, "situation"), area(w.markdown, one, "markdown"), line(w.url, one, "url", { type: "url" })], () => ({ situation: "", markdown: "" }), w.addItem),
      question: (block) => [line(w.question, block, "question"), area(w.answer, block, "answer")],
      situation: () => [make("p", { class: "ts-quiet mb-0" }, w.asks)],
    };
    const drawBlock = (block, place) => {
      if (!FIELDS[block.kind]) return make("div", { class: "ts-block" }, make("pre", { class: "ts-json" }, JSON.stringify(block)));
      block.sources ??= [];
      const head = make(
        "div", { class: "ts-block-head" }, make("span", { class: "me-auto" }, `${place + 1}. ${names[block.kind]}`),
        ...movers("blocks", blocks, place, names[block.kind]), small("×", `${w.remove}: ${names[block.kind]}`, () => { blocks.splice(place, 1); draw(); write(); }),
      );
      const heading = block.kind === "question" ? null : line(w.heading, block, "heading");
      return make("div", { class: "ts-block", "data-block": true, "data-place": `blocks.${place}`, tabindex: "-1", role: "group", "aria-label": `${place + 1}. ${names[block.kind]}`, onkeydown: keys("blocks", blocks, place) }, head, make("div", { class: "ts-block-body" }, heading, ...FIELDS[block.kind](block, place), make("div", { class: "ts-cell-sub" }, w.sources), ...sources(block, place)));
    };
    const draw = () => {
      const adder = make("select", { class: "form-select w-auto", "aria-label": w.add }, ...vocabulary.kinds.map(([kind, name]) => make("option", { value: kind }, name)));
      editor.replaceChildren(
        announce,
        ...(blocks.length ? blocks.map(drawBlock) : [make("p", { class: "ts-quiet" }, w.empty)]),
        make("div", { class: "d-flex flex-wrap gap-2 mt-3" }, adder, make("button", { type: "button", class: "btn", onclick: () => { blocks.push(BLANK[adder.value]()); draw(); write(); editor.querySelectorAll("[data-block]")[blocks.length - 1].querySelector("input, textarea")?.focus(); } }, `+ ${w.add}`)),
      );
    };
    root.querySelector("[data-blocks-text]").hidden = true;
    editor.hidden = false;
    draw();
    root.closest("form").addEventListener("input", (event) => { if (["title", "summary"].includes(event.target.name)) { clearTimeout(waiting); waiting = setTimeout(renew, 600); } });
    const frame = document.getElementById("guide-preview");
    if (frame?.contentDocument?.readyState === "complete") renew();
    frame?.addEventListener("load", renew, { once: true });
  };

  // --- A question about the situation: only the fields that its kind of answer has -------------------------------------
  const fit = (asked) => {
    const kind = asked.querySelector("select[name$=-kind]").value;
    for (const part of asked.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kind);
  };
  document.addEventListener("change", ({ target }) => {
    if (target.matches?.("[data-asked] select[name$=-kind]")) fit(target.closest("[data-asked]"));
  });

  const mountAll = () => {
    document.querySelectorAll("[data-blocks]").forEach(mount);
    document.querySelectorAll("[data-asked]").forEach(fit);
  };
  document.addEventListener("DOMContentLoaded", mountAll);
  document.addEventListener("htmx:afterSettle", mountAll);
})();
