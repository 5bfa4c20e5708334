/**
 * Tokens that must be refused.
 *
 * Each differs from a valid token only in the property that its name states. It is signed as well as its
 * author could have signed it, in most cases with the right key.
 */
import {createHmac, type KeyObject, sign as signature} from 'node:crypto';
import {createPair, type Pair, signTexts, signWithPair} from '../support/auth/key-set.ts';
import {base64url, JWT_SECRET, signHs256} from '../support/auth/tokens.ts';

export type Hostile = readonly [what: string, token: string];

export const ISSUER = 'https://auth.example.com/';
export const AUDIENCE = 'hookswitch';

/** The claims of a valid token. @param now seconds since 1970 */
export function goodClaims(now: number): Readonly<Record<string, unknown>> {
  return {sub: 'ann', scope: 'calls:read', iss: ISSUER, aud: AUDIENCE, iat: now, nbf: now, exp: now + 3600};
}

/** Invalid claims, with any signature. A string is the payload itself. */
function wrongClaims(now: number): readonly (readonly [string, unknown])[] {
  const good = goodClaims(now);
  const text = JSON.stringify(good);
  const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  const withText = (name: string, json: string) =>
    `${JSON.stringify(without(name)).slice(0, -1)},"${name}":${json}}`;
  return [
    ['exp missing', without('exp')],
    ['exp null', {...good, exp: null}],
    ['exp a string', {...good, exp: String(now + 3600)}],
    ['exp a date', {...good, exp: new Date((now + 3600) * 1000).toISOString()}],
    ['exp true', {...good, exp: true}],
    ['exp a list', {...good, exp: [now + 3600]}],
    ['exp an object', {...good, exp: {valueOf: now + 3600}}],
    ['exp in the past by a fraction', {...good, exp: now - 0.5}],
    ['exp past', {...good, exp: now - 1}],
    ['exp long in the past', {...good, exp: 1}],
    ['exp zero', {...good, exp: 0}],
    ['exp minus zero', withText('exp', '-0')],
    ['exp negative', {...good, exp: -(now + 3600)}],
    ['exp in milliseconds', {...good, exp: (now + 3600) * 1000}],
    ['exp beyond any date', {...good, exp: 8.64e15}],
    ['exp huge', withText('exp', '1e300')],
    ['exp infinite', withText('exp', '1e999')],
    ['exp the largest integer', {...good, exp: Number.MAX_SAFE_INTEGER}],
    ['exp twice', `{"exp":1,${text.slice(1)}`],
    ['exp twice, one of them with an escaped name', `{"\\u0065xp":1,${text.slice(1)}`],
    ['sub twice', `{"sub":"bob",${text.slice(1)}`],
    ['scope twice', `{"scope":"calls:read:all",${text.slice(1)}`],
    ['a nested name twice', `${text.slice(0, -1)},"x":[{"a":1,"a":2}]}`],
    ['nbf in the future', {...good, nbf: now + 900}],
    ['nbf a string', {...good, nbf: String(now)}],
    ['nbf null', {...good, nbf: null}],
    ['nbf in the future by a fraction more', {...good, nbf: now + 900.5}],
    ['nbf infinite', withText('nbf', '-1e999')],
    ['nbf negative', {...good, nbf: -1}],
    ['iat in the future', {...good, iat: now + 900}],
    ['iat a string', {...good, iat: 'now'}],
    ['iat null', {...good, iat: null}],
    ['sub missing', without('sub')],
    ['sub null', {...good, sub: null}],
    ['sub a number', {...good, sub: 7}],
    ['sub a list', {...good, sub: ['ann']}],
    ['sub an object', {...good, sub: {toString: 'ann'}}],
    ['sub true', {...good, sub: true}],
    ['sub empty', {...good, sub: ''}],
    ['sub blank', {...good, sub: ' '}],
    ['sub with a leading space', {...good, sub: ' ann'}],
    ['sub with a trailing space', {...good, sub: 'ann\u00a0'}],
    ['sub with a trailing null byte', {...good, sub: 'ann\0'}],
    ['sub with a null byte within', {...good, sub: 'ann\0bob'}],
    ['sub with a line break', {...good, sub: 'ann\nbob'}],
    ['sub with an escape sequence', {...good, sub: 'ann\u001b[2J'}],
    ['sub with a C1 control', {...good, sub: 'ann\u0085bob'}],
    ['sub with a line separator', {...good, sub: 'ann\u2028bob'}],
    ['sub with a lone high surrogate', withText('sub', '"ann\\ud800"')],
    ['sub with a lone low surrogate', withText('sub', '"\\udc00ann"')],
    ['sub too long', {...good, sub: 'a'.repeat(257)}],
    ['sub the access key’s user', {...good, sub: 'operator'}],
    ['scope a list with a number', {...good, scope: ['calls:read', 1]}],
    ['scope a list in a list', {...good, scope: [['calls:read']]}],
    ['scope null beside scp', {...good, scope: null, scp: 'calls:read'}],
    ['scp null', {...without('scope'), scp: null}],
    ['scp a number', {...without('scope'), scp: 1}],
    ['scp an object', {...without('scope'), scp: {'calls:read': true}}],
    ['scp a list with null', {...without('scope'), scp: ['calls:read', null]}],
    [
      'scp twice',
      `{"scp":"calls:read:all",${JSON.stringify({...without('scope'), scp: 'calls:read'}).slice(1)}`,
    ],
    ['scope null', {...good, scope: null}],
    ['scope an object', {...good, scope: {'calls:read': true}}],
    ['scope a number', {...good, scope: 1}],
    ['iss missing', without('iss')],
    ['iss null', {...good, iss: null}],
    ['iss another', {...good, iss: 'https://evil.example.com/'}],
    ['iss a list', {...good, iss: [ISSUER]}],
    ['iss without its trailing slash', {...good, iss: ISSUER.slice(0, -1)}],
    ['iss in upper case', {...good, iss: ISSUER.toUpperCase()}],
    ['iss with a suffix', {...good, iss: `${ISSUER}.evil.example.com`}],
    ['aud missing', without('aud')],
    ['aud null', {...good, aud: null}],
    ['aud another', {...good, aud: 'other'}],
    ['aud empty', {...good, aud: ''}],
    ['aud an empty list', {...good, aud: []}],
    ['aud a list of other audiences', {...good, aud: ['other', 'another']}],
    ['aud a number', {...good, aud: 1}],
    ['aud an object', {...good, aud: {[AUDIENCE]: true}}],
    ['aud a list with a number', {...good, aud: [AUDIENCE, 1]}],
    ['aud a list in a list', {...good, aud: [[AUDIENCE]]}],
    ['aud in upper case', {...good, aud: AUDIENCE.toUpperCase()}],
    ['aud with a space', {...good, aud: `${AUDIENCE} `}],
    ['claims a list', [good]],
    ['claims null', 'null'],
    ['claims a number', '1'],
    ['claims a string', JSON.stringify(text)],
    ['claims empty', '{}'],
    ['claims not JSON', text.slice(0, -1)],
    ['claims with garbage after them', `${text}x`],
    ['claims twice', text + text],
    ['claims with a trailing comma', `${text.slice(0, -1)},}`],
    ['claims with a comment', `/**/${text}`],
    ['claims with a byte order mark', `\uFEFF${text}`],
    ['claims in a prototype', `{"__proto__":${text}}`],
    ['claims in a constructor', `{"constructor":{"prototype":${text}}}`],
    ['claims deep', '['.repeat(1200) + ']'.repeat(1200)],
    ['no claims at all', ''],
  ];
}

