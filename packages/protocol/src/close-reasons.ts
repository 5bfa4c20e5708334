/** The close codes with the text that the server sends with each. */
import {closeCodes} from './close-codes.ts';

export const closeReasons = {
  'going-away': {...closeCodes['going-away'], text: 'The server is going away. Reconnect now.'},
  'message-too-big': {...closeCodes['message-too-big'], text: 'A message was larger than 16 KiB.'},
  'not-a-message': {...closeCodes['not-a-message'], text: 'The message was not a JSON object.'},
  unauthorized: {...closeCodes.unauthorized, text: 'The token is missing, wrong or expired.'},
  forbidden: {...closeCodes.forbidden, text: 'The token may not open a session.'},
  silent: {...closeCodes.silent, text: 'The client sent nothing for too long.'},
  'too-slow': {...closeCodes['too-slow'], text: 'The client reads too slowly.'},
  'too-many': {...closeCodes['too-many'], text: 'Too many messages or sessions.'},
  internal: {...closeCodes.internal, text: 'Internal server error.'},
} as const;
