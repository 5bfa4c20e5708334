/** The server's clock: call times are in it, and a browser's own may be minutes off. */
export class ServerClock {
  #ahead = 0;

  /** @param {string} timestamp of a message that has just come, ISO 8601 */
  set(timestamp) {
    const time = Date.parse(timestamp);
    if (!Number.isNaN(time)) this.#ahead = time - Date.now();
  }

  /** Milliseconds since 1970. */
  now() {
    return Date.now() + this.#ahead;
  }
}
