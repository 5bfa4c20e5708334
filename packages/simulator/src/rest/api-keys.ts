import {randomBytes} from 'node:crypto';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import {notFound} from './api-error.ts';
import {Collection} from './collection.ts';
import {text} from './form.ts';
import {page} from './paging.ts';
import type {Route, RoutedRequest} from './routes.ts';

/** A standard API key. */
export interface ApiKey {
  readonly sid: string;
  readonly secret: string;
  readonly createdAt: Date;
  updatedAt: Date;
  friendlyName: string;
}

/** The API keys of the account. They have the same rights as its token, except for accounts and keys. */
export class ApiKeys extends Collection<ApiKey> {
  create(friendlyName: string, {sid = createSid('SK'), secret = createSecret()} = {}): ApiKey {
    const createdAt = new Date();
    return this.add({sid, secret, createdAt, updatedAt: createdAt, friendlyName});
  }
}

/** `/Keys.json` and `/Keys/{sid}.json` (Twilio docs: "Key resource v2010"). */
export function apiKeyRoutes({
  keys,
  accountPath,
}: {
  readonly keys: ApiKeys;
  readonly accountPath: string;
}): Route[] {
  const find = ({params: {key = ''}, path}: RoutedRequest): ApiKey => {
    const found = keys.get(key);
    if (found === null) throw notFound(path);
    return found;
  };
  return [
    {
      path: `${accountPath}/Keys.json`,
      mainOnly: true,
      GET: ({path, query}) => {
        const items = keys.all();
        return {status: 200, body: page({key: 'keys', items, render: keyResource, path, query})};
      },
      POST: ({form}) => {
        const key = keys.create(text(form, 'FriendlyName') ?? '');
        // The secret is shown only in this response.
        return {status: 201, body: {...keyResource(key), secret: key.secret}};
      },
    },
    {
      path: `${accountPath}/Keys/:key.json`,
      mainOnly: true,
      GET: (request) => ({status: 200, body: keyResource(find(request))}),
      POST: (request) => {
        const key = find(request);
        key.friendlyName = text(request.form, 'FriendlyName') ?? key.friendlyName;
        key.updatedAt = new Date();
        return {status: 200, body: keyResource(key)};
      },
      DELETE: (request) => {
        keys.delete(find(request).sid);
        return {status: 204, body: null};
      },
    },
  ];
}

function keyResource({sid, friendlyName, createdAt, updatedAt}: ApiKey): Record<string, unknown> {
  return {
    sid,
    friendly_name: friendlyName,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(updatedAt),
  };
}

function createSecret(): string {
  return randomBytes(24).toString('base64url');
}
