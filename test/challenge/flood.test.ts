import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { watchQuestions } from "../../src/challenge/questions.ts";
import { name } from "./responder.contract.ts";

test("a million requests with addresses and hosts of their own leave a few of them, and a count", () => {
  const names = [name("a.test"), name("b.test")];
  const questions = watchQuestions(names);
  const count = 1_000_000;
  const headers = { host: "", "x-forwarded-for": "" };
  const request = { headers, socket: {} } as unknown as IncomingMessage;
  for (let n = 0; n < count; n += 1) {
    headers.host = n % 2 === 0 ? "a.test" : `h${n}.${"x".repeat(200)}.test`;
    headers["x-forwarded-for"] = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    questions.noteStranger(request);
    if (n % 4 === 0) questions.note(name("b.test"), "misplaced", request);
  }
  const said = JSON.stringify([...questions.evidence]);
  assert.ok(said.length < 4_000, `${said.length} characters`);
  const { unknown, elsewhere } = questions.evidence.get(name("a.test"))?.asked ?? {};
  assert.equal(unknown?.count, count / 2);
  assert.equal(elsewhere?.count, count / 2);
  assert.equal(unknown.from.length, 5);
  assert.equal(elsewhere.hosts.length, 3);
});
