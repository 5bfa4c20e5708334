/**
 * Films the moving picture of the README: `npm run moving-picture`. A real gateway, the simulator and a real Chromium. The gateway is
 * really killed, and what is shown is what the console shows.
 */
import {mkdtemp, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {createSimulator} from '@hookswitch/simulator';
import type {Page} from 'playwright-core';
import {buildConsole} from '../test/e2e/console/support/build.ts';
import {launchChromium} from '../test/support/browser/chromium.ts';
import {freePort} from '../test/support/gateway/free-port.ts';
import {ProcessBench} from '../test/support/gateway/process-gateway.ts';
import {animatedWebp} from './animated-webp.ts';
import {encodeChanges, type Still} from './frame-changes.ts';

const FILE = path.join(import.meta.dirname, '../docs/images/demo.webp');
const MAX_BYTES = 1_500_000;
const SIZE = {width: 1060, height: 664};
const FRAME_MS = 200;

/** A stretch in which nothing moves is shortened to this. */
const LONGEST_STILL_MS = 1200;

/** A film that took longer, as on a slow machine, is played faster. */
const LONGEST_MS = 16_000;

/** The last picture stays for so long before it begins again. */
const LAST_MS = 2500;

/** Variables beside those of the bench. */
const VARIABLES = {VOICE_TWIML: '<Response><Pause length="3600"/></Response>'};

/** Takes pictures of a page until it is stopped. */
class Camera {
  readonly stills: Still[] = [];
  readonly #page: Page;
  #rolling = true;
  #taken: Promise<void> = Promise.resolve();

  constructor(page: Page) {
    this.#page = page;
  }

  start(): void {
    this.#taken = this.#roll();
  }

  async stop(): Promise<void> {
    this.#rolling = false;
    await this.#taken;
  }

  async #roll(): Promise<void> {
    while (this.#rolling) {
      const png = await this.#page.screenshot();
      this.stills.push({png, takenAt: performance.now()});
      await this.#page.waitForTimeout(FRAME_MS);
    }
  }
}

async function film(): Promise<void> {
  await buildConsole();
  const simulator = createSimulator({speed: 3, callsPerSecond: 0});
  await simulator.start();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hookswitch-film-'));
  await using bench = new ProcessBench(simulator, folder, await freePort());
  const browser = await launchChromium();
  try {
    const context = await browser.newContext({viewport: SIZE, colorScheme: 'light', reducedMotion: 'reduce'});
    const page = await context.newPage();
    // A first visit would start on the health page.
    await page.addInitScript(`sessionStorage.setItem('hookswitch.visited', '1')`);
    const stills = await play(bench, page);
    const frames = await encodeChanges(await context.newPage(), stills, {
      longestStillMs: LONGEST_STILL_MS,
      longestMs: LONGEST_MS,
      lastMs: LAST_MS,
    });
    const animation = animatedWebp({...SIZE, frames});
    if (animation.length > MAX_BYTES)
      throw new Error(`The picture has ${animation.length} bytes, more than ${MAX_BYTES}.`);
    await writeFile(FILE, animation);
    const seconds = frames.reduce((sum, {durationMs}) => sum + durationMs, 0) / 1000;
    console.log(
      `docs/images/demo.webp: ${frames.length} frames, ${seconds.toFixed(1)} s, ${animation.length} bytes`,
    );
  } finally {
    await browser.close();
  }
}

/** Acts the story before the camera. */
async function play(bench: ProcessBench, page: Page): Promise<readonly Still[]> {
  const first = await bench.start(VARIABLES).listening();
  await page.goto(`${bench.url}/#key=${bench.env['HOOKSWITCH_ACCESS_KEY']}`);
  await page.locator('[data-connection="good"]').waitFor();
  await caption(page, 'Live calls, as Twilio reports them');
  await scenario(page, 'Answered');
  await inProgress(page, 1);
  const camera = new Camera(page);
  camera.start();
  await page.waitForTimeout(800);

  await caption(page, 'Callbacks arrive twice and out of order');
  await page.getByText(/^Faults/).click();
  await page.waitForTimeout(600);
  for (const fault of [/^Repeated callbacks/, /^Reordered callbacks/]) {
    await page.getByRole('checkbox', {name: fault}).click();
    await page.waitForTimeout(600);
  }
  await page.keyboard.press('Escape');
  for (const [name, rows] of [
    ['Answered', 2],
    ['Two legs', 3],
    ['Answered', 5],
  ] as const) {
    await scenario(page, name);
    await page
      .locator('tr[data-sid]')
      .nth(rows - 1)
      .waitFor();
  }
  await inProgress(page, 5);
  await page.waitForTimeout(400);

  await caption(page, 'kill -9 the gateway');
  await page.waitForTimeout(400);
  first.signal('SIGKILL');
  await first.exited();
  await page.locator('[data-stale]').waitFor();
  await page.waitForTimeout(1000);
  await caption(page, 'While it is down, the other end of a call hangs up');
  await hangUpOldest(bench, page);
  await bench.start(VARIABLES).listening();

  await caption(page, 'Restarted: the page catches up');
  await reconnect(page);
  await page.locator('[data-connection="good"]').waitFor();
  await page.locator('tr[data-sid] [data-status]').getByText('Completed').first().waitFor();
  await page.waitForTimeout(1000);
  await camera.stop();
  return camera.stills;
}

async function scenario(page: Page, name: string): Promise<void> {
  await page.getByRole('list', {name: 'Scenarios'}).getByRole('button', {name, exact: true}).click();
}

async function inProgress(page: Page, calls: number): Promise<void> {
  await page
    .locator('tr[data-sid] [data-status]')
    .getByText('In progress')
    .nth(calls - 1)
    .waitFor();
}

/** The page comes back by itself in a few seconds; its button does it now. It may have come back in between. */
async function reconnect(page: Page): Promise<void> {
  const button = page.getByRole('button', {name: 'Now', exact: true});
  if (await button.isVisible()) await button.click({timeout: 1000}).catch(() => undefined);
}

/** The other end of the call in the last row. */
async function hangUpOldest({simulator}: ProcessBench, page: Page): Promise<void> {
  const callSid = await page.locator('tr[data-sid]').last().getAttribute('data-sid');
  if (callSid !== null) simulator.hangUp(callSid);
}

/** A bar below the console, which is not part of it. */
async function caption(page: Page, text: string): Promise<void> {
  await page.evaluate(`{
    const bar = document.getElementById('film-caption') ?? document.body.appendChild(document.createElement('div'));
    bar.id = 'film-caption';
    bar.textContent = ${JSON.stringify(text)};
    Object.assign(bar.style, {
      position: 'fixed', inset: 'auto 0 0 0', height: '52px', zIndex: '999', display: 'grid', placeItems: 'center',
      background: '#172033', color: '#fff', font: '600 20px system-ui, sans-serif',
    });
  }`);
}

await film();
