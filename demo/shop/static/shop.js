// Tracks as a shop does: page by page, over the Segment-compatible API, and only after the visitor has agreed.
const where = document.querySelector("meta[name=touchstone]");
const tracked = JSON.parse(document.getElementById("tracked").textContent);
const CONSENT = "larkfell.consent";
const ANONYMOUS = "larkfell.anonymous_id";
const IDENTIFIED = "larkfell.identified";

function anonymousId() {
  let id = localStorage.getItem(ANONYMOUS);
  if (!id) {
    id = crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`;
    localStorage.setItem(ANONYMOUS, id);
  }
  return id;
}

function send(calls) {
  if (!where.content || !where.dataset.key || localStorage.getItem(CONSENT) !== "yes" || !calls.length) return;
  const now = new Date().toISOString();
  const batch = calls.map((call) => ({
    messageId: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random()}`,
    timestamp: now,
    anonymousId: anonymousId(),
    ...(tracked.identify.user_id ? { userId: tracked.identify.user_id } : {}),
    context: { page: { url: location.href, path: location.pathname, title: document.title }, locale: navigator.language },
    ...call,
  }));
  const body = JSON.stringify({ writeKey: where.dataset.key, sentAt: now, batch });
  // text/plain needs no preflight; keepalive lets it outlive the page.
  fetch(`${where.content}/v1/batch`, { method: "POST", body, keepalive: true, headers: { "Content-Type": "text/plain" } }).catch(() => {});
}

function sendPage() {
  const calls = [{ type: "page", name: document.title, properties: { path: location.pathname, title: document.title, url: location.href } }];
  // Who somebody is, is told when they sign in, not on every page.
  const person = JSON.stringify(tracked.identify);
  if (tracked.identify.user_id && localStorage.getItem(CONSENT) === "yes" && sessionStorage.getItem(IDENTIFIED) !== person) {
    calls.unshift({ type: "identify", traits: tracked.identify.traits });
    sessionStorage.setItem(IDENTIFIED, person);
  }
  for (const { event, properties, message_id } of tracked.events) {
    calls.push({ type: "track", event, properties, ...(message_id ? { messageId: message_id } : {}) });
  }
  send(calls);
}

document.addEventListener("click", (click) => {
  const button = click.target.closest("button[data-event]");
  if (!button) return;
  const { event, sku, name, category, price } = button.dataset;
  send([{ type: "track", event, properties: { product_id: sku, name, category, price: Number(price), quantity: 1 } }]);
});

const ask = document.getElementById("consent");
ask.hidden = localStorage.getItem(CONSENT) !== null;
ask.addEventListener("click", (click) => {
  const choice = click.target.dataset.choice;
  if (!choice) return;
  localStorage.setItem(CONSENT, choice);
  ask.hidden = true;
  if (choice === "yes") {
    sendPage();
    tell();
  }
});

// The embeds use the shop's id of this browser, and only once the visitor has agreed.
function tell() {
  if (localStorage.getItem(CONSENT) === "yes") {
    document.dispatchEvent(new CustomEvent("touchstone:consent", { detail: { anonymousId: anonymousId() } }));
  }
}

sendPage();
if (document.readyState === "complete") tell();
else addEventListener("load", tell);
