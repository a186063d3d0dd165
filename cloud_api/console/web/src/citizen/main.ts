// The citizens' page: an entry of its own, without the console's router, login and words.
import { createApp } from 'vue'
import CitizenApp from './CitizenApp.vue'
import './citizen.css'

createApp(CitizenApp).mount('#app')
