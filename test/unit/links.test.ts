import assert from "node:assert/strict";
import { test } from "node:test";
import { alternatesIn } from "../../src/acme/links.ts";

const BASE = "https://ca.test/cert/1";

const headers: [statement: string, header: unknown, found: string[]][] = [
  ["no header has none", undefined, []],
  ["one alternate", '<https://ca.test/cert/1/1>;rel="alternate"', ["/1/1"]],
  [
    "several keep their order, and others are left out",
    '<https://ca.test/dir>;rel="index", <https://ca.test/cert/1/1>;rel="alternate", <https://ca.test/cert/1/2>; rel=alternate',
    ["/1/1", "/1/2"],
  ],
  [
    "a comma in an address or a title does not end a link",
    '<https://ca.test/cert/1/a,b>; title="x, <y>"; rel="alternate"',
    ["/1/a,b"],
  ],
  ["a relation may be one of several", '</cert/1/1>; rel="up Alternate"', ["/1/1"]],
  ["up alone is another relation", '<https://ca.test/x>;rel="up"', []],
  ["nonsense has none", "<<<;;rel=alternate", []],
];

for (const [statement, header, found] of headers)
  test(`Link: ${statement}`, () => {
    assert.deepEqual(
      alternatesIn(header, BASE),
      found.map((path) => `https://ca.test/cert${path}`),
    );
  });
