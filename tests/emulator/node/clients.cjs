"use strict";
// RingCentral's own JavaScript clients, each run in a process of its own by its test.
//
// node clients.cjs FOLDER CLIENT SERVER CLIENT_ID SECRET JWT, with the packages of
// package.json installed in FOLDER. Prints one JSON line for each thing it sees; ends
// with its input. The client `widgets` prints its state for each line of input.

const path = require("node:path");
const readline = require("node:readline");

const [folder, client, server, clientId, clientSecret, jwt] = process.argv.slice(2);
const load = (name) => require(path.join(folder, "node_modules", name));
const say = (kind, what = {}) => process.stdout.write(JSON.stringify({ kind, ...what }) + "\n");
const own = "/restapi/v1.0/account/~/extension/~";
const account = "/restapi/v1.0/account/~/presence?detailedTelephonyState=true";
const detailed = `${own}/presence?detailedTelephonyState=true&sipData=true`;

const untilTheEnd = (onLine = () => {}) =>
  new Promise((resolve) => {
    const lines = readline.createInterface({ input: process.stdin });
    lines.on("line", onLine);
    lines.on("close", resolve);
  });

// @rc-ex/core with @rc-ex/ws.
async function extensible() {
  const RingCentral = load("@rc-ex/core").default;
  const WebSocketExtension = load("@rc-ex/ws").default;
  const rc = new RingCentral({ server, clientId, clientSecret });
  await rc.authorize({ jwt });
  say("login", { access: Boolean(rc.token.access_token) });
  say("extension", { id: (await rc.get(own)).data.id });
  const socket = new WebSocketExtension();
  await rc.installExtension(socket);
  const subscription = await socket.subscribe([account], (event) => say("event", { event }));
  say("subscribed");
  await untilTheEnd();
  await subscription.revoke();
  await socket.revoke();
  await rc.revoke();
}

async function signedIn() {
  const { SDK } = load("@ringcentral/sdk");
  const sdk = new SDK({ server, clientId, clientSecret });
  await sdk.platform().login({ jwt });
  say("login", { access: Boolean((await sdk.platform().auth().data()).access_token) });
  return sdk;
}

async function subscribed(sdk, filter, onEvent) {
  const { Subscriptions } = load("@ringcentral/subscriptions");
  const subscription = new Subscriptions({ sdk }).createSubscription();
  subscription.on(subscription.events.notification, onEvent);
  await subscription.setEventFilters([filter]).register();
  say("subscribed");
}

// @ringcentral/sdk with @ringcentral/subscriptions.
async function sdk() {
  const sdk = await signedIn();
  const reply = await sdk.platform().get(own);
  say("extension", { id: (await reply.json()).id });
  await subscribed(sdk, account, (event) => say("event", { event }));
  await untilTheEnd();
  await sdk.platform().logout();
}

// The Presence module of the widgets, and the one that fetches for it, as they are.
// What they stand on (sign-in, socket) is the official client above.
async function widgets() {
  const { RcModuleV2, action, createStore, state, watch } = load("@ringcentral-integration/core");
  const { Presence } = load("@ringcentral-integration/commons/modules/Presence");
  const { DataFetcherV2 } = load("@ringcentral-integration/commons/modules/DataFetcherV2");
  const sdk = await signedIn();
  let filter;

  class Subscription extends RcModuleV2 {
    constructor() {
      super();
      this.message = null;
    }
    subscribe([wanted]) {
      filter = wanted;
    }
    put(message) {
      this.message = message;
    }
  }
  state(Subscription.prototype, "message");
  const put = Object.getOwnPropertyDescriptor(Subscription.prototype, "put");
  Object.defineProperty(Subscription.prototype, "put", action(Subscription.prototype, "put", put));

  const auth = { ready: true, loggedIn: true, ownerId: "own" };
  const subscription = new Subscription();
  const dataFetcherV2 = new DataFetcherV2({
    auth,
    sleepDetector: { ready: true, on: () => {}, events: { detected: "detected" } },
  });
  const presence = new Presence({
    auth,
    client: { service: sdk },
    connectivityMonitor: { ready: true, connectivity: true },
    dataFetcherV2,
    extensionFeatures: {
      ready: true,
      features: { ReadPresenceStatus: { available: true }, EditPresenceStatus: { available: true } },
    },
    subscription,
    presenceOptions: { fetchDelay: 100, maxFetchDelay: 200 },
  });
  const modules = [subscription, dataFetcherV2, presence];
  createStore({ modules, strict: false });
  for (const module of modules) await module._initModule();
  await new Promise((resolve) => {
    const stop = watch(presence, () => presence.ready && presence.data !== null, (ready) => {
      if (ready) resolve(stop);
    });
    if (presence.ready && presence.data !== null) resolve();
  });
  await subscribed(sdk, filter, (message) => subscription.put(message));
  say("ready", { filter });
  await untilTheEnd(async (line) => {
    const { set } = JSON.parse(line);
    if (set) await presence.setPresence(set);
    say("state", {
      telephonyStatus: presence.telephonyStatus,
      presenceStatus: presence.presenceStatus,
      userStatus: presence.userStatus,
      dndStatus: presence.dndStatus,
      meetingStatus: presence.meetingStatus,
      calls: presence.calls.map((call) => [call.sessionId, call.telephonyStatus]).sort(),
    });
  });
  await sdk.platform().logout();
}

({ extensible, sdk, widgets })[client]().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
