import type { PageLink } from '@/router/pages'

export default {
  href: '/console/hotline.html',
  name: 'hotline',
  order: 40,
  icon: 'M6 3h4l2 5-3 2a11 11 0 0 0 5 5l2-3 5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z',
  roles: ['operator', 'admin'],
} satisfies PageLink
