import type { Authority } from "../acme/authority.ts";
import { AppError } from "../errors.ts";
import { kindOf } from "../name.ts";
import type { Emit } from "./outcome.ts";
import type { Target } from "./target.ts";

/**
 * Let's Encrypt's name for its only profile that allows IP addresses. Other CAs may use the same
 * rule and name.
 */
const FOR_ADDRESSES = "shortlived";

/** The profile to order. It must be in the CA's list (draft-ietf-acme-profiles section 4). */
export async function chooseProfile(
  authority: Authority,
  { ask, want }: Pick<Target, "ask" | "want">,
  emit: Emit,
): Promise<string | undefined> {
  const hasAddress = want.names.some((name) => kindOf(name) === "ip");
  if (ask.profile === undefined && !hasAddress) return undefined;
  const offered = await authority.profiles();
  if (ask.profile === undefined) return offered.find((name) => name === FOR_ADDRESSES);
  const { name, required } = ask.profile;
  if (offered.includes(name)) return name;
  if (!required) {
    emit({ type: "no-such-profile", profile: name, offered });
    return undefined;
  }
  const { suggest } = await import("../suggest.ts");
  const choose = `Choose one of ${offered.join(", ")}, or leave out --profile.`;
  throw new AppError("profile-unknown", `The CA has no profile "${name}".`, {
    hint:
      offered.length > 0
        ? [suggest(name, offered) || [], choose].flat().join(" ")
        : "It has no profiles at all: leave out --profile.",
  });
}
