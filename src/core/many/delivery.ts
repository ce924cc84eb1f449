import { AppError } from "../../errors.ts";
import { lock } from "../../store/lock.ts";
import type { Context } from "../context.ts";
import { openMemory } from "../memory.ts";

/** Records that the certificate of a set was delivered, unless the set has a newer one. */
export async function settleDelivery(
  { dir, certificate }: { dir: string; certificate: string },
  { signal, emit }: Pick<Context, "signal" | "emit">,
): Promise<void> {
  try {
    using _held = await lock(dir, { signal, emit });
    const memory = openMemory(dir);
    if (memory.state.origin?.certificate === certificate) await memory.delivered();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // The next run delivers it again, which is better than never.
  }
}
