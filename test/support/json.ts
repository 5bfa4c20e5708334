/** A parsed body of unknown shape, because the shape is what the tests check. */
export type Json = ReturnType<typeof JSON.parse>;
