import assert from "node:assert/strict";
import { commandLine } from "../../src/cli/dialect.ts";
import { type Given, givenBy, understand } from "../../src/cli/given.ts";
import { parse, type Request, type TaskOf } from "../../src/cli/parse.ts";
import { parseTarget } from "../../src/cli/target.ts";
import type { Options } from "../../src/cli/options.ts";
import type { Draft } from "../../src/core/target.ts";
import { AppError } from "../../src/errors.ts";

/** What a command line means, in /certs and without any environment. */
export function read(argv: readonly string[]): Request {
  return parse({ argv, env: {}, cwd: "/certs", version: "1.2.3" });
}

/** The same for one certificate. */
export function issue(...argv: string[]): TaskOf<"issue"> & { target: Draft } {
  const request = read(argv);
  assert.ok(request.verb === "issue");
  return { ...request, target: request.wish.target };
}

/** What is said about a command line that cannot be understood. */
export function refused(argv: readonly string[]): string {
  try {
    read(argv);
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "usage");
    return `${error.message} ${error.hint ?? ""}`;
  }
  return assert.fail(`understood: ${argv.join(" ")}`);
}

/** Options of a command line, to be read. */
export function givenOf(options: Options, cwd: string): Given {
  return givenBy(options, { cwd, dialect: commandLine(options, {}) });
}

/** The target that options mean. */
export function draftOf(options: Options, cwd: string): Draft {
  return understand(givenOf(options, cwd), parseTarget);
}
