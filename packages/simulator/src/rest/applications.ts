import {API_VERSION} from '../calls/call-parameters.ts';
import {rfc2822} from '../dates.ts';
import {createSid} from '../sids.ts';
import {accountUriOf} from './account-path.ts';
import {notFound} from './api-error.ts';
import {Collection} from './collection.ts';
import {flag} from './form.ts';
import {page} from './paging.ts';
import type {Route, RoutedRequest} from './routes.ts';
import {configureVoice, noVoiceSettings, type VoiceSettings, voiceFields} from './voice-settings.ts';

/** A TwiML Application: voice settings that numbers, calls and softphones refer to by sid. */
export interface Application extends VoiceSettings {
  readonly sid: string;
  readonly createdAt: Date;
  publicConnect: boolean;
}

export class Applications extends Collection<Application> {
  create(form: URLSearchParams): Application {
    const createdAt = new Date();
    const sid = createSid('AP');
    const application = {...noVoiceSettings('', createdAt), sid, createdAt, publicConnect: false};
    configureApplication(application, form);
    return this.add(application);
  }
}

export interface ApplicationRoutesOptions {
  readonly applications: Applications;
  readonly accountSid: string;
  readonly accountPath: string;
}

/** `/Applications.json` and `/Applications/{sid}.json` (Twilio docs: "Applications resource"). */
export function applicationRoutes({
  applications,
  accountSid,
  accountPath,
}: ApplicationRoutesOptions): Route[] {
  const render = (application: Application) => applicationResource(application, accountSid);
  const find = ({params: {application = ''}, path}: RoutedRequest): Application => {
    const found = applications.get(application);
    if (found === null) throw notFound(path);
    return found;
  };
  return [
    {
      path: `${accountPath}/Applications.json`,
      GET: ({path, query}) => {
        const name = query.get('FriendlyName');
        const items = applications.all().filter(({friendlyName}) => !name || friendlyName === name);
        return {status: 200, body: page({key: 'applications', items, render, path, query})};
      },
      POST: ({form}) => ({status: 201, body: render(applications.create(form))}),
    },
    {
      path: `${accountPath}/Applications/:application.json`,
      GET: (request) => ({status: 200, body: render(find(request))}),
      POST: (request) => {
        const application = find(request);
        configureApplication(application, request.form);
        return {status: 200, body: render(application)};
      },
      DELETE: (request) => {
        applications.delete(find(request).sid);
        return {status: 204, body: null};
      },
    },
  ];
}

function configureApplication(application: Application, form: URLSearchParams): void {
  configureVoice(application, form);
  if (form.has('PublicApplicationConnectEnabled')) {
    application.publicConnect = flag(form, 'PublicApplicationConnectEnabled');
  }
}

function applicationResource(application: Application, accountSid: string): Record<string, unknown> {
  const {sid, createdAt, updatedAt, publicConnect} = application;
  return {
    sid,
    account_sid: accountSid,
    api_version: API_VERSION,
    ...voiceFields(application),
    message_status_callback: null,
    sms_url: null,
    sms_method: 'POST',
    sms_fallback_url: null,
    sms_fallback_method: 'POST',
    sms_status_callback: null,
    public_application_connect_enabled: publicConnect,
    date_created: rfc2822(createdAt),
    date_updated: rfc2822(updatedAt),
    uri: `${accountUriOf(accountSid)}/Applications/${sid}.json`,
  };
}
