import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import fc from "fast-check";
import { rejected } from "../../src/core/rejected.ts";
import type { Event, Outcome } from "../../src/core/outcome.ts";
import { AppError } from "../../src/errors.ts";
import type { Name } from "../../src/name.ts";
import { openLog } from "../../src/ui/log.ts";
import { openReport, reportError } from "../../src/ui/report.ts";
import { reportSummary } from "../../src/ui/summary.ts";
import type { Write } from "../../src/ui/text.ts";

const MOST = 500;

/** What is written to people. */
async function written(
  how: { verbose?: boolean; terminal?: boolean; columns?: () => number },
  write: (to: Write) => void,
): Promise<string[]> {
  const parts: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      parts.push(String(chunk));
      done();
    },
  });
  const log = openLog({
    ...{ stream, json: false, verbose: false, terminal: false, colour: false },
    ...{ columns: () => 80, ...how },
  });
  write(log.write);
  await log.close();
  const text = parts.join("").replace(/\u001b\[\d+m/g, "");
  return text.split("\n").slice(0, -1);
}

const text = fc.oneof(
  fc.string({ maxLength: 100 }),
  fc.string({ unit: "binary", maxLength: 3_000 }),
  fc.lorem({ maxCount: 400 }),
  fc.constantFrom("x".repeat(100_000), "a ".repeat(5_000), "a\n".repeat(50)),
  fc.webUrl(),
);
const names = fc.array(fc.oneof(fc.domain(), text), { maxLength: 120 });
const error = fc.tuple(text, fc.option(text, { nil: undefined }), names).map(
  ([message, hint, all]) =>
    new AppError("ca-refused", message, {
      hint,
      problems: all.map((name) => ({ name, code: "x", detail: message })),
    }),
);

describe("no line for people is longer than 500 characters", () => {
  const holds = (lines: readonly string[]) => {
    for (const line of lines) assert.ok(line.length <= MOST, `${line.length}: ${line}`);
  };

  test("of an error", async () => {
    await fc.assert(
      fc.asyncProperty(error, fc.boolean(), async (failure, terminal) => {
        holds(
          await written({ terminal }, (to) => {
            reportError(failure, to);
          }),
        );
      }),
    );
  });

  test("of what happens, with names and texts of any length", async () => {
    const event = fc.oneof<fc.Arbitrary<Event>[]>(
      names.map((all) => ({ type: "validating", names: all as Name[] })),
      names.map((offered) => ({
        type: "no-such-profile",
        profile: "p",
        offered,
      })),
      names.map((contact) => ({ type: "contact-changed", contact })),
      text.map((warning) => ({ type: "warning", text: warning })),
      text.map((url) => ({ type: "terms-agreed", url })),
      fc.tuple(error, text).map(([failure, to]) => ({
        ...{ type: "next-authority", error: failure, from: "x", to },
      })),
      error.map((failure) => ({ type: "retry", error: failure, pause: 100 })),
      fc.tuple(error, text).map(([failure, fqdn]) => ({
        ...{ type: "record-left", error: failure, fqdn },
      })),
    );
    await fc.assert(
      fc.asyncProperty(event, async (one) => {
        holds(
          await written({}, (to) => {
            openReport(to).event(one);
          }),
        );
      }),
    );
  });

  test("of many targets and their summary", async () => {
    const outcomes = fc.array(
      fc.tuple(text, names, error).map(([id, all, failure]): Outcome => ({
        subject: { id, names: all, dir: `/certs/${id}` },
        ...{ kind: "failed", error: failure },
      })),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(outcomes, async (all) => {
        holds(
          await written({}, (to) => {
            const report = openReport(to);
            for (const outcome of all) report.event({ type: "ended", outcome });
            reportSummary(all, to);
          }),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe("what is too long is cut", () => {
  const hint = "Do this to mend it.";
  const long = new AppError("ca-refused", "word ".repeat(300), { hint });

  test("at its end, and neither what to do nor, with -v, the rest is lost", async () => {
    const lines = await written({}, (to) => {
      reportError(long, to);
    });
    assert.match(lines[0] ?? "", /word… \(-v has the rest\)$/);
    assert.deepEqual(lines.slice(1), ["  Do this to mend it."]);
    const verbose = await written({ verbose: true }, (to) => {
      reportError(long, to);
    });
    assert.ok(verbose.some((each) => each.includes("word ".repeat(300))));
  });

  test("what to do is a line of its own where it is long", async () => {
    const page = `Open https://ca.test/${"x".repeat(400)} then.`;
    const [first = "", second = ""] = await written({}, (to) => {
      reportError(new AppError("paused", "word ".repeat(40), { hint: page }), to);
    });
    assert.match(first, / error: (word ){39}word \.$/);
    assert.equal(second, `  ${page}`);
  });
});

test("what to do is a line of its own where both are too wide for the terminal", async () => {
  const failure = new AppError("ca-refused", "The CA said no.", { hint: "Ask it another time." });
  const said = (columns: number) =>
    written({ terminal: true, columns: () => columns }, (write) => {
      reportError(failure, write);
    });
  assert.deepEqual(await said(43), ["error: The CA said no. Ask it another time."]);
  assert.deepEqual(await said(42), ["error: The CA said no.", "  Ask it another time."]);
});

test("a target that fails as another did is shown with -v only, and counted in the summary", async () => {
  const failed = (name: string, status: number): Outcome => {
    const authorization = {
      ...{ url: "", status: "invalid", name, challenges: [], records: [] },
      error: {
        type: "unauthorized",
        detail: `Invalid response from http://${name}/x: ${status}`,
        subproblems: [],
      },
    };
    const one = { name: name as Name, authorization };
    return {
      subject: { id: name, names: [name], dir: `/certs/${name}` },
      ...{ kind: "failed", error: rejected([one], { type: "http-01" }) },
    };
  };
  const all = ["a.test", "b.test", "c.test"].map((name) => failed(name, 404));
  all.push(failed("d.test", 500));
  const tell = (to: Write) => {
    const report = openReport(to);
    for (const outcome of all) report.event({ type: "ended", outcome });
    reportSummary(all, to);
  };
  const lines = await written({}, tell);
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ /, "").slice(0, 14)),
    ["error: a.test:", "error: d.test:", "warn: 3 failed", "warn: 4 target"],
  );
  assert.match(lines[2] ?? "", /404 \(unauthorized\): a\.test, b\.test, c\.test\. Open http:/);
  const verbose = await written({ verbose: true }, tell);
  assert.ok(verbose.some((line) => line.includes("debug: c.test: The CA")));
});

test("what scripts look for is shown to who reads a pipe, and not to who watches a terminal", async () => {
  const tell = (to: Write) => {
    openReport(to).event({ type: "saved", file: "key.pem" });
  };
  assert.equal((await written({}, tell)).length, 1);
  assert.equal((await written({ terminal: true }, tell)).length, 0);
});

test("the type of a problem is cut in JSON, too", () => {
  const name = "a.test" as Name;
  const error = { type: "x".repeat(50_000), detail: "y".repeat(50_000), subproblems: [] };
  const authorization = {
    ...{ url: "", status: "invalid", name, challenges: [], records: [], error },
  };
  const { problems } = rejected([{ name, authorization }], { type: "http-01" });
  assert.ok(JSON.stringify(problems).length < 3_000);
});
