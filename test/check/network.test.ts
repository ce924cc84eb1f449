import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Situation } from "../fixtures/network.ts";
import { run } from "../support/process.ts";
import { missing, requireTool, skipUnlessCI } from "../support/tools.ts";
import { type Checked, said, verdicts } from "./setting.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/network.ts");
const SKIP =
  missing("pebble", "nginx", "knotd", "unshare", "ip") ||
  (process.getuid?.() !== 0 && skipUnlessCI("only root can make a network of its own"));

/** Checks a name in a network of its own. */
async function inside(situation: Situation): Promise<Checked> {
  const words = ["--net", process.execPath, FIXTURE, JSON.stringify(situation)];
  return JSON.parse(await run(requireTool("unshare"), words)) as Checked;
}

/** A network card that swallows whatever is sent. */
const CARD = ["link add card type veth peer name wire", "link set wire up", "link set card up"];
/** What is sent to a gateway that does not exist is lost. */
const through = (own: string, gateway: string) => [
  `addr add ${own}/24 dev card`,
  `route add default via ${gateway} dev card`,
  `neigh add ${gateway} lladdr 02:00:00:00:00:01 dev card`,
];
const SIX = "addr add fd00::1/64 dev card nodad";
const GONE = "203.0.113.9";

describe("check in a network", { skip: SKIP, concurrency: 3 }, () => {
  test("a dead IPv6 address beside IPv4 that works", async () => {
    const checked = await inside({
      ip: [...CARD, SIX],
      records: "six.check A 127.9.9.9\nsix.check AAAA fd00::1",
      web: ["127.9.9.9"],
      name: "six.check.test",
    });
    assert.deepEqual(verdicts(checked), [
      "six.check.test fd00::1 ipv6-broken",
      "six.check.test 127.9.9.9 ok",
    ]);
    assert.deepEqual(said(checked, "ipv6-broken"), [
      "six.check.test has the IPv6 address [fd00::1], where nothing answers (it refuses the connection), while IPv4 works. A CA asks IPv6 first. Let the web server listen on IPv6 (listen [::]:80 in nginx), or take out the AAAA record.",
    ]);
    assert.equal(checked.code, 0);
  });

  test("a dead IPv6 address alone", async () => {
    const checked = await inside({
      ip: [...CARD, SIX],
      records: "six.check AAAA fd00::1",
      web: ["127.9.9.9"],
      name: "six.check.test",
    });
    assert.deepEqual(said(checked, "refused"), [
      "[fd00::1] refuses the connection for six.check.test. Let the web server listen on this address and port, and open the port in the firewall; if it is not this server's address, correct the AAAA record.",
    ]);
    assert.equal(checked.code, 1);
  });

  test("an IPv6 address that works", async () => {
    const checked = await inside({
      ip: [...CARD, SIX],
      records: "six.check AAAA fd00::1",
      web: ["[fd00::1]"],
      name: "six.check.test",
    });
    assert.deepEqual(verdicts(checked), ["six.check.test fd00::1 ok"]);
  });

  test("a host without IPv6 does not judge it", async () => {
    const checked = await inside({
      ip: [...CARD],
      records: "six.check A 127.9.9.9\nsix.check AAAA 2001:db8::9",
      web: ["127.9.9.9"],
      name: "six.check.test",
    });
    assert.deepEqual(said(checked, "ipv6-unknown"), [
      "This host has no IPv6, so it cannot tell whether [2001:db8::9] answers for six.check.test. Check it from a host with IPv6, for example with curl -6 -i http://six.check.test/.well-known/acme-challenge/test.",
    ]);
    assert.equal(checked.code, 0);
  });

  test("a public address that does not answer a host with a private one", async () => {
    const checked = await inside({
      ip: [...CARD, ...through("10.9.8.7", "10.9.8.1")],
      records: `far.check A ${GONE}`,
      web: ["127.9.9.9"],
      name: "far.check.test",
    });
    assert.deepEqual(said(checked, "hairpin"), [
      `${GONE} does not answer for far.check.test (no answer in time), but this host has only a private address, and many routers do not lead from inside to their own public address. So this cannot be judged from here. Check it from another network, for example with curl -i http://far.check.test/.well-known/acme-challenge/test.`,
    ]);
    assert.equal(checked.code, 0);
  });

  test("a public address that does not answer a host with a public one", async () => {
    const checked = await inside({
      ip: [...CARD, ...through("198.51.100.7", "198.51.100.1")],
      records: `far.check A ${GONE}`,
      web: ["127.9.9.9"],
      name: "far.check.test",
    });
    assert.deepEqual(said(checked, "timeout"), [
      `${GONE} does not answer in time for far.check.test. Open the port in the firewall; if it is not this server's address, correct the A record.`,
    ]);
    assert.equal(checked.code, 1);
  });

  test("a public address without a way to it", async () => {
    const checked = await inside({
      ip: [...CARD, "addr add 198.51.100.7/24 dev card"],
      records: `far.check A ${GONE}`,
      web: ["127.9.9.9"],
      name: "far.check.test",
    });
    assert.deepEqual(said(checked, "unreachable"), [
      `${GONE} cannot be reached for far.check.test: there is no way to its network. Check the A record, and the network that it leads to.`,
    ]);
  });
});
