import { type Answer, type Kind } from "../support/exchange.ts";
import type { Rule } from "../support/faults.ts";
import { type Draw, type Family, somewhere } from "./draw.ts";

/** Nested deeper than a function may call itself. */
const nested = (open: string, close: string) => `${open.repeat(40_000)}0${close.repeat(40_000)}`;

const TEXTS = [
  ...["", " ", "null", "[]", "42", "true", '"text"', "{", "{}", "[[[[", "NaN"],
  ...["\ufeff{}", '{"status":', '{"status":"valid"', "undefined", "\u0000"],
  ...['{"__proto__":{"status":"valid"}}', "<html>\n<p>Hello\n</html>"],
];

/** What stands where something else belongs. */
const VALUES: unknown[] = [
  ...[null, 0, -1, 1e308, true, "", [], {}, [[null]], { toString: 1 }],
  ...["x", "valid", "http://127.0.0.1:1/x", "https://elsewhere.invalid/x"],
  ...["file:///etc/passwd", "/relative", "//", "https://", "javascript:0"],
  ...["two\nlines", "2026-01-01T00:00:00.000Z info: forged", "\u001b[2J"],
  ...["\u202eevil\u200b\u{e0041}\u0085", "https://me:hunter2@127.0.0.1:1/x"],
  ...["z".repeat(200_000), ["https://127.0.0.1:1/x"], "../../etc/passwd"],
];

const LINKS = [
  ...["<", "<>", "<>;rel=alternate", '<https://[>;rel="alternate"', ","],
  ...["<".repeat(5000), `<x>${";a=b".repeat(1500)}`, "<//>;rel=up"],
  ...['<http://127.0.0.1:1/>;rel="alternate"', ";;;rel=alternate,<a>"],
];

/** Answers that are not what RFC 8555 says they are. */
export const shapes: Family = (draw) => {
  const make = draw.of([
    ...[text, member, member, member, location, link, type],
    ...[backwards, authorizations, documents, headers],
  ]);
  return make(draw);
};

const text = (draw: Draw) => {
  const { kind, times, name } = somewhere(draw);
  const deep = nested('{"a":', "}");
  const body = draw.of([...TEXTS, deep, nested("[", "]")]);
  const half = draw.below(4) === 0;
  const alter = ({ body: good }: Answer) => ({
    body: half ? good.slice(0, good.length / 2) : body,
  });
  const said = half ? "half a body" : JSON.stringify(body.slice(0, 30));
  const what = `${said} at ${name}`;
  return { what, rules: [{ kind, times, alter }] };
};

/** One member, at any depth, is missing or something else. */
const member = (draw: Draw) => {
  const { kind, times, name } = somewhere(draw);
  const place = draw.below(1000);
  const value = draw.of([undefined, undefined, ...VALUES]);
  const alter = ({ body }: Answer) => ({
    body: changed(body, place, value),
  });
  const said = value === undefined ? "nothing" : JSON.stringify(value);
  const what = `${said.slice(0, 40)} as member ${place} at ${name}`;
  return { what, rules: [{ kind, times, alter }] };
};

/** A JSON text with another value in one of its places. */
export function changed(body: string, place: number, value: unknown): string {
  if (!body.startsWith("{")) return body;
  const json: unknown = JSON.parse(body);
  const places: [Record<string, unknown>, string][] = [];
  const visit = (node: unknown) => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, below] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key]);
      visit(below);
    }
  };
  visit(json);
  const [owner, key] = places[place % places.length] ?? [];
  if (owner !== undefined && key !== undefined) owner[key] = value;
  return JSON.stringify(json);
}

const location = (draw: Draw) => {
  const kinds = ["new-order", "new-account", "finalize", "order"] as const;
  const { kind, times, name } = somewhere(draw, kinds);
  const target = draw.of<string | string[]>([
    ...[[], "", "/my-order/1", "http://127.0.0.1:1/", "\u00ff", "x y", "#"],
    ...["https://elsewhere.invalid/x", "x".repeat(9000)],
    ...["https://me:hunter2@127.0.0.1:1/x", "javascript:0", "https://"],
    ["https://127.0.0.1:1/a", "https://127.0.0.1:1/b"],
  ]);
  const what = `Location ${JSON.stringify(target).slice(0, 40)} at ${name}`;
  const alter = () => ({ headers: { location: target } });
  return { what, rules: [{ kind, times, alter }] };
};

