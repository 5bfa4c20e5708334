/**
 * For every router: `/Twilio/Status/` is not `/twilio/status`. What a webhook was signed for is one spelling of a path,
 * and whoever guards a path in front of us compares it as it is.
 */
export const exactPaths = {caseSensitive: true, strict: true} as const;
