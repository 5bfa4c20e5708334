import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, gzipSync} from 'node:zlib';
import react from '@vitejs/plugin-react';
import {defineConfig, type Plugin, type ProxyOptions} from 'vite';

/** The gateway that `npm run dev` shows, such as `npm run demo` starts. */
const GATEWAY = 'http://localhost:8081';

/** `Origin` goes on as the gateway's own, which it allows; the browser's is Vite's. */
const toGateway: ProxyOptions = {target: GATEWAY, ws: true, headers: {origin: GATEWAY}};

/** Beside each asset its compressed forms, so that the gateway need not compress while it has calls to see to. */
function compressAssets(): Plugin {
  return {
    name: 'compress-assets',
    apply: 'build',
    writeBundle({dir = 'dist'}) {
      const assets = path.join(dir, 'assets');
      for (const file of readdirSync(assets).filter((name) => /\.(?:js|css)$/.test(name))) {
        const bytes = readFileSync(path.join(assets, file));
        writeFileSync(path.join(assets, `${file}.br`), brotliCompressSync(bytes));
        writeFileSync(path.join(assets, `${file}.gz`), gzipSync(bytes, {level: 9}));
      }
    },
  };
}

const client = fileURLToPath(new URL('../client/src', import.meta.url));

export default defineConfig({
  plugins: [react(), compressAssets()],
  // Relative, since the gateway may serve the page below a path: it says so in `<base href>`.
  base: './',
  resolve: {
    alias: [
      {find: /^@hookswitch\/client$/, replacement: `${client}/index.ts`},
      {find: /^@hookswitch\/client\/react$/, replacement: `${client}/react/index.ts`},
    ],
  },
  build: {
    // The first with `light-dark()`: an older target would have it rewritten into variables.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // A `data:` font or script would need a laxer content policy; files do not.
    assetsInlineLimit: 0,
    modulePreload: {polyfill: false},
    manifest: true,
    reportCompressedSize: false,
  },
  server: {
    port: 5173,
    proxy: {'/api': toGateway, '/ws': toGateway, '/_': toGateway, '/metrics': toGateway},
  },
});
