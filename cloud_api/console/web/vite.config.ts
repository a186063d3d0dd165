import { readdirSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { precompress } from './build/precompress.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
// Every page of its own (*.html beside this file) is an entry: the console, and whatever is lighter.
const pages = readdirSync(here).filter((name) => name.endsWith('.html'))

export default defineConfig({
  base: '/console/',
  plugins: [vue(), precompress()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_OPTIONS_API__: 'false', __INTLIFY_JIT_COMPILATION__: 'true' },
  build: {
    outDir: fileURLToPath(new URL('../dist', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // The map's own chunk is 1 MB; it is loaded only where a map is shown.
    chunkSizeWarningLimit: 1400,
    rollupOptions: {
      input: pages.map((name) => fileURLToPath(new URL(name, import.meta.url))),
      // A first load is a few files, not thirty small ones that wait for each other; light pages share Vue alone.
      output: {
        codeSplitting: {
          groups: [
            { name: 'light', test: /src\/(api\/problem|session\/preferences)/, priority: 2 },
            { name: 'vue', priority: 1, test: /node_modules\/(@vue|vue)\// },
            {
              name: 'frame',
              test: /node_modules\/(vue-router|vue-i18n|@intlify|openapi-fetch)\/|src\/(layout|router|api\/(client|stream|event)|session\/(session|theme|alarms)|i18n\/(index|joined|names)|components\/(?!profiles))/,
            },
          ],
        },
      },
    },
  },
  server: { proxy: { '/v1': process.env.CITYLOOP_API ?? 'http://127.0.0.1:8080' } },
})