/** Invalid headers, with any signature. A string is the header itself. */
function wrongHeaders(
  good: Readonly<Record<string, unknown>>,
  own: Pair,
): readonly (readonly [string, unknown])[] {
  const text = JSON.stringify(good);
  return [
    ['alg missing', {...good, alg: undefined}],
    ['alg null', {...good, alg: null}],
    ['alg a list', {...good, alg: [good['alg']]}],
    ['alg a number', {...good, alg: 256}],
    ['alg empty', {...good, alg: ''}],
    ['alg in lower case', {...good, alg: String(good['alg']).toLowerCase()}],
    ['alg with a null byte', {...good, alg: `${String(good['alg'])}\0`}],
    ['alg of the prototype', {...good, alg: 'constructor'}],
    ['alg twice', `{"alg":"none",${text.slice(1)}`],
    ['kid twice', `{"kid":"x",${text.slice(0, -1).slice(1)},"kid":"y"}`],
    ['typ empty', {...good, typ: ''}],
    ['typ null', {...good, typ: null}],
    ['typ a list', {...good, typ: ['JWT']}],
    ['typ of a logout token', {...good, typ: 'logout+jwt'}],
    ['typ of a proof of possession', {...good, typ: 'dpop+jwt'}],
    ['typ of a security event', {...good, typ: 'secevent+jwt'}],
    ['typ of an encrypted token', {...good, typ: 'JWE'}],
    ['typ with a parameter', {...good, typ: 'JWT;x=y'}],
    ['typ twice application/', {...good, typ: 'application/application/jwt'}],
    ['cty: nested', {...good, cty: 'JWT'}],
    ['cty null', {...good, cty: null}],
    ['crit unknown', {...good, crit: ['x'], x: 1}],
    ['crit known to the library', {...good, crit: ['b64'], b64: true}],
    ['crit empty', {...good, crit: []}],
    ['b64 false', {...good, b64: false}],
    ['b64 false and critical', {...good, crit: ['b64'], b64: false}],
    ['zip', {...good, zip: 'DEF'}],
    ['enc', {...good, enc: 'A256GCM'}],
    ["jwk with the signer's own key", {...good, jwk: own.jwk}],
    ['jwk null', {...good, jwk: null}],
    ['jku', {...good, jku: 'https://evil.example.com/jwks.json'}],
    ['jku to this machine', {...good, jku: 'http://127.0.0.1:1/'}],
    ['x5u', {...good, x5u: 'https://evil.example.com/cert.pem'}],
    ['x5c', {...good, x5c: [own.publicKey.export({type: 'spki', format: 'der'}).toString('base64')]}],
    ['kid null', {...good, kid: null}],
    ['kid a number', {...good, kid: 1}],
    ['kid a list', {...good, kid: ['a']}],
    ['kid an object', {...good, kid: {}}],
    ['kid of great length', {...good, kid: 'k'.repeat(2000)}],
    ['header a list', [good]],
    ['header null', 'null'],
    ['header a string', JSON.stringify(text)],
    ['header empty', '{}'],
    ['header not JSON', text.slice(0, -1)],
    ['header with garbage after it', `${text}\0`],
    ['header with a byte order mark', `\uFEFF${text}`],
    ['header in a prototype', `{"__proto__":${text}}`],
    [
      'header not UTF-8',
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    ],
  ];
}

