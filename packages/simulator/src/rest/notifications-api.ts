import {API_VERSION} from '../calls/call-parameters.ts';
import type {Notification, Notifications} from '../calls/notifications.ts';
import {rfc2822} from '../dates.ts';
import {accountUriOf} from './account-path.ts';
import {notFound} from './api-error.ts';
import type {CallsApi} from './calls-api.ts';
import {timeFilters} from './dates.ts';
import {page} from './paging.ts';
import type {Route, RoutedRequest} from './routes.ts';

export interface NotificationRoutesOptions {
  readonly accountSid: string;
  readonly accountPath: string;
  readonly calls: CallsApi;
  readonly notifications: Notifications;
}

/** The values of a notification's `Log`. */
const LEVELS = {error: '0', warning: '1'} as const;

/** `/Notifications…` and `/Calls/{sid}/Notifications…`: the entries of Twilio's debugger about calls. */
export function notificationRoutes(options: NotificationRoutesOptions): Route[] {
  const {accountSid, accountPath, calls, notifications} = options;
  const render = (notification: Notification) => notificationResource(notification, accountSid);
  const find = ({params, path}: RoutedRequest): Notification => {
    const {call, notification: sid} = params;
    const found = notifications.all().find((notification) => notification.sid === sid);
    if (found === undefined || (call !== undefined && found.callSid !== call)) throw notFound(path);
    return found;
  };
  const list = ({path, query}: RoutedRequest, isWanted: (notification: Notification) => boolean) => {
    const filters = timeFilters(query, 'MessageDate', ({at}: Notification) => at);
    const log = query.get('Log');
    const all = notifications.all().filter(isWanted).toReversed();
    const items = all.filter(
      (notification) =>
        (!log || LEVELS[notification.level] === log) && filters.every((filter) => filter(notification)),
    );
    return {status: 200, body: page({key: 'notifications', items, all, render, path, query})};
  };
  const fetchOne = (request: RoutedRequest) => ({
    status: 200,
    body: {...render(find(request)), request_variables: '', response_headers: '', response_body: ''},
  });
  return [
    {path: `${accountPath}/Notifications.json`, GET: (request) => list(request, () => true)},
    {path: `${accountPath}/Notifications/:notification.json`, GET: fetchOne},
    {
      path: `${accountPath}/Calls/:call/Notifications.json`,
      GET: (request) => {
        const {sid} = calls.find(request.params['call'] ?? '', request.path);
        return list(request, ({callSid}) => callSid === sid);
      },
    },
    {path: `${accountPath}/Calls/:call/Notifications/:notification.json`, GET: fetchOne},
  ];
}

function notificationResource(notification: Notification, accountSid: string): Record<string, unknown> {
  const {sid, at, level, code, message, callSid, requestUrl, requestMethod} = notification;
  const date = rfc2822(at);
  return {
    sid,
    account_sid: accountSid,
    api_version: API_VERSION,
    call_sid: callSid,
    log: LEVELS[level],
    error_code: String(code),
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    message_text: message,
    message_date: date,
    request_url: requestUrl,
    request_method: requestMethod === '' ? null : requestMethod,
    date_created: date,
    date_updated: date,
    uri: `${accountUriOf(accountSid)}/Notifications/${sid}.json`,
  };
}
