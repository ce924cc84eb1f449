import { readFile } from "node:fs/promises";
import { MAC_KEY_HINT, readMacKey } from "../acme/binding.ts";
import type { Binding, Draft, SecretFile, Target } from "../core/target.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Protection } from "../store/pkcs12.ts";

/**
 * Adds the secrets from their files to a target. Throws `usage` if a file is unusable. Its messages
 * never show the contents.
 */
export async function readSecrets(draft: Draft): Promise<Target> {
  const binding = readBinding(draft.ask.account.binding);
  const pkcs12 = readPassword(draft.keep.pkcs12);
  await together<unknown>([binding, pkcs12]);
  return {
    ...draft,
    ask: withBinding(draft.ask, await binding),
    keep: { ...draft.keep, pkcs12: await pkcs12 },
  };
}

/**
 * The same, but the file of the account binding may be missing: most accounts need it only once.
 */
export async function readLeftSecrets(draft: Draft): Promise<Target> {
  const { binding } = draft.ask.account;
  const left = await readBinding(binding).catch(() =>
    binding === undefined ? undefined : { ...binding, macKey: undefined },
  );
  return readSecrets({ ...draft, ask: withBinding(draft.ask, left) });
}

function withBinding(ask: Draft["ask"], binding: Binding | undefined): Target["ask"] {
  return { ...ask, account: { ...ask.account, binding } };
}

/** Waits for all. Throws a single `usage` with all errors, one on each line. */
export async function together<T>(parts: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(parts);
  const reasons = settled.flatMap((each): unknown[] =>
    each.status === "rejected" ? [each.reason] : [],
  );
  const errors = reasons.filter((reason) => reason instanceof AppError);
  if (errors.length < reasons.length || errors.length < 2) return Promise.all(parts);
  const lines = errors.flatMap(({ message, hint }) =>
    [message, hint ?? []].flat().join(" ").split("\n"),
  );
  throw new AppError("usage", [...new Set(lines)].join("\n"), {
    scope: "run",
  });
}

async function readBinding(
  binding: Draft["ask"]["account"]["binding"],
): Promise<Binding | undefined> {
  if (binding === undefined || "macKey" in binding) return binding;
  const { kid, file } = binding;
  const macKey = await readAs(binding, MAC_KEY_HINT, (data) => readMacKey(data.toString()));
  return { kid, file, macKey };
}

async function readPassword(named: SecretFile | undefined): Promise<Protection | undefined> {
  if (named === undefined) return undefined;
  const password = await readAs(named, PASSWORD_HINT, firstLine);
  return { file: named.file, password };
}

const PASSWORD_HINT =
  "Name a file whose first line is the password of cert.p12, and let this user read it.";

async function readAs<T>(
  { file, called }: SecretFile,
  hint: string,
  read: (data: Buffer) => T,
): Promise<T> {
  try {
    return read(await readFile(file));
  } catch (error) {
    throw new AppError("usage", `${called}: ${messageOf(error)}.`, {
      hint,
      scope: "run",
    });
  }
}

/** The first line of a UTF-8 text, without its line break. */
function firstLine(data: Buffer): string {
  const [line = ""] = textIn(data).split(/\r?\n/);
  if (line === "") throw new Error("its first line is empty");
  return line;
}

function textIn(data: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw new Error("it is not text in UTF-8");
  }
}
