/** Reads the current journal position from the gateway's first message. */
import {once} from 'node:events';
import {SUBPROTOCOL} from '@hookswitch/protocol';
import {WebSocket} from 'ws';
import {ACCESS_KEY} from '../servers/servers.ts';

export interface Position {
  readonly epoch: string;
  readonly offset: number;
}

export async function positionOf(port: number): Promise<Position> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, [SUBPROTOCOL], {
    headers: {Authorization: `Bearer ${ACCESS_KEY}`},
  });
  try {
    const [data] = (await once(socket, 'message')) as [Buffer];
    const {epoch, offset} = JSON.parse(data.toString()) as Position;
    return {epoch, offset};
  } finally {
    socket.terminate();
  }
}
