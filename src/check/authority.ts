import { openHttp, type HttpOptions } from "../acme/http.ts";
import { parseJson } from "../acme/problem.ts";
import { metaOf } from "../acme/protocol.ts";
import { AppError } from "../errors.ts";
import { isRecord } from "../json.ts";
import { type Clock, MINUTE, SECOND } from "../time.ts";
import type { Observation } from "./observation.ts";

/** What a CA's directory says about the CA, and its answer about the time. */
export interface AuthorityView {
  identities: readonly string[];
  /** Undefined: the CA was not reached. */
  reached: boolean;
  seen: readonly Pick<Observation, "cause" | "detail">[];
}

/** The clock may differ by this many milliseconds. */
const TOLERANCE = 5 * MINUTE;

/** Asks a CA for its directory, once. */
export async function askAuthority(
  directoryUrl: string,
  options: HttpOptions & { now: Clock },
): Promise<AuthorityView> {
  try {
    const { headers, text } = await openHttp(options)("GET", directoryUrl);
    const body = parseJson(text);
    const identities = isRecord(body) ? metaOf(body, "caaIdentities") : undefined;
    const difference = Date.parse(String(headers["date"])) - options.now().getTime();
    return {
      identities: Array.isArray(identities)
        ? identities.filter((each) => typeof each === "string")
        : [],
      reached: true,
      seen:
        Math.abs(difference) > TOLERANCE
          ? [{ cause: "clock-wrong", detail: spanOf(Math.abs(difference)) }]
          : [],
    };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    const seen = [{ cause: "ca-unreachable", detail: error.message } as const];
    return { identities: [], reached: false, seen };
  }
}

function spanOf(milliseconds: number): string {
  const minutes = Math.round(milliseconds / MINUTE);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.round(milliseconds / (3600 * SECOND));
  return hours < 48 ? `${hours} hours` : `${Math.round(hours / 24)} days`;
}
