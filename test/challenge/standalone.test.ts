import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { connect, createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { openStandalone, type Standalone } from "../../src/challenge/standalone.ts";
import { skipUnlessCI } from "../support/tools.ts";
import { answer, name, testHttpResponder } from "./responder.contract.ts";

const never = new AbortController().signal;
const silent = () => undefined;
const PATH = "/.well-known/acme-challenge/";

async function ask(port: number, path: string, { method = "GET", host = "127.0.0.1" } = {}) {
  const outgoing = request({ host, port, path, method }).end();
  const [incoming] = (await once(outgoing, "response")) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: await text(incoming),
  };
}

const open = () => openStandalone({ host: "127.0.0.1", port: 0 }, silent);

testHttpResponder("standalone", async () => {
  const responder = await open();
  return {
    responder,
    async ask(path) {
      const { status, body } = await ask(responder.port, path);
      return { status, body };
    },
    [Symbol.asyncDispose]: () => responder[Symbol.asyncDispose](),
  };
});

/** Everything that comes back for bytes sent over a bare connection. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.write(bytes);
  socket.on("error", silent);
  let received = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => (received += chunk));
  await once(socket, "close");
  return received;
}

describe("the standalone responder", () => {
  const one = answer("a.test");
  const published = async (responder: Standalone) => responder.publish([one], never);

  test("sends text that no browser takes for anything else", async () => {
    await using responder = await open();
    await using _publication = await published(responder);
    const { headers } = await ask(responder.port, PATH + one.token);
    assert.match(headers["content-type"] ?? "", /^text\/plain/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["x-powered-by"], undefined);
  });

  test("answers GET and HEAD only, of the exact path only", async () => {
    await using responder = await open();
    await using _publication = await published(responder);
    assert.equal((await ask(responder.port, PATH + one.token, { method: "HEAD" })).status, 200);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
      assert.equal((await ask(responder.port, PATH + one.token, { method })).status, 404, method);
    const odd = [
      `${PATH}${one.token}?a=b`,
      `//${PATH.slice(1)}${one.token}`,
      `${PATH}x/../${one.token}`,
      `${PATH}%74${one.token.slice(1)}`,
      `${PATH}__proto__`,
      `http://a.test${PATH}${one.token}`,
      "http://[",
      "/",
    ];
    for (const path of odd) {
      const { status, body } = await ask(responder.port, path);
      assert.deepEqual([status, body], [404, ""], path);
    }
  });

  test("tells which names the CA has asked for", async () => {
    await using responder = await open();
    await using publication = await responder.publish([one, answer("b.test")], never);
    assert.deepEqual([...(publication.fetched ?? [])], []);
    await ask(responder.port, PATH + one.token);
    assert.deepEqual([...(publication.fetched ?? [])], [name("a.test")]);
  });

  test("questions without end do not keep it from asking the CA", async () => {
    await using responder = await open();
    await using publication = await responder.publish([one, answer("b.test")], never);
    let asked = false;
    const waiting = publication.asked(never).then(() => (asked = true));
    const insist = async () => {
      while (!asked) await ask(responder.port, PATH + one.token);
    };
    await Promise.all([waiting, insist()]);
  });

  test("says so once for each name", async () => {
    const events: string[] = [];
    await using responder = await openStandalone({ host: "127.0.0.1", port: 0 }, (event) =>
      events.push(event.name),
    );
    await using _publication = await published(responder);
    for (let round = 0; round < 3; round += 1) await ask(responder.port, PATH + one.token);
    assert.deepEqual(events, ["a.test"]);
  });

  const addresses = Object.values(networkInterfaces()).flat();
  const noIPv6 =
    !addresses.some((address) => address?.address === "::1") &&
    skipUnlessCI("this host has no IPv6");

  test("listens on IPv6 and IPv4 at once", { skip: noIPv6 }, async () => {
    await using responder = await openStandalone({ host: "::", port: 0 }, silent);
    await using _publication = await published(responder);
    for (const host of ["127.0.0.1", "::1"])
      assert.equal((await ask(responder.port, PATH + one.token, { host })).status, 200, host);
  });

  test("a taken port is a clear error", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    assert.ok(address !== null && typeof address === "object");
    await assert.rejects(openStandalone({ host: "127.0.0.1", port: address.port }, silent), {
      code: "port-taken",
      message: new RegExp(`127\\.0\\.0\\.1:${address.port}`),
    });
    server.close();
  });

  test("an address of another host is a clear error", async () => {
    await assert.rejects(openStandalone({ host: "192.0.2.1", port: 0 }, silent), {
      code: "listen-failed",
    });
  });

  test("closes at once, whoever is still connected", async () => {
    const responder = await open();
    const socket = connect({ port: responder.port, host: "127.0.0.1" });
    await once(socket, "connect");
    socket.on("error", silent).write("GET / HTTP/1.1\r\nHost: a.test\r\n");
    const closed = new Promise((resolve) => socket.once("close", resolve));
    await responder[Symbol.asyncDispose]();
    await closed;
  });

  test("connections that ask nothing, however many, do not keep the CA out", async () => {
    await using responder = await open();
    await using _publication = await published(responder);
    const { port } = responder;
    const idle = Array.from({ length: 1500 }, () =>
      connect({ port, host: "127.0.0.1" }).on("error", silent),
    );
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    assert.equal((await ask(port, PATH + one.token)).status, 200);
    for (const socket of idle) socket.destroy();
  });

  test("neither huge headers nor junk keep it from answering", async () => {
    await using responder = await open();
    await using _publication = await published(responder);
    assert.doesNotMatch(
      await raw(responder.port, `GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`),
      /200/,
    );
    assert.doesNotMatch(
      await raw(responder.port, `GET / HTTP/1.1\r\nX: ${"a".repeat(20_000)}\r\n\r\n`),
      /200/,
    );
    assert.doesNotMatch(await raw(responder.port, "\u0000\u0001junk\r\n\r\n"), /200/);
    assert.doesNotMatch(
      await raw(
        responder.port,
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nabc",
      ),
      /200/,
    );
    assert.equal((await ask(responder.port, PATH + one.token)).status, 200);
  });
});
