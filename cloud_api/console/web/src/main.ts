import { createApp } from 'vue'
import App from './App.vue'
import { i18n, preferred, speak } from './i18n'
import { router } from './router'
import { stream } from './api/stream'
import { FOLLOWERS, session } from './session/session'
import './styles/tokens.css'
import './styles/base.css'

// Words, the answer to who asks, and the page's own chunk come side by side, not one after the other.
const page = router.resolve(location.pathname.replace(/^\/console/, '') || '/').meta.page
const asked = [session.open(), page?.component()]
for (const each of asked) each?.catch(() => undefined) // the router asks again, and shows what is wrong
const words = speak(preferred())
await asked[0]?.catch(() => undefined)
// The stream stands by the time that a page reads its lists, which wait for it.
if (session.hasRole(FOLLOWERS)) stream.start()
await words
createApp(App).use(i18n).use(router).mount('#app')
