import type {Media} from './media.ts';

/** MPEG-2 Layer III at 24 kHz: a frame of 32 kbit/s, Twilio's bit rate, has no padding there. */
const FRAME_BYTES = 96;
const FRAME_SECONDS = 576 / 24_000;
/** Frames of tone, followed by as many frames of silence: about half a second each. */
const BEAT_FRAMES = 20;
/** Volume of the tone in steps of `global_gain`: 210 is full scale, and four steps are a factor of two. */
const GLOBAL_GAIN = 201;
/** Pairs of frequency lines up to the audible one: line 21 of 576 over 12 kHz is about 440 Hz. */
const TONE_PAIRS = 11;
/** Huffman table 1 (ISO 11172-3): the pair (0, 0), and the pair (0, 1) with its sign. */
const ZERO_PAIR = '1';
const TONE_PAIR = '0010';

/**
 * Creates an MP3 file of a tone with pauses. Every frame is independent (no bit reservoir), so that the file
 * is a repeated pattern of frames.
 */
export function mp3(seconds: number, channels: 1 | 2): Media {
  const tone = frame(channels, ZERO_PAIR.repeat(TONE_PAIRS - 1) + TONE_PAIR);
  const silence = frame(channels, '');
  const pattern = Buffer.concat([
    ...Array.from({length: BEAT_FRAMES}, () => tone),
    ...Array.from({length: BEAT_FRAMES}, () => silence),
  ]);
  return {
    contentType: 'audio/mpeg',
    head: Buffer.alloc(0),
    pattern,
    size: Math.ceil(seconds / FRAME_SECONDS) * FRAME_BYTES,
  };
}

/** Creates a frame in which all channels have the same Huffman-coded lines. No lines mean silence. */
function frame(channels: 1 | 2, lines: string): Buffer {
  const isMono = channels === 1;
  const header = [
    '11111111111',
    '10',
    '01',
    '1',
    '0100',
    '01',
    '0',
    '0',
    isMono ? '11' : '00',
    '00',
    '0',
    '1',
    '00',
  ];
  // main_data_begin, then private bits.
  const sideInfo = [
    '0'.repeat(8),
    isMono ? '0' : '00',
    ...Array.from({length: channels}, () => granule(lines)),
  ];
  const bits = [...header, ...sideInfo, ...Array.from({length: channels}, () => lines)].join('');
  const bytes = Buffer.alloc(FRAME_BYTES);
  for (let at = 0; at < bits.length; at += 8) {
    bytes[at / 8] = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '0'), 2);
  }
  return bytes;
}

/** The side information of one channel: one long block, all regions coded with table 1, no scale factors. */
function granule(lines: string): string {
  return [
    binary(lines.length, 12), // part2_3_length
    binary(lines === '' ? 0 : TONE_PAIRS, 9), // big_values
    binary(lines === '' ? 0 : GLOBAL_GAIN, 8),
    binary(0, 9), // scalefac_compress
    '0', // window_switching_flag
    binary(1, 5).repeat(3), // table_select
    binary(0, 4), // region0_count
    binary(0, 3), // region1_count
    '00', // scalefac_scale, count1table_select
  ].join('');
}

function binary(value: number, bits: number): string {
  return value.toString(2).padStart(bits, '0');
}
