/** A fault in the environment, for the list that is printed at start. */
export interface EnvironmentFault {
  readonly variable: string;
  /** The fault. Never contains the value. */
  readonly fault: string;
  /** The next step. */
  readonly remedy: string;
}
