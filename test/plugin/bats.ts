import { basename } from "node:path";
import { startGateway } from "../support/gateway.ts";
import { IMAGE } from "../support/docker.ts";
import { startPebble } from "../support/pebble.ts";
import { freePort } from "../support/ports.ts";
import { type Child, startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp.ts";
import { requireTool } from "../support/tools.ts";

export interface Result {
  name: string;
  ok: boolean;
  /** Why it was not run. */
  skipped?: string;
  /** What it, or bats, says about it. */
  comments: string[];
}

export interface Run {
  results: Result[];
  /** What is wrong besides the results, such as a file that cannot be read; empty if nothing is. */
  problem: string;
}

interface How {
  /** More words for bats. */
  words?: readonly string[];
  /** Milliseconds until it has to have ended. */
  patience: number;
}

/** Runs a file of bats tests with a stand-in for Dokku, a CA that asks this stand-in's nginx, and ports of its own. */
export async function runBats(file: string, { words = [], patience }: How): Promise<Run> {
  const [http, https, port] = [await freePort(), await freePort(), await freePort()];
  await using pebble = await startPebble({ httpPort: http });
  await using gateway = await startGateway(pebble);
  await using root = tempDir();
  const env = {
    ...process.env,
    DOKKU_STAND_IN: root.path,
    DOKKU_STAND_IN_HTTP: String(http),
    DOKKU_STAND_IN_HTTPS: String(https),
    ACME_SERVER: gateway.directoryUrl,
    ACME_CA_FILE: gateway.caFile,
    ACME_PORT: String(port),
    CHALLTESTSRV_URL: pebble.dns.managementUrl,
    DNS_SERVER: pebble.dns.address,
    IMAGE,
  };
  const args = ["--tap", "--print-output-on-failure", ...words, file];
  await using child = await startProcess(requireTool("bats"), args, { env });
  const late = setTimeout(() => {
    child.kill("SIGTERM");
  }, patience);
  const { code } = await child.exited;
  clearTimeout(late);
  return understand(basename(file), code, child);
}

function understand(
  file: string,
  code: number | null,
  child: Pick<Child, "stdout" | "stderr">,
): Run {
  const { planned, results, rest } = parse(child.stdout());
  const failed = results.some(({ ok }) => !ok);
  const complete = planned === results.length && planned > 0;
  const problem =
    complete && code === (failed ? 1 : 0)
      ? ""
      : `${file}: ${results.length} of ${planned} tests ended, bats with ${code ?? "a signal"}\n${rest.join("\n")}\n${child.stderr()}`;
  return { results, problem };
}

/** Reads what bats prints: https://testanything.org/tap-version-12-specification.html */
export function parse(tap: string) {
  const results: Result[] = [];
  const rest: string[] = [];
  /** What a test says of itself comes before its result, what bats says of a failure after it. */
  let said: string[] = [];
  let planned = 0;
  for (const line of tap.split("\n")) {
    const [, count] = /^1\.\.(\d+)/.exec(line) ?? [];
    const [, not, text = ""] = /^(not )?ok \d+ (.*)$/.exec(line) ?? [];
    const last = results.at(-1);
    if (count !== undefined) planned = Number(count);
    else if (text !== "") {
      results.push({ ...result(text, not === undefined), comments: said });
      said = [];
    } else if (line.startsWith("#"))
      (last?.ok === false ? last.comments : said).push(line.replace(/^# ?/, ""));
    else if (line !== "") rest.push(line);
  }
  return { planned, results, rest };
}

function result(text: string, ok: boolean): Omit<Result, "comments"> {
  const [, name = text, reason] = /^(.*?) # skip ?(.*)$/.exec(text) ?? [];
  return reason === undefined ? { name, ok } : { name, ok, skipped: reason };
}
