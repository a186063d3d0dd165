import 'vue-router'
import type { PageRoute } from './pages'

declare module 'vue-router' {
  interface RouteMeta {
    page?: PageRoute
  }
}
