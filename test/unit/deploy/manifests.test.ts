/**
 * The files in `deploy`, the Dockerfile and docs/guides/deploy.md use variables, ports, paths and times that
 * exist.
 */
import assert from 'node:assert/strict';
import {existsSync, globSync, readdirSync, readFileSync} from 'node:fs';
import {test} from 'node:test';
import {variables} from '../../../src/config/variables.ts';
import {HAND_OVER_MS, LEAD_MS} from '../../../src/services/sessions/session-drain.ts';
import type {Json} from '../../support/json.ts';
import {parseYaml} from '../../support/yaml.ts';

const root = new URL('../../../', import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), 'utf8');
const yaml = (file: string): Json => parseYaml(read(file))[0];

const PORT = Number(variables.PORT.default);
/** A node without other nodes finishes its drain within this time, including requests and the journal. */
const ALONE_S = 9.5;
const DRAIN_S = ALONE_S + HAND_OVER_MS / 1000;

const dockerfile = read('Dockerfile');
const compose = yaml('deploy/compose.yaml');
const haproxy = read('deploy/haproxy.cfg');
const unit = read('deploy/hookswitch.service');
const kubernetes = (file: string) => yaml(`deploy/kubernetes/${file}.yaml`);
const deployment = kubernetes('deployment');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const gateways: Json[] = [compose.services['gateway-1'], compose.services['gateway-2']];

/** Fails for variables that the gateway does not know. */
function assertVariables(names: readonly string[], where: string): void {
  assert.ok(names.length > 0, where);
  for (const name of names) assert.ok(Object.hasOwn(variables, name), `${where}: ${name} is not a variable`);
}

/** The seconds of `45s` or `500ms`. */
function seconds(text: string): number {
  const [, amount = '', of = ''] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  assert.ok(amount !== '', text);
  return of === 'ms' ? Number(amount) / 1000 : Number(amount);
}

/** The value of a HAProxy setting, such as `timeout tunnel`. */
function setting(name: string): string {
  const value = new RegExp(String.raw`^\s+.*\b${name} (\S+)`, 'm').exec(haproxy)?.[1];
  assert.ok(value !== undefined, name);
  return value;
}

test('every variable in the manifests exists', () => {
  for (const {environment} of gateways) assertVariables(Object.keys(environment), 'compose.yaml');
  assertVariables(Object.keys(kubernetes('configmap').data), 'configmap.yaml');
  assertVariables(Object.keys(kubernetes('secret.example').stringData), 'secret.example.yaml');
  const own = container.env.map(({name}: Json) => name);
  assertVariables(own, 'deployment.yaml');
  const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? '';
  const set = [...block.matchAll(/(\w+)=/g)].map(([, name = '']) => name);
  const ofNode = ['PATH', 'NODE_ENV'];
  assertVariables(
    set.filter((name) => !ofNode.includes(name)),
    'Dockerfile',
  );
});

