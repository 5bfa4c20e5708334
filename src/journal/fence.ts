/**
 * Proof of doing what one node does at a time (a lease). Whoever takes it over has a higher token, so that a write with a lower
 * one comes too late.
 */
export interface Fence {
  /** The duty. */
  readonly name: string;
  readonly token: number;
  /** Who holds it. After a failover that lost a takeover the same token can come again, for another holder. */
  readonly holder?: string;
}
