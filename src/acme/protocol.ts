import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";

/** The text in a member that a resource of the CA must have. */
export function stringOf(
  body: Record<string, unknown>,
  member: string,
  resource: string,
): string {
  const value = body[member];
  return typeof value === "string"
    ? value
    : misbehaved(`sent a ${resource} without "${member}"`);
}

/** What a directory says about its CA under this name (RFC 8555 section 7.1.1). */
export function metaOf(
  { meta }: Record<string, unknown>,
  member: string,
): unknown {
  return isRecord(meta) ? meta[member] : undefined;
}

/** Throws what is thrown when a CA does not keep to the protocol. */
export function misbehaved(what: string): never {
  throw new AppError("ca-misbehaved", `The CA ${what}, against RFC 8555.`, {
    hint: "Run again; if it stays so, tell the CA's operator.",
    scope: "authority",
  });
}
