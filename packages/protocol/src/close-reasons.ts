/** The close codes with the sentence that the server gives beside each. */
import {closeCodes} from './close-codes.ts';

export const closeReasons = {
  'going-away': {...closeCodes['going-away'], text: 'The server is going away. Reconnect now.'},
  'message-too-big': {...closeCodes['message-too-big'], text: 'A message was larger than 16 KiB.'},
  'not-a-message': {...closeCodes['not-a-message'], text: 'What came was not a JSON message.'},
  unauthorized: {...closeCodes.unauthorized, text: 'The token is missing, wrong or expired.'},
  forbidden: {...closeCodes.forbidden, text: 'The token may not open a session.'},
  silent: {...closeCodes.silent, text: 'Nothing was heard from the client for too long.'},
  'too-slow': {...closeCodes['too-slow'], text: 'The client does not read what it is sent.'},
  'too-many': {...closeCodes['too-many'], text: 'Too many messages or sessions.'},
  internal: {...closeCodes.internal, text: 'Something went wrong in the server.'},
} as const;
