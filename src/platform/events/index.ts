export { defineEvent } from './define-event.js';
export { Events } from './events.js';
export { EventsModule } from './events.module.js';
