import assert from "node:assert/strict";
import { test } from "node:test";
import { parseName, showName } from "../../src/name.ts";

const label63 = "a".repeat(63);

for (const [written, name] of [
  ["example.com", "example.com"],
  ["EXAMPLE.Com", "example.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["BÜCHER.example", "xn--bcher-kva.example"],
  ["例え.テスト", "xn--r8jz45g.xn--zckzah"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["straße.example", "xn--strae-oqa.example"],
  ["localhost", "localhost"],
  ["*.BÜCHER.example", "*.xn--bcher-kva.example"],
  ["192.0.2.1", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["[::1]", "::1"],
  ["1and1.example", "1and1.example"],
  [`${label63}.example`, `${label63}.example`],
] as const)
  test(`reads ${written.slice(0, 30)} as ${name.slice(0, 30)}`, () => {
    assert.deepEqual(parseName(written), { name });
  });

for (const [written, problem] of [
  ["", /empty/],
  ["a.*.example.com", /whole first part/],
  ["*", /whole first part/],
  ["*a.example.com", /whole first part/],
  ["*.*.example.com", /whole first part/],
  ["example.com:443", /without a port/],
  ["https://example.com", /without a scheme/],
  ["example.com/path", /without a path/],
  ["me@example.com", /e-mail/],
  ["foo_bar.example.com", /underscores/],
  ["a..example.com", /empty part/],
  [".example.com", /empty part/],
  ["example.com.", /dot at the end/],
  [`${label63}a.example`, /64 characters long; 63/],
  [Array(40).fill("abcdefg").join("."), /319 characters long; 253/],
  ["192.0.2.256", /valid/],
  ["192.0.2", /end in a number/],
  ["127.1", /end in a number/],
  ["0x7f.1", /end in a number/],
  ["2001:db8::1::", /port/],
  ["-a.example", /hyphen/],
  ["a-.example", /hyphen/],
  ["a b.example", /spaces/],
  ["a\u0000b.example", /./],
  ["a%41.example", /./],
  ["a,b.example", /./],
  ["xn--bücher.example", /internationalised/],
] as const)
  test(`refuses ${JSON.stringify(written).slice(0, 40)} with one sentence`, () => {
    const parsed = parseName(written);
    assert.ok("problem" in parsed, JSON.stringify(parsed));
    assert.match(parsed.problem, problem);
    assert.doesNotMatch(parsed.problem, /\n/);
  });

test("shows an IDN as people write it, beside what the CA sees", () => {
  assert.equal(showName("xn--bcher-kva.example"), "bücher.example (xn--bcher-kva.example)");
  assert.equal(showName("example.com"), "example.com");
});
