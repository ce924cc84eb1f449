import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { CHALLENGE_PATH } from "../../src/challenge/responder.ts";
import { run } from "../support/process.ts";
import { missing, requireTool } from "../support/tools.ts";
import { eventually } from "../support/wait.ts";
import { bodiesIn, dial, many, raw, type Target, underFire } from "./fire.ts";
import { lenientRequests, mutated, oddRequests } from "./odd-requests.ts";
import { randomOf, tell, times } from "./tally.ts";

const JUNK = resolve(import.meta.dirname, "junk.lua");
/** More than the responder lets in at once. */
const CROWD = 1500;

describe("under fire the responder still answers the CA", () => {
  test(
    "while others ask for junk, as fast as it answers them",
    { skip: missing("wrk") },
    async (t) => {
      const random = randomOf(t);
      let wrong = 0;
      let time = 0;
      const tried = await underFire(t, times(1, 3), async ({ port, answers }) => {
        const seed = Math.floor(random() * 2 ** 31);
        const token = answers[0]?.token ?? "";
        const done = await junk({ port, seed, token });
        wrong += done.wrong;
        time += done.took;
        return done.requests;
      });
      t.diagnostic(`${Math.round((tried * 1000) / time)} requests a second`);
      tell(t, {
        ...{ fault: "Responder: random requests at full speed", tried },
        ...{ survived: tried - wrong, lost: 0 },
      });
      assert.equal(wrong, 0);
    },
  );

  test("while 1,500 connections lie idle, and come again when they are closed", async (t) => {
    const tried = await underFire(t, times(1, 4), (target, ask) =>
      besieged(target, ask, () => undefined),
    );
    idle.tried += tried;
    idle.survived += tried;
    tell(t, idle);
  });

  test("while 1,500 connections send their headers a byte at a time", async (t) => {
    const tried = await underFire(t, times(1, 4), (target, ask) => besieged(target, ask, dribble));
    idle.tried += tried;
    idle.survived += tried;
    tell(t, idle);
  });

  test("and nothing else than an answer for its own token is given away to odd requests", async (t) => {
    const random = randomOf(t);
    const tried = await underFire(t, times(2, 4), (target) => oddities(target, random));
    const fault = "Responder: odd requests";
    tell(t, { fault, tried, survived: tried, lost: 0 });
  });

  test("while connections come and go by the thousand, in whatever way they end", async (t) => {
    const tried = await underFire(t, 4, async ({ port, answers }) => {
      const count = times(2_500, 25_000);
      await many(count, 100, (index) => visit(port, index, answers[0]?.token));
      return count;
    });
    const fault = "Responder: connections opened and closed";
    tell(t, { fault, tried, survived: tried, lost: 0 });
  });
});

const idle = {
  fault: "Responder: slow and idle connections",
  tried: 0,
  survived: 0,
  lost: 0,
};

/** A crowd of connections, each opened again when it is closed, until the CA has asked often enough. */
async function besieged(
  { port }: Target,
  ask: () => Promise<void>,
  occupy: (socket: Socket) => void,
): Promise<number> {
  const crowd = new Set<Socket>();
  let opened = 0;
  const fill = () => {
    // Not all at once, or nobody would have time to ask.
    for (let some = 0; some < 50 && crowd.size < CROWD; some += 1) {
      const socket = dial(port);
      opened += 1;
      crowd.add(socket);
      socket.once("close", () => crowd.delete(socket)).resume();
      occupy(socket);
    }
  };
  const filling = setInterval(fill, 10);
  const sending = setInterval(() => {
    crowd.forEach(occupy);
  }, 1_000);
  await eventually("more connections than are let in", () => opened >= CROWD);
  for (let asked = 0; asked < times(50, 150); asked += 1) await ask();
  clearInterval(filling);
  clearInterval(sending);
  for (const socket of crowd) socket.destroy();
  return opened;
}

const SLOW = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ";
const sent = new WeakMap<Socket, number>();

/** Sends the next byte of a request that has no end. */
function dribble(socket: Socket): void {
  const at = sent.get(socket) ?? 0;
  sent.set(socket, at + 1);
  socket.write(SLOW.charAt(at) || "x");
}

async function oddities({ port, answers }: Target, random: () => number): Promise<number> {
  const [{ token, keyAuthorization } = { token: "", keyAuthorization: "" }] = answers;
  const odd = oddRequests(token);
  const lenient = lenientRequests(token);
  const changed = Array.from({ length: times(200, 10_000) }, () => mutated(token, random));
  const all = [...odd, ...lenient, ...changed];
  await many(all.length, 16, async (index) => {
    const bytes = all[index] ?? Buffer.alloc(0);
    const bodies = bodiesIn(await raw(port, bytes));
    const allowed = index < odd.length ? bodies : bodies.replaceAll(keyAuthorization, "");
    assert.equal(allowed, "", JSON.stringify(bytes.toString("latin1", 0, 300)));
  });
  return all.length;
}

/** Opens a connection and ends it: politely or not, with or without a question. */
async function visit(port: number, index: number, token = ""): Promise<void> {
  const socket = dial(port).resume();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const request = `GET ${CHALLENGE_PATH}${token} HTTP/1.1\r\nHost: a.test\r\n`;
  socket.once("connect", () => {
    if (index % 5 === 0) socket.end();
    else if (index % 5 === 1) socket.resetAndDestroy();
    else if (index % 5 === 2) socket.write(`${request}\r\n`, () => socket.resetAndDestroy());
    else if (index % 5 === 3) socket.end(request);
    else socket.end(`${request}Connection: close\r\n\r\n`);
  });
  await closed;
}

interface Noise {
  port: number;
  seed: number;
  token: string;
}

/** Lets wrk ask for junk: requests, milliseconds, wrong answers, and failures. */
async function junk({ port, seed, token }: Noise) {
  const output = await run(requireTool("wrk"), [
    ...["-t", "1", "-c", "32", "-d", `${times(1, 8)}s`, "-s", JUNK],
    ...[`http://127.0.0.1:${port}`, "--", String(seed), token],
  ]);
  const figures = /junk (\d+) (\d+) (\d+) (\d+)/.exec(output);
  assert.ok(figures !== null, output);
  const [requests = 0, took = 0, odd = 0, failed = 0] = figures.slice(1).map(Number);
  return { requests, took, wrong: odd + failed };
}
