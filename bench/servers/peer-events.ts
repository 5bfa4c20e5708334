/** Converts a status callback to a message with the shape and size of the gateway's `call.status`. */

let offset = 0;

export function callStatusText(fields: Readonly<Record<string, string>>): string {
  offset += 1;
  return JSON.stringify({
    type: 'call.status',
    callSid: fields['CallSid'],
    status: fields['CallStatus'],
    offset,
    providerStatus: fields['CallStatus'],
    direction: fields['Direction'],
    from: fields['From'],
    to: fields['To'],
    timestamp: new Date(fields['Timestamp'] ?? 0).toISOString(),
    source: 'callback',
  });
}