test('the guides name variables that exist', () => {
  const foreign = [
    'POSTGRES_PASSWORD',
    'EDITOR',
    'LISTEN',
    'SIGTERM',
    'AUTH_',
    'TWILIO_REGION',
    'TWILIO_EDGE',
    'PATH',
  ];
  for (const guide of globSync('docs/guides/*.md', {cwd: root})) {
    const named = [...read(guide).matchAll(/`([A-Z][A-Z_]{3,})\b(?! [A-Z])/g)].map(([, name = '']) => name);
    for (const name of named.filter((each) => !foreign.includes(each))) {
      assert.ok(Object.hasOwn(variables, name), `${guide}: ${name} is not a variable`);
    }
  }
});

test('each manifest sets the variables that the gateway requires to start', () => {
  const given = {...kubernetes('configmap').data, ...kubernetes('secret.example').stringData};
  for (const [name, {required = false}] of Object.entries<{required?: true}>(variables)) {
    if (required) assert.ok(name in given, name);
  }
  // Several nodes share one access key and one database.
  for (const name of ['HOOKSWITCH_ACCESS_KEY', 'DATABASE_URL']) assert.ok(name in given, name);
  const sources = container.envFrom.map((from: Json) => from.configMapRef?.name ?? from.secretRef?.name);
  assert.deepEqual(sources, [
    kubernetes('configmap').metadata.name,
    kubernetes('secret.example').metadata.name,
  ]);
});

test('no file in git contains a secret', () => {
  const {stringData} = kubernetes('secret.example');
  for (const [name, value] of Object.entries<string>(stringData)) {
    const {example, required} = variables[name as keyof typeof variables] as {
      example?: string;
      required?: true;
    };
    assert.ok(value === example || (required === undefined && value.includes('example')), name);
  }
});

test('ports and paths agree in all manifests', () => {
  assert.match(dockerfile, new RegExp(`^EXPOSE ${PORT}$`, 'm'));
  assert.match(dockerfile, new RegExp(String.raw`process\.env\.PORT \|\| ${PORT}\}/healthz`));
  for (const {environment} of gateways) assert.equal(environment.PORT, String(PORT));
  const servers = [...haproxy.matchAll(/^\s+server (\S+) (\S+)$/gm)].map(([, name, address]) => [
    name,
    address,
  ]);
  const names = Object.keys(compose.services).filter((name) => name.startsWith('gateway-'));
  assert.deepEqual(
    servers,
    names.map((name) => [name, `${name}:${PORT}`]),
  );
  const bound = /^\s+bind :(\d+)$/m.exec(haproxy)?.[1];
  assert.deepEqual(compose.services.haproxy.ports, [`${bound}:${bound}`]);
  assert.equal(setting('uri'), '/readyz');
  const [port] = container.ports;
  assert.equal(port.containerPort, Number(kubernetes('configmap').data.PORT));
  assert.equal(port.containerPort, PORT);
  assert.equal(kubernetes('service').spec.ports[0].targetPort, port.name);
  const {startupProbe, livenessProbe, readinessProbe} = container;
  assert.deepEqual(
    [startupProbe, livenessProbe, readinessProbe].map(({httpGet}) => httpGet),
    ['/healthz', '/healthz', '/readyz'].map((path) => ({path, port: port.name})),
  );
});

test('[W15] every process manager that stops a node waits until its drain is over', () => {
  for (const gateway of gateways) assert.ok(seconds(gateway.stop_grace_period) > DRAIN_S);
  assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) > DRAIN_S);
  const {command} = container.lifecycle.preStop.exec;
  assert.equal(command[0], 'sleep');
  assert.ok(pod.terminationGracePeriodSeconds > Number(command[1]) + DRAIN_S);
});

test('[W15] every load balancer notices a draining node before that node sends its sessions away', () => {
  const noticedS = seconds(setting('inter')) + (Number(setting('fall')) - 1) * seconds(setting('fastinter'));
  assert.ok(noticedS < LEAD_MS / 1000, `${noticedS}`);
  const {readinessProbe, lifecycle} = container;
  const leadS = LEAD_MS / 1000 + Number(lifecycle.preStop.exec.command[1]);
  assert.ok(readinessProbe.periodSeconds * readinessProbe.failureThreshold < leadS);
  assert.doesNotMatch(haproxy, /^\s*[^#\s].*on-marked-down/m, 'a node drains its sessions itself');
});

test('[W6] a proxy allows a session to be silent for longer than a heartbeat interval', () => {
  for (const name of ['timeout tunnel', 'timeout client', 'timeout server']) {
    assert.ok(seconds(setting(name)) > Number(variables.SESSION_TIMEOUT_MS.default) / 1000, name);
  }
});

test('a proxy never retries a delivered request on another node, and metrics stay internal', () => {
  assert.match(
    haproxy,
    /^\s+http-request disable-l7-retry unless METH_GET or \{ path_end \/twilio\/voice \/twilio\/status \}$/m,
  );
  const [, webhooks = ''] = haproxy.split('\nbackend webhooks\n');
  assert.match(webhooks, /^\s+retry-on conn-failure empty-response$/m);
  for (const name of ['gateway-1', 'gateway-2'])
    assert.match(webhooks, new RegExp(`^\\s+server ${name} ${name}:8081 track gateways/${name}$`, 'm'));
  assert.match(haproxy, /^\s+http-request deny deny_status 404 if \{ path \/metrics \}$/m);
  assert.match(haproxy, /^\s+option forwardfor$/m);
});

test('containers run as a dedicated user on a read-only file system', () => {
  const user = /^USER (\d+):(\d+)$/m.exec(dockerfile);
  const {securityContext} = pod;
  assert.deepEqual(
    [user?.[1], user?.[2]],
    [String(securityContext.runAsUser), String(securityContext.runAsGroup)],
  );
  assert.ok(securityContext.runAsUser >= 10_000 && securityContext.runAsNonRoot === true);
  assert.equal(container.securityContext.readOnlyRootFilesystem, true);
  assert.equal(container.securityContext.allowPrivilegeEscalation, false);
  for (const gateway of gateways) assert.equal(gateway.read_only, true);
});

test('every file that the image copies exists and is not excluded by .dockerignore', () => {
  const copied = [...dockerfile.matchAll(/^COPY --from=build \/build\/(\S+) (\S+)$/gm)];
  const ignored = read('.dockerignore').split('\n');
  for (const [, from = '', to = ''] of copied) {
    assert.equal(
      from,
      to,
      'paths in the image equal those in the repository, because modules use relative imports',
    );
    const [top = ''] = from.split('/');
    if (top !== 'node_modules') assert.ok(ignored.includes(`!${top}`), `${top} is excluded by .dockerignore`);
  }
  assert.ok(ignored.includes('*'), 'files that are not listed stay excluded');
  // All packages of this repository that are imported by name at run time.
  const places = copied.map(([, from = '']) => from);
  for (const file of globSync('src/**/*.ts', {cwd: root})) {
    for (const [, name] of read(file).matchAll(/from '@hookswitch\/(\w+)/g)) {
      assert.ok(places.includes(`packages/${name}`), `${file} imports @hookswitch/${name}`);
    }
  }
});

test('the kustomization lists every manifest, and their names match', () => {
  const {resources, images, namespace} = kubernetes('kustomization');
  const files = readdirSync(new URL('deploy/kubernetes', root));
  const examples = ['kustomization.yaml', 'secret.example.yaml'];
  assert.deepEqual(new Set(resources), new Set(files.filter((file) => !examples.includes(file))));
  assert.equal(images[0].name, container.image);
  assert.equal(kubernetes('namespace').metadata.name, namespace);
  const {labels} = deployment.spec.template.metadata;
  const {selector} = kubernetes('service').spec;
  for (const matched of [
    deployment.spec.selector.matchLabels,
    selector,
    kubernetes('poddisruptionbudget').spec.selector.matchLabels,
    pod.topologySpreadConstraints[0].labelSelector.matchLabels,
  ]) {
    assert.deepEqual(matched, labels);
  }
  assert.equal(pod.serviceAccountName, kubernetes('serviceaccount').metadata.name);
  for (const {name} of container.volumeMounts)
    assert.ok(pod.volumes.some((volume: Json) => volume.name === name));
});

test('the systemd unit runs an existing file as a user that owns only its own folder', () => {
  const [, program = '', script = ''] = /^ExecStart=(\S+) (\S+) start$/m.exec(unit) ?? [];
  const folder = /^WorkingDirectory=(\S+)$/m.exec(unit)?.[1] ?? '';
  assert.equal(program, `${folder}/node_modules/.bin/node`);
  assert.ok(existsSync(new URL(script.slice(folder.length + 1), root)), script);
  assert.match(unit, /^User=hookswitch$/m);
  assert.match(unit, /^ProtectSystem=strict$/m);
});
