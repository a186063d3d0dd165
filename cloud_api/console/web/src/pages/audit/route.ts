import type { PageRoute } from '@/router/pages'

export default {
  path: '/audit',
  name: 'audit',
  group: 'office',
  order: 20,
  whole: true,
  icon: 'M12 3 5 6v5c0 4.5 3 8.5 7 10 4-1.5 7-5.5 7-10V6l-7-3zm-3 9 2.2 2.2L15 10',
  roles: ['auditor', 'admin'],
  component: () => import('./AuditPage.vue'),
} satisfies PageRoute
