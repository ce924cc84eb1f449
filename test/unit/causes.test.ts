import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { causesOf, cut, listed, sayCauses } from "../../src/causes.ts";

const path = "/.well-known/acme-challenge/";
const token = (seed: number) => String(seed).padStart(3, "_") + "Zk3-".repeat(10);
const names = Array.from({ length: 100 }, (_, n) => `n${n}.a.test`);
const same = (text: (name: string, n: number) => string) =>
  causesOf(names.map((name, n) => ({ name, text: text(name, n) })));
const identity = (name: string) => name;

describe("failures are one cause", () => {
  const texts: Record<string, (name: string, n: number) => string> = {
    "that differ by name, port and token": (name, n) =>
      `Non-200 status code from HTTP: http://${name}:5002${path}${token(n)} returned 404 (unauthorized)`,
    "that differ by IPv4 address": (name, n) =>
      `198.51.100.${n}: Fetching http://${name}${path}${token(n)}: Connection refused (connection)`,
    "that differ by IPv6 address": (name, n) =>
      `2001:db8::${n}: Invalid response from https://${name}${path}${token(n)}: 404 (unauthorized)`,
    "that differ by local port": (name, n) =>
      `Get "http://${name}${path}x": read tcp 127.0.0.1:${30_000 + n}->127.0.0.9:80: read: connection reset by peer (connection)`,
    "that differ by key authorization": (_name, n) =>
      `The key authorization file from the server did not match this challenge "${token(n)}.${token(0)}" != "x" (unauthorized)`,
    "that name a domain above": (name) =>
      `DNS problem: NXDOMAIN looking up A for ${name} - check that a DNS record exists (dns)`,
    "that differ by an identifier of the request": (_name, n) =>
      `internal error, request 7f3a9c${(n + 4096).toString(16)} (serverInternal)`,
  };
  for (const [statement, text] of Object.entries(texts))
    test(statement, () => {
      const causes = same(text);
      assert.deepEqual(
        causes.map((cause) => cause.names),
        [names],
      );
      const said = sayCauses(causes, identity);
      assert.ok(said.startsWith("100 names: "), said);
      assert.ok(
        said.endsWith(": n0.a.test, n1.a.test, n2.a.test, n3.a.test, n4.a.test and 95 more"),
      );
      assert.ok(!said.includes(token(0)), said);
    });

  test("but not those with another status, type, scheme or sentence", () => {
    const url = (name: string) => `http://${name}${path}x`;
    const variants = [
      (name: string) => `from ${url(name)}: 404 (unauthorized)`,
      (name: string) => `from ${url(name)}: 403 (unauthorized)`,
      (name: string) => `from ${url(name)}: 404 (connection)`,
      (name: string) => `from ${url(name).replace("http", "https")}: 404 (unauthorized)`,
      (name: string) => `Timeout: ${url(name)} (connection)`,
    ];
    const causes = same((name, n) => variants[n % 5]?.(name) ?? "");
    assert.equal(causes.length, 5);
  });

  test("with a name of one label, or one that is a part of a word", () => {
    const hosts = ["a", "web", "localhost"];
    const cases = hosts.map((name) => ({
      name,
      text: `cannot look up ${name} (dns)`,
    }));
    assert.equal(causesOf(cases).length, 1);
  });
});

test("the cause of the most names comes first, and of many the rest are counted", () => {
  const cases = names.map((name, n) => ({
    name,
    text: "x".repeat(Math.min(9, Math.floor(Math.sqrt(n))) + 1),
  }));
  const causes = causesOf(cases);
  const counts = causes.map((cause) => cause.names.length);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => b - a),
  );
  assert.match(sayCauses(causes, identity), /; and 7 more causes$/);
});

test("a list has five names at most, fewer when they are long, and one at least", () => {
  assert.equal(listed(["a", "b", "c", "d", "e"]), "a, b, c, d, e");
  assert.equal(listed(["a", "b", "c", "d", "e", "f"]), "a, b, c, d, e and 1 more");
  const long = "x".repeat(60);
  assert.equal(listed([long, long, long]), `${long} and 2 more`);
  assert.equal(listed(["y".repeat(253)]), "y".repeat(253));
  assert.equal(listed([]), "");
});

test("a text is cut between words, and never in a character", () => {
  assert.equal(cut("one two three", 10), "one two…");
  assert.equal(cut("x".repeat(50), 10), `${"x".repeat(9)}…`);
  assert.equal(cut("😀".repeat(10), 4), "😀…");
});
