/* Touchstone's part of a shop's service worker. The shop hosts two lines and imports this file with them:
 *
 * self.touchstone = { base: "https://touchstone.example", key: "wk_…" };
 * importScripts(`${self.touchstone.base}/e/push-worker.js`);
 *
 * It shows what is pushed, gives a reply where the customer gives one (by POST, with the message's signed link), and
 * tells when the browser changes its subscription. It keeps nothing, and leaves pushes of others alone.
 */
(() => {
  "use strict";
  const { base, key } = self.touchstone;

  // As many replies as fit act at once. Where not all fit, the last leads to the page that has all four; where none fits,
  // the message itself leads there.
  const actionsOf = ({ replies, more }) => {
    const room = self.Notification?.maxActions ?? 0;
    if (replies.length <= room) return replies;
    return room < 1 ? [] : [...replies.slice(0, room - 1), { action: "more", title: more }];
  };

  const show = (told) => self.registration.showNotification(told.title, {
    body: told.body,
    tag: told.tag,
    lang: told.lang,
    icon: told.icon,
    image: told.image,
    actions: actionsOf(told),
    data: { touchstone: told },
  });

  const reply = async (told, kind) => {
    const answer = await fetch(`${told.answer}${kind}/`, { method: "POST", headers: { Accept: "application/json" }, credentials: "omit" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const { changed } = await answer.json();
    // In the place of the message, without a sound: what changed, in one sentence.
    await self.registration.showNotification(told.title, { body: changed, tag: told.tag, lang: told.lang, icon: told.icon, silent: true, data: { touchstone: { ...told, link: told.answer } } });
  };

  self.addEventListener("push", (event) => {
    let told;
    try { told = event.data.json(); } catch { return; }
    if (!told?.answer?.startsWith(`${base}/`)) return;
    event.waitUntil(show(told));
  });

  self.addEventListener("notificationclick", (event) => {
    const told = event.notification.data?.touchstone;
    if (!told) return;
    event.notification.close();
    const open = (url) => self.clients.openWindow(url);
    if (told.replies.some(({ action }) => action === event.action)) {
      event.waitUntil(reply(told, event.action).catch(() => open(`${told.answer}${event.action}/`)));
    } else {
      const hasReplies = event.action !== "more" && (self.Notification?.maxActions ?? 0) > 0;
      event.waitUntil(open((hasReplies && told.link) || told.answer));
    }
  });

  self.addEventListener("pushsubscriptionchange", (event) => {
    const old = event.oldSubscription;
    if (!old) return;
    event.waitUntil((async () => {
      const made = event.newSubscription ?? await self.registration.pushManager.subscribe(old.options);
      const body = new URLSearchParams({ old: old.endpoint, subscription: JSON.stringify(made) });
      await fetch(`${base}/m/push/renew/?key=${encodeURIComponent(key)}`, { method: "POST", body, credentials: "omit" });
    })());
  });
})();
