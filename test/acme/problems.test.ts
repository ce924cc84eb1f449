import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { consequenceOf } from "../../src/acme/consequences.ts";
import { type Answer, problem } from "../support/exchange.ts";
import type { Rule } from "../support/faults.ts";
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

test("without a type that is known, the HTTP status tells what to do", () => {
  const unknown = { type: "about:blank", detail: "" };
  const codes = [429, 503, 403].map((status) => consequenceOf(unknown, status).code);
  assert.deepEqual(codes, ["rate-limited", "ca-busy", "ca-refused"]);
});

describe("what the CA says", { skip, concurrency: 4 }, () => {
  let pebble: Pebble;
  before(async () => {
    pebble = await startPebble();
  });
  after(() => pebble[Symbol.asyncDispose]());

  /** How a run ends at a CA with this fault. */
  async function failure(rule: Rule, ...words: string[]) {
    await using env = await site(pebble);
    env.recorder.inject(rule);
    const run = await env.run("-d", env.name, "--log_format", "json", ...words);
    assert.equal(run.code, 2, run.stderr);
    assert.deepEqual(
      env.certs.files().filter((file) => file.endsWith(".pem")),
      [],
    );
    const last = run.stderr.trim().split("\n").at(-1) ?? "";
    return JSON.parse(last) as {
      message: string;
      error: { code: string; retryAfter?: string; problems?: object[] };
    };
  }
  /** The same where its order is answered so. */
  const refusal = (document: object, status: number, headers: Record<string, string> = {}) =>
    failure({
      kind: "new-order",
      answer: {
        status,
        headers: { "content-type": "application/problem+json", ...headers },
        body: JSON.stringify(document),
      },
      withNonce: true,
    });
  const urn = (type: string) => `urn:ietf:params:acme:error:${type}`;

  test("a kind of error that is no name but known to JavaScript is an error like others", async () => {
    const wrong = { type: urn("constructor"), detail: "No." };
    const { message, error } = await refusal(wrong, 403);
    assert.equal(error.code, "ca-refused");
    assert.match(message, /No\. \(constructor\)\. Fix what/);
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

  /** Members that an answer has beside its own, or instead of them. */
  const given =
    (more: object) =>
    ({ body }: Answer): Partial<Answer> => ({
      body: JSON.stringify({ ...(JSON.parse(body) as object), ...more }),
    });

  test("an order that the CA gives up is told with the CA's reason, where there is one", async () => {
    const error = { type: urn("caa"), detail: "CAA forbids it" };
    const first = await failure({ kind: "new-order", alter: given({ status: "invalid", error }) });
    assert.equal(first.error.code, "ca-refused");
    assert.match(first.message, /left the order invalid: CAA forbids it \(caa\)/);
    const later = await failure({ kind: "finalize", alter: given({ status: "invalid" }) });
    assert.match(later.message, /left the order invalid: it gave no reason/);
    const though = await failure({ kind: "order", alter: given({ status: "invalid" }) });
    assert.match(though.message, /left the order invalid: it gave no reason/);
  });

  test("a name that may not be validated any more is told with what became of it", async () => {
    const alter = given({ status: "deactivated" });
    const { message, error } = await failure({ kind: "authorization", alter });
    assert.equal(error.code, "validation-failed");
    assert.match(message, /its authorization is deactivated/);
  });

  test("a challenge that the CA does not offer is told with those that it does", async () => {
    const offering = (...types: string[]) =>
      failure({
        kind: "authorization",
        alter: ({ body }) => {
          const { challenges, ...rest } = JSON.parse(body) as { challenges: { type: string }[] };
          const left = challenges.filter(({ type }) => types.includes(type));
          return { body: JSON.stringify({ ...rest, challenges: left }) };
        },
      });
    const some = await offering("dns-01", "tls-alpn-01");
    assert.equal(some.error.code, "challenge-missing");
    assert.match(some.message, /does not offer the challenge http-01\. It offers (?=.*dns-01)/);
    const none = await offering();
    assert.match(none.message, /It offers no known challenge\. Choose another way/);
  });

  test("a certificate that cannot be read is refused, also where a chain is looked for in it", async () => {
    for (const words of [[], ["--preferred_chain", "X1"]]) {
      const alter = ({ body }: Answer) => ({ body: body.slice(0, -100) });
      const { message, error } = await failure({ kind: "certificate", alter }, ...words);
      assert.equal(error.code, "bad-certificate");
      assert.match(message, /cannot be used: it cannot be read\. Nothing was changed/);
    }
  });

  test("terms of service that are agreed to by a new account are told, once", async () => {
    await using env = await site(pebble);
    const termsOfService = "https://ca.test/terms";
    env.recorder.inject({ kind: "directory", alter: given({ meta: { termsOfService } }) });
    const [first, second] = [
      await env.run("-d", env.name),
      await env.run("-d", env.name, "--force"),
    ];
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /you agree to its terms of service: https:\/\/ca\.test\/terms/);
    assert.equal(second.code, 0, second.stderr);
    assert.doesNotMatch(second.stderr, /terms/);
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
