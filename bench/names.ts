/** The ids of so many certificates, all of one length: none is part of another. */
export function idsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `site${String(index).padStart(4, "0")}`);
}

/** The one name of the certificate with this id. */
export function nameOf(id: string): string {
  return `${id}.test`;
}
