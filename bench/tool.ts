import type { Command } from "./measure.ts";

/** A program that gets certificates, with its own folders and an account at the CA. */
export interface Tool {
  name: string;
  /** Prints its version. */
  version: Command;
  /** Makes the account if there is none. */
  register(): Promise<void>;
  /** Gets a new certificate for these names. */
  issue(names: readonly string[]): Promise<Command>;
  /** Checks the last certificate that `issue` got for this name; nothing is due. */
  idle(name: string): Command;
  /** Starts a server that answers the CA, if the program cannot do that itself. */
  answer?: () => Promise<AsyncDisposable>;
}
