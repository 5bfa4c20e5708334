/** The client address of a request, with and without TRUSTED_PROXIES. */
import assert from 'node:assert/strict';
import type {IncomingHttpHeaders} from 'node:http';
import {BlockList, Socket} from 'node:net';
import {test} from 'node:test';
import fc from 'fast-check';
import {createClientAddress} from '../../../src/transport/client-address.ts';

/** A socket with this peer address. */
function from(remoteAddress: string | undefined): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', {value: remoteAddress});
}

const PROXIES = ['10.0.0.0/8', '192.0.2.1', '2001:db8:aaaa::/48', '::1', '127.0.0.1'];

function client(peer: string | undefined, headers: IncomingHttpHeaders, proxies = PROXIES): string {
  return createClientAddress(proxies)({headers, socket: from(peer)});
}

const lists: readonly (readonly [what: string, peer: string, header: string, expected: string])[] = [
  ['one proxy', '10.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['a mapped proxy', '::ffff:10.0.0.1', '203.0.113.7', '203.0.113.7'],
  ['an IPv6 proxy', '2001:db8:aaaa::5', '2001:DB8:0::7', '2001:db8::7'],
  ['a chain', '10.0.0.1', '203.0.113.7, 10.2.3.4,192.0.2.1', '203.0.113.7'],
  [
    'an address made up by the client',
    '10.0.0.1',
    '127.0.0.1, 198.51.100.9, 203.0.113.7, 10.2.3.4',
    '203.0.113.7',
  ],
  ['a proxy that is not trusted', '198.51.100.1', '203.0.113.7', '198.51.100.1'],
  ['only proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ['a mapped client', '10.0.0.1', '::ffff:203.0.113.7', '203.0.113.7'],
  ['a mapped hop', '10.0.0.1', '203.0.113.7, ::ffff:10.0.0.9', '203.0.113.7'],
  ['a client with its port', '10.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
  ['an IPv6 client with its port', '10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['an IPv6 client in brackets', '10.0.0.1', '[2001:db8::7]', '2001:db8::7'],
  ['unknown', '10.0.0.1', '203.0.113.7, unknown', '10.0.0.1'],
  ['unknown behind a proxy', '10.0.0.1', '203.0.113.7, unknown, 10.0.0.2', '10.0.0.2'],
  ['nothing', '10.0.0.1', '', '10.0.0.1'],
  ['an empty entry', '10.0.0.1', '203.0.113.7,', '10.0.0.1'],
  ['a name', '10.0.0.1', 'client.example.com', '10.0.0.1'],
  ['a number', '10.0.0.1', '3405803783', '10.0.0.1'],
  ['octal', '10.0.0.1', '0313.0.113.7', '10.0.0.1'],
  ['a zone', '10.0.0.1', 'fe80::1%eth0', '10.0.0.1'],
  ['escape sequences', '10.0.0.1', '\u001b[31m203.0.113.7', '10.0.0.1'],
  ['an invalid port', '10.0.0.1', '203.0.113.7:x', '10.0.0.1'],
];

for (const [what, peer, header, expected] of lists)
  test(`[E] TRUSTED_PROXIES, X-Forwarded-For: ${what}`, () => {
    assert.equal(client(peer, {'x-forwarded-for': header}), expected);
  });

const elements: readonly (readonly [what: string, header: string, expected: string])[] = [
  ['one element', 'for=203.0.113.7', '203.0.113.7'],
  ['all parameters', 'by=10.0.0.1;for=203.0.113.7;host=a.b;proto=https', '203.0.113.7'],
  ['case and quotes', 'For="203.0.113.7"', '203.0.113.7'],
  ['IPv6 with a port', 'for="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
  ['a chain', 'for=198.51.100.9, for=203.0.113.7;proto=http, for=10.2.3.4', '203.0.113.7'],
  ['an escaped character', 'for="203.0.113\\.7"', '203.0.113.7'],
  ['a comma in quotes', 'for=198.51.100.9;by="a, for=1.2.3.4", for=203.0.113.7', '203.0.113.7'],
  ['a hidden client', 'for=203.0.113.7, for=_hidden', '10.0.0.1'],
  ['an unknown client', 'for=unknown', '10.0.0.1'],
  ['an element without for', 'for=203.0.113.7, proto=https', '10.0.0.1'],
  ['IPv6 without quotes', 'for=[2001:db8::7]', '10.0.0.1'],
  ['a quote left open by the client', 'for="198.51.100.9, for=203.0.113.7', '10.0.0.1'],
  ['a quote that swallows the next element', 'for=6.6.6.6;x=", for="[2001:db8::7]"', '10.0.0.1'],
  ['for twice in an element', 'for=6.6.6.6;for=203.0.113.7', '10.0.0.1'],
  ['no pairs', '203.0.113.7', '10.0.0.1'],
  ['nothing', '', '10.0.0.1'],
];

for (const [what, forwarded, expected] of elements)
  test(`[E] TRUSTED_PROXIES, Forwarded: ${what}`, () => {
    assert.equal(client('10.0.0.1', {forwarded}), expected);
    assert.equal(client('198.51.100.1', {forwarded}), '198.51.100.1', 'not from a proxy');
  });

test('[E] TRUSTED_PROXIES: two headers that disagree are ignored, because a client may have sent either', () => {
  const listed = '203.0.113.7';
  assert.equal(client('10.0.0.1', {'x-forwarded-for': listed, forwarded: 'for=203.0.113.7'}), listed);
  assert.equal(client('10.0.0.1', {'x-forwarded-for': listed, forwarded: 'for=127.0.0.1'}), '10.0.0.1');
  assert.equal(
    client('10.0.0.1', {'x-forwarded-for': '127.0.0.1', forwarded: 'for=203.0.113.7'}),
    '10.0.0.1',
  );
});

test('[E] without TRUSTED_PROXIES forwarding headers are ignored', () => {
  for (const peer of ['10.0.0.1', '127.0.0.1', '::1'])
    assert.equal(client(peer, {'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7'}, []), peer);
  assert.equal(client('::ffff:127.0.0.1', {}, []), '127.0.0.1');
  assert.equal(client(undefined, {'x-forwarded-for': '203.0.113.7'}), '');
  assert.equal(client('fe80::1%eth0', {'x-forwarded-for': '203.0.113.7'}, ['fe80::/10']), '203.0.113.7');
});

test('[E] TRUSTED_PROXIES: the entry of the last trusted proxy decides, regardless of what the client sends', () => {
  const trusted = new BlockList();
  trusted.addSubnet('10.0.0.0', 8);
  fc.assert(
    fc.property(fc.string({maxLength: 200}), fc.ipV4(), (sent, address) => {
      fc.pre(!trusted.check(address));
      assert.equal(client('10.0.0.1', {'x-forwarded-for': `${sent},${address}`}, ['10.0.0.0/8']), address);
      const found = client('10.0.0.1', {forwarded: `${sent},for=${address}`}, ['10.0.0.0/8']);
      assert.ok(found === address || found === '10.0.0.1', found);
    }),
  );
});
