// Every word in one language: the frame's, and each page's below its folder's name.
import frame from './zh.json'
import { joined, type Words } from './joined'

const pages = import.meta.glob<Words>('../pages/*/zh.json', { eager: true, import: 'default' })

export default joined(frame, pages)
