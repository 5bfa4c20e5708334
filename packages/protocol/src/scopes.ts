/** The scopes of a principal (A2). The access key has every scope. */
export const scopes = [
  'calls:read',
  'calls:read:all',
  'calls:control',
  'calls:control:all',
  'sessions:read',
] as const;
export type Scope = (typeof scopes)[number];
