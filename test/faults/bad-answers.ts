import { once } from "node:events";
import { gzipSync } from "node:zlib";
import type { ServerResponse } from "node:http";
import { type Answer, problem } from "../support/exchange.ts";
import type { Rule } from "../support/faults.ts";
import { type Family, KINDS, SIGNED, somewhere } from "./draw.ts";

/** No such header. */
const NONE: string[] = [];
const HTML = { "content-type": "text/html; charset=utf-8" };
const PAGE = "<!doctype html>\n<html>\n<h1>Bad gateway</h1>\n</html>\n";

/** Leaves out, doubles or spoils nonces, or refuses good ones. */
export const nonces: Family = (draw) => {
  const refused = draw.below(2) === 0;
  const { kind, name, times } = somewhere(draw, refused ? [...SIGNED, "new-account"] : KINDS);
  if (refused) {
    const many = draw.of([1, 2, 5, 20, Infinity]);
    const withNonce = draw.below(3) > 0;
    return {
      what: `badNonce${withNonce ? "" : " without a nonce"} at ${kind} x${many}`,
      rules: [{ kind, times: many, withNonce, answer: problem("badNonce", 400) }],
      ...(many <= 5 ? { ends: 0 } : {}),
      ...(many === Infinity && kind !== "renewal-info" ? { ends: 2 } : {}),
    };
  }
  const [what, nonce] = draw.of<[string, string | string[]]>([
    ["no nonce", NONE],
    ["two nonces", ["aaaa", "bbbb"]],
    ["an empty nonce", ""],
    ["a nonce that is no base64url", "a b/c=; \u00ff"],
    ["a nonce of 8000 letters", "N".repeat(8000)],
    ["a nonce that is not its own", "bm9uY2U"],
  ]);
  const alter = () => ({ headers: { "replay-nonce": nonce } });
  return {
    what: `${what} at ${name}`,
    rules: [{ kind, times, alter }],
    ...(kind === "new-nonce" ? {} : { ends: 0 }),
  };
};

const STATUSES = [500, 502, 503, 503, 504, 429, 429, 400, 403, 404, 418];

/** Errors, with and without a reason and a time to come back. */
export const refusals: Family = (draw) => {
  const { kind, name, times } = somewhere(draw);
  const status = draw.of(STATUSES);
  const inMs = (ms: number) => new Date(Date.now() + ms).toUTCString();
  const pause = draw.of<string | string[]>([
    ...[NONE, NONE, NONE, "0", "1", "2", "5", "11", "3600", "-5", "1.5"],
    ...["99999999", "99999999999", "9".repeat(30), "soon", ""],
    ...[inMs(-86_400_000), inMs(3000), inMs(86_400_000)],
    ...["Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 00 Foo 2026", ["1", "3600"]],
  ]);
  const type = status === 429 ? "rateLimited" : "serverInternal";
  const body = draw.of([problem(type, status).body, PAGE, "", "{}"]);
  const headers = {
    "retry-after": pause,
    ...(body === PAGE ? HTML : { "content-type": "application/problem+json" }),
  };
  return {
    what: `${status}, Retry-After ${JSON.stringify(pause)}, at ${name}`,
    rules: [{ kind, times, answer: { status, headers, body }, withNonce: true }],
    ...(kind === "renewal-info" ? { ends: 0 } : {}),
  };
};

/** Connections that end or fall silent, at any moment. */
export const silences: Family = (draw) => {
  const { kind, name, times } = somewhere(draw);
  const when = draw.of(["before", "after"] as const);
  const cut = draw.below(400);
  const [what, fault] = draw.of<[string, Rule]>([
    [`a reset ${when} the CA acts`, { reset: when }],
    [`a reset ${when} the CA acts`, { reset: when }],
    [`silence ${when} the CA acts`, { hang: when }],
    [`an end after ${cut} bytes`, { truncate: cut }],
    ["an end without an answer", { write: raw("") }],
    ["an end in the headers", { write: raw("HTTP/1.1 200 OK\r\nContent-") }],
    ["something that is not HTTP", { write: raw("+OK POP3 ready\r\n\r\n") }],
    ["an absurd status", { write: raw("HTTP/1.1 99999 \u0001\r\n\r\n") }],
    [
      "two lengths",
      {
        write: raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
      },
    ],
  ]);
  return {
    what: `${what} at ${name}`,
    rules: [{ ...fault, kind, times }],
    // What says nothing is asked for again, twice, and what the CA had done by then is found.
    ...(kind === "renewal-info" || times <= 2 ? { ends: 0 } : {}),
  };
};

