import type { Authority } from "../acme/authority.ts";
import { AppError } from "../errors.ts";
import { kindOf } from "../name.ts";
import type { Emit } from "./outcome.ts";
import type { Target } from "./target.ts";

/** What Let's Encrypt calls the one profile that takes IP addresses; other CAs with such a rule may follow. */
const FOR_ADDRESSES = "shortlived";

/** The profile to ask a CA for: only one that it lists (draft-ietf-acme-profiles section 4). */
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
  throw new AppError("profile-unknown", `The CA has no profile "${name}".`, {
    hint:
      offered.length > 0
        ? `Choose one of ${offered.join(", ")}, or leave out --profile.`
        : "It has no profiles at all: leave out --profile.",
  });
}
