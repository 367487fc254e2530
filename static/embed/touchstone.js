/* Touchstone on a shop's pages: <touchstone-guide>, <touchstone-reviews>, <touchstone-fit>, <touchstone-ask>, <touchstone-inbox>.
 *
 * <script src="https://…/e/touchstone.js" data-key="wk_…" defer></script>
 *
 * The HTML comes from the server and is set into a shadow root. No cookies, no eval, nothing inline; what is kept in
 * the page's own storage is kept only after `touchstone.consent(true)`. The server is told who reads only then, or by
 * a token that the shop's server signed (data-token).
 */
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || window.touchstone) return;
  const base = new URL(script.src).origin;
  const { key = "", token = "" } = script.dataset;
  const STORED = "touchstone.anonymous_id";
  const CHECKED = "touchstone.checked";
  const SITUATION = "touchstone.situation";
  const elements = new Set();
  let anonymousId = "";
  let sheet;

  // What is told of one's own situation: s.<attribute>, some of them several times.
  const situationIn = (fields) => [...fields].filter(([name, value]) => name.startsWith("s.") && value);

  const ask = (path, query = {}, options = {}) => {
    const url = new URL(path, base);
    url.searchParams.set("key", key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    // Which of a thousand groups this browser is in, where a fit may be held out to learn whether it helps.
    if (anonymousId && situationIn(url.searchParams)[0]) {
      url.searchParams.set("reader", [...anonymousId].reduce((sum, sign) => Math.imul(sum ^ sign.codePointAt(), 16777619) >>> 0, 2166136261) % 1000);
    }
    return fetch(url, { credentials: "omit", ...options });
  };
  const post = (path, fields, keepalive = false, lang = "") => {
    const given = fields instanceof FormData ? [...fields] : Object.entries(fields);
    const hasFile = given.some(([, value]) => value.size);
    const body = hasFile ? fields : new URLSearchParams(given.filter(([, value]) => !(value instanceof File)));
    if (anonymousId) body.set("anonymous_id", anonymousId);
    if (token) body.set("token", token);
    return ask(path, lang ? { lang } : {}, { method: "POST", body, keepalive });
  };
  const store = (name, value) => {
    if (!anonymousId) return;
    try { localStorage.setItem(name, value); } catch { /* storage may be off: nothing is remembered */ }
  };
  const stored = (name) => {
    try { return localStorage.getItem(name) || ""; } catch { return ""; }
  };
  const randomId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");

  // One stylesheet for all elements of the page. Made by script, so that no CSP of the shop has to allow styles of ours.
  const styles = () => (sheet ??= fetch(`${base}/e/touchstone.css`, { credentials: "omit" })
    .then((answer) => answer.text())
    .then((text) => { const made = new CSSStyleSheet(); made.replaceSync(text); return made; }));

  const parse = (html) => {
    const made = document.createElement("template");
    made.innerHTML = html;
    return made.content;
  };

  // ---- What readers do inside an element or on a hosted page

  // Tells once that a guide was read: when it has been in sight for some seconds.
  const watchReading = (guide) => watch(guide, 4000, () => {
    if (anonymousId || token) post(guide.dataset.tsRead, { guide: guide.dataset.guide, lang: guide.dataset.lang }, true).catch(() => {});
    goodMoment();
  });
  // Where a figure is kept from some readers to learn whether it helps: who met it, and who met its place.
  const watchFit = (fit) => watch(fit, 1000, () => {
    const { tsSeen, product, need, arm } = fit.dataset;
    if (anonymousId) post(tsSeen, { product, need, arm }, true).catch(() => {});
  });
  const watch = (part, pause, tell) => {
    let timer;
    const watcher = new IntersectionObserver(([seen]) => {
      clearTimeout(timer);
      if (seen.isIntersecting) timer = setTimeout(() => { watcher.disconnect(); tell(); }, pause);
    }, { rootMargin: "0px 0px -25%" });
    watcher.observe(part);
  };

  const recall = (guide) => {
    if ("tsTicked" in guide.dataset) return; // the server knows
    const kept = stored(CHECKED).split("\n");
    for (const box of guide.querySelectorAll("[data-ts-check]")) {
      box.checked = kept.includes(`${guide.dataset.guide}/${box.dataset.tsCheck}`);
    }
  };

  const check = (box) => {
    goodMoment();
    const guide = box.closest("[data-guide]");
    const name = `${guide.dataset.guide}/${box.dataset.tsCheck}`;
    const kept = new Set(stored(CHECKED).split("\n").filter(Boolean));
    if (box.checked) kept.add(name); else kept.delete(name);
    store(CHECKED, [...kept].slice(-300).join("\n"));
    if (anonymousId || token) {
      post(guide.dataset.tsRead, { guide: guide.dataset.guide, lang: guide.dataset.lang, check: box.dataset.tsCheck, on: box.checked ? 1 : 0 }, true).catch(() => {});
    }
  };

  // What is typed is kept: by the server for an author whom it knows, else for as long as this tab is open.
  const typed = (form) => [...new FormData(form)].filter(([, value]) => value && typeof value === "string");
  const draftOf = (form) => `touchstone.draft:${form.dataset.tsDraft}`;
  const keep = (form) => {
    const fields = new FormData(form);
    for (const name of [...fields.keys()]) if (fields.get(name) instanceof File) fields.delete(name);
    fields.set("act", "save");
    const saved = "tsAuthor" in form.dataset
      ? fetch(form.action, { method: "POST", body: fields, credentials: "omit" })
      : token ? post(form.dataset.tsPost, fields) : Promise.resolve({ ok: true });
    try { sessionStorage.setItem(draftOf(form), JSON.stringify(typed(form))); } catch { /* storage may be off */ }
    saved.then(({ ok }) => {
      const note = form.querySelector("[data-ts-saved]");
      if (ok) note.textContent = note.dataset.tsSaved;
    }).catch(() => {});
  };
  const restore = (form) => {
    let kept = [];
    try { kept = JSON.parse(sessionStorage.getItem(draftOf(form))) || []; } catch { /* nothing was kept */ }
    if ("tsAuthor" in form.dataset || form.querySelector(".ts-problems")) return;
    for (const field of form.elements) {
      const values = kept.filter(([name]) => name === field.name).map(([, value]) => value);
      if (!values.length || field.type === "hidden") continue;
      if (field.matches("[type=radio], [type=checkbox]")) field.checked = values.includes(field.value);
      else field.value = values[0];
    }
  };
  const forgetDraft = (form) => { try { sessionStorage.removeItem(draftOf(form)); } catch { /* nothing was kept */ } };

  // Sets HTML of ours where it belongs: below a list ("more"), into a slot ("form"), or in place of `old`.
  const place = (root, old, into, html) => {
    const content = parse(html);
    const first = content.firstElementChild;
    if (into === "more") {
      old.closest("[data-ts-more]").replaceWith(content);
    } else if (into) {
      const slot = root.querySelector(`[data-ts-slot="${into}"]`);
      slot.replaceChildren(content);
      slot.hidden = false;
      slot.style.minBlockSize = "";
    } else {
      const room = old.matches(".ts-votes") ? `${old.offsetHeight}px` : "";
      old.replaceWith(content);
      if (room) first.style.minBlockSize = room;
    }
    prepare(root, first);
    if (into === "more") return first?.querySelector("a, button")?.focus({ preventScroll: true });
    if (into === "form" || first?.matches?.(".ts-writing, .ts-note")) {
      first.scrollIntoView({ block: "nearest" });
      (first.querySelector(".ts-problems, select, textarea") || first).focus({ preventScroll: true });
    }
  };

  const prepare = (root, content) => {
    if (!content) return;
    const linked = content.querySelector?.('script[type="application/ld+json"]');
    if (linked && root instanceof ShadowRoot) {
      // Search engines read the page, not the shadow. One for each element, replaced with it.
      root.host.linked?.remove();
      root.host.linked = linked;
      document.head.append(linked);
    }
    if (token) {
      for (const field of content.querySelectorAll?.("[data-ts-unknown]") || []) field.remove();
      for (const field of content.querySelectorAll?.("[data-ts-known]") || []) field.hidden = false;
    }
    for (const form of content.querySelectorAll?.("[data-ts-draft]") || []) restore(form);
    const guide = content.matches?.("[data-ts-read]") ? content : content.querySelector?.("[data-ts-read]");
    if (guide) { recall(guide); watchReading(guide); }
    const fit = content.matches?.("[data-ts-seen]") ? content : content.querySelector?.("[data-ts-seen]");
    if (fit) watchFit(fit);
  };

  const get = async (root, from, path, into) => {
    from.setAttribute("aria-busy", "true");
    // Room is made at once, while it is the reader's own click that moves things, and not when the answer comes.
    const slot = root.querySelector(`[data-ts-slot="${into}"][hidden]`);
    if (slot) { slot.hidden = false; slot.style.minBlockSize = "100vh"; }
    const list = into === "more" && from.closest("[data-ts-slot]");
    if (list) list.style.minBlockSize = `${list.offsetHeight + innerHeight}px`;
    try {
      const answer = await ask(path);
      if (!answer.ok) throw new Error(await answer.text());
      place(root, into ? from : from.closest("[data-ts-swap]"), into, await answer.text());
    } finally {
      from.removeAttribute("aria-busy");
      // What was not needed of it is given back when the reader does something next.
      if (list) for (const act of ["click", "keydown"]) addEventListener(act, () => { list.style.minBlockSize = ""; }, { once: true, capture: true });
    }
  };

  const enhance = (root) => {
    root.addEventListener("click", (event) => {
      const link = event.target.closest("a[data-ts-get]");
      if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
        event.preventDefault();
        get(root, link, link.dataset.tsGet, link.dataset.tsInto).catch(() => location.assign(link.href));
      }
      const out = event.target.closest('a[href^="http"]');
      const read = out?.closest("[data-ts-read]");
      if (read && (anonymousId || token)) {
        post(read.dataset.tsRead, { guide: read.dataset.guide, lang: read.dataset.lang, link: out.getAttribute("href") }, true).catch(() => {});
      }
      const jump = event.target.closest('a[href^="#"]');
      const target = jump && root.querySelector(`[id="${CSS.escape(jump.hash.slice(1))}"]`);
      if (target) {
        event.preventDefault();
        target.scrollIntoView({ block: "center" });
        (target.matches("input, select, textarea") ? target : target.querySelector("input"))?.focus();
      }
      const button = event.target.closest("[data-action]");
      if (button) putAway(root, button);
      const push = event.target.closest("[data-ts-push]");
      if (push && event.target.closest("[data-ts-allow]")) allowPush(push);
      if (push && event.target.closest("[data-ts-decline]")) declinePush(push);
    });
    root.addEventListener("toggle", ({ target }) => {
      if (!target.open || !target.matches("[data-message].unread")) return;
      target.classList.remove("unread");
      tellInbox(target.dataset.message, "read").catch(() => target.classList.add("unread"));
    }, true);
    root.addEventListener("change", (event) => {
      if (event.target.dataset.tsCheck) check(event.target);
    });
    let pause;
    root.addEventListener("input", (event) => {
      const form = event.target.closest("[data-ts-draft]");
      clearTimeout(pause);
      if (form) pause = setTimeout(() => keep(form), 4000);
    });
    root.addEventListener("submit", (event) => {
      clearTimeout(pause);
      const form = event.target;
      const { tsGet, tsPost } = form.dataset;
      if (!tsGet && !tsPost) return;
      event.preventDefault();
      const fields = new FormData(form, event.submitter);
      if (tsGet) {
        const url = new URL(tsGet, base);
        for (const [name, value] of fields) if (value) url.searchParams.append(name, value);
        if ("tsMe" in form.dataset) store(SITUATION, new URLSearchParams(situationIn(fields)));
        get(root, form, url.pathname + url.search).catch(() => form.submit());
        return;
      }
      const button = event.submitter;
      if (button) button.disabled = true;
      post(tsPost, fields)
        .then(async (answer) => {
          const html = await answer.text();
          if (!answer.ok && answer.status !== 422) throw new Error(html);
          if (answer.ok && form.dataset.tsDraft) forgetDraft(form);
          const focused = root.activeElement?.id;
          place(root, form.matches(".ts-votes") ? form : form.closest(".ts-writing, [data-ts-own]"), "", html);
          if (focused) root.getElementById?.(focused)?.focus({ preventScroll: true });
          renew([form.dataset.tsRenews], root.host);
          goodMoment();
        })
        .catch(() => {
          // What was typed stays; the reader may try again.
          if (button) button.disabled = false;
          if (!navigator.onLine && !form.waits) {
            form.waits = true;
            addEventListener("online", () => { form.waits = false; if (!button?.disabled) form.requestSubmit(button); }, { once: true });
          }
          form.setAttribute("aria-invalid", "true");
          form.querySelector("[data-ts-failed]")?.remove();
          const note = document.createElement("p");
          note.className = "ts-problem";
          note.dataset.tsFailed = "";
          note.setAttribute("role", "alert");
          note.textContent = script.dataset.failed || "Not sent: the connection failed. Please try again.";
          form.append(note);
        });
    });
  };

  // ---- The inbox: read when opened, put away for good or until a day, counted on every badge of the page

  const signed = () => ({ Authorization: `Bearer ${token}` });
  const named = (name) => [...elements].filter((element) => element.isConnected && element.localName === `touchstone-${name}`);
  let unread;

  const count = (found) => {
    const more = found > (unread ?? found);
    unread = found;
    for (const badge of named("badge")) badge.count(unread);
    // Something new has come: shown at once, but not into somebody's reading.
    if (more) for (const inbox of named("inbox")) if (!inbox.shadowRoot.querySelector("details[open]")) inbox.load();
  };
  const tellInbox = async (message, action, fields) => {
    const answer = await ask(`/m/inbox/${message}/${action}/`, {}, { method: "POST", headers: signed(), body: new URLSearchParams(fields) });
    if (!answer.ok) throw new Error(answer.status);
    count((await answer.json()).unread);
  };
  const putAway = async (root, button) => {
    const letter = button.closest("[data-message]");
    button.disabled = true;
    try {
      await tellInbox(letter.dataset.message, button.dataset.action, { days: button.dataset.days || "" });
      const next = letter.nextElementSibling?.querySelector("summary");
      letter.remove();
      const none = root.querySelector("[data-ts-none]");
      if (none) none.hidden = !!root.querySelector("[data-message]");
      next?.focus();
    } catch { button.disabled = false; }
  };
  const lookForNews = async () => {
    if (!token || document.visibilityState !== "visible" || !(named("badge").length || named("inbox").length)) return;
    try {
      const answer = await ask("/m/inbox/unread/", {}, { headers: signed() });
      if (answer.ok) count((await answer.json()).unread);
    } catch { /* the next look will do */ }
  };
  setInterval(lookForNews, (script.dataset.every || 30) * 1000);
  document.addEventListener("visibilitychange", lookForNews);

  // ---- Web push: asked for where the browser can, the reader is known, and the moment is good: they have just used
  // something here, or the shop says so (`document.dispatchEvent(new Event("touchstone:moment"))`, or when="now").

  const ASKED = "touchstone.push_asked";
  const TOLD = "touchstone.push_told";
  const DAY = 86400000;
  const scope = script.dataset.worker ? undefined : "/touchstone/";
  const moment = new Promise((come) => document.addEventListener("touchstone:moment", come, { once: true }));
  const goodMoment = () => document.dispatchEvent(new Event("touchstone:moment"));
  const isWithin = (name, days) => Date.now() - stored(name) < days * DAY;

  const tellSubscription = async (subscription, fields = {}) => {
    const used = String.fromCharCode(...new Uint8Array(subscription.options.applicationServerKey));
    const answer = await post("/m/push/subscribe/", { subscription: JSON.stringify(subscription), server_key: btoa(used), ...fields });
    if (answer.status === 409) await subscription.unsubscribe(); // the shop has other keys now
    if (!answer.ok) throw new Error(await answer.text());
    store(TOLD, Date.now());
  };
  const mayAsk = async () => {
    if (!(token || anonymousId) || !window.PushManager || !navigator.serviceWorker || Notification.permission === "denied") return false;
    const held = await (await navigator.serviceWorker.getRegistration(scope))?.pushManager.getSubscription();
    if (held && !isWithin(TOLD, 1)) await tellSubscription(held).catch(() => {});
    return !held && !isWithin(ASKED, 90);
  };
  const allowPush = async (box) => {
    const say = (name) => {
      box.querySelector(".ts-actions").hidden = true;
      box.querySelector(`[data-ts-${name}]`).hidden = false;
      store(ASKED, Date.now());
    };
    try {
      if (await Notification.requestPermission() !== "granted") return say("blocked");
      const worker = await navigator.serviceWorker.register(script.dataset.worker || "/touchstone-sw.js", scope && { scope });
      const coming = worker.installing || worker.waiting;
      if (!worker.active) await new Promise((done) => coming.addEventListener("statechange", () => coming.state === "activated" && done()));
      const subscription = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: box.dataset.tsPush });
      const wording = [...box.querySelectorAll("p")].slice(0, 2).map((line) => line.textContent.trim()).join(" ");
      await tellSubscription(subscription, { topics: box.dataset.tsTopics, wording: `${wording} (${location.origin})` });
      say("done");
    } catch (error) {
      console.warn("touchstone-push: not subscribed", error);
      say("blocked");
    }
  };
  const declinePush = (box) => {
    store(ASKED, Date.now());
    box.getRootNode().host.settle("empty");
    box.remove();
  };

  // ---- The elements

  const PATHS = { guide: "/e/f/guide/", reviews: "/e/f/reviews/", ask: "/e/f/questions/", fit: "/e/f/fit/", inbox: "/m/inbox/fragment/", badge: "", push: "/m/push/question/", situation: "/e/f/situation/", shortlist: "/e/f/shortlist/", keep: "/e/f/keep/", survey: "/e/f/survey/", preferences: "/m/preferences/" };
  // What is the reader's own is asked for by POST, so that no id of theirs stands in an address.
  const OWN = ["situation", "shortlist", "keep", "survey", "preferences"];
  const renew = (kinds, but) => {
    for (const element of elements) {
      if (element !== but && element.dataset.state && kinds.includes(element.localName.slice(11))) element.load();
    }
  };
  const OURS = ["class", "id", "style", "slot", "part", "hidden", "dir", "reserve", "when", "data-state"];
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) { near.unobserve(target); target.load(); }
    }
  }, { rootMargin: "600px" });

  // What a signed-in customer told of their situation before.
  const told = {};
  const known = (product) => (told[product] ??= post("/e/f/known/", { product }).then((answer) => answer.ok ? answer.text() : "").catch(() => ""));

  class Embed extends HTMLElement {
    connectedCallback() {
      if (!this.shadowRoot) {
        enhance(this.attachShadow({ mode: "open" }));
        elements.add(this);
      }
      // Only what comes near the screen is loaded, and only once: also when the element is moved, or the page comes back.
      // A badge and a question have no place of their own before they are there, so nothing says when they come near.
      if (this.dataset.state) return;
      if (this.matches("touchstone-badge, touchstone-push")) this.load(); else near.observe(this);
    }

    disconnectedCallback() { near.unobserve(this); }

    async load() {
      this.dataset.state = "loading";
      const kind = this.localName.slice(11);
      const query = { lang: this.closest("[lang]")?.lang || "" };
      for (const { name, value } of this.attributes) if (!OURS.includes(name)) query[name] = value;
      if (/inbox|badge|pref/.test(kind) && !token) return this.settle("empty");
      if (kind === "badge") return lookForNews();
      if (kind === "push") {
        if (!await mayAsk()) return this.settle("empty");
        if (this.getAttribute("when") !== "now") await moment;
      }
      const headers = kind === "inbox" ? signed() : {};
      try {
        const situation = kind === "reviews" || kind === "fit" ? stored(SITUATION) || (token && await known(query.product)) : "";
        const path = `${PATHS[kind]}?${situation}`;
        // Who is known may have a guide of their own; everybody else has the one that caches keep.
        const own = OWN.includes(kind) || (kind === "guide" && (anonymousId || token));
        const asked = own ? post(kind === "guide" ? "/e/f/guide/own/" : path, query, false, query.lang) : ask(path, query, { headers });
        const [made, answer] = await Promise.all([styles(), asked]);
        const html = await answer.text();
        if (!answer.ok) {
          if (answer.status !== 404 || !html.startsWith("not_found")) console.warn(`touchstone-${kind}: ${html.slice(0, 200)}`);
          return this.settle("empty");
        }
        this.show(made, html);
      } catch (error) {
        console.warn(`touchstone-${kind}: not loaded`, error);
        this.settle("empty");
      }
    }

    show(made, html) {
      const { top, bottom, height } = this.getBoundingClientRect();
      const content = parse(html);
      const first = content.firstElementChild;
      this.shadowRoot.adoptedStyleSheets = [made];
      this.shadowRoot.replaceChildren(content);
      prepare(this.shadowRoot, first);
      // Nothing below may move while it is in sight: what needs more room than was reserved, the reader opens.
      const isFollowed = top < innerHeight && bottom > 0 && bottom < innerHeight && height > 120;
      if (isFollowed && first.getBoundingClientRect().height > height + 1) this.fold(height);
      this.settle("ready");
    }

    // The badge: a number, and nothing at all where nothing waits.
    count(found) {
      this.shadowRoot.textContent = found ? Math.min(found, 99) : "";
      this.setAttribute("role", "status");
      this.ariaLabel = found ? `${found}` : "";
      this.settle(found ? "ready" : "empty");
    }

    fold(height) {
      const more = document.createElement("button");
      more.className = "ts-unfold";
      more.part = "unfold";
      more.textContent = this.getAttribute("unfold") || script.dataset.unfold || "Read on";
      more.addEventListener("click", () => {
        more.remove();
        this.classList.remove("ts-folded");
        this.style.removeProperty("block-size");
      });
      this.style.setProperty("block-size", `${height}px`);
      this.classList.add("ts-folded");
      this.shadowRoot.append(more);
    }

    settle(state) {
      this.dataset.state = state;
      this.dispatchEvent(new CustomEvent(`touchstone:${state}`, { bubbles: true }));
    }
  }

  for (const kind of Object.keys(PATHS)) customElements.define(`touchstone-${kind}`, class extends Embed {});

  // ---- Consent and the page's own id of this browser

  const consent = (given, id = "") => {
    if (!given) {
      anonymousId = "";
      try { for (const name of [STORED, CHECKED, SITUATION]) localStorage.removeItem(name); } catch { /* nothing was kept */ }
      return;
    }
    // Segment's client keeps its id as JSON text.
    anonymousId = String(id || stored("ajs_anonymous_id").replace(/^"|"$/g, "") || stored(STORED) || randomId()).slice(0, 200);
    if (!id) store(STORED, anonymousId);
    renew(OWN);
  };
  document.addEventListener("touchstone:consent", ({ detail }) => consent(detail?.given !== false, detail?.anonymousId));
  if (script.dataset.consent === "given" || stored(STORED)) consent(true);
  window.touchstone = { consent, elements: () => [...elements] };

  for (const root of document.querySelectorAll("[data-ts-root]")) { enhance(root); prepare(root, root); }
})();
