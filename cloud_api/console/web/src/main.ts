import { createApp } from 'vue'
import App from './App.vue'
import { i18n, preferred, speak } from './i18n'
import { router } from './router'
import { session } from './session/session'
import './styles/tokens.css'
import './styles/base.css'

// Words, the answer to who asks, and the page's own chunk come side by side, not one after the other.
const page = router.resolve(location.pathname.replace(/^\/console/, '') || '/').meta.page
const asked = [session.open(), page?.component()]
for (const each of asked) each?.catch(() => undefined) // the router asks again, and shows what is wrong
await Promise.all([speak(preferred()), asked[0]?.catch(() => undefined)])
createApp(App).use(i18n).use(router).mount('#app')
