import type { Command } from "./measure.ts";

/** A program that gets certificates, with its own folders and an account at the CA. */
export interface Tool {
  name: string;
  /** Prints its version. */
  version: Command;
  /** Makes the account if there is none. */
  register(): Promise<void>;
  /** Gets a new certificate for these names with the account. */
  issue(names: readonly string[]): Command;
  /** The same in an empty folder, so it makes a new account first. */
  issueFresh(names: readonly string[]): Command;
  /** Checks the last certificate that `issue` got for this name; nothing is due. */
  idle?: (name: string) => Command;
  /** Checks all certificates in one process; nothing is due. */
  idleAll?: Command;
  /** Gets a certificate for each name, in one process that makes its account. Names never share one. */
  each?: (names: readonly string[]) => Command;
  /** Starts a server that answers the CA, if the program cannot do that itself. */
  answer?: () => Promise<AsyncDisposable>;
  /** It takes many times as long as the others, so one run far away is enough. */
  slow?: boolean;
  /** It waits for seconds after each name if the CA is near. */
  waits?: boolean;
}
