export { acknowledge } from './acknowledge.js';
export type { Acknowledgement } from './acknowledge.js';
export { installSockets } from './install-sockets.js';
export { socketErrorBody, toSocketError, tooManyConnections } from './socket-errors.js';
export { SocketHub } from './socket-hub.js';
export type { Namespace, Socket } from './socket-hub.js';
export { websocketConfig } from './websocket.config.js';
export { WebsocketModule } from './websocket.module.js';