function textOf(part: unknown): string | Buffer {
  return typeof part === 'string' || Buffer.isBuffer(part) ? part : (JSON.stringify(part) ?? '');
}

/** Changes to a valid token that need no key. */
function tampered(good: string): readonly Hostile[] {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const flipped = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`;
  // The last character of a signature has unused bits.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const loose = alphabet[alphabet.indexOf(signature.at(-1) ?? '') ^ 1] ?? '';
  const wide = base64url(
    Buffer.from(payload, 'base64url').toString().replace('calls:read', 'calls:read:all'),
  );
  return [
    ['signature missing', `${header}.${payload}`],
    ['signature empty', `${header}.${payload}.`],
    ['signature of another token', `${header}.${payload}.${flipped}`],
    ['signature cut', `${header}.${payload}.${signature.slice(0, -4)}`],
    ['signature longer', `${good}AAAA`],
    [
      'signature zero',
      `${header}.${payload}.${base64url(Buffer.alloc(Buffer.from(signature, 'base64url').length))}`,
    ],
    ['signature with unused bits set', `${header}.${payload}.${signature.slice(0, -1)}${loose}`],
    ['signature padded', `${good}=`],
    ['payload padded', `${header}.${payload}==.${signature}`],
    ['payload of another token', `${header}.${wide}.${signature}`],
    ['an empty payload part', `${header}..${signature}`],
    ['an empty header part', `.${payload}.${signature}`],
    ['four parts', `${good}.${signature}`],
    ['five parts, as if encrypted', `${header}.${payload}.${signature}.${payload}.${signature}`],
    ['five empty parts', '....'],
    ['a leading dot', `.${good}`],
    ['a trailing dot', `${good}.`],
    ['only dots', '..'],
    ['garbage after', `${good}!`],
    ['a trailing percent sign', `${good}%00`],
    ['a comma and a second value', `${good},${good}`],
    ['quoted', `"${good}"`],
    ['with its scheme in front', `Bearer:${good}`],
    ['in standard base64', good.replace(/.$/, '+').replace(/^./, '/')],
    ['accented', `${good}é`],
    ['with a look-alike letter', good.replace('e', 'е')],
    ['in JSON form', JSON.stringify({payload, protected: header, signature})],
    ['in general JSON form', JSON.stringify({payload, signatures: [{protected: header, signature}]})],
    ['doubled', good + good],
    ['the token as its own payload', base64url(good)],
    ['very long', 'a'.repeat(10_000)],
    ['very long with dots', 'a.'.repeat(5000)],
    ['a signature of 9,000 characters', `${header}.${'A'.repeat(9000)}.${signature}`],
  ];
}

function unsigned(claims: unknown): readonly Hostile[] {
  const payload = base64url(JSON.stringify(claims));
  const spellings = ['none', 'None', 'NONE', 'nOnE', 'none\0', ' none', ''];
  return spellings.flatMap((alg): Hostile[] => {
    const header = base64url(JSON.stringify({alg, typ: 'JWT'}));
    return [
      [`alg ${JSON.stringify(alg)}`, `${header}.${payload}.`],
      [`alg ${JSON.stringify(alg)} with a signature`, `${header}.${payload}.${base64url('signature')}`],
    ];
  });
}

/** For a gateway with AUTH_JWT_SECRET. */
export function hostileToSecret(now: number): readonly Hostile[] {
  const claims = goodClaims(now);
  const payload = JSON.stringify(claims);
  const own = createPair('own', 'rsa');
  const good = {alg: 'HS256', typ: 'JWT'};
  const sign = (header: unknown, body: unknown, secret?: string | Buffer) =>
    signHs256(textOf(header), textOf(body), secret);
  const other = (alg: string) => {
    const signed = `${base64url(JSON.stringify({alg, typ: 'JWT'}))}.${base64url(payload)}`;
    return `${signed}.${createHmac(`sha${alg.slice(2)}`, JWT_SECRET)
      .update(signed)
      .digest('base64url')}`;
  };
  const secrets: readonly (readonly [string, string | Buffer])[] = [
    ['an empty secret', ''],
    ['a null byte', Buffer.alloc(1)],
    ['32 null bytes', Buffer.alloc(32)],
    ['a common secret', 'secret'],
    ['the secret without its last character', JWT_SECRET.slice(0, -1)],
    ['the secret with a line break', `${JWT_SECRET}\n`],
    ['the secret with a trailing space', `${JWT_SECRET} `],
    ['the secret decoded from base64', Buffer.from(JWT_SECRET, 'base64')],
    ['the access key', 'test-access-key-0123456789'],
  ];
  return [
    ...wrongClaims(now).map(([what, body]): Hostile => [what, sign(good, body)]),
    ...wrongHeaders({...good, kid: 'k'}, own).map(([what, header]): Hostile => [what, sign(header, payload)]),
    ...tampered(sign(good, payload)),
    ...unsigned(claims),
    ...secrets.map(([what, secret]): Hostile => [`signed with ${what}`, sign(good, payload, secret)]),
    ['HS384', other('HS384')],
    ['HS512', other('HS512')],
    ["RS256 with the signer's own key", signWithPair(own, {alg: 'RS256'}, claims)],
    [
      "RS256 with the signer's own key in the header",
      signWithPair(own, {alg: 'RS256', jwk: own.jwk}, claims),
    ],
    ["EdDSA with the signer's own key", signWithPair(createPair('own', 'ed'), {alg: 'EdDSA'}, claims)],
    ['kid a path, signed with an empty secret', sign({...good, kid: '../../../../dev/null'}, payload, '')],
    ['kid an SQL query, signed with its result', sign({...good, kid: "x' UNION SELECT 'a"}, payload, 'a')],
    ['nested', sign(good, sign(good, payload))],
    ['nested, as its cty says', sign({...good, cty: 'JWT'}, sign(good, payload))],
    ['larger than 4 KiB', sign(good, {...claims, x: 'x'.repeat(4096)})],
  ];
}

export interface HostileKeys {
  /** In the set, for RS256. */
  readonly rsa: Pair;
  /** In the set, for ES256. */
  readonly ec: Pair;
  /** In the set, for EdDSA. */
  readonly ed: Pair;
  /** In the set, with `use` set to `enc`. */
  readonly encryption: Pair;
  /** In the set, with a modulus of 1024 bits. */
  readonly weak: Pair;
  /** In the set with its private half. */
  readonly leaked: Pair;
  /** In the set as a shared secret. */
  readonly shared: {readonly kid: string; readonly secret: string};
  /** In the set twice under one `kid`, with different keys. */
  readonly ambiguous: Pair;
}

/** For a gateway with AUTH_JWKS_URL. */
export function hostileToKeySet(now: number, keys: HostileKeys): readonly Hostile[] {
  const {rsa, ec, ed, encryption, weak, leaked, shared, ambiguous} = keys;
  const claims = goodClaims(now);
  const payload = JSON.stringify(claims);
  const stranger = createPair(rsa.kid, 'rsa');
  const good = {alg: 'EdDSA', typ: 'JWT', kid: ed.kid};
  const sign = (header: unknown, body: unknown) => signTexts(ed, 'EdDSA', textOf(header), textOf(body));
  const confused = (kid: string, secret: string | Buffer): string =>
    signHs256(JSON.stringify({alg: 'HS256', typ: 'JWT', kid}), payload, secret);
  const publicForms: readonly (readonly [string, string | Buffer])[] = [
    ['SPKI in PEM', pem(rsa.publicKey, 'spki')],
    ['SPKI in PEM without its last line break', pem(rsa.publicKey, 'spki').trim()],
    ['PKCS 1 in PEM', pem(rsa.publicKey, 'pkcs1')],
    ['SPKI in DER', rsa.publicKey.export({type: 'spki', format: 'der'})],
    ['a JWK', JSON.stringify(rsa.jwk)],
    ['the modulus', Buffer.from(String(rsa.jwk['n']), 'base64url')],
    ['the modulus as text', String(rsa.jwk['n'])],
    ['nothing', ''],
  ];
  const kids: readonly (readonly [string, string])[] = [
    ['unknown', 'unknown'],
    ['empty', ''],
    ['in capitals', ed.kid.toUpperCase()],
    ['with a null byte', `${ed.kid}\0`],
    ['a path', '../../../../etc/passwd'],
    ['a query', "' OR 1=1 --"],
    ['a command', '$(id)'],
    ['a URL', 'https://evil.example.com/key'],
    ['of the prototype', '__proto__'],
    ['unicode', 'ключ'],
  ];
  return [
    ...wrongClaims(now).map(([what, body]): Hostile => [what, sign(good, body)]),
    ...wrongHeaders(good, stranger).map(([what, header]): Hostile => [what, sign(header, payload)]),
    ...tampered(sign(good, payload)),
    ...unsigned(claims),
    ...publicForms.map(
      ([what, secret]): Hostile => [`HS256 with the public key: ${what}`, confused(rsa.kid, secret)],
    ),
    ...kids.map(([what, kid]): Hostile => [`kid ${what}`, sign({...good, kid}, payload)]),
    ['HS256 with a shared secret from the set', confused(shared.kid, shared.secret)],
    ['signed by a stranger under a known kid', signWithPair(stranger, {alg: 'RS256'}, claims)],
    [
      'signed by a stranger whose header has the key',
      signWithPair(stranger, {alg: 'RS256', jwk: stranger.jwk}, claims),
    ],
    [
      'signed by a stranger whose header has the key and its kid',
      signWithPair(stranger, {alg: 'RS256', kid: 'x', jwk: stranger.jwk}, claims),
    ],
    ['signed with another key of the set', signWithPair(ec, {alg: 'ES256', kid: ed.kid}, claims)],
    ['signed with a key for encryption', signWithPair(encryption, {alg: 'RS256'}, claims)],
    ['signed with a key that is too short', signWithPair(weak, {alg: 'RS256'}, claims)],
    ['signed with a key whose private half is public', signWithPair(leaked, {alg: 'RS256'}, claims)],
    ['signed with one of two keys under one kid', signWithPair(ambiguous, {alg: 'RS256'}, claims)],
    ['signed with an algorithm that does not fit the key', signWithPair(rsa, {alg: 'PS256'}, claims)],
    ['signed with a hash that does not fit the key', signWithPair(rsa, {alg: 'RS512'}, claims)],
    [
      'signed with another algorithm than stated',
      signTexts(rsa, 'PS256', JSON.stringify({alg: 'RS256', typ: 'JWT', kid: rsa.kid}), payload),
    ],
    ['an ECDSA signature in DER', derSigned(ec, claims)],
    ['an ECDSA signature of zeros', zeroSigned(ec, claims)],
    ['an ES256K key', signWithPair(ec, {alg: 'ES256K'}, claims)],
    ['nested', sign(good, sign(good, payload))],
    ['larger than 4 KiB', sign(good, {...claims, x: 'x'.repeat(4096)})],
  ];
}

function pem(key: KeyObject, type: 'spki' | 'pkcs1'): string {
  return String(key.export({type, format: 'pem'}));
}

/** A signature of two zero halves verifies under any key if the halves are not checked. */
function zeroSigned({kid}: Pair, claims: unknown): string {
  const header = base64url(JSON.stringify({alg: 'ES256', typ: 'JWT', kid}));
  return `${header}.${base64url(JSON.stringify(claims))}.${base64url(Buffer.alloc(64))}`;
}

/** JWS requires the two halves side by side (RFC 7518, section 3.4). */
function derSigned({kid, privateKey}: Pair, claims: unknown): string {
  const signed = `${base64url(JSON.stringify({alg: 'ES256', typ: 'JWT', kid}))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${signature('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}
