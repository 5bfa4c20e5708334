/** A fault in the environment, for the list that is printed at start. */
export interface EnvironmentFault {
  readonly variable: string;
  /** What is wrong; never the value. */
  readonly fault: string;
  /** What to do about it. */
  readonly remedy: string;
}
