import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { linksIn } from "../../src/acme/links.ts";
import { describeProblem, ProblemError, readProblem, retryAfter } from "../../src/acme/problem.ts";
import { askRenewalInfo } from "../../src/acme/renewal-info.ts";
import { readAuthorization, readOrder } from "../../src/acme/resources.ts";
import { rejected } from "../../src/core/rejected.ts";
import type { Name } from "../../src/name.ts";
import { makeBundle } from "../support/certificates.ts";
import { damagedJson, damagedText, holds, orRefused } from "./mutations.ts";

/** Node.js takes no more in the head of an answer. */
const LONGEST_HEADER = 16 * 1024;

const bundles = [makeBundle(), makeBundle({ rsa: 2048, names: ["*.b.test", "b.test"] })];
const now = new Date("2026-01-01T00:00:00Z");

describe("what a CA sends", () => {
  const MISBEHAVED = ["ca-misbehaved"];
  const identifier = { type: "dns", value: "a.test" };
  const problem = {
    type: "urn:ietf:params:acme:error:rateLimited",
    detail: "retry after 2026-01-02 03:04:05 UTC",
    instance: "https://ca.test/x",
    algorithms: ["ES256"],
    subproblems: [{ type: "x", detail: "y", identifier }],
  };
  const nested = JSON.parse(
    `${'{"subproblems":['.repeat(20_000)}${"]}".repeat(20_000)}`,
  ) as unknown;
  const reply = (body: unknown) => ({
    status: 200,
    text: "",
    location: undefined,
    alternates: [],
    retryAfter: undefined,
    body: (typeof body === "object" && body !== null && !Array.isArray(body) ? body : {}) as Record<
      string,
      unknown
    >,
  });

  test("a problem document is read, whatever it is, and told in one error", async (t) => {
    await holds(
      t,
      fc.oneof(
        { weight: 9, arbitrary: damagedJson(problem) },
        { weight: 1, arbitrary: fc.constant(nested) },
      ),
      (value) => {
        assert.equal(typeof describeProblem(readProblem(value)), "string");
        const answer = {
          status: 400,
          headers: {},
          text: value === nested ? "" : JSON.stringify(value),
        };
        assert.ok(new ProblemError(answer, { doing: "x", now }).message !== "");
      },
    );
  });

  test("Link and Retry-After are read, or count as absent", async (t) => {
    const link = damagedText(
      '<https://ca.test/1>;rel="alternate", </2>; title="a,b"; rel="up alternate"',
      "<".repeat(8_000),
      `<x>${"; a".repeat(4_000)}`,
      `<x>${" ".repeat(8_000)}`,
    );
    const later = damagedText("120", "Wed, 21 Oct 2026 07:28:00 GMT", "9".repeat(400), "-1");
    await holds(t, fc.tuple(link, later), ([header, value]) => {
      for (const url of linksIn(header.slice(0, LONGEST_HEADER), "alternate", "https://ca.test/"))
        assert.ok(URL.canParse(url));
      const date = retryAfter({ status: 503, headers: { "retry-after": value }, text: "" }, now);
      assert.ok(date === undefined || !Number.isNaN(date.getTime()));
    });
  });

  test("an order or an authorization is read, or the CA misbehaves", async (t) => {
    const order = {
      status: "pending",
      identifiers: [identifier],
      authorizations: ["https://ca.test/a"],
      finalize: "https://ca.test/f",
      certificate: "https://ca.test/c",
      error: problem,
    };
    const challenge = {
      type: "http-01",
      url: "https://ca.test/ch",
      token: "abc",
      status: "pending",
      error: {
        type: "urn:ietf:params:acme:error:unauthorized",
        detail: "192.0.2.1: Invalid response from http://a.test/x: 404",
      },
      validationRecord: [
        {
          url: "https://a.test/x",
          hostname: "a.test",
          port: "443",
          addressesResolved: ["192.0.2.1", "2001:db8::1"],
          addressUsed: "192.0.2.1",
        },
      ],
    };
    const authorization = {
      status: "pending",
      identifier,
      wildcard: true,
      challenges: [challenge, challenge],
    };
    await holds(t, damagedJson(order, authorization), async (body) => {
      await orRefused(() => readOrder(reply(body), "https://ca.test/o"), MISBEHAVED, "CA");
      const read = await orRefused(
        () => readAuthorization(reply(body), "https://ca.test/z"),
        MISBEHAVED,
        "CA",
      );
      if (read === undefined) return;
      const name = "a.test" as Name;
      const failed = { name, authorization: read };
      const { hint, problems } = rejected([failed], { type: "http-01" });
      assert.match(hint ?? "", /^[A-Z].*\.$/);
      assert.ok(JSON.stringify(problems).length < 10_000);
    });
  });

  test("renewal information is a window with an end after its start, or none", async (t) => {
    const info = {
      suggestedWindow: {
        start: "2026-02-01T00:00:00Z",
        end: "2026-02-02T00:00:00Z",
      },
      explanationURL: "https://ca.test/",
    };
    await holds(
      t,
      fc.tuple(damagedJson(info), damagedJson({ renewalInfo: "https://ca.test/ri" })),
      async ([value, directory]) => {
        const text = JSON.stringify(value);
        const { window, lookAgain } = await askRenewalInfo({
          directory: reply(directory).body,
          now,
          certificate: leafOf(),
          get: () => Promise.resolve({ status: 200, headers: {}, text }),
        });
        assert.ok(window === undefined || window.end > window.start);
        assert.ok(lookAgain > now);
      },
    );
  });
  const leafOf = () => bundles[0]?.leaf.raw ?? Buffer.alloc(0);
});
