import { AppError } from "../../errors.ts";
import { parseName } from "../../name.ts";
import { namesOf } from "../bundle.ts";
import { type Foreign, type ForeignAccount, type ForeignCertificate, readAs } from "./foreign.ts";
import { FORMATS } from "../formats.ts";

/**
 * The certificate that the user means: the one with this name in the tool, otherwise the one that
 * covers all of these names. Without a name it is the only one. Undefined if there are none. Throws
 * `usage` if the choice is not clear.
 */
export async function chooseCertificate(
  { certificates }: Foreign,
  wanted: readonly string[],
): Promise<ForeignCertificate | undefined> {
  const called = certificates.filter(({ name }) => wanted.join() === name);
  const fitting = called.length > 0 ? called : await isFor(certificates, wanted);
  if (fitting.length === 1 || certificates.length + wanted.length === 0) return fitting[0];
  const about = wanted.length === 0 ? "" : ` for ${wanted.join(", ")}`;
  const list = (fitting.length > 0 ? fitting : certificates).map(({ name }) => name);
  throw ambiguous(
    `There ${fitting.length > 0 ? "are several certificates" : "is no certificate"}${about}.`,
    list.length > 0
      ? `Choose one with -d: ${list.join(", ")}.`
      : "Leave out -d to import the account alone.",
  );
}

/** The certificates that cover all of the names. An unreadable certificate covers none. */
async function isFor(
  certificates: readonly ForeignCertificate[],
  wanted: readonly string[],
): Promise<readonly ForeignCertificate[]> {
  if (wanted.length === 0) return certificates;
  const asked = wanted.map(asName);
  const fitting = [];
  for (const certificate of certificates) {
    const names: string[] = await readAs(certificate.file, FORMATS["cert.pem"].decode).then(
      ({ leaf }) => namesOf(leaf),
      () => [],
    );
    if (asked.every((each) => names.includes(each))) fitting.push(certificate);
  }
  return fitting;
}

/**
 * A name as certificates contain it. `parseName` refuses some of these; then it is the text itself.
 */
function asName(text: string): string {
  const parsed = parseName(text);
  return "name" in parsed ? parsed.name : text;
}

/**
 * The account that the user means: the owner of the certificate if the tool records it, otherwise
 * the only one. With `server`, only accounts at that CA count. Undefined if there are none, or if
 * the owner is gone. Throws `usage` if the choice is not clear.
 */
export function chooseAccount(
  { accounts }: Foreign,
  server: string | undefined,
  owner: string | undefined,
): ForeignAccount | undefined {
  const there = accounts.filter((account) => server === undefined || account.isAt(server));
  const own = there.find(({ id }) => id === owner);
  if (own !== undefined) return own;
  if (server === undefined && owner !== undefined) return undefined;
  if (there.length === 1 || accounts.length === 0) return there[0];
  const list = (there.length > 0 ? there : accounts).map(({ label }) => label);
  throw ambiguous(
    `There ${there.length > 0 ? "are several accounts" : "is no account"}${server === undefined ? "" : ` at ${server}`}.`,
    `Choose one by its CA with --server: ${list.join(", ")}. If one CA has several, copy the folder, keep one account in the copy, and import that.`,
  );
}

function ambiguous(message: string, hint: string): AppError {
  return new AppError("usage", message, { hint, scope: "run" });
}
