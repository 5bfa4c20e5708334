/**
 * Takes the screenshots for the documentation: `npm run screenshots`. It runs a real gateway, the simulator
 * and Chromium, and places calls for the screenshots.
 */
import {mkdirSync} from 'node:fs';
import path from 'node:path';
import type {Browser, Page} from 'playwright-core';
import twilio from 'twilio';
import {launchChromium} from '../test/support/browser/chromium.ts';
import {ACCESS_KEY, startGateway, type TestGateway} from '../test/support/gateway/gateway.ts';
import {postWebhook, statusFields} from '../test/support/twilio/signed-webhook.ts';

const folder = path.join(import.meta.dirname, '../docs/images');

/** Numbers of the simulator with different outcomes, for the history chart. */
const OUTCOMES = [
  '+15550100501',
  '+15550100502',
  '+15550100101',
  '+15550100900',
  '+15550100301',
  '+15550100501',
];

interface Shot {
  readonly name: string;
  readonly path: string;
  /** A selector that matches once the screen is ready. */
  readonly shows: string;
  /** Clicked before the screenshot. The second selector matches once the result is shown. */
  readonly press?: readonly [string, string];
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

async function takeScreenshots(): Promise<void> {
  mkdirSync(folder, {recursive: true});
  // Slow enough to take screenshots during a call.
  await using gateway = await startGateway({
    simulator: {speed: 2},
    env: {VOICE_TWIML: '<Response><Pause length="600"/></Response>'},
  });
  const browser = await launchChromium();
  try {
    const callSid = await populate(gateway);
    for (const shot of shots(callSid)) await take(browser, gateway, shot);
  } finally {
    await browser.close();
  }
}

/**
 * Creates ended calls, calls in every state and a refused webhook. Returns the SID of a call with two legs.
 */
async function populate(gateway: TestGateway): Promise<string> {
  for (let index = 0; index < 24; index += 1) {
    await gateway.place({to: OUTCOMES[index % OUTCOMES.length], metadata: {order: 1000 + index}});
  }
  const withLegs = await gateway.place({to: '+15550100504', connectTo: '+15550100502', metadata: {order: 7}});
  await gateway.simulator.settled();
  await postBehindTunnel(gateway, withLegs);
  for (const to of ['+15550100001', '+15550100002', '+15550100760', '+15550100700']) {
    await gateway.place({to, metadata: {order: 2000}});
  }
  await gateway.simulator.placeInboundCall({from: '+14155550123'});
  return withLegs;
}

/** Sends a webhook that is signed for the address of a tunnel, while PUBLIC_URL is another address. */
async function postBehindTunnel(gateway: TestGateway, CallSid: string): Promise<void> {
  const fields = statusFields(gateway, {CallSid, CallStatus: 'completed', SequenceNumber: '9'});
  const {authToken} = gateway.environment.twilio;
  const url = 'https://hookswitch.ngrok.app/twilio/status';
  await postWebhook(gateway, fields, {
    signature: twilio.getExpectedTwilioSignature(authToken, url, fields),
    headers: {'x-forwarded-host': 'hookswitch.ngrok.app', 'x-forwarded-proto': 'https'},
  });
}

function shots(callSid: string): readonly Shot[] {
  return [
    {name: 'live', path: '/', shows: 'main tbody tr:nth-child(5)'},
    {name: 'live-dark', path: '/', shows: 'main tbody tr:nth-child(5)', scheme: 'dark'},
    {name: 'live-narrow', path: '/', shows: 'main tbody tr:nth-child(5)', width: 320, height: 700},
    {name: 'call', path: `/calls/${callSid}`, shows: 'main svg [data-place]', height: 1000},
    {name: 'history', path: '/history', shows: 'main tbody tr:nth-child(5)'},
    {
      name: 'webhooks',
      path: '/webhooks?outcome=refused',
      shows: 'main tbody tr',
      press: ['main tbody tr', 'main code'],
    },
    {name: 'connections', path: '/connections', shows: 'main tbody tr'},
    {name: 'health', path: '/health', shows: 'main article, main section', height: 1000},
  ];
}

async function take(browser: Browser, gateway: TestGateway, shot: Shot): Promise<void> {
  const {name, scheme = 'light', width = 1280, height = 800} = shot;
  const page: Page = await browser.newPage({
    viewport: {width, height},
    colorScheme: scheme,
    reducedMotion: 'reduce',
  });
  await page.goto(`${gateway.url}${shot.path}#key=${ACCESS_KEY}`);
  await page.locator(shot.shows).first().waitFor();
  if (shot.press !== undefined) {
    await page.locator(shot.press[0]).first().click();
    await page.locator(shot.press[1]).first().waitFor();
  }
  await page.screenshot({path: path.join(folder, `${name}.png`)});
  await page.close();
  console.log(`docs/images/${name}.png`);
}

await takeScreenshots();
