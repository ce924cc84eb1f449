import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { consequenceOf } from "../../src/acme/consequences.ts";
import { problem } from "../support/exchange.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { site } from "../support/simp_le.ts";
import { missing } from "../support/tools.ts";

const skip = missing("pebble");

/** RFC 8555 section 6.7, with alreadyReplaced (RFC 9773) and invalidProfile. */
const TYPES = [
  ...["accountDoesNotExist", "alreadyReplaced", "alreadyRevoked", "badCSR"],
  ...["badNonce", "badPublicKey", "badRevocationReason"],
  ...["badSignatureAlgorithm", "caa", "compound", "connection", "dns"],
  ...["externalAccountRequired", "incorrectResponse", "invalidContact"],
  ...["invalidProfile", "malformed", "orderNotReady", "rateLimited"],
  ...["rejectedIdentifier", "serverInternal", "tls", "unauthorized"],
  ...["unsupportedContact", "unsupportedIdentifier", "userActionRequired"],
];

test("every problem type of RFC 8555 has a code and a next step of its own", () => {
  for (const type of TYPES) {
    const { code, hint } = consequenceOf({ type, detail: "" }, 400);
    assert.ok(code);
    assert.match(hint, /^[A-Z].*\.$/, type);
  }
});

describe("what the CA says", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** How a run ends whose order is answered so. */
  async function refusal(document: object, status: number, headers: Record<string, string> = {}) {
    await using env = await site(pebble);
    env.recorder.inject({
      kind: "new-order",
      answer: {
        status,
        headers: { "content-type": "application/problem+json", ...headers },
        body: JSON.stringify(document),
      },
      withNonce: true,
    });
    const run = await env.run("-d", env.name, "--log_format", "json");
    assert.equal(run.code, 2, run.stderr);
    const last = run.stderr.trim().split("\n").at(-1) ?? "";
    return JSON.parse(last) as {
      message: string;
      error: { code: string; retryAfter?: string; problems?: object[] };
    };
  }
  const urn = (type: string) => `urn:ietf:params:acme:error:${type}`;

  test("a kind of error that is no name but known to JavaScript is an error like others", async () => {
    const wrong = { type: urn("constructor"), detail: "No." };
    const { message, error } = await refusal(wrong, 403);
    assert.equal(error.code, "ca-refused");
    assert.match(message, /No\. \(constructor\) Fix what/);
  });

  test("a paused name is told with the page that ends it", async () => {
    const page = "https://portal.example/sfe/v1/unpause?jwt=abc.def";
    const { message, error } = await refusal(
      {
        type: urn("rateLimited"),
        detail: `Your account is temporarily prevented from requesting certificates for a.test. Please visit: ${page}`,
      },
      429,
    );
    assert.equal(error.code, "paused");
    assert.ok(message.includes(`open ${page} `), message);
  });

  test("a rate limit tells when it has passed, by header or by sentence", async () => {
    const detail =
      "too many certificates (5) already issued for this exact set of domains in the last 168h, retry after 2037-01-02 03:04:05 UTC: see https://example.test/limits";
    const document = { type: urn("rateLimited"), detail };
    const told = await refusal(document, 429);
    assert.equal(told.error.code, "rate-limited");
    assert.equal(told.error.retryAfter, "2037-01-02T03:04:05.000Z");
    assert.match(told.message, /Not before 2037-01-02 03:04 UTC/);
    const header = await refusal(document, 429, { "retry-after": "7200" });
    const wait = Date.parse(String(header.error.retryAfter)) - Date.now();
    assert.ok(wait > 7_000_000 && wait <= 7_200_000, String(wait));
  });

  test("subproblems are told by cause, with the names, and each by itself in JSON", async () => {
    const sub = (value: string, type: string) => ({
      type: urn(type),
      detail: `no for ${value}`,
      identifier: { type: "dns", value },
    });
    const { message, error } = await refusal(
      {
        type: urn("compound"),
        detail: "several",
        subproblems: [
          sub("a.test", "rejectedIdentifier"),
          sub("b.test", "rejectedIdentifier"),
          { ...sub("c.test", "caa"), detail: "CAA forbids c.test" },
        ],
      },
      403,
    );
    assert.equal(error.code, "name-refused");
    assert.match(message, /2 names: no for a\.test: a\.test, b\.test; c\.test: CAA forbids/);
    assert.deepEqual(error.problems?.at(-1), {
      ...{ name: "c.test", code: "caa", detail: "CAA forbids c.test" },
    });
  });

  test("an unknown type is told as it is", async () => {
    const { message, error } = await refusal(
      { type: urn("somethingNew"), detail: "a new thing" },
      403,
    );
    assert.equal(error.code, "ca-refused");
    assert.match(message, /a new thing \(somethingNew\)/);
  });

  test("a certificate that belongs to another account is revoked by its own key", async () => {
    await using env = await site(pebble);
    assert.equal((await env.run("-d", env.name)).code, 0);
    env.recorder.inject({
      kind: "revoke",
      when: ({ body }) => "kid" in (body?.protected ?? {}),
      answer: problem("unauthorized", 403),
      withNonce: true,
    });
    const { code, stderr } = await env.run(...["--revoke", "--reason", "keycompromise"]);
    assert.equal(code, 0, stderr);
    const last = env.recorder.requests.findLast(({ kind }) => kind === "revoke");
    assert.ok(last?.body?.protected["jwk"]);
    assert.equal((last.body.payload as { reason: number }).reason, 1);
  });

  test("--reason that there is not is an error with those that there are", async () => {
    await using env = await site(pebble);
    const { code, stderr } = await env.run("--revoke", "--reason", "boredom");
    assert.equal(code, 2);
    assert.match(stderr, /boredom.*keyCompromise.*superseded/);
  });
});
