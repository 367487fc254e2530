// The condition editor: groups and leaves as form fields that write the JSON into the text field beside them.
// What a leaf can be and say comes with the page as its vocabulary; a leaf it can't show stays as JSON.
(() => {
  "use strict";
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "class") element.className = value;
      else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null));
    return element;
  };

  const mount = (root) => {
    if (root.dataset.mounted) return;
    root.dataset.mounted = "yes";
    const vocabulary = JSON.parse(document.getElementById(root.dataset.conditions).textContent);
    const w = vocabulary.words;
    const text = root.querySelector("textarea");
    const textPart = root.querySelector("[data-conditions-text]");
    const builder = root.querySelector("[data-conditions-builder]");
    const says = root.querySelector("[data-conditions-says]");
    const modes = root.querySelector("[data-conditions-modes]");
    let tree = null; // {group: "all"|"any"|"not", parts: [...]} or {leaf: {...}}

    // --- JSON to tree and back ---
    const toTree = (node) => {
      for (const group of ["all", "any"]) if (Array.isArray(node[group])) return { group, parts: node[group].map(toTree) };
      if (node.not && typeof node.not === "object") return { group: "not", parts: [toTree(node.not)] };
      return { leaf: node };
    };
    const toJson = (node) => {
      if (node.leaf) return node.leaf;
      const parts = node.parts.map(toJson).filter((part) => part && Object.keys(part).length);
      if (!parts.length) return {};
      if (node.group === "not") return { not: parts.length === 1 ? parts[0] : { all: parts } };
      return parts.length === 1 && node !== tree ? parts[0] : { [node.group]: parts };
    };
    const write = () => {
      const json = toJson(tree);
      const only = json.all?.length === 1 ? json.all[0] : json.any?.length === 1 ? json.any[0] : json;
      text.value = Object.keys(only).length ? JSON.stringify(only, null, 2) : "";
      ask();
    };

    // --- Fields ---
    const change = (leaf, key, value) => {
      if (value === "" || value === undefined || Number.isNaN(value)) delete leaf[key];
      else leaf[key] = value;
      write();
    };
    const select = (label, options, value, onchange) => {
      const field = make("select", { class: "form-select", "aria-label": label, onchange: (event) => onchange(event.target.value) });
      const known = options.some(([key]) => String(key) === String(value ?? ""));
      for (const [key, shown] of known ? options : [[value ?? "", value ?? "…"], ...options]) {
        const option = make("option", { value: key }, String(shown));
        option.selected = String(key) === String(value ?? "");
        field.append(option);
      }
      return field;
    };
    const input = (label, value, onchange, attributes = {}) => {
      const field = make("input", { class: "form-control", "aria-label": label, placeholder: label, ...attributes, oninput: (event) => onchange(event.target.value) });
      field.value = value ?? "";
      return field;
    };
    const word = (shown) => make("span", { class: "ts-quiet" }, shown);
    // One value or several, with commas between: one stands alone, several as a list.
    const single = (values) => (values.length > 1 ? values : values[0]);
    const split = (typed, known = []) => (known.includes(typed) ? [typed] : typed.split(",").map((one) => one.trim()).filter(Boolean));
    const join = (value) => (Array.isArray(value) ? value.join(", ") : value);
    const ticks = (label, options, value, onchange) => {
      const chosen = [value ?? []].flat();
      const boxes = options.map(([key, shown]) => {
        const box = make("input", { type: "checkbox", class: "form-check-input", value: key, onchange: () => onchange(single(boxes.filter((one) => one.checked).map((one) => one.value))) });
        box.checked = chosen.includes(key);
        return box;
      });
      return make("span", { class: "ts-ticks", role: "group", "aria-label": label }, ...boxes.map((box, index) => make("label", {}, box, options[index][1])));
    };
    // A test on a value: is, is one of, contains, at least, at most, is known, is not known.
    const parse = (value) => (value === "true" ? true : value === "false" ? false : value !== "" && !Number.isNaN(Number(value)) ? Number(value) : value);
    const test = (leaf) => {
      const key = ["is", "in", "contains", "gte", "lte", "exists"].find((name) => name in leaf) ?? "is";
      const kind = key === "exists" && leaf.exists === false ? "absent" : key;
      const options = ["is", "in", "contains", "gte", "lte", "exists", "absent"].map((name) => [name, w[name]]);
      const chooser = select(w.is, options, kind, (next) => {
        const kept = [leaf[key]].flat()[0];
        delete leaf[key];
        if (next === "exists" || next === "absent") leaf.exists = next === "exists";
        else if (next === "in") leaf.in = [kept].filter((one) => one !== undefined && one !== "" && typeof one !== "boolean");
        else leaf[next] = typeof kept === "boolean" ? "" : next === "is" || next === "contains" ? (kept ?? "") : Number(kept) || 0;
        draw();
        write();
      });
      if (kind === "exists" || kind === "absent") return [chooser];
      if (kind === "in") return [chooser, input(w.severalValues, join(leaf.in), (value) => { leaf.in = split(value).map(parse); write(); })];
      return [chooser, input(w.value, leaf[key], (value) => { leaf[key] = parse(value); write(); })];
    };
    const within = (leaf, key = "within", said = w.within) => {
      const days = /^(\d+)d$/.exec(leaf[key] ?? "");
      if (leaf[key] && !days) return [word(said), input(w.days, leaf[key], (value) => change(leaf, key, value))];
      return [word(said), input(said, days?.[1], (value) => change(leaf, key, value && Number(value) > 0 ? `${Math.round(Number(value))}d` : ""), { type: "number", min: "1", max: "3650", placeholder: key === "within" ? w.ever : "0" }), word(w.days)];
    };
    const datalist = (name, values) => {
      const id = `${root.dataset.conditions}-${name}`;
      if (!document.getElementById(id)) root.append(make("datalist", { id }, ...values.map((value) => make("option", { value }))));
      return id;
    };
    const KINDS = {
      need: {
        blank: () => ({ need: vocabulary.needs[0]?.[0] ?? "", stage: "shortlist" }),
        fields: (leaf) => [
          select(w.need, [...vocabulary.needs, ["any", w.anyNeed]], leaf.need, (value) => change(leaf, "need", value)),
          word(w.stage),
          ticks(w.stage, vocabulary.stages, leaf.stage, (value) => change(leaf, "stage", value)),
          ...within(leaf, "for_at_least", w.forAtLeast),
        ],
      },
      event: {
        blank: () => ({ event: "Product Viewed", at_least: 1, within: "30d" }),
        fields: (leaf) => {
          const count = ["at_least", "at_most", "exactly"].find((name) => name in leaf) ?? "at_least";
          return [
            input(w.event, join(leaf.event), (value) => change(leaf, "event", single(split(value, vocabulary.events))), { list: datalist("events", vocabulary.events) }),
            select(w.times, ["at_least", "at_most", "exactly"].map((name) => [name, w[name]]), count, (next) => { const n = leaf[count] ?? 1; delete leaf[count]; leaf[next] = n; draw(); write(); }),
            input(w.times, leaf[count] ?? 1, (value) => change(leaf, count, Math.max(0, Math.round(Number(value)))), { type: "number", min: "0", max: "1000" }),
            word(w.times),
            ...within(leaf),
          ];
        },
      },
      trait: { blank: () => ({ trait: "plan", is: "" }), fields: (leaf) => [input(w.trait, leaf.trait, (value) => change(leaf, "trait", value)), ...test(leaf)] },
      fact: { blank: () => ({ fact: vocabulary.facts[0] ?? "size", is: "" }), fields: (leaf) => [input(w.fact, leaf.fact, (value) => change(leaf, "fact", value), { list: datalist("facts", vocabulary.facts) }), ...test(leaf)] },
      consent: {
        blank: () => ({ consent: vocabulary.topics[0]?.[0] ?? "", channel: "email" }),
        fields: (leaf) => [select(w.consent, vocabulary.topics, leaf.consent, (value) => change(leaf, "consent", value)), word(w.by), select(w.by, vocabulary.channels, leaf.channel, (value) => change(leaf, "channel", value))],
      },
      reachable: { blank: () => ({ reachable: "email" }), fields: (leaf) => [select(w.reachable, vocabulary.channels, leaf.reachable, (value) => change(leaf, "reachable", value))] },
      identified: { blank: () => ({ identified: true }), fields: () => [] },
      reply: {
        blank: () => ({ reply: "helpful" }),
        fields: (leaf) => [select(w.reply, vocabulary.replies, leaf.reply, (value) => change(leaf, "reply", value)), word(w.toNudge), select(w.toNudge, [["", w.anyNudge], ...vocabulary.nudges], leaf.nudge, (value) => change(leaf, "nudge", value ? Number(value) : "")), ...within(leaf)],
      },
      purchased: { blank: () => ({ purchased: "" }), fields: (leaf) => [input("SKU", leaf.purchased, (value) => change(leaf, "purchased", value)), ...within(leaf)] },
      purchased_category: { blank: () => ({ purchased_category: "" }), fields: (leaf) => [input(w.purchased_category, leaf.purchased_category, (value) => change(leaf, "purchased_category", value)), ...within(leaf)] },
      locale: { blank: () => ({ locale: "en" }), fields: (leaf) => [input(w.locale, join(leaf.locale), (value) => change(leaf, "locale", single(split(value))))] },
      timezone: { blank: () => ({ timezone: "Europe/Berlin" }), fields: (leaf) => [input(w.timezone, join(leaf.timezone), (value) => change(leaf, "timezone", single(split(value))))] },
    };
    // Keys that the fields above can show; a leaf with any other stays JSON, so that nothing is lost by opening it.
    const SHOWN = {
      need: ["need", "stage", "for_at_least"], event: ["event", "at_least", "at_most", "exactly", "within"], trait: ["trait", "is", "in", "contains", "gte", "lte", "exists"],
      fact: ["fact", "is", "in", "contains", "gte", "lte", "exists"], consent: ["consent", "channel"], reachable: ["reachable"], identified: ["identified"],
      reply: ["reply", "nudge", "within"], purchased: ["purchased", "within"], purchased_category: ["purchased_category", "within"], locale: ["locale"], timezone: ["timezone"],
    };
    const LISTS = ["stage", "event", "in", "locale", "timezone"];
    const isShown = ([key, value]) => typeof value !== "object" || (LISTS.includes(key) && Array.isArray(value) && value.every((one) => typeof one === "string" ? !one.includes(",") : typeof one === "number"));
    const kindOf = (leaf) => {
      const kind = Object.keys(KINDS).find((name) => name in leaf);
      const isPlain = kind && Object.keys(leaf).every((key) => SHOWN[kind].includes(key)) && Object.entries(leaf).every(isShown) && leaf.identified !== false;
      return isPlain ? kind : "other";
    };

    const drawLeaf = (node, parent) => {
      const kind = kindOf(node.leaf);
      const remove = make("button", { type: "button", class: "btn btn-ghost-secondary ms-auto", "aria-label": w.remove, title: w.remove, onclick: () => { parent.parts.splice(parent.parts.indexOf(node), 1); draw(); write(); } }, "×");
      if (kind === "other") return make("div", { class: "ts-leaf" }, word(w.other), make("code", {}, JSON.stringify(node.leaf)), remove);
      const names = Object.keys(KINDS).map((name) => [name, w[name]]);
      const chooser = select(w.add, names, kind, (next) => { node.leaf = KINDS[next].blank(); draw(); write(); });
      return make("div", { class: "ts-leaf" }, chooser, ...KINDS[kind].fields(node.leaf), remove);
    };
    const drawGroup = (node, parent) => {
      const head = make("div", { class: "ts-group-head" });
      if (parent || node.parts.length) head.append(select(w.all, [["all", w.all], ["any", w.any], ["not", w.not]], node.group, (value) => { node.group = value; write(); }));
      else head.append(word(w.everyone));
      head.append(make("button", { type: "button", class: "btn", onclick: () => { node.parts.push({ leaf: KINDS.need.blank() }); draw(); write(); } }, `+ ${w.add}`));
      head.append(make("button", { type: "button", class: "btn btn-ghost-secondary", onclick: () => { node.parts.push({ group: "any", parts: [{ leaf: KINDS.event.blank() }] }); draw(); write(); } }, `+ ${w.addGroup}`));
      if (parent) head.append(make("button", { type: "button", class: "btn btn-ghost-secondary ms-auto", "aria-label": w.remove, title: w.remove, onclick: () => { parent.parts.splice(parent.parts.indexOf(node), 1); draw(); write(); } }, "×"));
      return make("div", { class: "ts-group" }, head, ...node.parts.map((part) => (part.leaf ? drawLeaf(part, node) : drawGroup(part, node))));
    };
    const draw = () => {
      const focused = [...builder.querySelectorAll("select, input, button")].indexOf(document.activeElement);
      builder.replaceChildren(drawGroup(tree, null));
      if (focused >= 0) builder.querySelectorAll("select, input, button")[focused]?.focus();
    };

    // --- What it says, and whom it fits: asked of the server, which knows ---
    let waiting = 0;
    const ask = () => {
      clearTimeout(waiting);
      waiting = setTimeout(async () => {
        const answer = await fetch(`${root.dataset.audience}?${new URLSearchParams({ condition: text.value })}`, { headers: { "HX-Request": "true" } });
        if (!answer.ok) return;
        says.innerHTML = await answer.text();
        says.hidden = false;
      }, 350);
    };

    // --- Two ways to write it ---
    const show = (mode) => {
      if (mode === "builder") {
        try {
          const json = text.value.trim() ? JSON.parse(text.value) : {};
          const read = Object.keys(json).length ? toTree(json) : { group: "all", parts: [] };
          tree = read.leaf ? { group: "all", parts: [read] } : read;
          draw();
        } catch {
          ask();
          mode = "text"; // What is no JSON can only be mended as text.
        }
      }
      builder.hidden = mode !== "builder";
      textPart.hidden = mode !== "text";
      for (const button of modes.children) button.setAttribute("aria-pressed", String(button.dataset.conditionsMode === mode));
    };
    modes.hidden = false;
    modes.addEventListener("click", (event) => event.target.dataset.conditionsMode && show(event.target.dataset.conditionsMode));
    text.addEventListener("input", ask);
    show("builder");
    if (!root.closest("details:not([open])")) ask();
  };

  const mountAll = () => document.querySelectorAll("[data-conditions]").forEach(mount);
  document.addEventListener("DOMContentLoaded", mountAll);
  document.addEventListener("htmx:afterSettle", mountAll);
})();
