/** Bundles the fixture as one script with a given React version. */
import path from 'node:path';
import {build} from 'vite';

const root = path.join(import.meta.dirname, '../../../..');

/** The path of each React version. */
const folders = {
  18: path.join(root, 'test/support/react-18/node_modules'),
  19: path.join(root, 'node_modules'),
};

export type ReactVersion = keyof typeof folders;

/** Bundles `fixture.ts` with the production build of that React. */
export async function bundleFixture(version: ReactVersion): Promise<string> {
  const folder = folders[version];
  const result = await build({
    configFile: false,
    logLevel: 'error',
    root: import.meta.dirname,
    define: {'process.env.NODE_ENV': '"production"'},
    resolve: {
      alias: ['react-dom', 'react', 'scheduler'].map((name) => ({
        find: new RegExp(`^${name}(?=/|$)`),
        replacement: path.join(folder, name),
      })),
    },
    build: {
      write: false,
      minify: false,
      lib: {entry: path.join(import.meta.dirname, 'fixture.ts'), formats: ['iife'], name: 'unused'},
    },
  });
  const [output] = Array.isArray(result) ? result : [result];
  if (output === undefined || !('output' in output)) throw new Error('nothing was built');
  return output.output[0].code;
}
