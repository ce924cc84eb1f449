/** The ids of this many certificates. All have the same length, so none is part of another. */
export function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `site${String(index).padStart(4, "0")}`);
}

/** The DNS name of the certificate with this id. */
export function nameOf(id: string): string {
  return `${id}.test`;
}
