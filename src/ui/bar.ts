/** A bar of which so many parts are full. The parts differ in more than colour. */
export function bar(full: number, length: number, unicode: boolean): string {
  const [done, open] = unicode ? (["█", "░"] as const) : (["#", "-"] as const);
  return done.repeat(full) + open.repeat(length - full);
}