const link = (draw: Draw) => {
  const { kind, times, name } = somewhere(draw);
  const value = draw.of([...LINKS, LINKS]);
  const alter = () => ({ headers: { link: value } });
  const what = `Link ${JSON.stringify(value).slice(0, 40)} at ${name}`;
  return { what, rules: [{ kind, times, alter }], ends: 0 as const };
};

const type = (draw: Draw) => {
  const { kind, times, name } = somewhere(draw);
  const value = draw.of<string | string[]>([
    ...["text/html", "", [], "application/xml", ["a/b", "c/d"], "\u00ff"],
  ]);
  const alter = () => ({ headers: { "content-type": value } });
  const what = `Content-Type ${JSON.stringify(value)} at ${name}`;
  return { what, rules: [{ kind, times, alter }], ends: 0 as const };
};

const STATES = ["pending", "ready", "processing", "valid", "invalid", "dancing"];

/** Resources whose state is another than it was; an order that is valid and has no certificate. */
const backwards = (draw: Draw) => {
  const kinds = ["order", "finalize", "new-order", "authorization"] as const;
  const { kind, times, name } = somewhere(draw, kinds);
  const status = draw.of(STATES);
  const bare = draw.below(2) === 0 ? { certificate: undefined } : {};
  const alter = ({ body }: Answer) => ({
    body: merged(body, { status, ...bare }),
  });
  const what = `the state ${status}${"certificate" in bare ? " without a certificate" : ""} at ${name}`;
  return { what, rules: [{ kind, times, alter }] };
};

const merged = (body: string, more: object) =>
  JSON.stringify({ ...(JSON.parse(body) as object), ...more });

/** More authorizations than anybody needs, that are there or are not. */
const authorizations = (draw: Draw) => {
  const many = draw.of([0, 2, 1000, 10_000]);
  const there = draw.below(2) === 0;
  const alter = ({ body }: Answer) => {
    const { authorizations: [first = ""] = [] } = JSON.parse(body) as {
      authorizations?: string[];
    };
    const list = Array.from({ length: many }, (_, index) => (there ? first : `${first}${index}`));
    return { body: merged(body, { authorizations: list }) };
  };
  const what = `${many} authorizations that are ${there ? "one" : "none"}`;
  return { what, rules: [{ kind: "new-order" as const, alter }] };
};

const URN = "urn:ietf:params:acme:error:";

/** Errors whose document says too much, or nothing that can be read. */
const documents = (draw: Draw) => {
  const { kind, times, name } = somewhere(draw);
  const type = `${URN}${draw.of(["malformed", "dns", "compound", "unauthorized", "userActionRequired", "badSignatureAlgorithm"])}`;
  const body = draw.of([
    nested('{"subproblems":[', "]}"),
    JSON.stringify({ type, detail: "first\nsecond\r\n\u001b[31mthird" }),
    JSON.stringify({ type, detail: "d".repeat(900_000) }),
    JSON.stringify({ type, detail: { toString: 1 }, subproblems: [null, 1] }),
    JSON.stringify({ type: 1, identifier: [], algorithms: [{ toString: 1 }] }),
    JSON.stringify({ type, algorithms: [{ toString: 1 }], instance: "//" }),
    JSON.stringify({ type, subproblems: Array(5000).fill({ detail: "x" }) }),
  ]);
  const answer = { status: 403, body };
  return {
    what: `the problem ${body.slice(0, 60)} at ${name}`,
    rules: [{ kind, times, answer, withNonce: true }],
  };
};

/** Headers by the thousand, and such as have no business there. */
const headers = (draw: Draw): { what: string; rules: Rule[] } => {
  const { kind, times, name }: { kind: Kind; times: number; name: string } = somewhere(draw);
  const more = draw.of([
    { "set-cookie": Array<string>(200).fill("a=b") },
    { "content-encoding": "br" },
    { "transfer-encoding": "gzip, chunked" },
    { connection: "upgrade", upgrade: "websocket" },
    { "strict-transport-security": "\u00ff" },
  ]);
  const alter = () => ({ headers: more });
  const what = `${JSON.stringify(more).slice(0, 40)} at ${name}`;
  return { what, rules: [{ kind, times, alter }] };
};
