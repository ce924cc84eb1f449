import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";

/** A text that a CA's resource must have. */
export function stringOf(body: Record<string, unknown>, member: string, resource: string): string {
  const value = body[member];
  return typeof value === "string" ? value : misbehaved(`sent a ${resource} without "${member}"`);
}

/** An address that a CA's resource must have. */
export function addressIn(body: Record<string, unknown>, member: string, resource: string): string {
  return addressOf(stringOf(body, member, resource));
}

/**
 * An address for requests to the CA. It must be https (RFC 8555 section 6.1), and stays as the CA
 * wrote it, since signatures include it.
 */
export function addressOf(text: string): string {
  return isAddress(text) ? text : misbehaved(`sent "${text}" where an https address belongs`);
}

/** Whether a text is an https URL without a user name and password. */
export function isAddress(text: string): boolean {
  return /^https:/i.test(text) && isWebAddress(text);
}

/** The same, but http is allowed too: for pages that people read. */
export function isWebAddress(value: unknown): value is string {
  if (typeof value !== "string" || !/^https?:\/\/[!-~]+$/i.test(value)) return false;
  const url = URL.parse(value);
  return url !== null && url.username === "" && url.password === "";
}

/** A member of the directory's metadata (RFC 8555 section 7.1.1). */
export function metaOf({ meta }: Record<string, unknown>, member: string): unknown {
  return isRecord(meta) ? meta[member] : undefined;
}

/** Throws the error for a CA that violates the protocol. */
export function misbehaved(what: string): never {
  throw new AppError("ca-misbehaved", `The CA ${what}, against RFC 8555.`, {
    hint: "Run again; if it stays so, tell the CA's operator.",
    scope: "authority",
  });
}