const raw = (text: string) => (response: ServerResponse) => response.socket?.end(text);

const MEGABYTE = 1024 * 1024;

/** Bodies without an end, or that take for ever. */
export const floods: Family = (draw) => {
  const { kind, name, times } = somewhere(draw);
  const size = draw.of([2, 10, 30]) * MEGABYTE;
  const [what, fault] = draw.of<[string, Rule]>([
    [`${size} bytes`, { write: (to, answer) => flood(to, answer, size) }],
    ["no end", { write: (to, answer) => flood(to, answer, Infinity) }],
    ["a byte now and then", { write: trickle }],
    ["headers that take for ever", { write: drip }],
    ["70 KB of headers", { alter: () => ({ headers: fat() }) }],
    ["a hint again and again", { write: hints }],
    ["a zip bomb", { alter: () => ({ headers: zipped, body: "", status: 200 }) }],
    ["gzip that was not asked for", { write: zip }],
    ["blanks that are no harm", { alter: padded }],
    ["a length that is too great", { alter: () => ({ headers: { "content-length": "9000000" } }) }],
  ]);
  const harmless = what.startsWith("blanks") || kind === "renewal-info";
  return {
    what: `${what} at ${name}`,
    rules: [{ ...fault, kind, times }],
    ...(harmless ? { ends: 0 } : {}),
  };
};

const zipped = { "content-encoding": "gzip", "content-length": "0" };
const fat = () => ({ "x-fat": Array<string>(70).fill("x".repeat(1000)) });
const padded = ({ body }: Answer) => ({
  body: body.trim() === "" ? body : `${body}${"\n".repeat(900_000)}`,
});

async function flood(
  response: ServerResponse,
  { status, headers, body }: Answer,
  size: number,
): Promise<void> {
  response.writeHead(status, headers).write(body);
  const part = Buffer.alloc(65_536, " ");
  const gone = once(response, "close");
  for (let sent = 0; sent < size; sent += part.length) {
    if (response.destroyed) return;
    if (response.write(part)) await new Promise(setImmediate);
    else await Promise.race([once(response, "drain"), gone]);
  }
  response.end();
}

/** As slow as a byte in a second and a half, for a program whose clock goes twenty times as fast. */
const SLOWLY = 75;

async function trickle(response: ServerResponse, answer: Answer) {
  response.writeHead(answer.status, answer.headers);
  await slowly(response, answer.body || " ", (byte) => response.write(byte));
}

async function drip(response: ServerResponse, answer: Answer) {
  const text = `HTTP/1.1 ${answer.status} OK\r\nX-Slow: ${"z".repeat(5000)}`;
  await slowly(response, text, (byte) => response.socket?.write(byte));
}

async function hints(response: ServerResponse) {
  const hint = "HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n";
  const send = () => response.socket?.write(hint);
  await slowly(response, " ".repeat(5000), send);
}

async function slowly(
  response: ServerResponse,
  text: string,
  send: (byte: string) => unknown,
): Promise<void> {
  let place = 0;
  const timer = setInterval(() => {
    send(text[place++ % text.length] ?? "");
  }, SLOWLY);
  if (!response.destroyed) await once(response, "close");
  clearInterval(timer);
}

function zip(response: ServerResponse, { status, headers, body }: Answer) {
  const bytes = gzipSync(body);
  const length = { "content-length": String(bytes.length) };
  const encoding = { "content-encoding": "gzip" };
  response.writeHead(status, { ...headers, ...length, ...encoding });
  response.end(bytes);
}

/** Answers that lead elsewhere, and round in circles. */
export const redirects: Family = (draw, { directoryUrl }) => {
  const { kind, name, times } = somewhere(draw);
  const status = draw.of([300, 301, 302, 303, 304, 305, 307, 308]);
  const location = draw.of<string | string[]>([
    ...[directoryUrl, "", ".", "//", "http://127.0.0.1:1/", NONE],
    ...["https://elsewhere.invalid/dir", "file:///etc/passwd", "\u00ff"],
  ]);
  const body = draw.of(["", PAGE]);
  return {
    what: `${status} to ${JSON.stringify(location)} at ${name}`,
    rules: [
      {
        ...{ kind, times, withNonce: true },
        answer: { status, headers: { location, ...HTML }, body },
      },
    ],
    ends: kind === "renewal-info" ? 0 : 2,
  };
};
