import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { runCli } from "../support/cli.ts";
import { portSkip } from "../support/knot.ts";
import { loopbackAddress } from "../support/ports.ts";
import { missing } from "../support/tools.ts";
import { said, type Setting, startSetting, verdicts, wordsOf } from "./setting.ts";

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
const COUNT = 300;

/** Web servers that mean harm, by name: what they send when they are asked. */
const SERVERS: Record<string, (socket: Socket) => void> = {
  endless: (socket) => {
    socket.write(`${HEAD}\r\n`);
    const more = () =>
      socket.writable && socket.write("x".repeat(65_536), () => setImmediate(more));
    more();
  },
  headers: (socket) => socket.write(HEAD + `X-Long: ${"y".repeat(100_000)}\r\n`),
  junk: (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"),
  cut: (socket) => socket.resetAndDestroy(),
  terminal: (socket) =>
    socket.end(
      `HTTP/1.1 302 Found\r\nLocation: gopher://red.test/\u009b31m\u202e\r\nContent-Length: 0\r\n\r\n`,
    ),
  inside: (socket) =>
    socket.end(
      "HTTP/1.1 302 Found\r\nLocation: http://user:pass@endless.check.test/\r\nContent-Length: 0\r\n\r\n",
    ),
  drip: (socket) => {
    socket.write(HEAD);
    const timer = setInterval(() => socket.write("X-More: 1\r\n"), 200);
    socket.on("close", () => {
      clearInterval(timer);
    });
  },
};

describe(
  "check of web servers that mean harm",
  { skip: missing("pebble", "knotd") || (await portSkip()) },
  () => {
    let setting: Setting;
    let most = 0;
    const stack = new AsyncDisposableStack();
    const at: Record<string, string> = {};

    before(async () => {
      const open = async (name: string, answer: (socket: Socket) => void) => {
        const address = (at[name] = loopbackAddress());
        const sockets = new Set<Socket>();
        const server = createServer((socket) => {
          sockets.add(socket);
          socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
          socket.once("data", () => {
            answer(socket);
          });
        }).listen(80, address);
        await once(server, "listening");
        stack.defer(() => {
          server.close();
          for (const socket of sockets) socket.destroy();
        });
      };
      for (const [name, answer] of Object.entries(SERVERS)) await open(name, answer);
      let waiting = 0;
      await open("many", (socket) => {
        waiting += 1;
        most = Math.max(most, waiting);
        setTimeout(() => {
          waiting -= 1;
          socket.end("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
        }, 50);
      });
      const names = Object.entries(at).map(([name, address]) => `${name}.check A ${address}`);
      setting = stack.use(
        await startSetting([...names, `*.many.check A ${String(at["many"])}`].join("\n")),
      );
    });
    after(() => stack.disposeAsync());

    const cases: [name: string, code: string, fact: RegExp][] = [
      ["endless", "page", /with a page of its own/],
      ["headers", "not-http", /does not speak HTTP correctly: HPE_HEADER_OVERFLOW\./],
      ["junk", "not-http", /does not speak HTTP correctly: HPE_\w+\./],
      ["cut", "unreachable", /cannot be reached for cut\.check\.test: it cuts the connection\./],
      [
        "terminal",
        "redirect-port",
        /^terminal\.check\.test redirects the CA from \S+ to [\x21-\x7e]+, and CAs follow/,
      ],
      ["inside", "redirect-port", /to http:\/\/endless\.check\.test\/, and CAs follow/],
      ["drip", "timeout", /does not answer in time for drip\.check\.test\./],
    ];
    for (const [name, code, fact] of cases)
      test(name, async () => {
        const checked = await setting.check([`${name}.check.test`]);
        assert.deepEqual(verdicts(checked), [`${name}.check.test ${String(at[name])} ${code}`]);
        assert.match(String(said(checked, code)[0]), fact);
      });

    test("many names do not need as many sockets, and make one sentence", async () => {
      const names = Array.from({ length: COUNT }, (_, n) => `n${n}.many.check.test`);
      const { stdout, code } = await runCli(["check", ...setting.words, ...wordsOf(names)]);
      assert.equal(code, 1);
      assert.ok(most > 1 && most <= 50, String(most));
      assert.equal(stdout.match(/^n\d+\.many\.check\.test +\S+ +not-found$/gm)?.length, COUNT);
      assert.match(
        stdout,
        /^not-found: The web server at \S+ answers 404 for n0\.many\.check\.test, so the CA would not find the file\. The same goes for n1\.many\.check\.test, .+ and 294 more\.\n {2}Put the block /m,
      );
      assert.ok(stdout.split("\n").every((line) => line.length < 500));
    });
  },
);
