import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { type Answer, CHALLENGE_PATH } from "../../src/challenge/responder.ts";
import { type Child, startProcess } from "../support/process.ts";
import { eventually, PATIENCE } from "../support/wait.ts";

const FIXTURE = resolve(import.meta.dirname, "../fixtures/responder.ts");
const NAMES = ["a.test", "b.test", "xn--bcher-kva.test"];

/** What a responder may grow by from one round of a sweep to the last, and hold at most, in megabytes. */
const GROWTH = 48;
const MOST_HELD = 400;
/** Descriptors that may come and go by themselves. */
const SPARE = 5;

/** The responder in a process of its own, with answers published. */
export interface Target {
  port: number;
  answers: readonly Answer[];
  child: Child;
}

/** What is done to a responder; resolves to how many times. `ask` is a question as the CA has it, proven to be answered rightly. */
export type Sweep = (target: Target, ask: () => Promise<void>) => Promise<number>;

/**
 * Runs a sweep several times, and asks for the tokens meanwhile as a CA does. Every question has to be
 * answered rightly; afterwards neither memory nor descriptors may have gone.
 */
export async function underFire(t: TestContext, rounds: number, sweep: Sweep): Promise<number> {
  const child = await startProcess(process.execPath, [...["--expose-gc", FIXTURE, ...NAMES]]);
  await using _child = child;
  const [, json = ""] = await child.until(/ready (.*)\n/);
  const target = { ...(JSON.parse(json) as Omit<Target, "child">), child };
  const asker = openAsker(target);
  await asker.ask();
  const descriptors = openFiles(child.pid);
  const held: number[] = [];
  let tried = 0;
  for (let round = 0; round < rounds; round += 1) {
    tried += await asker.during(() => sweep(target, asker.ask));
    await eventually("the connections' descriptors to be closed", () => {
      return openFiles(child.pid) <= descriptors + SPARE;
    });
    held.push(await heldBy(child));
  }
  await asker.ask();
  const most = statusOf(child.pid, "VmHWM");
  t.diagnostic(asker.figures());
  t.diagnostic(`memory: ${held.join(", ")} MB after each round, ${most} at most`);
  assert.ok(most <= MOST_HELD, `${most} MB held`);
  const growth = (held.at(-1) ?? 0) - (held[0] ?? 0);
  assert.ok(growth <= GROWTH, `grown by ${growth} MB`);
  assert.equal(child.stderr(), "");
  return tried;
}

/** Asks for one token after another, each over a connection of its own. */
function openAsker({ port, answers }: Target) {
  const took: number[] = [];
  const ask = async () => {
    const answer = answers[took.length % answers.length];
    assert.ok(answer !== undefined);
    const started = performance.now();
    const reply = await question(port, answer);
    took.push(performance.now() - started);
    assert.deepEqual(reply, { status: 200, body: answer.keyAuthorization });
  };
  return {
    ask,
    /** Asks as long as something else takes, once at least. */
    async during<T>(task: () => Promise<T>): Promise<T> {
      let over = false;
      const end = () => (over = true);
      const asking = async () => {
        do await ask();
        while (!over);
      };
      const [result] = await Promise.all([task().finally(end), asking()]);
      return result;
    },
    figures(): string {
      const sorted = took.toSorted((a, b) => a - b);
      const at = (share: number) => sorted[Math.floor(sorted.length * share)]?.toFixed(1) ?? "?";
      return `${took.length} questions of a CA: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${sorted.at(-1)?.toFixed(1) ?? "?"} ms`;
    },
  };
}

async function question(port: number, { name, token }: Answer) {
  const outgoing = request({
    ...{ host: "127.0.0.1", port, agent: false },
    path: CHALLENGE_PATH + token,
    headers: { Host: name },
    signal: AbortSignal.timeout(PATIENCE),
  }).end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return { status: incoming.statusCode, body: await text(incoming) };
}

/** A connection whose errors are nobody's concern: the other side may cut it at any time. */
export function dial(port: number): Socket {
  return connect({ port, host: "127.0.0.1" }).on("error", () => undefined);
}

/** All that comes back for bytes over a connection that is closed after them. */
export async function raw(port: number, bytes: Buffer): Promise<string> {
  const socket = dial(port).setEncoding("latin1");
  let received = "";
  socket.on("data", (part: string) => (received += part)).end(bytes);
  const patience = setTimeout(() => {
    socket.destroy(new Error("never closed"));
    received = "never closed";
  }, PATIENCE);
  await new Promise((resolve) => socket.once("close", resolve));
  clearTimeout(patience);
  return received;
}

const ANSWER = /HTTP\/1\.1 \d{3} [A-Za-z -]+\r\n((?:[^\r\n]+\r\n)*)\r\n/g;
const HEADERS = [
  ...["x-content-type-options", "connection", "date", "keep-alive"],
  ...["content-length", "cache-control", "content-type", "transfer-encoding"],
];

/** What was sent beside the heads of answers and the headers that every answer may have. */
export function bodiesIn(received: string): string {
  const strange: string[] = [];
  const bodies = received.replace(ANSWER, (_head, lines: string) => {
    const odd = lines
      .split("\r\n")
      .filter((line) => line !== "")
      .filter((line) => !HEADERS.includes(line.split(":")[0]?.toLowerCase() ?? ""));
    strange.push(...odd);
    return "";
  });
  return strange.join("\n") + bodies.replaceAll(/^0\r\n\r\n/gm, "");
}

/** Runs a task so many times, some at once. */
export async function many(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      next += 1;
      await task(next - 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Megabytes in memory after its garbage is gone. */
async function heldBy(child: Child): Promise<number> {
  const from = child.output().length;
  child.kill("SIGUSR2");
  await child.until(/collected/, from);
  return statusOf(child.pid, "VmRSS");
}

/** A size in the kernel's account of a process, in megabytes. */
function statusOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const [, size] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status) ?? [];
  return Math.round(Number(size) / 1024);
}
