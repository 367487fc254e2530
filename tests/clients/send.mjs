// Every call of a client for Node, as an integrator would write it: node send.mjs segment|rudder URL WRITE_KEY
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [, , name, url, writeKey] = process.argv;
const calls = [
  ["identify", { userId: "u-1", anonymousId: "anon-1", traits: { email: "one@example.org", plan: "gold" } }],
  ["track", { userId: "u-1", event: "Product Viewed", properties: { product_id: "p-1", name: "Shoe", price: 19.5 } }],
  ["page", { userId: "u-1", name: "Guide", properties: { url: "https://shop.example/guide" } }],
  ["screen", { userId: "u-1", name: "Home", properties: { tab: 1 } }],
  ["group", { userId: "u-1", groupId: "g-1", traits: { seats: 3 } }],
  ["alias", { userId: "u-1", previousId: "anon-2" }],
];

async function segment() {
  const { Analytics } = require("@segment/analytics-node");
  const client = new Analytics({ writeKey, host: url, flushInterval: 100 });
  client.on("error", (error) => {
    console.error(error);
    process.exitCode = 1;
  });
  calls.forEach(([type, call]) => client[type](call));
  await client.closeAndFlush({ timeout: 20_000 });
}

async function rudder() {
  const RudderAnalytics = require("@rudderstack/rudder-sdk-node");
  const client = new (RudderAnalytics.default ?? RudderAnalytics)(writeKey, { dataPlaneUrl: url, flushInterval: 100 });
  calls.forEach(([type, call]) => client[type](call));
  await new Promise((resolve, reject) => client.flush((error) => (error ? reject(error) : resolve())));
  await new Promise((resolve) => setTimeout(resolve, 1500)); // the others go out side by side with the first
}

await { segment, rudder }[name]();
process.exit();
