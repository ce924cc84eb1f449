import type { Given } from "./given.ts";

export function parseEmail(given: Given): string[] {
  const text = given.text("email");
  const addresses = text?.split(",").map((address) => address.trim()) ?? [];
  for (const value of addresses)
    if (!/^[^\s@]+@[A-Za-z0-9._-]+$/.test(value))
      given.wrong("email", "this is not an e-mail address.", { value });
  return addresses;
}
