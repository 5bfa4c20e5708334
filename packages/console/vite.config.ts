import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {brotliCompressSync, gzipSync} from 'node:zlib';
import react from '@vitejs/plugin-react';
import {defineConfig, type Plugin, type ProxyOptions} from 'vite';

/** The gateway behind `npm run dev`, as `npm run demo` starts it. */
const GATEWAY = 'http://localhost:8081';

/** The proxy sends the gateway's own `Origin`, because the gateway does not allow Vite's. */
const toGateway: ProxyOptions = {target: GATEWAY, ws: true, headers: {origin: GATEWAY}};

/** Adds compressed variants of each asset, so that the gateway does not compress at run time. */
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
  // Relative, because the gateway may serve the page below a path; `<base href>` has it.
  base: './',
  resolve: {
    alias: [
      {find: /^@hookswitch\/client$/, replacement: `${client}/index.ts`},
      {find: /^@hookswitch\/client\/react$/, replacement: `${client}/react/index.ts`},
    ],
  },
  build: {
    // The first versions with `light-dark()`. For an older target, it would be replaced by variables.
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // A `data:` font or script would require a weaker content policy.
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
