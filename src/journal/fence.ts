/**
 * Proof that this node holds a duty that only one node performs at a time (a lease). Each takeover raises the
 * token, so that the journal can refuse writes of the previous holder.
 */
export interface Fence {
  /** Name of the duty. */
  readonly name: string;
  readonly token: number;
  /** The holder. A failover that lost a takeover can produce the same token again, for a different holder. */
  readonly holder?: string;
}
