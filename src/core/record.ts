import { isDeepStrictEqual } from "node:util";
import { relative, resolve } from "node:path";
import { isRecord } from "../json.ts";
import { parseName } from "../name.ts";
import { FORMAT_NAMES } from "../store/formats.ts";
import type { Method, Target } from "./target.ts";

/**
 * A target as plain data, for the next run to read: without `force`, which is for one run, and without
 * secrets, of which only the files are named. Folders of accounts are relative to the set's.
 */
export function record({ want, ask, keep }: Target): object {
  const { kid, file } = ask.binding ?? {};
  const { dir, formats, keyMode, accounts, owner, pkcs12 } = keep;
  const plain = {
    want: { ...want, force: undefined },
    ask: {
      ...ask,
      binding: file === undefined ? undefined : { kid, file },
      method: plainMethod(ask.method),
    },
    keep: {
      ...{ formats, keyMode, owner },
      accounts: accounts && relative(dir, accounts),
      pkcs12: pkcs12 && { file: pkcs12.file },
    },
  };
  return JSON.parse(JSON.stringify(plain)) as object;
}

function plainMethod(method: Method): object {
  if (method.kind === "webroot")
    return { ...method, roots: Object.fromEntries(method.roots) };
  return method.kind === "dns" ? { ...method, env: undefined } : method;
}

/** Whether what was recorded is this target. */
export function isRecorded(recorded: unknown, target: Target): boolean {
  return isDeepStrictEqual(recorded, record(target));
}

/** The target that was recorded, for a folder; undefined when that is not one, or of another version of this program. */
export function revive(
  recorded: unknown,
  { id, dir }: { id: string; dir: string },
): Target | undefined {
  if (!isRecord(recorded)) return undefined;
  const { want, ask, keep } = recorded as unknown as Recorded;
  const usable = isWant(want) && isAsk(ask) && isKeep(keep);
  const method = usable ? reviveMethod(ask.method) : undefined;
  if (!usable || method === undefined) return undefined;
  const { accounts } = keep;
  return {
    id,
    want: { ...want, force: false },
    ask: { ...ask, method },
    keep: {
      ...keep,
      dir,
      accounts: accounts === undefined ? undefined : resolve(dir, accounts),
    },
  };
}

function isWant(want: unknown): boolean {
  return (
    isRecord(want) &&
    isList(want["names"], isName) &&
    typeof want["nextRun"] === "number"
  );
}

function isAsk(ask: unknown): boolean {
  return (
    isRecord(ask) &&
    isList(ask["from"], (url) => URL.parse(url)?.protocol === "https:") &&
    Array.isArray(ask["contact"]) &&
    isRecord(ask["chain"])
  );
}

function isKeep(keep: unknown): boolean {
  return (
    isRecord(keep) &&
    isList(keep["formats"], (name) => (FORMAT_NAMES as string[]).includes(name))
  );
}

type Recorded = Omit<Target, "ask" | "id"> & {
  ask: Omit<Target["ask"], "method"> & { method: unknown };
};

function reviveMethod(method: unknown): Method | undefined {
  if (!isRecord(method)) return undefined;
  if (method["kind"] !== "webroot")
    return ["standalone", "stateless", "dns"].some(
      (kind) => kind === method["kind"],
    )
      ? (method as unknown as Method)
      : undefined;
  const { roots } = method as unknown as { roots: unknown };
  if (!isRecord(roots)) return undefined;
  const entries = Object.entries(roots).flatMap(([text, root]) => {
    const parsed = parseName(text);
    return "name" in parsed && typeof root === "string"
      ? [[parsed.name, root] as const]
      : [];
  });
  return { kind: "webroot", roots: new Map(entries) };
}

function isName(text: string): boolean {
  const parsed = parseName(text);
  return "name" in parsed && parsed.name === text;
}

function isList(value: unknown, isRight: (text: string) => boolean): boolean {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((each) => typeof each === "string" && isRight(each))
  );
}
