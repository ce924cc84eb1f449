import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, test } from "node:test";
import { openDns01 } from "../../src/challenge/dns/dns-01.ts";
import { openZoneQueue } from "../../src/challenge/dns/queue.ts";
import type { ChallengeEvent } from "../../src/challenge/responder.ts";
import { shareResponders } from "../../src/commands/responders.ts";
import { freePort } from "../support/ports.ts";
import { tempDir } from "../support/temp.ts";
import { eventually } from "../support/wait.ts";
import { DIGEST, type DnsSetting, dnsSetting, linger, never, script, skip } from "./dns-setting.ts";
import { answer } from "./responder.contract.ts";

test("the targets of one run take turns in a zone", { skip }, async () => {
  await using s = await dnsSetting();
  await using responders = shareResponders({
    env: { ...process.env, ...s.hook.env },
    emit: () => undefined,
    linger,
  });
  const provider = { kind: "exec", script: s.hook.file } as const;
  const propagation = { timeout: 30_000, resolvers: s.resolvers };
  const publish = async (name: string) => {
    const responder = await responders.open({ kind: "dns", provider, propagation });
    await using _publication = await responder.publish([answer(name)], never);
  };
  await Promise.all(["a.test", "b.test", "c.test"].map(publish));
  const moments = s.hook.calls().map(({ at }) => at);
  assert.equal(moments.length, 12);
  assert.ok(
    moments.every((at, i) => at === (i % 2 === 0 ? "start" : "end")),
    "no two calls at once, since they may be for one zone",
  );
});

describe("DNS servers that cannot be asked", () => {
  /** A responder that asks one server, and what it says. */
  async function asking(host: string, port: number) {
    const events: ChallengeEvent[] = [];
    const done = () => Promise.resolve();
    const responder = await openDns01(
      { set: done, remove: done },
      { timeout: 1_000, wait: 0, resolvers: [{ host, port }] },
      { emit: (event) => events.push(event), linger, queue: openZoneQueue() },
    );
    return { responder, events };
  }

  test("whether a name is an alias stays unknown, and it is taken as it is", async () => {
    const { responder, events } = await asking("127.0.0.1", await freePort());
    await using _publication = await responder.publish([answer("a.test")], never);
    const [unknown, ...others] = events;
    assert.ok(unknown?.type === "alias-unknown");
    assert.equal(unknown.fqdn, "_acme-challenge.a.test");
    assert.match(unknown.reason, /ECONNREFUSED/);
    assert.deepEqual(
      others.map(({ type }) => type),
      ["records-set"],
    );
  });

  test("one whose own name cannot be found is an error", async () => {
    await assert.rejects(asking("nowhere.invalid", 53), {
      code: "dns-failed",
      message: /nowhere\.invalid cannot be found/,
      hint: /--dns_resolvers/,
    });
  });

  test("one that never answers holds up no interruption", async () => {
    const mute = createSocket("udp4").bind(0, "127.0.0.1");
    await once(mute, "listening");
    const { responder } = await asking("127.0.0.1", mute.address().port);
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const publishing = responder.publish([answer("a.test")], controller.signal);
    const rejected = assert.rejects(publishing, reason);
    await once(mute, "message");
    controller.abort(reason);
    await rejected;
    mute.close();
  });
});

test("a provider with a fault of its own: what it may have left is told, and that it should be reported", async () => {
  const events: ChallengeEvent[] = [];
  const responder = await openDns01(
    { set: () => Promise.resolve(), remove: () => Promise.reject(new TypeError("x is no y")) },
    { timeout: 1_000, wait: 0, resolvers: [{ host: "127.0.0.1", port: await freePort() }] },
    { emit: (event) => events.push(event), linger, queue: openZoneQueue() },
  );
  const publication = await responder.publish([answer("a.test")], never);
  await publication[Symbol.asyncDispose]();
  const left = events.at(-1);
  assert.ok(left?.type === "record-left");
  assert.equal(left.fqdn, "_acme-challenge.a.test");
  assert.equal(left.error.message, "Something unforeseen went wrong: x is no y.");
  assert.match(left.error.hint ?? "", /report this/);
});

describe("the wait for TXT records", { skip }, () => {
  const late = (s: DnsSetting) => s.events.find((event) => event.type === "records-late");

  test("ends when the servers given have them", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const responder = await s.open({ script: script(dir.path, "exit 0") });
    const publishing = responder.publish([answer("a.test")], never);
    await eventually("a look", () => s.events.some(({ type }) => type === "records-waiting"));
    await s.dns.addTxt("_acme-challenge.a.test", "somebody else's");
    await s.dns.addTxt("_acme-challenge.a.test", DIGEST);
    await using _publication = await publishing;
    assert.equal(late(s), undefined);
  });

  test("gives up with a warning that names the server and the record", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const responder = await s.open({
      script: script(dir.path, "exit 0"),
      timeout: 1_000,
    });
    await using _publication = await responder.publish([answer("a.test")], never);
    assert.deepEqual(late(s)?.lacks, [
      { server: s.dns.address, fqdn: "_acme-challenge.a.test", silent: false },
    ]);
  });

  test("a server that does not answer is not waited for when another does", async () => {
    await using s = await dnsSetting();
    const [host = "", port] = s.dns.address.split(":");
    const responder = await s.open({
      resolvers: [
        { host: "127.0.0.1", port: 9 },
        { host, port: Number(port) },
      ],
    });
    await using _publication = await responder.publish([answer("a.test")], never);
    assert.equal(late(s), undefined);
  });

  test("with a time given nobody is asked whether the records are there", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const responder = await s.open({
      script: script(dir.path, "exit 0"),
      wait: 1,
    });
    await using _publication = await responder.publish([answer("a.test")], never);
    const [waiting] = s.events.filter(({ type }) => type === "records-waiting");
    assert.deepEqual(waiting, {
      type: "records-waiting",
      servers: [],
      time: 1,
    });
    assert.equal(late(s), undefined);
  });

  test("lasts as long as the provider says, unless the user says otherwise", async () => {
    await using s = await dnsSetting();
    const done = () => Promise.resolve();
    const provider = { set: done, remove: done, wait: 7 };
    const times = async (wait?: number) => {
      const events: ChallengeEvent[] = [];
      const emit = (event: ChallengeEvent) => events.push(event);
      const responder = await openDns01(
        provider,
        { timeout: 1_000, wait, resolvers: s.resolvers },
        { emit, linger, queue: openZoneQueue() },
      );
      await using _publication = await responder.publish([answer("a.test")], never);
      return events.flatMap((event) => (event.type === "records-waiting" ? event.time : []));
    };
    assert.deepEqual(await times(), [7]);
    assert.deepEqual(await times(3), [3]);
    assert.deepEqual(await times(0), []);
  });

  test("an interruption ends it", async () => {
    await using s = await dnsSetting();
    await using dir = tempDir();
    const responder = await s.open({ script: script(dir.path, "exit 0") });
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const rejected = assert.rejects(
      responder.publish([answer("a.test")], controller.signal),
      reason,
    );
    await eventually("a look", () => s.events.some(({ type }) => type === "records-waiting"));
    controller.abort(reason);
    await rejected;
  });
});
