import type { ErrorCode, Scope } from "../errors.ts";
import { entryOf } from "../json.ts";

/** What a CA's refusal means, and what the user can do about it. */
export interface Consequence {
  code: ErrorCode;
  scope: Scope;
  hint: string;
}

const account = (hint: string): Consequence => ({
  code: "account-refused",
  scope: "account",
  hint,
});
const name = (hint: string): Consequence => ({
  code: "name-refused",
  scope: "target",
  hint,
});
const challenge = (hint: string): Consequence => ({
  code: "validation-failed",
  scope: "target",
  hint,
});
const refused = (hint: string): Consequence => ({
  code: "ca-refused",
  scope: "target",
  hint,
});
const busy = (hint: string): Consequence => ({
  code: "ca-busy",
  scope: "authority",
  hint,
});

const CONTACT = account("Give an e-mail address that the CA accepts with --email.");
const KEY =
  "Choose another kind with --key_type (for the account's key, a new folder and --account_key_size).";

/** By problem type: RFC 8555 section 6.7, RFC 9773 section 7.4, draft-ietf-acme-profiles section 7. */
const CONSEQUENCES: Record<string, Consequence | undefined> = {
  accountDoesNotExist: account(
    "The CA has no account for the key in account_key.json: name the account's CA with --server.",
  ),
  alreadyReplaced: refused("Run again; the next order names no old certificate."),
  alreadyRevoked: refused("There is nothing left to revoke."),
  badCSR: refused(`The CA does not accept the certificate's key or names. ${KEY}`),
  badNonce: busy("The CA refused every nonce. Run again."),
  badPublicKey: refused(`The CA does not accept this kind of key. ${KEY}`),
  badRevocationReason: refused("Choose another with --reason."),
  badSignatureAlgorithm: account(`The CA does not accept signatures of the account's key. ${KEY}`),
  caa: name(
    "The CAA records of the name, or of the domain above it, must allow this CA: check them.",
  ),
  compound: name("Fix what the CA reports for each name, or remove the name."),
  connection: challenge(
    "The CA could not connect: check the name's A and AAAA records, and that the port can be reached from everywhere.",
  ),
  dns: challenge(
    "The CA could not look it up: check the name's records, and its servers with a tool such as dnsviz.net.",
  ),
  externalAccountRequired: account(
    "This CA wants an external account binding: give one with --eab_kid and --eab_hmac_key_file.",
  ),
  incorrectResponse: challenge(
    "Something else answered the CA. Only this program, the webroot or the record that it set may answer.",
  ),
  invalidContact: CONTACT,
  invalidProfile: {
    code: "profile-unknown",
    scope: "target",
    hint: "Choose another with --profile, or leave it out.",
  },
  malformed: refused("If it happens again, please report it with the output of -v."),
  orderNotReady: refused("Run again; the CA starts a new order then."),
  rateLimited: {
    code: "rate-limited",
    scope: "target",
    hint: "Wait until the limit ends; an earlier try may count against it too.",
  },
  rejectedIdentifier: name(
    "The CA does not issue for this name: take it out, or choose another CA with --server.",
  ),
  serverInternal: busy("The CA has a fault; run again later."),
  tls: challenge(
    "The CA was redirected to https, where TLS failed: do not redirect /.well-known/acme-challenge/.",
  ),
  unauthorized: refused("The CA does not allow this account to do that: read what it says."),
  unsupportedContact: CONTACT,
  unsupportedIdentifier: name(
    "The CA does not issue for this kind of name: take it out, choose a --profile that has it, or another CA with --server.",
  ),
  userActionRequired: account("The CA asks you to act on the page it names; then run again."),
};

/** Let's Encrypt pauses a name after weeks of failures, and names the page that ends the pause. */
const UNPAUSE = /https:\/\/\S*unpause\S*/;

/** The meaning of a problem with this type and detail, in an answer with this HTTP status. */
export function consequenceOf(
  { type, detail }: { type: string; detail: string },
  status: number,
): Consequence {
  const page = UNPAUSE.exec(detail)?.[0];
  if (page !== undefined)
    return {
      code: "paused",
      scope: "target",
      hint: `Fix what made it fail, then open ${page} to unpause the name.`,
    };
  const known = entryOf(CONSEQUENCES, type);
  if (known !== undefined) return known;
  if (status === 429)
    return {
      ...busy("The CA is busy; run again later."),
      code: "rate-limited",
    };
  return status >= 500
    ? busy("The CA is busy or has a fault; run again later.")
    : refused(
        "Fix what the CA reports. If it reports nothing, check the address in --server, then ask the CA's operator.",
      );
}
