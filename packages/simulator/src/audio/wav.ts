import type {Media} from './media.ts';

/** The same format as Twilio: PCM, 16 bit. */
const SAMPLE_RATE = 8000;
const BYTES_PER_SAMPLE = 2;
const HEADER_BYTES = 44;
const AMPLITUDE = 0.2 * 0x7fff;
/** One tone per channel, so that a listener can tell the channels apart. Hertz. */
const TONES = [440, 660] as const;

/** Creates a WAV file in which every second starts with half a second of tone. */
export function wav(seconds: number, channels: 1 | 2): Media {
  const pattern = second(channels);
  const dataBytes = pattern.length * seconds;
  return {
    contentType: 'audio/x-wav',
    head: header(dataBytes, channels),
    pattern,
    size: HEADER_BYTES + dataBytes,
  };
}

function second(channels: 1 | 2): Buffer {
  const samples = Buffer.alloc(SAMPLE_RATE * channels * BYTES_PER_SAMPLE);
  for (let at = 0; at < SAMPLE_RATE / 2; at += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const tone = TONES[channel] ?? TONES[0];
      const value = Math.round(AMPLITUDE * Math.sin((2 * Math.PI * tone * at) / SAMPLE_RATE));
      samples.writeInt16LE(value, (at * channels + channel) * BYTES_PER_SAMPLE);
    }
  }
  return samples;
}

function header(dataBytes: number, channels: 1 | 2): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16); // size of the format chunk
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(SAMPLE_RATE, 24);
  head.writeUInt32LE(SAMPLE_RATE * channels * BYTES_PER_SAMPLE, 28);
  head.writeUInt16LE(channels * BYTES_PER_SAMPLE, 32);
  head.writeUInt16LE(BYTES_PER_SAMPLE * 8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(dataBytes, 40);
  return head;
}
