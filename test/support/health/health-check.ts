/** Runs one of the health checks over HTTP. */
import assert from 'node:assert/strict';
import type {HealthCheck, HealthCheckId} from '@hookswitch/protocol';
import type {ApiRequest, TestGateway} from '../gateway/gateway.ts';

export async function runCheck(
  gateway: TestGateway,
  id: HealthCheckId,
  request: ApiRequest = {},
): Promise<HealthCheck> {
  const {status, body, text} = await gateway.api(`/api/health/checks/${id}`, {method: 'POST', ...request});
  assert.equal(status, 200, text);
  return checkOf(body, id);
}

export function checkOf({checks}: {checks: readonly HealthCheck[]}, id: HealthCheckId): HealthCheck {
  const found = checks.find((check) => check.id === id);
  assert.ok(found !== undefined, `no check ${id}`);
  return found;
}

export function evidenceFor({evidence}: HealthCheck, label: string): string | undefined {
  return evidence.find((row) => row.label === label)?.value;
}
