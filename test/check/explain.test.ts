import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CAUSES, explain } from "../../src/check/explain.ts";
import { groupsOf, keyOf } from "../../src/check/groups.ts";

const PAGE = readFileSync("docs/checking.md", "utf8");

test("every cause has a row in docs/checking.md, with its level", () => {
  const rows = [...PAGE.matchAll(/^\| (`.+`) \| (fails|advice) \|/gm)].flatMap(
    ([, causes = "", level]) =>
      [...causes.matchAll(/`([\w-]+)`/g)].map(([, cause]) => `${String(cause)} ${String(level)}`),
  );
  const known = CAUSES.map((cause) => `${cause} ${explain({ cause, way: "standalone" }).level}`);
  assert.deepEqual(rows.sort(), known.sort());
});

test("every cause has a sentence and what to do, for every way to answer", () => {
  for (const cause of CAUSES)
    for (const way of ["standalone", "webroot", "stateless", "dns"] as const) {
      const seen = {
        cause,
        way,
        name: "a.test",
        address: "192.0.2.1",
        status: 500,
        detail: "This is the reason.",
        hint: "This is what to do.",
      };
      const { fact, remedy } = explain(seen);
      for (const sentence of [fact, remedy]) assert.match(sentence, /^\S.{10,400}[.]$/, cause);
      assert.doesNotMatch(`${fact} ${remedy}`, /undefined|\[object/);
    }
});

test("what others wrote is cleaned and cut", () => {
  const detail = `\u001b[31m\n${"x".repeat(1000)}`;
  const url = `http://a.test/${"y".repeat(1000)}\u202e`;
  const { fact } = explain({ cause: "proxied", way: "standalone", name: "a.test", detail, url });
  assert.match(fact, /^[ -~…]+$/);
  assert.ok(fact.length < 600, String(fact.length));
});

test("findings that differ in names and addresses only are one cause, failures come first", () => {
  const seen = (name: string, address: string) =>
    explain({ cause: "refused", way: "standalone", name, address });
  const note = explain({ cause: "clock-wrong", way: "standalone", detail: "2 hours" });
  const groups = groupsOf([
    note,
    seen("a.test", "192.0.2.1"),
    seen("xn--bcher-kva.test", "192.0.2.2"),
    seen("a.test", "192.0.2.3"),
    explain({ cause: "no-name", way: "standalone", name: "c.test" }),
  ]);
  assert.deepEqual(
    groups.map(({ first, names }) => [first.cause, names]),
    [
      ["refused", ["a.test", "xn--bcher-kva.test"]],
      ["no-name", ["c.test"]],
      ["clock-wrong", []],
    ],
  );
  assert.notEqual(keyOf(seen("a.test", "192.0.2.1")), keyOf(note));
});
