/** A parsed body, into which tests look without knowing its shape: the shape is what they check. */
export type Json = ReturnType<typeof JSON.parse>;
