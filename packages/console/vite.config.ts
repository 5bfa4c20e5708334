import {fileURLToPath} from 'node:url';
import react from '@vitejs/plugin-react';
import {defineConfig, type ProxyOptions} from 'vite';

/** The gateway that `npm run dev` shows, such as `npm run demo` starts. */
const GATEWAY = 'http://localhost:8081';

/** `Origin` goes on as the gateway's own, which it allows; the browser's is Vite's. */
const toGateway: ProxyOptions = {target: GATEWAY, ws: true, headers: {origin: GATEWAY}};

const client = fileURLToPath(new URL('../client/src', import.meta.url));

export default defineConfig({
  plugins: [react()],
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
