/** Where the key is kept, and what tabs tell one another about it. */
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {createKeyStore, type TextStorage} from '../../src/session/access-key.ts';
import {createOtherTabs, type OtherTabs} from '../../src/session/other-tabs.ts';

/** As a browser's: what is stored are its own properties. */
function storage(): TextStorage {
  return Object.create(
    {
      getItem(name: string) {
        return (this as Record<string, string>)[name] ?? null;
      },
      setItem(name: string, value: string) {
        (this as Record<string, string>)[name] = value;
      },
      removeItem(name: string) {
        delete (this as Record<string, string>)[name];
      },
    },
    {},
  ) as TextStorage;
}

const GATEWAY = 'http://localhost:8081/';

test('[A1] a key survives a reload, and is kept for its tab and its gateway only', () => {
  const [shared, tab] = [storage(), storage()];
  const open = (baseUrl = GATEWAY) => createKeyStore({tab: () => tab, shared: () => shared, baseUrl});
  open().write('secret');
  assert.equal(open().read(), 'secret');
  assert.equal(open('http://localhost:8081/other/').read(), undefined);
  assert.equal(createKeyStore({tab: storage, shared: () => shared, baseUrl: GATEWAY}).read(), undefined);
  assert.deepEqual(Object.keys(shared), [], 'what outlives the browser holds nothing');
});

test('[A1] after a sign-out, a key that another tab has kept is void, and what it kept with it is gone', () => {
  const [shared, here, away] = [storage(), storage(), storage()];
  const open = (tab: TextStorage) => createKeyStore({tab: () => tab, shared: () => shared, baseUrl: GATEWAY});
  open(here).write('secret');
  open(away).write('secret');
  away.setItem('hookswitch.last-number', '+15550100001');
  away.setItem('other', 'kept');
  open(here).invalidateAll();
  open(here).clear();
  assert.equal(open(here).read(), undefined);
  assert.equal(open(away).read(), undefined);
  assert.deepEqual(Object.keys(away), ['other']);
  open(away).write('another');
  assert.equal(open(away).read(), 'another');
  assert.ok(!JSON.stringify(shared).includes('secret'));
});

test('[A1] a stored text of another form holds no key', () => {
  for (const text of ['secret', '{"key":7}', 'null', '']) {
    const tab = storage();
    tab.setItem(`hookswitch.key ${GATEWAY}`, text);
    assert.equal(createKeyStore({tab: () => tab, shared: storage, baseUrl: GATEWAY}).read(), undefined);
  }
});

test('[A1] a tab that asks gets the key of one that has it; a sign-out reaches the others', async () => {
  const name = `hookswitch ${crypto.randomUUID()}`;
  const channels: BroadcastChannel[] = [];
  const open = (): OtherTabs =>
    createOtherTabs(() => {
      const channel = new BroadcastChannel(name);
      channels.push(channel);
      return channel;
    });
  const [signedIn, signedOut, asking] = [open(), open(), open()];
  const {promise: key, resolve: onKey} = Promise.withResolvers<string>();
  const {promise: over, resolve: onSignedOut} = Promise.withResolvers<void>();
  const ignore = () => {};
  signedIn.listen({onAsk: () => 'secret', onKey: ignore, onSignedOut});
  signedOut.listen({onAsk: () => undefined, onKey: ignore, onSignedOut: ignore});
  asking.listen({onAsk: () => undefined, onKey, onSignedOut: ignore});
  channels[1]?.postMessage('of another version');
  channels[1]?.postMessage({type: 'key', key: 7});
  asking.requestKey();
  assert.equal(await key, 'secret');
  asking.sendSignedOut();
  await over;
  for (const channel of channels) channel.close();
});

test('where there is no channel, a tab is by itself', () => {
  const tabs = createOtherTabs(() => {
    throw new Error('denied');
  });
  tabs.listen({onAsk: () => 'k', onKey: assert.fail, onSignedOut: assert.fail});
  tabs.requestKey();
  tabs.sendKey('k');
  tabs.sendSignedOut();
});
