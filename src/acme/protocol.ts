import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";

/** The text in a member that a resource of the CA must have. */
export function stringOf(body: Record<string, unknown>, member: string, resource: string): string {
  const value = body[member];
  return typeof value === "string" ? value : misbehaved(`sent a ${resource} without "${member}"`);
}

/** The address in a member that a resource of the CA must have. */
export function addressIn(body: Record<string, unknown>, member: string, resource: string): string {
  return addressOf(stringOf(body, member, resource));
}

/**
 * An address that the CA wants to be asked at: https throughout (RFC 8555 section 6.1), and as it was
 * written, since requests are signed with it.
 */
export function addressOf(text: string): string {
  return isAddress(text) ? text : misbehaved(`sent "${text}" where an https address belongs`);
}

/** Whether a text is an https address without a user name and a password. */
export function isAddress(text: string): boolean {
  return /^https:/i.test(text) && isWebAddress(text);
}

/** The same, or an http address: one that is for people to look at. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== "string" || !/^https?:\/\/[!-~]+$/i.test(value)) return false;
  const url = URL.parse(value);
  return url !== null && url.username === "" && url.password === "";
}

/** What a directory says about its CA under this name (RFC 8555 section 7.1.1). */
export function metaOf({ meta }: Record<string, unknown>, member: string): unknown {
  return isRecord(meta) ? meta[member] : undefined;
}

/** Throws what is thrown when a CA does not keep to the protocol. */
export function misbehaved(what: string): never {
  throw new AppError("ca-misbehaved", `The CA ${what}, against RFC 8555.`, {
    hint: "Run again; if it stays so, tell the CA's operator.",
    scope: "authority",
  });
}
